"""Archive: kept so many years, held while a case about the case is live (LIFE-15)."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select
from support.capability_kit import perform
from support.life import archived, certified, complete_life, publish_life, sanctioned, start_about
from support.world import BUREAU, LIBRARY, OFFICE, at, case_row, make_world

from app.errors import EngineError
from app.extensions import db
from app.models import Task
from app.operations.trials.worlds import Built

DECIDED = {"decision": "reject", "ground": "维持"}


@pytest.fixture
def world(app: Flask) -> Built:
    publish_life()
    return make_world()


def file_away(world: Built, case_id: int, when: str) -> None:
    complete_life(case_id, "file", {}, world.actors[OFFICE], at(when))


def test_it_is_kept_for_the_years_that_the_scheme_says(world: Built) -> None:
    found = case_row(archived(world))
    assert (found.archived_at, found.retained_until) == (at("2021-09-20 10:00"), date(2051, 9, 20))
    assert (found.state, found.outcome) == ("ended", "passed")


def test_it_is_held_while_a_case_about_it_is_live(world: Built) -> None:
    case_id = certified(world)
    correction = start_about(world, "correction", case_id, LIBRARY, "2021-09-12 09:00")
    file_away(world, case_id, "2021-09-20 10:00")
    assert case_row(case_id).archived_at is None
    assert _open(case_id) == ["file"]
    complete_life(
        correction, "enter", {"number": "110101198106020661"}, world.actors[LIBRARY], at("2021-09-21 09:00")
    )
    complete_life(correction, "examine", DECIDED, world.actors[BUREAU], at("2021-09-22 09:00"))
    file_away(world, case_id, "2021-09-23 10:00")
    assert case_row(case_id).retained_until == date(2051, 9, 23)


def test_it_is_held_by_a_review_of_a_sanction_too(world: Built) -> None:
    case_id = certified(world)
    transfer = start_about(world, "transfer", case_id, LIBRARY, "2021-09-12 08:00")
    sanction = start_about(world, "sanction", transfer, BUREAU, "2021-09-12 09:00")
    complete_life(transfer, "name_unit", {"new_unit": LIBRARY}, world.actors[LIBRARY], at("2021-09-12 09:30"))
    complete_life(transfer, "confirm", {}, world.actors[LIBRARY], at("2021-09-12 09:40"))
    assert case_row(transfer).ended_at is not None
    file_away(world, case_id, "2021-09-20 10:00")
    assert case_row(case_id).archived_at is None
    assert case_row(sanction).ended_at is None


def test_one_in_the_archive_may_still_be_sanctioned(world: Built) -> None:
    """Fraud comes to light years later: the files are there, and the certificate is revoked."""
    case_id = archived(world)
    sanction = sanctioned(world, case_id, {"kind": "warning", "ground": "弄虚作假"}, "2025-03-03 10:00")
    assert case_row(sanction).linked_case_id == case_id
    assert case_row(case_id).archived_at == at("2021-09-20 10:00")


@pytest.mark.corrupts
@pytest.mark.parametrize("years", [0, -1, 201, True, "30", None, 1.5])
def test_a_term_that_is_none_stops_the_case_with_a_sentence(world: Built, years: object) -> None:
    case_id = certified(world)
    with pytest.raises(EngineError, match="保管年限"):
        perform("archive_case", case_id, {"retention_years": years})
    assert case_row(case_id).archived_at is None


def _open(case_id: int) -> list[str]:
    return list(db.session.scalars(select(Task.element).where(Task.case_id == case_id, Task.state == "open")))
