"""What did not go out 外发通知, for administrators: once more, or laid aside."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app import edge
from app.errors import NotFound
from app.operations.telling import outbox as outbox_operations
from app.queries import outbox
from app.web.contacts import CHANNELS, NAMED, STATES
from app.web.session import needs, signed_in

bp = Blueprint("outbox", __name__, url_prefix="/administration/outbox")


@bp.get("/")
@needs("administrator")
def index() -> str:
    state = request.args.get("state", "")
    if state and state not in outbox.STATES:
        raise NotFound
    page = outbox.listing(state, request.args.get("before"))
    return render_template("outbox/index.html", page=page, channels=CHANNELS, named=NAMED, states=STATES)


@bp.post("/<int:post_id>/retry")
@needs("administrator")
def retry(post_id: int) -> Response:
    with edge.transaction():
        outbox_operations.retry(post_id, signed_in().actor, edge.received_at())
    flash(_("将再发一次。"), "done")
    return redirect(url_for("outbox.index"))


@bp.post("/<int:post_id>/dismiss")
@needs("administrator")
def dismiss(post_id: int) -> Response:
    with edge.transaction():
        outbox_operations.dismiss(post_id, signed_in().actor, edge.received_at())
    flash(_("已搁置，不再发送。"), "done")
    return redirect(url_for("outbox.index"))
