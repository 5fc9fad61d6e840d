"""Stories of cases and tasks, of what is due and of what cases tell one another."""

from __future__ import annotations

from sqlalchemy import select

from app import clock, scheduler
from app.extensions import atomic, db
from app.models import Incident, Jurisdiction
from app.operations import cases, incidents, messages, tasks, timers
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.offices import organisations
from app.operations.telling import notices
from support.life import open_award
from support.stories import Act, Stage, story
from support.stories.stage import (
    FILED,
    FILLED,
    KEPT,
    LATER,
    closing,
    recommended,
    unused_files,
    year_published,
)
from support.waits import open_wait
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    OTHER_BUREAU,
    OTHER_UNIT,
    SCHEME,
    at,
    complete,
    open_filing,
    task_of,
    technician,
)


@story("cases.start")
def a_unit_starts_a_case(stage: Stage) -> Act:
    unit, actor = stage.organisations[LIBRARY], stage.actors[LIBRARY]
    return lambda: cases.start(SCHEME, "roster", unit_id=unit, actor=actor, received_at=FILED)


@story("cases.open_case", opens=True)
def a_case_is_opened(stage: Stage) -> Act:
    return lambda: open_filing(stage.built)


@story("cases.message", "cases.receive", "places.release_place")
def a_unit_withdraws(stage: Stage) -> Act:
    case_id, unit = open_filing(stage.built), stage.actors[LIBRARY]
    complete(case_id, "fill", FILLED, unit, "2021-06-11 10:00")
    returned = {"decision": "return", "opinion": "请补充"}
    complete(case_id, "first_review", returned, stage.actors[BUREAU], "2021-06-12 10:00")
    return lambda: cases.message(case_id, "withdrawn", {}, unit, at("2021-06-13 10:00"))


@story("cases.record")
def papers_come_in(stage: Stage) -> Act:
    case_id, bureau = open_award(stage.built, scheme=KEPT), stage.actors[BUREAU]
    return lambda: cases.record(case_id, "paper", {"text": "收到"}, bureau, at("2021-09-02 09:00"))


@story("tasks.complete", "places.reserve_place", "files.attach")
def a_unit_files_with_a_document(stage: Stage) -> Act:
    task_id, values = task_of(open_filing(stage.built)), technician(stage.built)
    return lambda: tasks.complete(task_id, values, stage.actors[LIBRARY], FILED)


@story("places.register_posts")
def a_unit_registers_its_posts(stage: Stage) -> Act:
    unit, actor = stage.organisations[OTHER_UNIT], stage.actors[OTHER_UNIT]
    with atomic():
        case_id = cases.start(SCHEME, "posts", unit_id=unit, actor=actor, received_at=FILED)
    rows = [{"grade": grade, "approved": 2, "held": 1, "vacant": 1} for grade in ("senior", "junior")]
    task_id = task_of(case_id)
    return lambda: tasks.complete(task_id, {"posts": rows}, actor, FILED)


@story("tasks.save_draft", again=True)
def a_draft_is_saved(stage: Stage) -> Act:
    task_id = task_of(open_filing(stage.built))
    return lambda: tasks.save_draft(task_id, {"summary": "写到一半"}, stage.actors[LIBRARY], FILED)


@story("tasks.complete_many", "tasks.decide_many", parts=True)
def three_are_filed_at_once(stage: Stage) -> Act:
    ids = [task_of(open_filing(stage.built, name)) for name in ("陈一", "李二", "王三")]
    values, actor = {"grade": "junior", "summary": "好"}, stage.actors[LIBRARY]
    return lambda: tasks.complete_many(ids, values, actor, FILED, atomic)


@story("timers.sweep", "notices.notify", parts=True)
def timers_fire(stage: Stage) -> Act:
    closing(stage)
    return lambda: timers.sweep(lambda scheme_id: LATER, atomic)


@story(parts=True)
def the_scheduler_sweeps(stage: Stage) -> Act:
    closing(stage)
    recommended(stage)
    with atomic():
        clocks.set_clock(SCHEME, LATER, SYSTEM, clock.now())
    return scheduler.run_once


@story("proof.record", "files.clean_up_daily", parts=True)
def the_scheduler_keeps_house(stage: Stage) -> Act:
    open_filing(stage.built)
    unused_files(stage)
    return scheduler.keep_house


@story("timers.retime", "timers.retime_case", parts=True)
def a_year_becomes_known(stage: Stage) -> Act:
    for _ in range(2):
        open_wait(stage.built, "working", at("2026-12-30 09:00"))
    year_published()
    return lambda: timers.retime(lambda scheme_id: at("2026-12-30 10:00"), atomic)


@story("messages.deliver", "incidents.tell", parts=True)
def messages_go(stage: Stage) -> Act:
    """One starts a case, the other becomes an incident: that person has a case already."""
    open_filing(stage.built, "李二")
    recommended(stage)
    return lambda: messages.deliver(atomic)


@story("incidents.retry")
def an_incident_is_tried_again(stage: Stage) -> Act:
    """A task that came up while nobody held its role."""
    with atomic():
        (grant,) = db.session.scalars(
            select(Jurisdiction.id).where(Jurisdiction.office_id == stage.organisations[BUREAU])
        )
        organisations.end_jurisdiction(grant, at("2021-06-01 00:00"), actor=SYSTEM)
    complete(open_filing(stage.built), "fill", FILLED, stage.actors[LIBRARY], "2021-06-11 10:00")
    with atomic():
        when, office = at("2021-06-12 00:00"), stage.organisations[OTHER_BUREAU]
        organisations.grant_jurisdiction(office, "review", "990101", when, actor=SYSTEM, level="district")
        (incident_id,) = db.session.scalars(select(Incident.id))
    return lambda: incidents.retry(incident_id, stage.actors[OFFICE], at("2021-06-20 09:00"))


@story("notices.mark_read", again=True)
def notices_are_read(stage: Stage) -> Act:
    closing(stage)
    timers.sweep(lambda scheme_id: LATER, atomic)
    return lambda: notices.mark_read(stage.actors[LIBRARY], LATER)
