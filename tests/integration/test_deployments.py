"""Which deployment of a scheme is in force, by the scheme's own clock."""

from __future__ import annotations

import pytest
from flask import Flask
from support.world import SCHEME, at, publish_tiny, tiny_files

from app.extensions import atomic
from app.operations import deployments
from app.operations.actors import SYSTEM
from app.operations.dates import clock

NOW = at("2026-11-20 09:00")
SHEET = f"bpmn/{SCHEME}/scheme.yaml"


@pytest.fixture
def first(app: Flask) -> int:
    found = publish_tiny()
    with atomic():
        clock.open_clock(SCHEME, at("2021-06-11 09:00"), SYSTEM, NOW)
    return found


def publish_again(when: str) -> int:
    files = tiny_files()
    with atomic():
        return deployments.publish({**files, SHEET: files[SHEET] + b"\n"}, SYSTEM, at(when))


def newest() -> list[tuple[int, str]]:
    return [(row.id, row.scheme_id) for row in deployments.latest(NOW)]


def test_one_that_comes_into_force_later_is_not_the_newest_yet(first: int) -> None:
    later = publish_again("2021-08-01 00:00")
    assert newest() == [(first, SCHEME)]
    with atomic():
        clock.set_clock(SCHEME, at("2021-08-01 00:00"), SYSTEM, NOW)
    assert newest() == [(later, SCHEME)]


def test_a_scheme_that_is_not_in_force_yet_is_known_and_not_offered(app: Flask) -> None:
    with atomic():
        clock.mark_database(True, NOW)
    later = publish_again("2030-01-01 00:00")
    assert (newest(), deployments.published()) == ([], [SCHEME])
    assert deployments.current(SCHEME, at("2030-01-01 00:00")) == later
