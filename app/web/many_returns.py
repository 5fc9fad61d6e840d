"""Giving many ticked cases back 退回 at once: to one step, with one opinion, with a result for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from app import edge
from app.errors import Conflict, Invalid
from app.operations.actors import Actor
from app.operations.going_back import returns
from app.operations.going_back.returns import Target, Then
from app.web import batches, kept_many
from app.web.batches import Batch, result_rows, subjects
from app.web.listing import ticked
from app.web.returns import said_of_return
from app.web.schemes import now_of
from app.web.session import after_lapse, needs, signed_in

bp = Blueprint("many_returns", __name__, url_prefix="/inbox/return")


@bp.get("")
@needs("operator")
def form() -> Any:
    batch = Batch.asked(kept_many.tasks_asked(kept_many.found("return")))
    return _page(batch) if batch.rows else (_page(batch), 422)


@bp.post("")
@needs("operator")
def submit() -> Any:
    batch, said = Batch.asked(ticked(request.form)), request.form
    if not batch.rows:
        return _page(batch), 422
    then: Then = "back" if said.get("then") == "back" else "on"
    wanted = (said.get("to", ""), said.get("opinion", ""), then)
    if not wanted[0]:
        return _page(batch, {"to": [_("请选择退回到哪一步。")]}), 422
    if not wanted[1].strip():
        return _page(batch, {"opinion": [_("请填写退回意见，写明要补正什么。")]}), 422
    if batch.long:
        kept_many.forget("return")
        values = dict(zip(("element", "opinion", "then"), wanted, strict=True))
        return batch.hand_over(values, _("批量退回：%(name)s", name=batch.rows[0].task.name), "returns")
    try:
        at = now_of(batch.rows[0].task.scheme_id)
        results = returns.give_back_many(batch.ids, *wanted, signed_in().actor, at, edge.transaction)
    except Invalid as refusal:
        return _page(batch, refusal.fields), 422
    kept_many.forget("return")
    return _page(batch, items=result_rows(results, subjects(batch.rows)))


@after_lapse("many_returns.submit")
def keep_for(actor: Actor) -> str | None:
    """Keeps what an ended session has sent until its account signs in again; where to go on then."""
    if actor.organisation_id is None:
        return None
    batch = Batch.asked(ticked(request.form), kept_many.lapsed_desk(actor))
    return kept_many.keep("return", actor, batch.ids, said_of_return(), "many_returns.form")


def _page(
    batch: Batch,
    errors: Mapping[str, Sequence[str]] | None = None,
    items: Sequence[dict[str, Any]] = (),
) -> str:
    found, message = _targets(batch) if batch.rows and not items else ([], "")
    return render_template(
        "inbox/many_returns.html",
        batch=batch,
        targets=found,
        message=batch.message or message,
        errors=errors or {},
        items=items,
        **kept_many.shown("return"),
        most_shown=batches.MOST_AT_ONCE,
        longest=returns.LONGEST_OPINION,
    )


def _targets(batch: Batch) -> tuple[Sequence[Target], str]:
    """The steps that all of them have come through, and why there is none."""
    try:
        found = returns.common_targets(batch.ids)
    except Conflict as gone:
        return [], gone.message
    return found, "" if found else _("这些办件没有都可以退回的环节，请逐件办理。")
