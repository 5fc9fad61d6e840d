"""A scheme of another jurisdiction is no business of a unit: not on its pages, and no case begins in it."""

from __future__ import annotations

import pytest
from support.fees import FEES, fees_files, open_entry
from support.pages import Stage
from support.world import LIBRARY, PUBLISHED, at

from app.errors import NotFound
from app.extensions import atomic
from app.operations import deployments
from app.operations.actors import SYSTEM
from app.operations.offices import regions

NAME = "收费（样例）"


def publish(jurisdiction: str) -> None:
    files = fees_files()
    sheet = f"bpmn/{FEES}/scheme.yaml"
    with atomic():
        changed = files[sheet].replace(b'"990000"', f'"{jurisdiction}"'.encode())
        deployments.publish({**files, sheet: changed}, SYSTEM, PUBLISHED)


def test_here_it_may_be_begun(stage: Stage) -> None:
    publish("990000")
    assert NAME in stage.open(LIBRARY).get("/cases/start").text
    assert open_entry(stage.world, at("2021-06-11 09:00"))


def test_elsewhere_it_may_not(stage: Stage) -> None:
    publish("980000")
    browser = stage.open(LIBRARY)
    for page in ("/", "/cases/start"):
        assert NAME not in browser.get(page).text
    with pytest.raises(NotFound):
        open_entry(stage.world, at("2021-06-11 09:00"))
    begun = browser.post("/cases/start", {"scheme": FEES, "process": "entry"})
    assert begun.status_code == 404


@pytest.mark.parametrize(
    ("one", "other", "related"),
    [
        ("411300", "410000", True),
        ("410000", "411300", True),
        ("411303", "411300", True),
        ("410800", "411300", False),
        ("500101", "410000", False),
        ("411303", "411303", True),
    ],
)
def test_regions_that_lie_in_one_another(one: str, other: str, related: bool) -> None:
    assert regions.related(one, other) is related
