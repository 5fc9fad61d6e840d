"""Phrases 常用语: the list of one's own and the organisation's, adding and removing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app import edge
from app.errors import Conflict, Invalid
from app.operations.company import phrases as phrase_operations
from app.queries import phrases
from app.web.session import needs, signed_in

bp = Blueprint("phrases", __name__, url_prefix="/phrases")


@bp.get("/")
@needs("operator")
def index() -> str:
    return _page({})


@bp.post("/")
@needs("operator")
def add() -> Any:
    said = request.form
    try:
        with edge.transaction():
            phrase_operations.add(
                said.get("text", ""), shared="shared" in said, actor=signed_in().actor, now=edge.received_at()
            )
    except Invalid as refusal:
        return _page(refusal.fields), 422
    except Conflict as refusal:
        return _page({"text": [refusal.message]}), 409
    flash(_("已添加常用语。"), "done")
    return redirect(url_for("phrases.index"))


@bp.post("/<int:phrase_id>/remove")
@needs("operator")
def remove(phrase_id: int) -> Response:
    with edge.transaction():
        phrase_operations.remove(phrase_id, signed_in().actor)
    flash(_("已删除常用语。"), "done")
    return redirect(url_for("phrases.index"))


def _page(errors: Mapping[str, Sequence[str]]) -> str:
    usable = phrases.usable(signed_in().actor)
    return render_template(
        "phrases/index.html", phrases=usable, errors=errors, longest=phrase_operations.LONGEST
    )
