"""Saving the filter of a list, and taking a saved one away."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app import edge
from app.errors import Conflict, Invalid, NotFound
from app.operations.company import saved_filters
from app.web.listing import filters, url_in_list
from app.web.session import needs, signed_in

bp = Blueprint("saved_filters", __name__, url_prefix="/saved-filters")

LISTS = {"inbox": "inbox.index", "done": "inbox.done"}
"""The lists whose filters are saved, with their pages."""


@bp.post("/<list_name>")
@needs("operator")
def save(list_name: str) -> Response:
    """Saves what the address asks, which is that of the list."""
    if list_name not in LISTS:
        raise NotFound
    asked, name, shared = filters(), request.form.get("name", ""), "shared" in request.form
    try:
        with edge.transaction():
            saved_filters.save(
                list_name, name, asked, shared=shared, actor=signed_in().actor, now=edge.received_at()
            )
    except Invalid as refusal:
        flash("；".join(text for texts in refusal.fields.values() for text in texts), "warning")
    except Conflict as refusal:
        flash(refusal.message, "warning")
    else:
        flash(_("已保存筛选“%(name)s”。", name=name.strip()), "done")
    return redirect(url_in_list(LISTS[list_name]))


@bp.post("/<int:filter_id>/remove")
@needs("operator")
def remove(filter_id: int) -> Response:
    with edge.transaction():
        removed = saved_filters.remove(filter_id, signed_in().actor)
        flash(_("已删除筛选“%(name)s”。", name=removed.name), "done")
        page = LISTS[removed.list]
    return redirect(url_for(page))
