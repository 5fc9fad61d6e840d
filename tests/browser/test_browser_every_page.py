"""Every page is found by its links, opens, fits both widths, and is judged by axe."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from support.applying import applicant, stage_where_people_file
from support.colleagues import colleague
from support.crowd import accept, open_tasks
from support.fees import FEES, open_entry, payment_of, publish_fees
from support.life import LIFE, certified, open_award, publish_life
from support.pages import PASSWORD, Stage
from support.phased import PHASED, publish_phased, waiting_for_scores
from support.second_factor import bind
from support.stories.stage import FILLED, KEPT, publish_kept
from support.stories.tables import HEAD
from support.world import BUREAU, LIBRARY, OFFICE, SCHEME, at, complete, open_filing, register_posts, task_of

from app import clock
from app.config import PROJECT
from app.extensions import atomic, db
from app.models import Account, Certificate
from app.operations import clock as clocks
from app.operations import deputies, imports, online_payments, overlays, tasks
from app.operations.actors import SYSTEM, Actor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

NOW = at("2021-06-11 09:00")
KEEPER = "吴审"
NO_PAGES = {
    "static": "files of the pages themselves",
    "files.download": "a download",
    "viewing.show": "an upload itself, in a frame",
    "files.preview": "a picture for a page",
    "inbox.after": "leads to the next task",
    "tasks.present": "a part of a page, for a script",
    "imports.template": "a download",
    "work.download": "a download",
    "people.register.template": "a download",
    "inbox.newest": "a number for a script",
    "work.progress": "a part of a page, for a script",
    "many_starts.choose": "where people file: test_browser_unit",
    "oidc.start": "leads to a provider",
    "oidc.callback": "comes from a provider",
}
LEADS_ON = {"applicant_form.begin"}
"""Followed, and never shown: it leads to a step of the form."""
ENGLISH = re.compile(r"[a-z]+_[a-z_]+|\b(?:None|True|False|undefined)\b|[{}]{2}|%\(")
"""Names of variables and values of the program, which nobody should read."""
MOST_HTML = 100_000
MOST_SCRIPT = 60_000
"""Bytes of a page, and of its scripts as they are sent, compressed; but for what draws a diagram."""
DRAWS = ("viewer.js", "modeler.js", "designer.js", "charts.js", "decisions.js", "differ.js")
CODES_TOLD = {"relations.grant"}
"""An office's function has its code beside the roles' titles: roles of several schemes share it."""


@pytest.fixture
def stage(app: Flask) -> Stage:
    """Something on every page: cases under way in each kind of scheme, and who may see them."""
    made = stage_where_people_file(app)
    for publish in (publish_life, publish_kept, publish_fees, publish_phased):
        publish()
    with atomic():
        for scheme in (LIFE, KEPT, FEES, PHASED):
            clocks.open_clock(scheme, NOW, SYSTEM, clock.now())
    made.give(OFFICE, "operator", "supervisor")
    made.give(KEEPER, "administrator", "designer")
    world = made.world
    register_posts(world, {"senior": 2})
    complete(open_filing(world), "fill", FILLED, world.actors[LIBRARY], "2021-06-11 08:00")
    waiting_for_scores(world)
    return made


def offered(stage: Stage) -> dict[str, list[str]]:
    """For whom which pages have something that nothing links to yet."""
    world, office = stage.world, stage.world.actors[OFFICE]
    paid, lost = open_entry(world, NOW), certified(world, when="2021-06-10 09:00")
    recorded = open_award(world, scheme=KEPT, when="2021-06-10 09:00")
    filed = task_of(open_filing(world, "李二"))
    with atomic():
        tasks.save_draft(filed, FILLED, world.actors[LIBRARY], NOW)
    bound = world.actors["周审"].account_id or 0
    bind(bound)
    with atomic():
        unit = world.actors[LIBRARY]
        online_payments.place_order(payment_of(paid).id, unit, lambda name: name, "/payments/")
        moved = {"ground": "延期通知", "actor": office, "now": NOW}
        overlays.propose(SCHEME, "filing_closes", "2021-07-10", **moved)
        kind, line = f"{PHASED}/enter", [f"{PHASED}-1", "陈一", *[""] * (len(HEAD) - 2)]
        table = "\n".join(",".join(cells) for cells in (HEAD, line)).encode()
        uploaded = imports.upload(kind, "成绩.csv", table, actor=office, now=clock.now(), at=NOW)
        number = db.session.scalars(select(Certificate.number)).first()
    stands_in = colleague(world, "王五", OFFICE).account_id or 0
    with atomic():
        term = (office.account_id or 0, stands_in, clock.now(), clock.now() + timedelta(days=1))
        deputies.name(*term, ground="休假", actor=office, now=clock.now())
    handed_over = accept(world, open_tasks("first_review"), NOW)
    return {
        LIBRARY: [
            *(f"/sandbox-payment/{payment_of(paid).order_number}", f"/inbox/bulk?task={filed}"),
            *(f"/tasks/{filed}/assigning", "/search/?q=chen"),
            f"/cases/submit?all={filed}&of={SCHEME}/filing",
        ],
        OFFICE: [f"/imports/{uploaded}", f"/verify?number={number}"],
        BUREAU: [f"/work/{handed_over}", f"/cases/{recorded}/records/paper", f"/cases/{lost}/messages/lost"],
        KEEPER: [f"/administration/accounts/{bound}/second-factor"],
    }


def test_every_page(stage: Stage, visit: Any) -> None:
    walk = Walk(stage.app)
    walk.through(visit(), ["/sign-in", "/register", "/verify", "/proof/"])
    for name, addresses in offered(stage).items():
        visitor = visit()
        visitor.sign_in(stage.login(name), PASSWORD)
        walk.through(visitor, ["/", *addresses])
    herself = visit()
    herself.sign_in(login_of(applicant(stage.world, "李二")), PASSWORD)
    walk.through(herself, ["/my/"])
    bind(stage.world.actors[LIBRARY].account_id or 0)
    half = visit()
    half.go("/sign-in")
    half.page.fill("#login", stage.login(LIBRARY))
    half.page.fill("#password", PASSWORD)
    half.page.click("main button")
    half.page.wait_for_url("**/sign-in/code**")
    walk.look(half, "second_factor.code")
    rules = stage.app.url_map.iter_rules()
    pages = {rule.endpoint for rule in rules if "GET" in (rule.methods or ()) and is_page(rule.rule)}
    missed = sorted(pages - walk.seen - NO_PAGES.keys() - LEADS_ON)
    assert missed == [], f"not come to: {missed}"


def login_of(actor: Actor) -> str:
    return db.session.scalars(select(Account.login).where(Account.id == actor.account_id)).one()


def is_page(path: str) -> bool:
    return not path.startswith("/api/")


class Walk:
    """Opens what pages link to, each kind of page once for each visitor, and looks at each kind once.

    A kind is an endpoint and the names of what its address asks.
    """

    def __init__(self, app: Flask) -> None:
        self.places = app.url_map.bind("")
        self.seen: set[str] = set()
        self.kinds: set[tuple[str, ...]] = set()

    def kind(self, address: str) -> tuple[str, ...]:
        parts = urlsplit(address)
        asked = [pair.partition("=")[0] for pair in parts.query.split("&") if pair]
        return (self.places.match(parts.path)[0], *sorted(asked))

    def through(self, visitor: Any, addresses: list[str]) -> None:
        opened: set[tuple[str, ...]] = set()
        while addresses:
            address = addresses.pop(0)
            kind = self.kind(address)
            if kind in opened or kind[0] in NO_PAGES:
                continue
            opened.add(kind)
            answer = visitor.page.goto(visitor.address + address)
            assert answer.status < 400, f"{address} is a dead link: {answer.status}"
            visitor.complaints += overweight(visitor, answer, address)
            # Where it led to: whoever is not signed in comes to the sign-in.
            shown = self.kind(visitor.page.url)
            if shown not in self.kinds:
                self.kinds.add(shown)
                self.look(visitor, shown[0])
            addresses += links(visitor, urlsplit(address).path)

    def look(self, visitor: Any, endpoint: str) -> None:
        self.seen.add(endpoint)
        visitor.look(f"every-{endpoint}-{len(self.kinds)}")
        odd = ENGLISH.findall(visitor.page.inner_text("body"))
        if odd and endpoint not in CODES_TOLD:
            visitor.complaints.append(f"{endpoint} shows what only the program should know: {odd}")


def overweight(visitor: Any, answer: Any, address: str) -> list[str]:
    """What of a page is more than an office's line should carry."""
    scripts = visitor.page.eval_on_selector_all("script[src]", "all => all.map(one => one.src)")
    drawn = [script for script in scripts if not script.endswith(DRAWS)]
    sent = sum(len(gzip.compress(script_of(urlsplit(script).path))) for script in drawn)
    found = [] if len(answer.body()) <= MOST_HTML else [f"{address} has {len(answer.body())} bytes"]
    return found if sent <= MOST_SCRIPT else [*found, f"{address} has {sent} bytes of scripts"]


@cache
def script_of(path: str) -> bytes:
    return (PROJECT / "app" / path.removeprefix("/")).read_bytes()


def links(visitor: Any, path: str) -> list[str]:
    """The pages of ours that the page links to."""
    found = visitor.page.eval_on_selector_all("a[href]", "all => all.map(one => one.getAttribute('href'))")
    parts = [urlsplit(href) for href in found if not href.startswith("#")]
    return [f"{one.path or path}?{one.query}" for one in parts if not one.netloc and not one.scheme]
