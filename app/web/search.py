"""The search 搜索: one box for people and cases; what may be an ID number never gets into an address."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app import edge
from app.content.searching import LONGEST, Typed, is_private, read_typed
from app.operations.finding import lookups
from app.queries import search
from app.queries.paging import PAGE_SIZE, Page
from app.web.here import schemes_here
from app.web.listing import asked
from app.web.schemes import real_now
from app.web.session import needs, signed_in

bp = Blueprint("search", __name__, url_prefix="/search")

FIRST_PEOPLE, FIRST_CASES = 10, 20
"""How many of each group stand on the page of both."""
STATES = ("running", "ended", "cancelled")


@bp.get("/")
@needs("operator", "supervisor")
def index() -> str:
    text = asked("q")
    if is_private(text):
        return _page("", Typed(), message=_("身份证号码不能写在网址里，请在搜索框里输入。"))
    return _page(text, read_typed(text))


@bp.post("/")
@needs("operator", "supervisor")
def find() -> Any:
    """Leads to the address of what was typed; a number that may be somebody's is answered at once instead."""
    text = request.form.get("q", "").replace("\x00", "").strip()[:LONGEST]
    if not is_private(text):
        scheme, state = (request.form.get(name) or None for name in ("scheme", "state"))
        return redirect(url_for("search.index", q=text, scheme=scheme, state=state))
    typed = read_typed(text)
    if typed.number is None:
        return _page("", typed, private=True, message=_("身份证号码应当是 18 位，请核对后再试。"))
    with edge.transaction():
        fault = lookups.look_up(typed.number, actor=signed_in().actor, now=edge.received_at())
    told = _("%(fault)s。", fault=fault) if fault else ""
    return _page("", typed, private=True, recorded=fault is None, message=told)


def _page(
    text: str, typed: Typed, *, private: bool = False, recorded: bool = False, message: str = ""
) -> str:
    """`private`: what was typed stands in no address, so there is no next page either."""
    me, group = signed_in(), asked("of")
    chosen = search.Asked(
        typed,
        me.sight,
        real_now(),
        scheme_id=asked("scheme"),
        state=asked("state") if asked("state") in STATES else "",
    )
    alone = group in ("people", "cases")
    after = request.args.get("after") if alone else None
    people: Page[Any] = Page((), None)
    cases: Page[Any] = Page((), None)
    if group != "cases":
        people = search.people(chosen, after, PAGE_SIZE if alone else FIRST_PEOPLE)
    if group != "people":
        cases = search.cases(chosen, after, PAGE_SIZE if alone else FIRST_CASES)
    found = bool(people.rows or cases.rows)
    return render_template(
        "search/index.html",
        text=text,
        searched=bool(typed.words or typed.number),
        private=private,
        recorded=recorded,
        message="" if found else message,
        group=group if alone else "",
        people=people,
        cases=cases,
        schemes=[(scheme.id, scheme.name) for scheme in schemes_here().values()],
        # Registers are kept by units and the departments above them (JD-04).
        keeps_register=me.has("operator") and me.caller.kind != "office",
    )
