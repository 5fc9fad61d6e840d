"""Lists as Excel files, as they are filtered on the page (CQ-25); each export is logged."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Blueprint, Response, flash, redirect, request, send_file, url_for
from flask_babel import gettext as _

from app import edge, jobs
from app.documents import workbooks
from app.documents.workbooks import Cell
from app.models import Case
from app.operations.long_work import exports, work
from app.queries import cases, inbox
from app.queries.cases import CaseRow
from app.queries.inbox import TaskRow
from app.queries.paging import MOST_LONG_ROWS, Rows, TooMany
from app.web import case_lists, monitor
from app.web.case_lists import CaseList
from app.web.desk import Place, wanted_tasks
from app.web.filters import closing
from app.web.listing import asked, filters, url_in_list
from app.web.schemes import blank_reason, listed_text, masked, process_title, scheme_of
from app.web.session import needs, signed_in

bp = Blueprint("exports", __name__)

Row = TypeVar("Row")
Columns = Sequence[tuple[str, Callable[[Row], Cell]]]


@dataclass(frozen=True)
class Listing:
    """A list as the present request narrows it; `rows` takes `long`, for long work; else TooMany."""

    page: str
    title: str
    columns: Columns[Any]
    rows: Callable[..., Rows[Any]]

    def lines(self, long: bool) -> Iterable[list[Cell]]:
        return ([text(row) for _title, text in self.columns] for row in self.rows(long=long))

    @property
    def head(self) -> list[str]:
        return [heading for heading, _text in self.columns]


@bp.post("/cases/export")
@needs("operator")
def case_list() -> Any:
    return _sent("cases")


@bp.post("/inbox/export")
@needs("operator")
def open_tasks() -> Any:
    return _sent("inbox")


@bp.post("/inbox/done/export")
@needs("operator")
def done_tasks() -> Any:
    return _sent("done")


@bp.post("/monitor/cases/export")
@needs("supervisor")
def watched() -> Any:
    return _sent("watched")


def _cases() -> Listing | None:
    scope = case_lists.scope_of(signed_in())
    shown = case_lists.asked_list(scope, case_lists.kinds(scope))
    if shown is None or not _meant(shown):
        return None
    wanted = shown.wanted()
    rows = partial(cases.every, scope, wanted)
    return Listing("cases.index", shown.title, _case_columns(shown), rows)


def _inbox() -> Listing:
    place = Place.asked()
    rows = partial(inbox.every_open, place.desk, place.wanted, by=place.by)
    return Listing("inbox.index", _("待办"), [*_task_columns(), *_open_columns()], rows)


def _done() -> Listing:
    me, wanted = signed_in().organisation_id, wanted_tasks()
    rows = partial(inbox.every_done, me, wanted)
    return Listing("inbox.done", _("已办"), [*_task_columns(), *_done_columns()], rows)


def _watched() -> Listing | None:
    scheme_id, scope, wanted = monitor.watched_list()
    if asked("scheme") not in ("", scheme_id) or asked("phase") != wanted.phase:
        return None
    rows = partial(cases.every, scope, wanted)
    return Listing("monitor.listing", _("办件清单"), _watched_columns(wanted.phase), rows)


def _meant(shown: CaseList) -> bool:
    """Whether it is the very list that the address names: a page may show another, a file may not."""
    phase, columns = shown.phase.process if shown.phase else "", {f"v-{one.name}" for one in shown.columns}
    unknown = [name for name in filters() if name.startswith("v-") and name not in columns]
    return asked("of") in ("", shown.key) and asked("phase") == phase and not unknown


LISTINGS: dict[str, tuple[str, Callable[[], Listing | None]]] = {
    "cases": ("operator", _cases),
    "inbox": ("operator", _inbox),
    "done": ("operator", _done),
    "watched": ("supervisor", _watched),
}
"""The lists that can be taken out, with the duty that it takes."""


def _sent(name: str) -> Any:
    """The file; of a longer list the way to the long work that writes it, or back with a sentence."""
    listing = LISTINGS[name][1]()
    if listing is None:
        return redirect(url_for("cases.index"))
    narrowed_to = filters()
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    try:
        with edge.transaction():
            count = workbooks.write(stream, listing.title, listing.head, listing.lines(False))
            exports.log(listing.title, narrowed_to, count, actor=signed_in().actor, now=edge.received_at())
    except TooMany as refusal:
        stream.close()
        if refusal.rows <= MOST_LONG_ROWS:
            return _handed_over(name, listing, refusal.rows)
        flash(refusal.message, "refused")
        return redirect(url_in_list(listing.page))
    stream.seek(0)
    return as_download(stream, listing.title)


def _handed_over(name: str, listing: Listing, rows: int) -> Any:
    """Written in the background, from the same address."""
    asked = {"list": name, "address": request.full_path}
    title = _("导出：%(title)s", title=listing.title)
    with edge.transaction():
        accepted = work.accept_export(title, asked, rows, actor=signed_in().actor, now=edge.received_at())
        jobs.enqueue(accepted)
        work_id = accepted.id
    return redirect(url_for("work.show", work_id=work_id))


def as_download(stream: Any, title: str) -> Response:
    """A workbook, or the path of one, as a file that no cache keeps."""
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
        (_("对象"), lambda row: row.subject),
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
