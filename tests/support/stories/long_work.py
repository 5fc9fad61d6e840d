"""Stories of long work that an office asks for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from app import clock
from app.extensions import atomic
from app.operations.long_work import work
from app.operations.uploads import files
from support.stories import Act, Stage, story
from support.stories.stage import FILED, FILLED
from support.world import LIBRARY, SCHEME, open_filing, task_of


def _chosen(stage: Stage) -> list[work.Chosen]:
    cases = {name: open_filing(stage.built, name) for name in ("陈一", "李二", "王三")}
    return [work.Chosen(task_of(case_id), case_id, name) for name, case_id in cases.items()]


def _accept(stage: Stage, chosen: list[work.Chosen]) -> int:
    accepted = work.accept_decisions(
        chosen,
        FILLED,
        title="批量提交",
        scheme_id=SCHEME,
        actor=stage.actors[LIBRARY],
        at=FILED,
        now=clock.now(),
    )
    return accepted.id


def _accepted(stage: Stage) -> int:
    chosen = _chosen(stage)
    with atomic():
        return _accept(stage, chosen)


@story("work.accept_decisions")
def many_filings_are_handed_over(stage: Stage) -> Act:
    chosen = _chosen(stage)
    return lambda: _accept(stage, chosen)


@story("work.accept_recalls")
def many_are_to_be_taken_back(stage: Stage) -> Act:
    chosen = [replace(one, values={"scheme": SCHEME}) for one in _chosen(stage)]
    given = {"title": "批量撤回", "actor": stage.actors[LIBRARY], "now": clock.now()}
    return lambda: work.accept_recalls(chosen, "填错", **given)


@story("work.go_on", parts=True, differs=frozenset({"work.finished_at"}))
def a_worker_takes_its_turn(stage: Stage) -> Act:
    turn = work.Turn(_accepted(stage), 0, lambda scheme_id: FILED, atomic)
    return lambda: work.go_on(turn, clock.now())


@story("work.cancel", differs=frozenset({"work.finished_at"}))
def long_work_is_cancelled(stage: Stage) -> Act:
    accepted = _accepted(stage)
    return lambda: work.cancel(accepted, actor=stage.actors[LIBRARY], now=clock.now())


@story("work.give_up", again=True)
def long_work_is_given_up(stage: Stage) -> Act:
    accepted = _accepted(stage)
    return lambda: work.give_up(accepted, clock.now())


@story("work.forget", again=True)
def old_work_is_forgotten(stage: Stage) -> Act:
    accepted = _accepted(stage)
    with atomic():
        work.give_up(accepted, clock.now())
    return lambda: work.forget(clock.now() + work.KEPT + timedelta(days=1))


def _export(stage: Stage) -> int:
    asked = {"list": "cases", "address": "/cases/export"}
    accepted = work.accept_export("导出", asked, 3, actor=stage.actors[LIBRARY], now=clock.now())
    return accepted.id


def _exporting(stage: Stage) -> int:
    with atomic():
        work_id = _export(stage)
        work.begin(work_id)
        return work_id


@story("work.accept_export")
def a_long_list_is_asked_for(stage: Stage) -> Act:
    return lambda: _export(stage)


@story("work.begin", again=True)
def an_export_begins(stage: Stage) -> Act:
    with atomic():
        work_id = _export(stage)
    return lambda: work.begin(work_id)


@story("work.tell", again=True)
def an_export_tells_how_far_it_is(stage: Stage) -> Act:
    work_id = _exporting(stage)
    return lambda: work.tell(work_id, 2)


@story("work.finish_export", "files.keep_for_a_day", again=True, differs=frozenset({"work.finished_at"}))
def an_export_is_finished(stage: Stage) -> Act:
    work_id = _exporting(stage)
    return lambda: work.finish_export(work_id, files.keep_for_a_day(b"PK"), 3, clock.now())
