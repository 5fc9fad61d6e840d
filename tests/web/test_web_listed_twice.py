"""A unit that lists somebody who has filed already is told so, and makes no second case and no incident."""

from __future__ import annotations

import pytest
from flask import Flask
from lxml import html
from sqlalchemy import select
from support.applying import applicant
from support.clicking import Reader
from support.own_requests import PLACES
from support.pages import Stage
from support.rehearsal import rehearse
from support.world import at, task_of

from app.errors import Conflict
from app.extensions import atomic, db
from app.models import Case, Incident, Message, Notice
from app.operations import cases, messages, tasks, timers

PLACE = PLACES["nanyang-2021"]
TODAY = at(PLACE.today)
FILED, FREE = PLACE.person, PLACE.other


@pytest.fixture
def stage(app: Flask) -> Stage:
    return rehearse(app, PLACE.scheme, PLACE.today, PLACE.holder, at("2021-01-01"))


def file_oneself(stage: Stage, person: str) -> int:
    me = applicant(stage.world, person, PLACE.holder)
    with atomic():
        return cases.start(PLACE.scheme, "application", actor=me, received_at=TODAY)


def begin_listing(stage: Stage) -> int:
    unit = stage.world.actors[PLACE.holder]
    with atomic():
        return cases.start(
            PLACE.scheme, "registration", unit_id=unit.organisation_id, actor=unit, received_at=TODAY
        )


def list_people(stage: Stage, listing: int, *people: str) -> None:
    ids = [stage.world.people[name] for name in people]
    with atomic():
        tasks.complete(task_of(listing), {"people": ids}, stage.world.actors[PLACE.holder], TODAY)


def filings() -> list[int]:
    return list(db.session.scalars(select(Case.id).where(Case.process == "application").order_by(Case.id)))


def row_of(page: str, person: str) -> html.HtmlElement:
    rows = html.fromstring(page).cssselect("#people .form-check")
    (row,) = [row for row in rows if row.cssselect("label")[0].text_content().strip() == person]
    return row


def test_at_the_row_of_who_has_filed_stands_where_that_is(stage: Stage) -> None:
    filing, listing = file_oneself(stage, FILED), begin_listing(stage)
    page = stage.open(PLACE.holder).get(f"/tasks/{task_of(listing)}").text
    taken, free = row_of(page, FILED), row_of(page, FREE)
    told = f"已有在办的“申报考核”（办件 {filing}，{PLACE.unit}，待个人申报），不用再选。"
    (note,) = taken.cssselect(".hint")
    (box,) = taken.cssselect("input")
    assert note.text_content() == told
    assert (box.get("disabled"), box.get("aria-describedby")) == ("disabled", note.get("id"))
    assert not free.cssselect(".hint")
    assert free.cssselect("input")[0].get("disabled") is None


def test_listed_all_the_same_it_is_refused_at_the_field_and_nothing_is_written(stage: Stage) -> None:
    """The page was opened before the person filed; the draft keeps the tick, which can be taken off."""
    listing = begin_listing(stage)
    filing = file_oneself(stage, FILED)
    task, both = task_of(listing), [stage.world.people[name] for name in (FILED, FREE)]
    unit = stage.open(PLACE.holder)
    sent = unit.post(f"/tasks/{task}", {"people": both, "_submit": "1"})
    assert sent.status_code == 422
    assert f"{FILED}已有在办的“申报考核”（办件 {filing}，" in sent.text
    assert row_of(sent.text, FILED).cssselect("input")[0].get("disabled") is None
    messages.deliver(atomic)
    assert filings() == [filing]
    assert unit.post(f"/tasks/{task}", {"people": both[1:], "_submit": "1"}).status_code == 302
    messages.deliver(atomic)
    assert len(filings()) == 2


def test_who_files_while_the_list_is_on_its_way_has_one_case_and_nobody_an_incident(stage: Stage) -> None:
    listing = begin_listing(stage)
    list_people(stage, listing, FILED, FREE)
    filing = file_oneself(stage, FILED)
    assert messages.deliver(atomic) == 2
    assert len(filings()) == 2
    assert db.session.scalars(select(Incident.id)).all() == []
    delivered = select(Message.delivered_case_id).where(Message.from_case_id == listing).order_by(Message.id)
    assert db.session.scalars(delivered).first() == filing
    told = f"{FILED}已有在办的“申报考核”（办件 {filing}，{PLACE.unit}，待个人申报），没有另起一件。"
    unit = Reader(stage.open(PLACE.holder))
    unit.click("消息")
    assert told in unit.text
    unit.click(told)
    assert unit.address.endswith(f"/cases/{listing}")
    assert f"登记一人：已有在办，没有另起 → {FILED}" in unit.text


def test_the_person_comes_too_late_where_the_list_was_first(stage: Stage) -> None:
    list_people(stage, begin_listing(stage), FILED)
    messages.deliver(atomic)
    with pytest.raises(Conflict, match="不能重复申报"):
        file_oneself(stage, FILED)
    assert db.session.scalars(select(Notice.id)).all() == []


def test_who_is_listed_later_is_listed_alone(app: Flask) -> None:
    """A unit that adds to its list finds nobody ticked who was on it before (JZ-11)."""
    place = PLACES["jiaozuo-2026"]
    stage = rehearse(app, place.scheme, place.today, place.holder, at("2026-01-01"))
    unit, people, today = stage.world.actors[place.holder], stage.world.people, at(place.today)
    with atomic():
        listing = cases.start(
            place.scheme, "registration", unit_id=unit.organisation_id, actor=unit, received_at=today
        )
    policy = {
        "names_checked": True,
        "appointment_policy": "按空缺择优聘用，一年一聘。",
        "policy_told": True,
        "planned": 2,
    }
    for values in (policy, {"voluntary": True, "people": [people[place.person]]}, {"decision": "more"}):
        with atomic():
            tasks.complete(task_of(listing), values, unit, today)
        timers.sweep(lambda scheme_id: today, atomic)
        messages.deliver(atomic)
    page, (filing,) = stage.open(place.holder).get(f"/tasks/{task_of(listing)}").text, filings()
    (before,), (other,) = (row_of(page, one).cssselect("input") for one in (place.person, place.other))
    assert f"办件 {filing}，" in row_of(page, place.person).text_content()
    assert (before.get("checked"), before.get("disabled")) == (None, "disabled")
    assert other.get("disabled") is None
