"""How one wants to be told 通知方式: addresses, kinds, a test; and the sandbox's letters in a rehearsal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app import edge
from app.errors import Conflict, Invalid, NotFound
from app.operations.dates import clock
from app.operations.telling import contacts
from app.queries import outbox
from app.web.session import needs, signed_in

bp = Blueprint("contacts", __name__)

CHANNELS = {"mail": _l("邮件"), "sms": _l("短信")}
KINDS = {
    "case": _l("办件消息"),
    "task": _l("交给我办的事项"),
    "reminder": _l("催办"),
    "copy": _l("抄送"),
}
NAMED = {**KINDS, contacts.TEST: _l("测试")}
STATES = {
    "waiting": _l("待发"),
    "sending": _l("正在发"),
    "sent": _l("已发"),
    "unknown": _l("不明"),
    "given_up": _l("放弃"),
    "dropped": _l("不发"),
}


@bp.get("/contacts")
@needs()
def index() -> str:
    return _page()


@bp.post("/contacts/<channel>")
@needs()
def choose(channel: str) -> Any:
    said = request.form
    try:
        with edge.transaction():
            if "_test" in said:
                contacts.try_out(channel, signed_in().actor, edge.received_at())
            else:
                address, kinds = said.get("address", ""), said.getlist("kinds")
                contacts.choose(channel, address, kinds, signed_in().actor, edge.received_at())
    except Invalid as refusal:
        return _page(channel, refusal.fields.get("address", ())), 422
    except Conflict as refusal:
        return _page(channel, [refusal.message]), 409
    told = _("已交给系统发送，几秒钟后可以刷新本页查看结果。") if "_test" in said else _("已保存通知方式。")
    flash(told, "done")
    return redirect(url_for("contacts.index"))


@bp.get("/sandbox-post")
@needs()
def sandbox() -> str:
    """The letters to oneself, and to an administrator all. Raises NotFound in a real database."""
    if not clock.is_rehearsal():
        raise NotFound
    own = None if signed_in().has("administrator") else signed_in().actor.account_id
    letters = [
        {**letter, "sent_at": datetime.fromisoformat(letter["sent_at"])} for letter in contacts.rehearsed(own)
    ]
    return render_template("outbox/sandbox.html", letters=letters, channels=CHANNELS)


def _page(tried: str = "", errors: Sequence[str] = ()) -> str:
    account_id = signed_in().actor.account_id or 0
    typed: Mapping[str, Any] = {
        "address": request.form.get("address"),
        "kinds": request.form.getlist("kinds"),
    }
    return render_template(
        "outbox/contacts.html",
        chosen=contacts.of_account(account_id),
        newest=outbox.newest_of(account_id),
        channels=CHANNELS,
        kinds=KINDS,
        named=NAMED,
        states=STATES,
        tried=tried,
        typed=typed,
        errors=errors,
    )
