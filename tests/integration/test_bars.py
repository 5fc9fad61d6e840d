"""Bars follow the person across units and schemes, told with ground and end (ALL-02, CQ-28)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from support.life import (
    archived,
    certificate_of,
    complete_life,
    open_award,
    publish_life,
    sanctioned,
    start_about,
    variables,
)
from support.world import OFFICE, OTHER_UNIT, at, make_world

from app.engine.civil import civil
from app.errors import Refused
from app.extensions import atomic, db
from app.models import Bar, Person
from app.operations.actors import SYSTEM
from app.operations.registers import bars, people
from app.operations.trials.worlds import Built
from app.queries.bars import of_person

JURISDICTION, YEAR = "990000", 2021
TWO_YEARS = {"kind": "until", "until": "2023-10-08", "ground": "提供虚假材料"}
NEXT = {"kind": "next_examination", "ground": "考试作弊"}


@pytest.fixture
def world(app: Flask) -> Built:
    publish_life()
    return make_world()


def live(
    world: Built, when: str, jurisdiction: str = JURISDICTION, year: int = YEAR
) -> tuple[list[Any], ...]:
    return bars.live(world.people["陈一"], jurisdiction, year, at(when))


@pytest.fixture
def barred(world: Built) -> int:
    """The sanction that bars 陈一 for two years, decided on 2021-10-08."""
    return sanctioned(world, archived(world), TWO_YEARS)


def test_it_is_told_with_ground_and_end_when_the_person_files(world: Built, barred: int) -> None:
    case_id = open_award(world, when="2021-11-01 09:00")
    assert variables(case_id)["bars"] == [
        {"ground": "提供虚假材料", "until": date(2023, 10, 8), "kind": "until", "scope": JURISDICTION}
    ]
    assert variables(case_id)["bars_elsewhere"] == []


@pytest.mark.usefixtures("barred")
class TestTerm:
    @pytest.mark.parametrize(
        ("when", "count"),
        [
            ("2021-10-08 09:59:59", 0),
            ("2021-10-08 10:00", 1),
            ("2023-10-08 23:59:59", 1),
            ("2023-10-09 00:00:00", 0),
        ],
    )
    def test_it_holds_from_the_decision_to_the_end_of_its_last_day(
        self, world: Built, when: str, count: int
    ) -> None:
        assert len(live(world, when)[0]) == count

    def test_it_follows_the_person_to_another_unit(self, world: Built) -> None:
        number = people.id_number_of(db.session.get_one(Person, world.people["陈一"]))
        with atomic():
            people.leave(world.people["陈一"], actor=SYSTEM, now=at("2021-11-01 09:00"))
            there = world.organisations[OTHER_UNIT]
            joined = people.add(there, "陈一", number, actor=SYSTEM, now=at("2021-11-02 09:00"))
            assert len(bars.live(joined.id, JURISDICTION, YEAR, at("2021-11-03 09:00"))[0]) == 1

    @pytest.mark.parametrize(("jurisdiction", "here"), [("990000", 1), ("990100", 1), ("880000", 0)])
    def test_another_scheme_of_the_province_asks_the_same_and_another_province_s_is_only_warned(
        self, world: Built, jurisdiction: str, here: int
    ) -> None:
        found = live(world, "2022-05-01 09:00", jurisdiction, 2022)
        assert [len(part) for part in found] == [here, 1 - here]

    def test_nobody_else_is_barred(self, world: Built) -> None:
        assert bars.live(world.people["李二"], JURISDICTION, YEAR, at("2022-01-01 09:00")) == ([], [])


class TestNextExamination:
    """An examination, not a date."""

    @pytest.fixture(autouse=True)
    def _barred(self, world: Built) -> None:
        sanctioned(world, archived(world), NEXT)

    def test_it_holds_for_the_next_year_s_and_is_over_for_the_one_after(self, world: Built) -> None:
        publish_life(scheme="life-2022", year=2022)
        publish_life(scheme="life-2023", year=2023)
        held = [len(live(world, "2022-01-01 09:00", year=year)[0]) for year in (2021, 2022, 2023)]
        assert held == [1, 1, 0]

    def test_a_year_without_an_examination_does_not_end_it(self, world: Built) -> None:
        publish_life(scheme="life-2024", year=2024)
        assert len(live(world, "2024-01-01 09:00", year=2024)[0]) == 1

    def test_another_jurisdiction_s_examination_does_not_end_it(self, world: Built) -> None:
        publish_life(scheme="neighbour-2022", jurisdiction="880000", year=2022)
        publish_life(scheme="life-2023", year=2023)
        assert len(live(world, "2023-01-01 09:00", year=2023)[0]) == 1


def test_a_review_lifts_it(world: Built, barred: int) -> None:
    review = start_about(world, "review", barred, OFFICE, "2021-10-20 09:00")
    decided = {"decision": "approve", "ground": "事实不清"}
    complete_life(review, "examine", decided, world.actors[OFFICE], at("2021-10-21 09:00"))
    assert live(world, "2021-11-01 09:00") == ([], [])
    (told,) = of_person(world.people["陈一"])
    assert (told.lift_ground, told.lifted_by_case_id) == ("事实不清", review)


def test_a_review_that_upholds_leaves_it(world: Built, barred: int) -> None:
    review = start_about(world, "review", barred, OFFICE, "2021-10-20 09:00")
    complete_life(review, "examine", {"decision": "reject"}, world.actors[OFFICE], at("2021-10-21 09:00"))
    assert len(live(world, "2021-11-01 09:00")[0]) == 1


@pytest.mark.parametrize("until", [None, "2021-10-07"])
def test_a_bar_without_an_end_to_come_is_refused_and_nothing_is_half_done(
    world: Built, until: str | None
) -> None:
    case_id = archived(world)
    values = {"kind": "until", "ground": "作弊", **({"until": until} if until else {})}
    with pytest.raises(Refused, match="哪一天"):
        sanctioned(world, case_id, values)
    assert db.session.scalars(select(Bar.id)).all() == []
    assert certificate_of(case_id).state == "valid"


def test_one_ending_today_still_holds_today(world: Built) -> None:
    today = civil(at("2021-10-08 10:00")).date().isoformat()
    sanctioned(world, archived(world), {"kind": "until", "until": today, "ground": "作弊"})
    assert len(live(world, "2021-10-08 23:59")[0]) == 1
