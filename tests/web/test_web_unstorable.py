"""What the database can't hold is refused in a sentence, never an error of the system."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("address", ["/cases/1180591620717411303424", "/tasks/99999999999999999999"])
def test_a_number_too_large_leads_nowhere(client, address) -> None:
    assert client.get(address).status_code == 404


def test_text_with_a_nul_is_refused(client) -> None:
    assert client.get("/sign-in?next=a%00b").status_code == 422
    assert client.get("/files/a%00b").status_code == 422
