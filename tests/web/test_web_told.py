"""Whom a diagram's notice to the unit reaches: whoever acts for it, and somebody who has an account."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select
from support.capability_kit import perform, request
from support.clicking import Reader
from support.own_requests import PLACES, kind_of, scene_of
from support.pages import Stage, set_stage
from support.world import LIBRARY, OTHER_UNIT, at, complete, open_filing

from app.extensions import atomic, db
from app.models import Account, Notice
from app.operations import capabilities, cases
from app.operations.access import accounts
from app.operations.actors import SYSTEM
from app.operations.capabilities import Together

DEPARTMENT = "东溪区文化局"
TEXT = "请按时参加考试"


@pytest.fixture
def stage(app: Flask) -> Stage:
    return set_stage(app)


def close_accounts(stage: Stage, name: str) -> None:
    of_it = Account.organisation_id == stage.world.organisations[name]
    with atomic() as session:
        for account_id in session.scalars(select(Account.id).where(of_it)).all():
            accounts.disable(account_id, actor=SYSTEM, now=at("2021-06-01"))


def test_where_the_department_files_for_its_units_it_is_told(app: Flask) -> None:
    """JD-03, JD-04: the unit has no part in it, even if somebody of it may sign in."""
    scene = scene_of(app, PLACES["jiangdu-2020"])
    place = scene.place
    officer = scene.actor(place.sanctions[0])
    with atomic():
        sanction = cases.start(
            place.scheme, "sanction", linked_case_id=scene.filing, actor=officer, received_at=at(place.today)
        )
    given = {"kind": kind_of(sanction), "facts": "业绩系编造", "ground": "通知三", "told_on": "2020-08-05"}
    complete(sanction, "give_notice", given, officer, place.today)
    assert scene.told(place.unit) == []
    (told,) = scene.told(place.holder)
    department = Reader(scene.stage.open(place.holder))
    department.click("消息（1）")
    department.click(told)
    assert department.address.endswith(f"/cases/{sanction}")


def test_a_unit_with_an_account_is_told_itself(stage: Stage) -> None:
    perform("notify", open_filing(stage.world), {"text": TEXT})
    assert "消息（1）" in stage.open(LIBRARY).get("/").text
    assert TEXT not in stage.open(DEPARTMENT).get("/notices/").text


def test_for_a_unit_without_an_account_whoever_keeps_its_register_is_told(stage: Stage) -> None:
    case_id = open_filing(stage.world)
    close_accounts(stage, LIBRARY)
    perform("notify", case_id, {"text": TEXT})
    department = Reader(stage.open(DEPARTMENT))
    department.click("消息（1）")
    assert f"“{LIBRARY}”没有在用的账号，请转告（陈一）：{TEXT}" in department.text
    # The case is not theirs to see: no link that leads nowhere.
    assert not department.page.cssselect(f'main a[href$="/cases/{case_id}"]')


def test_where_nobody_has_an_account_it_waits_for_the_unit(stage: Stage) -> None:
    case_id = open_filing(stage.world)
    for name in (LIBRARY, DEPARTMENT):
        close_accounts(stage, name)
    perform("notify", case_id, {"text": TEXT})
    unit = stage.world.organisations[LIBRARY]
    assert db.session.scalars(select(Notice.text).where(Notice.organisation_id == unit)).all() == [TEXT]


def test_at_a_midnight_of_many_each_unit_is_asked_for(stage: Stage) -> None:
    ours, theirs = open_filing(stage.world), open_filing(stage.world, "赵四", unit=OTHER_UNIT)
    close_accounts(stage, LIBRARY)
    midnight = Together([ours, theirs])
    with atomic():
        for case_id in (ours, theirs):
            asked = replace(request(case_id, {"text": TEXT}, 7), together=midnight)
            capabilities.perform("notify", asked)
            asked.changes.flush()
    told = {row.case_id: row.organisation_id for row in db.session.scalars(select(Notice))}
    places = stage.world.organisations
    assert told == {ours: places[DEPARTMENT], theirs: places[OTHER_UNIT]}
