"""Entries that a unit submits together, each with what was saved for it (CQ-11); many as long work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from app import edge, jobs
from app.models import Task
from app.operations import tasks
from app.operations.long_work import work
from app.operations.long_work.work import MOST_ITEMS
from app.queries import cases, inbox
from app.queries import tasks as task_queries
from app.queries.inbox import TaskRow
from app.queries.paging import read_id_cursor
from app.web import case_lists
from app.web.batches import chosen, result_rows, subjects
from app.web.desk import own_desk
from app.web.listing import ticked
from app.web.schemes import now_of
from app.web.session import signed_in


@dataclass(frozen=True)
class Meant:
    """Entries with what was saved for each; `message` says why there are none, or fewer than were meant."""

    rows: Sequence[TaskRow]
    saved: Mapping[int, Mapping[str, Any]]
    message: str = ""


def submittable(task: Task) -> bool:
    closed = task.closes_at is not None and task.closes_at <= now_of(task.scheme_id)
    return signed_in().caller.kind != "office" and task.bulk and not closed


def ticked_ones() -> Meant:
    task_ids = ticked(request.form)
    if not task_ids or len(task_ids) > MOST_ITEMS:
        return Meant((), {}, _("请勾选要提交的申报，一次最多 %(most)s 件。", most=MOST_ITEMS))
    rows = inbox.chosen(task_ids, own_desk())
    told = "" if rows else _("勾选的申报已经提交，或不归您办理。")
    return Meant(rows, task_queries.typed([row.task.id for row in rows]), told)


def all_of_list() -> Meant:
    """Of the list that the address narrows, what has something saved; none newer than when it was shown."""
    scope, upto = case_lists.scope_of(signed_in()), read_id_cursor(request.args.get("all"))
    shown = case_lists.asked_list(scope, case_lists.kinds(scope))
    if shown is None or upto is None:
        return Meant((), {}, _("没有可以提交的申报。"))
    found = cases.own_bulk(scope, shown.wanted(), signed_in().organisation_id, upto, MOST_ITEMS + 1)
    if len(found) > MOST_ITEMS:
        return Meant((), {}, _("符合条件的超过 %(most)s 件，请缩小筛选范围。", most=MOST_ITEMS))
    open_ones = [row for row in inbox.chosen(found, own_desk()) if submittable(row.task)]
    saved = task_queries.typed([row.task.id for row in open_ones])
    rows = [row for row in open_ones if row.task.id in saved]
    empty = len(open_ones) - len(rows)
    if not rows:
        return Meant((), {}, _("筛选出的申报都没有暂存的内容，请先逐件填写。"))
    return Meant(rows, saved, _("另有 %(count)s 件没有暂存的内容，未列入。", count=empty) if empty else "")


def submit(meant: Meant) -> list[dict[str, Any]]:
    """The result of each."""
    results: list[tasks.ItemResult] = []
    for scheme_id, rows in _by_scheme(meant):
        ids, given = [row.task.id for row in rows], lambda task_id: meant.saved.get(task_id, {})
        actor, at = signed_in().actor, now_of(scheme_id)
        results += tasks.complete_many(ids, given, actor, at, edge.transaction)
    return result_rows(results, subjects(meant.rows))


def hand_over(meant: Meant) -> str:
    """Accepts them for the background, each scheme's by its own clock; where their progress is told."""
    with edge.transaction():
        accepted = [_accepted(scheme_id, rows, meant.saved) for scheme_id, rows in _by_scheme(meant)]
    return url_for("work.show", work_id=accepted[0]) if len(accepted) == 1 else url_for("work.index")


def _accepted(scheme_id: str, rows: Sequence[TaskRow], saved: Mapping[int, Mapping[str, Any]]) -> int:
    accepted = work.accept_decisions(
        [chosen(row, saved.get(row.task.id, {})) for row in rows],
        {},
        title=_("批量提交：%(name)s", name=rows[0].task.name),
        scheme_id=scheme_id,
        actor=signed_in().actor,
        at=now_of(scheme_id),
        now=edge.received_at(),
    )
    jobs.enqueue(accepted)
    return accepted.id


def _by_scheme(meant: Meant) -> list[tuple[str, list[TaskRow]]]:
    rows = sorted(meant.rows, key=lambda row: row.task.scheme_id)
    return [(scheme_id, list(found)) for scheme_id, found in groupby(rows, lambda row: row.task.scheme_id)]
