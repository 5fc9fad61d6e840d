"""Taking back 撤回 many that one has done: those ticked among 已办, or all of one long work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app import edge, jobs
from app.errors import Invalid
from app.operations.actors import Actor
from app.operations.going_back import recalls
from app.operations.long_work import work
from app.queries import company
from app.queries.inbox import TaskRow
from app.queries.paging import read_id_cursor
from app.web import batches, kept_many
from app.web.batches import chosen, result_rows, subjects
from app.web.listing import ticked
from app.web.schemes import now_of
from app.web.session import after_lapse, needs, signed_in

bp = Blueprint("many_recalls", __name__, url_prefix="/inbox/recall")


@bp.get("")
@needs("operator")
def form() -> Any:
    rows = _asked(kept_many.tasks_asked(kept_many.found("recall")), signed_in().actor)
    return _page(rows) if rows else (_page(rows), 422)


@bp.post("")
@needs("operator")
def submit() -> Any:
    """At once; beyond 200 in the background."""
    rows, ground = _asked(ticked(request.form), signed_in().actor), request.form.get("ground", "")
    if not rows:
        return _page(rows), 422
    try:
        if len(rows) > batches.MOST_AT_ONCE:
            accepted = _accept(rows, ground)
            kept_many.forget("recall")
            return redirect(url_for("work.show", work_id=accepted))
        schemes = {row.task.id: row.task.scheme_id for row in rows}

        def now(task_id: int) -> datetime:
            return now_of(schemes[task_id])

        results = recalls.recall_many(schemes, ground, signed_in().actor, now, edge.transaction)
    except Invalid as refusal:
        return _page(rows, refusal.fields), 422
    kept_many.forget("recall")
    return _page(rows, items=result_rows(results, subjects(rows)))


@after_lapse("many_recalls.submit")
def keep_for(actor: Actor) -> str | None:
    """Keeps what an ended session has sent until its account signs in again; where to go on then."""
    rows = _asked(ticked(request.form), actor) if actor.organisation_id is not None else ()
    said = {"ground": request.form.get("ground", "")}
    return kept_many.keep("recall", actor, [row.task.id for row in rows], said, "many_recalls.form")


def _asked(task_ids: list[int], actor: Actor) -> Sequence[TaskRow]:
    """What was ticked, or is of the work that the address names, as far as the account has done it."""
    work_id = read_id_cursor(request.args.get("work"))
    if work_id is None:
        return company.done_by(actor, task_ids=task_ids[: batches.MOST_AT_ONCE])
    return company.done_by(actor, work_id=work_id)


def _accept(rows: Sequence[TaskRow], ground: str) -> int:
    title = _("批量撤回：%(name)s", name=rows[0].task.name)
    items = [chosen(row, {"scheme": row.task.scheme_id}) for row in rows]
    with edge.transaction():
        actor, now = signed_in().actor, edge.received_at()
        accepted = work.accept_recalls(items, ground, title=title, actor=actor, now=now)
        jobs.enqueue(accepted)
        return accepted.id


def _page(
    rows: Sequence[TaskRow],
    errors: Mapping[str, Sequence[str]] | None = None,
    items: Sequence[dict[str, Any]] = (),
) -> str:
    return render_template(
        "inbox/many_recalls.html",
        rows=rows,
        errors=errors or {},
        items=items,
        **kept_many.shown("recall"),
        most_shown=batches.MOST_AT_ONCE,
        longest=recalls.LONGEST_NOTE,
    )
