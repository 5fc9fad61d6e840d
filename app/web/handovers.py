"""Handing over 离职交接: what an account has open, and giving all of it to a colleague."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app import edge, jobs
from app.errors import Conflict, Invalid
from app.operations.company import handovers
from app.operations.company.handovers import Handed
from app.operations.long_work import work
from app.queries.colleagues import colleagues
from app.web.deputies import named
from app.web.schemes import now_of
from app.web.session import needs, signed_in

bp = Blueprint("handovers", __name__, url_prefix="/handovers")

PARTS = {"assignee": _l("办理人"), "owner": _l("委派人"), "cosigner": _l("会签人")}
SHOWN = 50


@bp.get("/<int:account_id>")
@needs("supervisor", "administrator")
def show(account_id: int) -> str:
    return _page(account_id)


@bp.post("/<int:account_id>")
@needs("supervisor", "administrator")
def submit(account_id: int) -> Any:
    """Hands over at once; beyond 200 in the background."""
    actor = signed_in().actor
    given = (account_id, request.form.get("to", type=int) or 0, request.form.get("ground", ""))
    handovers.of_leaver(account_id, actor)
    many = len(handovers.items(account_id, handovers.AT_ONCE + 1)) > handovers.AT_ONCE
    try:
        if many:
            return redirect(url_for("work.show", work_id=_accept(given)))
        results = handovers.hand_over(
            *given, actor=actor, now_of=now_of, now=edge.received_at(), transaction=edge.transaction
        )
    except Invalid as refusal:
        return _page(account_id, errors=refusal.fields), 422
    except Conflict as refusal:
        return _page(account_id, errors={"to": [refusal.message]}), 409
    return _page(account_id, results=results)


def _accept(given: tuple[int, int, str]) -> int:
    with edge.transaction():
        name = handovers.of_leaver(given[0], signed_in().actor).name
        accepted = work.accept_handover(
            *given,
            title=_("离职交接：%(name)s", name=name),
            actor=signed_in().actor,
            now=edge.received_at(),
        )
        jobs.enqueue(accepted)
        return accepted.id


def _page(account_id: int, errors: dict[str, list[str]] | None = None, results: Sequence[Handed] = ()) -> str:
    leaver = handovers.of_leaver(account_id, signed_in().actor)
    found = handovers.items(account_id, handovers.AT_ONCE + 1)
    return render_template(
        "deputies/handover.html",
        leaver=leaver,
        items=found[:SHOWN],
        count=len(found),
        at_once=handovers.AT_ONCE,
        people=named(colleagues(leaver.organisation_id or 0, {account_id})),
        parts=PARTS,
        errors=errors or {},
        results=results,
    )
