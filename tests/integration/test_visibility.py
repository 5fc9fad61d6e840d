"""CQ-23: a unit sees its own people, a district's office those of its area, the province's all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    OTHER_BUREAU,
    OTHER_UNIT,
    SCHEME,
    at,
    make_world,
    open_filing,
    publish_tiny,
)

from app import clock
from app.errors import NotFound
from app.extensions import atomic, db
from app.models import Case, Jurisdiction, Organisation
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.offices import organisations
from app.operations.trials.worlds import Built
from app.queries.visibility import case_for, seen_by, sight_of


@pytest.fixture
def world(app: Flask) -> Built:
    publish_tiny()
    with atomic():
        clocks.open_clock(SCHEME, at("2021-06-11 09:00"), SYSTEM, clock.now())
    return make_world()


def seen(world: Built, name: str, now: datetime | None = None) -> set[int]:
    """The cases that the operator of that organisation sees, by list and one by one alike."""
    organisation = db.session.get(Organisation, world.organisations[name])
    sight = sight_of(world.actors[name], organisation, now or clock.now())
    listed = set(db.session.scalars(select(Case.id).where(seen_by(sight))))
    for case_id in db.session.scalars(select(Case.id)):
        if case_id in listed:
            assert case_for(case_id, sight).id == case_id
        else:
            with pytest.raises(NotFound):
                case_for(case_id, sight)
    return listed


def change(model: type, where: object, **values: object) -> None:
    with atomic() as session:
        session.execute(update(model).where(where).values(**values))


def grant(world: Built, office: str, region: str, **more: object) -> None:
    with atomic() as session:
        row = {"office_id": world.organisations[office], "function": "other", "region": region}
        session.add(Jurisdiction(**row, valid_from=at("2010-01-01"), **more))


def test_each_sees_its_own_area(world: Built) -> None:
    east, west = open_filing(world), open_filing(world, "赵四", unit=OTHER_UNIT)
    found = {name: seen(world, name) for name in (LIBRARY, OTHER_UNIT, BUREAU, OTHER_BUREAU, OFFICE)}
    assert found == {
        LIBRARY: {east},
        OTHER_UNIT: {west},
        BUREAU: {east},
        OTHER_BUREAU: {west},
        OFFICE: {east, west},
    }


def test_a_department_sees_no_area(world: Built) -> None:
    open_filing(world)
    department = db.session.get(Organisation, world.organisations["东溪区文化局"])
    sight = sight_of(SYSTEM, department, clock.now())
    assert db.session.scalars(select(Case.id).where(seen_by(sight))).all() == []


def test_a_district_does_not_see_the_provinces_own_unit_that_stands_in_it(world: Built) -> None:
    case_id = open_filing(world)
    change(Organisation, Organisation.id == world.organisations[LIBRARY], level="municipal")
    assert seen(world, BUREAU) == set()
    assert seen(world, OFFICE) == {case_id}


def test_an_office_of_a_whole_city_sees_its_districts_units_of_every_level(world: Built) -> None:
    case_id = open_filing(world)
    grant(world, OTHER_BUREAU, "990100", level="municipal")
    assert seen(world, OTHER_BUREAU) == {case_id}


def test_an_office_of_one_system_sees_units_of_that_system(world: Built) -> None:
    case_id = open_filing(world)
    grant(world, OTHER_BUREAU, "990000", level="municipal", system="party")
    assert seen(world, OTHER_BUREAU) == set()
    change(Organisation, Organisation.id == world.organisations[LIBRARY], system="party")
    assert seen(world, OTHER_BUREAU) == {case_id}


def test_a_jurisdiction_counts_from_its_first_instant_to_its_last_by_the_schemes_clock(world: Built) -> None:
    """The rehearsal stands on 11 June 2021, whatever the real day is."""
    case_id = open_filing(world)
    mine = Jurisdiction.office_id == world.organisations[BUREAU]
    now = clock.now()
    by_scheme = clocks.scheme_now(SCHEME, now)
    for begins, ends, sees in (
        (by_scheme, None, True),
        (by_scheme + timedelta(microseconds=1), None, False),
        (at("2021-01-01"), by_scheme + timedelta(microseconds=1), True),
        (at("2021-01-01"), by_scheme, False),
    ):
        change(Jurisdiction, mine, valid_from=begins, valid_to=ends)
        assert seen(world, BUREAU, now) == ({case_id} if sees else set())


def test_a_case_about_another_is_seen_by_those_alone_who_take_part_in_it(world: Built) -> None:
    case_id = open_filing(world)
    change(Case, Case.id == case_id, linked_case_id=case_id)
    assert seen(world, BUREAU) == set()
    assert seen(world, LIBRARY) == {case_id}
    change(Case, Case.id == case_id, linked_case_id=None)


def test_a_supervisor_sees_the_region_whatever_the_jurisdictions(world: Built) -> None:
    case_id = open_filing(world)
    with atomic() as session:
        session.execute(update(Jurisdiction).values(valid_to=at("2021-01-01")))
    office = db.session.get(Organisation, world.organisations[OFFICE])
    watching = world.actors[OFFICE]
    assert seen(world, OFFICE) == set()
    supervisor = replace(watching, duties=watching.duties | {"supervisor"})
    sight = sight_of(supervisor, office, clock.now())
    assert db.session.scalars(select(Case.id).where(seen_by(sight))).all() == [case_id]


def test_the_successor_of_an_office_sees_its_area(world: Built) -> None:
    case_id = open_filing(world)
    with atomic():
        organisations.merge(
            world.organisations[BUREAU],
            world.organisations[OTHER_BUREAU],
            at("2021-06-10 09:00"),
            ground="云委发〔2021〕3号",
            actor=SYSTEM,
        )
    assert case_id in seen(world, OTHER_BUREAU)
