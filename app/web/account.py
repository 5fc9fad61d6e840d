"""Signing in and out, passwords, a unit's registration and its data (CQ-26)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app import edge
from app.content import words
from app.demo import PASSWORD, cast
from app.errors import Conflict, DomainError, Invalid
from app.extensions import settings
from app.operations.access import accounts
from app.operations.access.accounts import TooManyRegistrations
from app.operations.offices.organisations import Profile
from app.queries import organisations
from app.web import session
from app.web.schemes import newest_schemes, now_of
from app.web.session import needs, signed_in

bp = Blueprint("account", __name__)

LEVELS, SYSTEMS, NATURES = (
    {code: _l(text) for code, text in known.items()} for known in (words.LEVELS, words.SYSTEMS, words.NATURES)
)
REGISTRATION = ("code", "name", "region", "person_name", "telephone", "login", "password", "again")
PROFILE = ("level", "system", "nature", "contact", "telephone", "address")

Errors = Mapping[str, Sequence[str]]


@bp.get("/sign-in")
def sign_in() -> Any:
    if session.viewer():
        return redirect(url_for("home.index"))
    return sign_in_page({}, {}, request.args.get("next"))


@bp.post("/sign-in")
def do_sign_in() -> Any:
    login, password = request.form.get("login", ""), request.form.get("password", "")
    try:
        with edge.transaction():
            token = accounts.sign_in(login, password, request.remote_addr or "", edge.received_at())
    except DomainError as refusal:
        page = sign_in_page({"login": login}, {"login": [refusal.message]}, request.form.get("next"))
        return page, refusal.status
    return session.enter(token, request.form.get("next"))


@bp.post("/sign-out")
def sign_out() -> Any:
    token = session.end()
    if token:
        with edge.transaction():
            accounts.sign_out(token, edge.received_at())
    flash(_("您已退出登录。"), "done")
    return redirect(url_for("account.sign_in"))


@bp.get("/password")
@needs(unfinished=True)
def password() -> str:
    return _password_page({})


@bp.post("/password")
@needs(unfinished=True)
def change_password() -> Any:
    sent = request.form
    if sent.get("new") != sent.get("again"):
        return _password_page({"again": [_("两次输入的新密码不一样，请重新输入。")]}), 422
    account_id = signed_in().actor.account_id or 0
    try:
        with edge.transaction():
            token = accounts.change_password(
                account_id, sent.get("old", ""), sent.get("new", ""), edge.received_at()
            )
    except Invalid as refusal:
        return _password_page(refusal.fields), 422
    session.begin(token)
    flash(_("密码已修改。"), "done")
    return redirect(url_for("home.index"))


@bp.get("/register")
def register() -> str:
    return _registration_page({}, {})


@bp.post("/register")
def do_register() -> Any:
    values = {name: request.form.get(name, "") for name in REGISTRATION}
    if values["password"] != values.pop("again"):
        return _registration_page(values, {"again": [_("两次输入的密码不一样，请重新输入。")]}), 422
    try:
        with edge.transaction():
            accounts.count_registration(request.remote_addr or "", values["code"], edge.received_at())
        with edge.transaction():
            accounts.register_unit(**values, now=edge.received_at())
    except Invalid as refusal:
        return _registration_page(values, refusal.fields), 422
    except Conflict as refusal:
        return _registration_page(values, {"code": [refusal.message]}), 409
    except TooManyRegistrations as refusal:
        return _registration_page(values, {"_": [refusal.message]}), refusal.status, refusal.headers
    flash(_("注册成功，请登录后完善单位信息。"), "done")
    return redirect(url_for("account.sign_in"))


@bp.get("/unit")
@needs("operator", unfinished=True)
def profile() -> str:
    return _profile_page({}, {})


@bp.post("/unit")
@needs("operator", unfinished=True)
def complete_profile() -> Any:
    values = {name: request.form.get(name, "").strip() for name in (*PROFILE, "superior")}
    errors = _unknown_choices(values)
    if errors:
        return _profile_page(values, errors), 422
    superior = int(values["superior"]) if values["superior"] != "none" else None
    facts = Profile(**{name: values[name] or None for name in PROFILE})
    try:
        with edge.transaction():
            accounts.complete_unit_profile(superior, facts, actor=signed_in().actor, now=edge.received_at())
    except Invalid as refusal:
        return _profile_page(values, refusal.fields), 422
    flash(_("单位信息已保存。"), "done")
    return redirect(url_for("home.index"))


def sign_in_page(values: Mapping[str, str], errors: Errors, wanted: str | None) -> str:
    """The page on which every sign-in begins, and where a refused one is told."""
    return render_template(
        "account/sign_in.html",
        values=values,
        errors=errors,
        next=wanted,
        by_provider=settings().oidc is not None,
        **_demonstrations(),
    )


def _demonstrations() -> dict[str, Any]:
    """The demonstrations that there are, how far each has been played, and who plays in the chosen one."""
    shown = cast.shown()
    if not shown:
        return {}
    names, chosen = newest_schemes(), request.args.get("scheme", "")
    titles = {scheme_id: names[scheme_id].name for scheme_id in shown if scheme_id in names}
    players = cast.players(chosen) if chosen in titles else []
    played = {scheme_id: now_of(scheme_id) for scheme_id in titles}
    return {
        "demonstrations": titles,
        "played": played,
        "chosen": chosen,
        "players": players,
        "password": PASSWORD,
    }


def _unknown_choices(values: Mapping[str, str]) -> Errors:
    known = {"level": LEVELS, "system": SYSTEMS, "nature": NATURES, "superior": _superiors()}
    return {name: [_("请选择。")] for name, choices in known.items() if values[name] not in choices}


def _superiors() -> dict[str, str]:
    own = {str(department.id): department.name for department in organisations.departments()}
    return {**own, "none": _("没有主管部门")}


def _password_page(errors: Errors) -> str:
    return render_template("account/password.html", errors=errors, first=signed_in().must_change_password)


def _registration_page(values: Mapping[str, str], errors: Errors) -> str:
    regions = [(region.code, f"{region.name}（{region.code}）") for region in organisations.regions()]
    return render_template("account/register.html", values=values, errors=errors, regions=regions)


def _profile_page(values: Mapping[str, Any], errors: Errors) -> str:
    me = signed_in()
    superior = organisations.superior_id(me.organisation_id, edge.received_at())
    return render_template(
        "account/profile.html",
        unit=me.organisation,
        superior=organisations.name_of(superior) if superior else "",
        values=values,
        errors=errors,
        levels=LEVELS,
        systems=SYSTEMS,
        natures=NATURES,
        superiors=_superiors(),
    )
