"""Many of the inbox's tasks that are done at once: which, under what names, and handing them to long work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flask import redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app import edge, jobs
from app.operations import tasks
from app.operations.long_work import work
from app.operations.long_work.work import MOST_ITEMS
from app.queries import inbox
from app.queries.inbox import Desk, TaskRow
from app.queries.paging import read_id_cursor
from app.web.desk import own_desk, wanted_tasks
from app.web.schemes import now_of
from app.web.session import signed_in

MOST_AT_ONCE = 200
"""Tasks that one request decides; more are long work."""


@dataclass(frozen=True)
class Batch:
    """Tasks of one step of one deployment; `message` says why there are none, or fewer than ticked."""

    rows: Sequence[TaskRow]
    message: str

    @classmethod
    def asked(cls, task_ids: list[int], desk: Desk | None = None) -> Batch:
        """Those ticked, or all that the address narrows the inbox to, none newer than it was shown with.

        `desk` is whose they are, if that is not whoever is signed in.
        """
        upto = read_id_cursor(request.args.get("all"))
        desk = desk or own_desk()
        return cls._of(task_ids, desk) if upto is None else cls._of_kind(upto, desk)

    @classmethod
    def _of_kind(cls, upto: int, desk: Desk) -> Batch:
        rows = inbox.all_of_kind(desk, wanted_tasks(), upto, MOST_ITEMS + 1)
        if not rows:
            return cls((), _("没有可以批量办理的事项；请先按环节筛选。"))
        if len(rows) > MOST_ITEMS:
            return cls((), _("符合条件的超过 %(most)s 件，请缩小筛选范围。", most=MOST_ITEMS))
        alike = [row for row in rows if row.case.deployment_id == rows[0].case.deployment_id]
        others = len(rows) - len(alike)
        told = _("有 %(others)s 件按另一发布版本办理，未列入，请随后再办。", others=others)
        return cls(alike, told if others else "")

    @classmethod
    def _of(cls, task_ids: list[int], desk: Desk) -> Batch:
        if not task_ids:
            return cls((), _("请先在待办列表里勾选要办理的事项。"))
        if len(task_ids) > MOST_AT_ONCE:
            return cls((), _("一次最多办理 %(most)s 件，请分批勾选。", most=MOST_AT_ONCE))
        rows = [row for row in inbox.chosen(task_ids, desk) if row.task.bulk]
        if not rows:
            return cls((), _("勾选的事项已经办理，或不能批量办理。"))
        if len({(row.case.deployment_id, row.task.element) for row in rows}) > 1:
            return cls((), _("勾选的事项属于不同环节，请筛选后一次办理同一环节的事项。"))
        gone = len(task_ids) - len(rows)
        return cls(rows, _("有 %(gone)s 件已经办理或不能批量办理，未列入。", gone=gone) if gone else "")

    @property
    def ids(self) -> list[int]:
        return [row.task.id for row in self.rows]

    @property
    def long(self) -> bool:
        return len(self.rows) > MOST_AT_ONCE

    def hand_over(
        self, values: Mapping[str, Any], title: str, kind: Literal["decisions", "returns"] = "decisions"
    ) -> Response:
        """Too many for one request: done in the background, and the page leads to where it is told."""
        scheme_id = self.rows[0].task.scheme_id
        with edge.transaction():
            accepted = work.accept_decisions(
                [chosen(row) for row in self.rows],
                values,
                title=title,
                scheme_id=scheme_id,
                actor=signed_in().actor,
                at=now_of(scheme_id),
                now=edge.received_at(),
                kind=kind,
            )
            jobs.enqueue(accepted)
            work_id = accepted.id
        return redirect(url_for("work.show", work_id=work_id))


def chosen(row: TaskRow, values: Mapping[str, Any] | None = None) -> work.Chosen:
    return work.Chosen(row.task.id, row.case.id, row.subject, values)


def subjects(rows: Sequence[TaskRow]) -> dict[int, tuple[int, str]]:
    """By task the case and the name that people know it by."""
    return {row.task.id: (row.case.id, row.subject) for row in rows}


def result_rows(
    results: Sequence[tasks.ItemResult], known: Mapping[int, tuple[int, str]]
) -> list[dict[str, Any]]:
    """A result per item, by its `subjects`."""
    rows = []
    for result in results:
        case_id, name = known[result.task_id]
        told = {"task_id": result.task_id, "ok": result.ok, "message": result.message}
        rows.append({**told, "case_id": case_id, "subject": name})
    return rows
