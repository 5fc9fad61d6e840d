"""The second factor: the code at sign-in, binding a device, recovery codes, giving the device up."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app import edge
from app.errors import DomainError, Invalid
from app.operations.access import accounts, second_factor
from app.operations.access.accounts import SignInLapsed
from app.web import session
from app.web.session import needs, signed_in

bp = Blueprint("second_factor", __name__)

Errors = Mapping[str, Sequence[str]]


@bp.get("/sign-in/code")
def code() -> Any:
    if not accounts.awaits_code(session.token() or "", edge.received_at()):
        return redirect(url_for("account.sign_in"))
    return _code_page({}, request.args.get("next"))


@bp.post("/sign-in/code")
def enter_code() -> Any:
    wanted = request.form.get("next")
    try:
        with edge.transaction():
            token = accounts.confirm(
                session.token() or "",
                request.form.get("code", ""),
                request.remote_addr or "",
                edge.received_at(),
            )
    except SignInLapsed as lapsed:
        flash(lapsed.message, "refused")
        return redirect(url_for("account.sign_in", next=wanted))
    except DomainError as refusal:
        return _code_page({"code": [refusal.message]}, wanted), refusal.status
    return session.enter(token, wanted)


@bp.get("/second-factor")
@needs(unfinished=True)
def index() -> str:
    return _own_page({})


@bp.post("/second-factor/start")
@needs(unfinished=True)
def start() -> Any:
    with edge.transaction():
        second_factor.start(signed_in().actor.account_id or 0, edge.received_at())
    return redirect(url_for("second_factor.index"))


@bp.post("/second-factor")
@needs(unfinished=True)
def enrol() -> Any:
    def work() -> Any:
        made = second_factor.enrol(_code(), actor=signed_in().actor, now=edge.received_at())
        return made.token, made.recovery_codes

    return _with_code(work, _told_codes)


@bp.post("/second-factor/recovery-codes")
@needs(unfinished=True)
def renew() -> Any:
    def work() -> Any:
        codes = second_factor.renew_recovery_codes(
            _code(), request.remote_addr or "", actor=signed_in().actor, now=edge.received_at()
        )
        return None, codes

    return _with_code(work, _told_codes)


@bp.post("/second-factor/unbind")
@needs(unfinished=True)
def unbind() -> Any:
    def work() -> Any:
        return second_factor.unbind(
            _code(), request.remote_addr or "", actor=signed_in().actor, now=edge.received_at()
        )

    def done(token: str) -> Any:
        session.begin(token)
        flash(_("已解除绑定，其他已登录的浏览器已退出。"), "done")
        return redirect(url_for("second_factor.index"))

    return _with_code(work, done)


def _with_code(work: Callable[[], Any], done: Callable[..., Any]) -> Any:
    try:
        with edge.transaction():
            result = work()
    except Invalid as refusal:
        return _own_page(refusal.fields), refusal.status
    return done(result)


def _told_codes(result: tuple[str | None, Sequence[str]]) -> str:
    """Shown in the answer itself and nowhere else."""
    token, codes = result
    if token:
        session.begin(token)
    return render_template("account/recovery_codes.html", codes=codes)


def _code() -> str:
    return request.form.get("code", "")


def _code_page(errors: Errors, wanted: str | None) -> str:
    return render_template("account/code.html", errors=errors, next=wanted)


def _own_page(errors: Errors) -> str:
    me = signed_in()
    account_id = me.actor.account_id or 0
    enrolment = second_factor.under_way(account_id)
    return render_template(
        "account/second_factor.html",
        errors=errors,
        bound=second_factor.standing(account_id),
        secret=" ".join(textwrap.wrap(enrolment.secret, 4)) if enrolment else "",
        picture=_picture(enrolment.address) if enrolment else "",
        must=me.must_bind,
    )


def _picture(address: str) -> str:
    """The address as a QR code; data in the page, so that the secret is in no other answer."""
    found: str = segno.make(address, error="m").svg_data_uri(scale=4, light="#fff", border=4)
    return found
