"""Which passwords are accepted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.operations.access import _passwords


@pytest.mark.parametrize(
    "password",
    [
        "Short1!xy",  # nine characters
        "alllowercase",
        "lower4567case",  # two kinds
        "Aa123456789",
        "Password123!",
        "Admin@123456",
        "Qwer1234!@#$",
        "aB1aB1aB1aB1",  # four different characters
        "1234567890123456",
        "x" * 129,
        "Wz_library-2021",  # names the account
        "YRARBIL_zw",  # and backwards
    ],
)
def test_weak_ones_are_refused_with_a_sentence(password: str) -> None:
    assert (_passwords.weakness(password, "wz_library") or "").endswith("。")


@pytest.mark.parametrize(
    "password", ["Gnm7#tKqw2", "correct horse battery", "山高月小水落石出清风徐来水波不兴", "tVe4mmRopQ9x"]
)
def test_good_ones_are_accepted(password: str) -> None:
    assert _passwords.weakness(password, "wz_library") is None


@given(st.text(max_size=140), st.text(min_size=1, max_size=20))
def test_any_text_gets_an_answer_and_the_login_is_never_accepted(password: str, login: str) -> None:
    _passwords.weakness(password, login)
    assert _passwords.weakness(f"{login}Aq7#zmWk2p", login) is not None


def test_first_passwords_are_random_and_accepted() -> None:
    made = {_passwords.first_password() for _ in range(200)}
    assert len(made) == 200
    assert all(_passwords.weakness(password, "wz_library") is None for password in made)
