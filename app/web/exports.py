"""Lists as Excel files, as they are filtered on the page (CQ-25); each export is logged."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Blueprint, flash, redirect, send_file, url_for
from flask_babel import gettext as _

from app import edge
from app.documents import workbooks
from app.documents.workbooks import Cell
from app.models import Case
from app.operations import exports
from app.queries import cases, inbox
from app.queries.cases import CaseRow
from app.queries.inbox import TaskRow
from app.queries.paging import TooMany
from app.web import case_lists, monitor
from app.web.case_lists import CaseList
from app.web.filters import closing
from app.web.inbox import subject_name, wanted_tasks
from app.web.listing import filters
from app.web.schemes import blank_reason, listed_text, masked, process_title, scheme_of
from app.web.session import needs, signed_in

bp = Blueprint("exports", __name__)

Row = TypeVar("Row")
Columns = Sequence[tuple[str, Callable[[Row], Cell]]]


@bp.post("/cases/export")
@needs("operator")
def case_list() -> Any:
    scope = case_lists.scope_of(signed_in())
    shown = case_lists.asked_list(scope, case_lists.kinds(scope))
    if shown is None:
        return redirect(url_for("cases.index"))
    rows = lambda: cases.every(scope, shown.wanted())  # noqa: E731
    return _sent("cases.index", shown.title, _case_columns(shown), rows)


@bp.post("/inbox/export")
@needs("operator")
def open_tasks() -> Any:
    rows = lambda: inbox.every_open(signed_in().organisation_id, wanted_tasks())  # noqa: E731
    return _sent("inbox.index", _("待办"), [*_task_columns(), *_open_columns()], rows)


@bp.post("/inbox/done/export")
@needs("operator")
def done_tasks() -> Any:
    rows = lambda: inbox.every_done(signed_in().organisation_id, wanted_tasks())  # noqa: E731
    return _sent("inbox.done", _("已办"), [*_task_columns(), *_done_columns()], rows)


@bp.post("/monitor/cases/export")
@needs("supervisor")
def watched() -> Any:
    _scheme_id, scope, wanted = monitor.watched_list()
    rows = lambda: cases.every(scope, wanted)  # noqa: E731
    return _sent("monitor.listing", _("办件清单"), _watched_columns(wanted.phase), rows)


def _sent(page: str, title: str, columns: Columns[Row], rows: Callable[[], Iterable[Row]]) -> Any:
    """The file, or back to the list with a sentence where it holds too much."""
    narrowed_to = filters()
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    try:
        with edge.transaction():
            lines = ([text(row) for _title, text in columns] for row in rows())
            count = workbooks.write(stream, title, [heading for heading, _text in columns], lines)
            exports.log(title, narrowed_to, count, actor=signed_in().actor, now=edge.received_at())
    except TooMany as refusal:
        stream.close()
        flash(refusal.message, "refused")
        return redirect(url_for(page, **narrowed_to))
    stream.seek(0)
    response = send_file(stream, mimetype=workbooks.XLSX, max_age=0)
    name = quote(f"{title}.xlsx", safe="")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    response.headers["Cache-Control"] = "no-store"
    return response


def _case_columns(shown: CaseList) -> Columns[CaseRow]:
    listed = [(column.label, _listed(column.name)) for column in shown.columns]
    return [*_subject_columns(), *listed, *_standing_columns(shown.status_of)]


def _watched_columns(phase: str) -> Columns[CaseRow]:
    def business(row: CaseRow) -> Cell:
        return process_title(scheme_of(row.case.deployment_id), row.case.process)

    def status(case: Case) -> str:
        return case.phases.get(phase, case.status)

    changed = (_("最近变化"), lambda row: row.case.updated_at)
    return [(_("业务"), business), *_subject_columns(), *_standing_columns(status), changed]


def _subject_columns() -> Columns[CaseRow]:
    return [
        (_("办件"), lambda row: row.case.id),
        (_("姓名"), lambda row: row.person.name if row.person else None),
        (_("证件号码"), lambda row: masked(row.person, scheme_of(row.case.deployment_id))),
        (_("单位"), lambda row: row.unit_name),
    ]


def _standing_columns(status: Callable[[Case], str]) -> Columns[CaseRow]:
    return [
        (_("状态"), lambda row: status(row.case)),
        (_("建立时间"), lambda row: row.case.started_at),
    ]


def _listed(name: str) -> Callable[[CaseRow], Cell]:
    """A listed variable: a number as one, another value in words, none with the reason."""

    def text(row: CaseRow) -> Cell:
        value = row.case.listed.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value
        return listed_text(scheme_of(row.case.deployment_id), value, name) or blank_reason(row.case, name)

    return text


def _task_columns() -> Columns[TaskRow]:
    return [
        (_("办件"), lambda row: row.case.id),
        (_("环节"), lambda row: row.task.name),
        (_("业务"), lambda row: process_title(scheme_of(row.case.deployment_id), row.case.process)),
        (_("对象"), subject_name),
        (_("证件号码"), lambda row: masked(row.person, scheme_of(row.case.deployment_id))),
        (_("单位"), lambda row: row.unit_name),
    ]


def _open_columns() -> Columns[TaskRow]:
    def content(row: TaskRow) -> Cell:
        scheme = scheme_of(row.case.deployment_id)
        return " · ".join(listed_text(scheme, value, name) for name, value in row.case.listed.items())

    return [
        (_("内容"), content),
        (_("到达时间"), lambda row: row.task.opened_at),
        (_("截止"), lambda row: closing(row.task.closes_at)),
    ]


def _done_columns() -> Columns[TaskRow]:
    return [
        (_("办理时间"), lambda row: row.task.completed_at),
        (_("办件现状"), lambda row: row.case.status),
    ]
