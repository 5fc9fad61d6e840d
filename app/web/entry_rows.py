"""Entries in many rows at once 多行填写: saved by row, and the ticked ones submitted (CQ-11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app import edge
from app.content.forms import Form
from app.content.scheme import Scheme
from app.errors import DomainError, Forbidden
from app.operations import tasks
from app.operations.actors import Actor
from app.operations.company import kept_forms
from app.queries import inbox
from app.queries.inbox import Desk, TaskFilter, TaskRow
from app.web.desk import own_desk
from app.web.inbox import result_rows
from app.web.listing import address_with, asked, ticked
from app.web.schemes import newest_schemes, now_of, real_now, scheme_of
from app.web.session import after_lapse, needs, signed_in
from app.web.sheet import MANY_OPTIONS, Part, Row, columns, parts_of, read_rows, settle

bp = Blueprint("rows", __name__, url_prefix="/cases/rows")

MOST_ROWS = 20
"""Rows of a page: each has a control for every column."""
GOES_TO = ("deployment", "part", "after")
"""What a button that saves may lead on to: another deployment's rows, part of the form, or page."""


@bp.get("")
@needs("operator")
def show() -> str:
    return Sheet.asked().render()


@bp.post("")
@needs("operator")
def save() -> Any:
    """Saves every row that was touched; submits the ticked ones, with a result for each."""
    _check_reader()
    sheet = Sheet.sent(own_desk())
    wanted = set(ticked(request.form)) if "_submit" in request.form else set()
    saved = [row for row in sheet.rows if _keep(row, submitted=row.id in wanted)]
    settle(saved)
    ready = [row for row in sheet.rows if row.id in wanted and not row.troubled]
    results = _submit(ready)
    done = {result.task_id for result in results if result.ok}
    sheet = sheet.without(done)
    if "_submit" in request.form and not wanted:
        return sheet.render(message=_("请先勾选要提交的行。填写的内容已经暂存。")), 422
    items = result_rows(results, {row.id: (row.found.case.id, row.name) for row in ready})
    if any(row.troubled for row in sheet.rows) or sheet.gone:
        return sheet.render(items, saved=sum(not row.troubled for row in saved)), 422
    if wanted:
        return Sheet.asked().render(items)
    onward = {name: request.form[f"_{name}"] for name in GOES_TO if f"_{name}" in request.form}
    if saved or not onward:
        flash(_("已暂存 %(count)s 行，尚未提交。", count=len(saved)), "done")
    page = None if "deployment" in onward else request.args.get("after")
    return redirect(address_with(**{"after": page, **onward}))


@after_lapse("rows.save")
def keep_for(actor: Actor) -> str | None:
    """Keeps the touched rows that an ended session has sent until its account signs in again."""
    if actor.organisation_id is None or actor.account_id is None:
        return None
    with edge.transaction():
        for row in Sheet.sent(inbox.desk_of(actor, real_now())).rows:
            row.take()
            if row.touched:
                kept_forms.keep(actor.account_id, row.id, row.values, edge.received_at())
    flash(_("登录已超时。您填写的各行已经保留，登录后可以接着填写。"), "warning")
    return address_with(after=request.args.get("after"))


def _keep(row: Row, *, submitted: bool) -> bool:
    """Saves a row that was touched, if nothing is wrong with it; whether it did."""
    row.take()
    if row.stale and (row.touched or submitted):
        row.refuse_stale()
        return False
    if not row.touched and not submitted:
        row.values = row.start
        return False
    row.check(whole=submitted)
    if not row.touched or (row.errors and not submitted):
        return False
    try:
        with edge.transaction():
            seen = row.draft.saved_at if row.draft else None
            tasks.save_draft(row.id, row.values, signed_in().actor, now_of(row.found.task.scheme_id), seen)
            kept_forms.forget(signed_in().actor.account_id or 0, row.id)
    except DomainError as refusal:
        row.message = refusal.message
        return False
    return True


def _submit(rows: Sequence[Row]) -> list[tasks.ItemResult]:
    if not rows:
        return []
    given = {row.id: row.values for row in rows}
    actor, at = signed_in().actor, now_of(rows[0].found.task.scheme_id)
    results = tasks.complete_many(list(given), given.__getitem__, actor, at, edge.transaction)
    told = {result.task_id: result.message for result in results if not result.ok}
    for row in rows:
        row.message = told.get(row.id, "")
    return results


@dataclass(frozen=True)
class Kind:
    """A step that may be filled in by rows."""

    key: str
    name: str
    scheme: str


def kinds() -> list[Kind]:
    """The steps with open tasks of the organisation whose forms have something to be filled in by cells."""
    schemes = newest_schemes()
    found = inbox.kinds(signed_in().organisation_id)
    return [
        Kind(kind.key, kind.name, schemes[kind.scheme_id].name)
        for kind in found
        if kind.scheme_id in schemes and _has_cells(schemes[kind.scheme_id], kind.key.partition("/")[2])
    ]


def _has_cells(scheme: Scheme, element: str) -> bool:
    drawn = (process.elements.get(element) for process in scheme.definitions.processes.values())
    forms = {found.form for found in drawn if found is not None and found.form}
    return any(parts_of(scheme.form(name)) for name in forms)


@dataclass(frozen=True)
class Sheet:
    """A page of rows; `gone` of those that were sent are no longer open for the reader."""

    rows: Sequence[Row]
    scheme: Scheme | None = None
    form: Form | None = None
    part: int = 0
    next: str | None = None
    deployments: Sequence[int] = ()
    gone: int = 0

    @classmethod
    def asked(cls) -> Sheet:
        """What the address asks for: a step, a deployment that it is done by, a part of its form."""
        _check_reader()
        desk, kind = own_desk(), asked("kind")
        known = inbox.deployments(desk, kind) if "/" in kind else []
        if not known:
            return cls(())
        wanted = request.args.get("deployment", type=int)
        deployment = wanted if wanted in known else known[-1]
        narrowed = TaskFilter(kind, name=asked("name"), deployment=deployment)
        page = inbox.open_tasks(desk, narrowed, request.args.get("after"))
        rows = page.rows[:MOST_ROWS]
        more = len(page.rows) > MOST_ROWS or page.next is not None
        following = inbox.place_of(rows[-1].task, "opened") if more else None
        return cls._of(desk, rows, following, known)

    @classmethod
    def sent(cls, desk: Desk) -> Sheet:
        """The rows that were on the page, as far as they are still open for whom the desk is."""
        ids = [int(text) for text in request.form.getlist("row") if text.isdecimal() and len(text) < 19]
        scheme_id, _slash, element = asked("kind").partition("/")
        found = [
            row
            for row in inbox.chosen(ids[:MOST_ROWS], desk)
            if (row.task.scheme_id, row.task.element) == (scheme_id, element)
        ]
        alike = [row for row in found if row.case.deployment_id == found[0].case.deployment_id]
        return cls._of(desk, alike, None, (), gone=len(ids) - len(alike))

    @classmethod
    def _of(
        cls,
        desk: Desk,
        found: Sequence[TaskRow],
        following: str | None,
        known: Sequence[int],
        gone: int = 0,
    ) -> Sheet:
        if not found or not found[0].task.form:
            return cls((), gone=gone)
        scheme = scheme_of(found[0].case.deployment_id)
        form = scheme.form(found[0].task.form)
        parts = parts_of(form)
        if not parts:
            return cls((), gone=gone)
        part = min(max(request.args.get("part", 0, type=int), 0), len(parts) - 1)
        rows = read_rows(found, scheme, form, parts[part], desk.account_id)
        return cls(rows, scheme, form, part, following, known, gone)

    @property
    def parts(self) -> list[Part]:
        return parts_of(self.form) if self.form else []

    def without(self, done: set[int]) -> Sheet:
        rows = [row for row in self.rows if row.id not in done]
        return Sheet(rows, self.scheme, self.form, self.part, None, self.deployments, self.gone)

    def render(self, items: Sequence[dict[str, Any]] = (), message: str = "", saved: int = 0) -> str:
        parts = self.parts
        part = parts[self.part] if parts else None
        return render_template(
            "unit/rows.html",
            sheet=self,
            rows=self.rows,
            parts=parts,
            part=part,
            columns=columns(self.rows, part) if part else [],
            kinds=kinds() if not self.rows else [],
            items=items,
            message=message,
            saved=saved,
            many=MANY_OPTIONS,
            address=url_for("rows.show"),
        )


def _check_reader() -> None:
    """Raises Forbidden for who is no unit: reviewers open what they decide, or decide alike on many."""
    if not signed_in().is_unit:
        raise Forbidden
