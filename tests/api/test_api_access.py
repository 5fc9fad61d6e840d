"""Who may do what: by duty, by organisation, object by object; and when a session ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select, update
from support.api import PREFIX, Caller, caller, problem, rules
from support.crowd import accept
from support.fees import open_entry, payment_of, publish_fees
from support.pages import PASSWORD, PDF, Stage
from support.phased import finished_import
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    OTHER_BUREAU,
    OTHER_UNIT,
    PUBLISHED,
    SCHEME,
    at,
    complete,
    open_filing,
    register_posts,
    task_of,
    tiny_files,
)
from werkzeug.test import TestResponse

from app import clock
from app.extensions import atomic, db
from app.models import Account, CaseCopy, Incident, Task
from app.operations import deployments
from app.operations.access import accounts
from app.operations.actors import SYSTEM
from app.operations.company import copies, phrases
from app.web import long_exports

OPERATORS = (LIBRARY, OTHER_UNIT, BUREAU, OTHER_BUREAU, OFFICE)
SEE_THE_LIBRARY = (LIBRARY, BUREAU, OFFICE)
"""The unit itself, and the offices of its district and of the whole province (CQ-23)."""
RECORDS = """
records:
  paper_set:
    title: 收到纸质材料
    form: final_review.json
    roles: [bureau]
"""
NOBODYS = {"id": 10**15, "word": "x" * 32}


@dataclass(frozen=True)
class Request:
    """A request for one object, with the duty that it takes; `may` are those whose object it is."""

    method: str
    address: str
    thing: str
    may: tuple[str, ...]
    body: Any = None
    duty: str = "operator"

    @property
    def rule(self) -> tuple[str, str]:
        return self.method, self.address


FILLED = {"values": {"grade": "junior", "summary": "扎实"}}
APPROVED = {"values": {"decision": "approve"}}
HELD = {"trade": "电工", "grade": "technician"}
GIVEN_BACK = {"element": "fill", "opinion": "请补正"}
REQUESTS = [
    Request("GET", "/cases/<id:case_id>", "fresh", SEE_THE_LIBRARY),
    Request("GET", "/cases/<id:case_id>", "filed", SEE_THE_LIBRARY),
    Request("GET", "/cases/<id:case_id>/history", "filed", SEE_THE_LIBRARY),
    Request("GET", "/cases/<id:case_id>/diagram", "filed", SEE_THE_LIBRARY),
    Request("GET", "/cases/<id:case_id>/proof", "filed", SEE_THE_LIBRARY),
    Request("POST", "/cases/<id:case_id>/messages", "fresh", (LIBRARY,), {"message": "withdrawn"}),
    Request("POST", "/cases/<id:case_id>/records", "filed", (BUREAU,), {"kind": "paper_set", **APPROVED}),
    Request("GET", "/tasks/<id:task_id>", "fill", (LIBRARY,)),
    Request("PUT", "/tasks/<id:task_id>/draft", "fill", (LIBRARY,), FILLED),
    Request("POST", "/tasks/<id:task_id>/completion", "fill", (LIBRARY,), FILLED),
    Request("GET", "/tasks/<id:task_id>", "review", (BUREAU,)),
    Request("PUT", "/tasks/<id:task_id>/draft", "review", (BUREAU,), APPROVED),
    Request("POST", "/tasks/<id:task_id>/completion", "review", (BUREAU,), APPROVED),
    Request("GET", "/tasks/<id:task_id>/returns", "review", (BUREAU,)),
    Request("POST", "/tasks/<id:task_id>/return", "review", (BUREAU,), GIVEN_BACK),
    Request("GET", "/tasks/<id:task_id>/recall", "submitted", (LIBRARY,)),
    Request("POST", "/tasks/<id:task_id>/recall", "submitted", (LIBRARY,), {}),
    Request("POST", "/tasks/<id:task_id>/reminders", "review", (BUREAU, LIBRARY), {}),
    Request("GET", "/cases/<id:case_id>/recipients", "filed", (LIBRARY, BUREAU)),
    Request("PUT", "/copies/<id:copy_id>/read", "copy", (LIBRARY,)),
    Request("DELETE", "/phrases/<id:phrase_id>", "phrase", (LIBRARY,)),
    Request("POST", "/payments/<id:payment_id>/order", "payment", (LIBRARY,), {"return_url": "/"}),
    Request("GET", "/people/<id:person_id>", "person", (LIBRARY,)),
    Request("PATCH", "/people/<id:person_id>", "person", (LIBRARY,), {"name": "陈一一"}),
    Request("POST", "/people/<id:person_id>/departure", "person", (LIBRARY,)),
    Request("POST", "/people/<id:person_id>/holdings", "person", (LIBRARY,), HELD),
    Request("GET", "/imports/<id:import_id>", "import", (LIBRARY,)),
    Request("POST", "/imports/<id:import_id>/confirm", "import", (LIBRARY,), {"lines": "good"}),
    Request("DELETE", "/imports/<id:import_id>", "import", (LIBRARY,)),
    Request("GET", "/work/<id:work_id>", "work", (LIBRARY,)),
    Request("POST", "/work/<id:work_id>/cancellation", "work", (LIBRARY,)),
    Request("GET", "/work/<id:work_id>/file", "export", (LIBRARY,)),
    Request("GET", "/files/<word:name>", "loose", (LIBRARY,)),
    Request("GET", "/files/<word:name>", "attached", SEE_THE_LIBRARY),
    Request("POST", "/incidents/<id:incident_id>/retry", "incident", SEE_THE_LIBRARY, duty="supervisor"),
]
OF_NOBODY = {
    ("GET", "/schemes/<word:scheme_id>/forms/<path:form>"),
    ("PUT", "/clocks/<word:scheme_id>"),
    ("POST", "/schemes/<word:scheme_id>/dry-runs"),
    ("GET", "/certificates/<word:number>"),
    ("POST", "/payments/callbacks/<word:name>"),
    ("GET", "/register/imports/<word:kind>/template"),
    ("POST", "/register/imports/<word:kind>"),
    ("PUT", "/me/contacts/<word:channel>"),
}
"""What is the same for everybody who may see it at all."""
DATES = {
    ("GET", "/overlays"),
    ("GET", "/overlays/<id:overlay_id>"),
}
DECIDED = {("POST", f"/overlays/<id:overlay_id>/{word}") for word in ("approve", "reject", "withdraw")}
"""By offices, for their areas; tests/api/test_api_overlays.py tries it."""


ARRANGED = {
    ("GET", "/tasks/<id:task_id>/assigning"),
    ("POST", "/tasks/<id:task_id>/transfer"),
    ("POST", "/tasks/<id:task_id>/cosigners/removal"),
}
ASSIGNED = ARRANGED | {
    *(("POST", f"/tasks/<id:task_id>/{word}") for word in ("claim", "release", "delegate", "resolve")),
    ("POST", "/tasks/<id:task_id>/cosigners"),
    ("POST", "/tasks/<id:task_id>/cosigners/opinion"),
}
DEPUTIES = {("GET", "/deputies"), ("POST", "/deputies"), ("POST", "/deputies/<id:deputy_id>/revocation")}
HANDOVERS = {(method, "/handovers/<id:account_id>") for method in ("GET", "POST")}
AMONG_COLLEAGUES = ASSIGNED | DEPUTIES | HANDOVERS
"""What takes two colleagues; tests/api/test_api_assigning.py tries it."""


COPIED = {("POST", "/cases/<id:case_id>/copies")}
"""Names its recipients; tests/api/test_api_company.py tries it."""


@pytest.fixture
def things(stage: Stage) -> dict[str, Any]:
    """One of each kind, all of the library's; a filing waits for its own bureau."""
    files = tiny_files()
    sheet = f"bpmn/{SCHEME}/scheme.yaml"
    with atomic():
        deployments.publish({**files, sheet: files[sheet] + RECORDS.encode()}, SYSTEM, PUBLISHED)
    register_posts(stage.world, {"technician": 1, "junior": 1})
    fresh, filed = open_filing(stage.world, "陈一"), open_filing(stage.world, "李二")
    library = caller(stage, LIBRARY)
    loose, attached = (
        library.done("POST", "/files", data={"file": (BytesIO(PDF), "证书.pdf")})["name"] for _ in range(2)
    )
    values = {"grade": "technician", "summary": "扎实", "certificate": attached}
    complete(filed, "fill", values, stage.world.actors[LIBRARY], "2021-06-10 10:00")
    publish_fees()
    owing = open_entry(stage.world, at("2021-06-11 09:00"))
    with atomic() as session:
        told = {"case_id": fresh, "kind": "message", "element": "x", "message": "样例", "deadlines": []}
        incident = Incident(**told, opened_at=stage.now())
        session.add(incident)
        session.flush()
        incident_id = incident.id
        actors, houses = stage.world.actors, stage.world.organisations
        copies.send(filed, [], [houses[LIBRARY]], "", actors[BUREAU], stage.now())
        phrase = phrases.add("同意。", shared=False, actor=actors[LIBRARY], now=clock.now())
    submitted = select(Task.id).where(Task.case_id == filed, Task.element == "fill")
    return {
        "submitted": db.session.scalars(submitted).one(),
        "copy": db.session.scalars(select(CaseCopy.id)).one(),
        "phrase": phrase,
        "incident": incident_id,
        "payment": payment_of(owing).id,
        "fresh": fresh,
        "filed": filed,
        "fill": task_of(fresh),
        "review": task_of(filed),
        "person": stage.world.people["陈一"],
        "import": finished_import(stage, LIBRARY),
        "work": accept(stage.world, [task_of(fresh)], stage.now(), {}, LIBRARY),
        "export": exported(library),
        "loose": loose,
        "attached": attached,
    }


def exported(who: Caller) -> int:
    """A list that was written to a file."""
    accepted = who.done("POST", "/exports", {"list": "open_tasks"})
    assert not long_exports.write_out(accepted["id"], lambda: False)
    db.session.rollback()
    return int(accepted["id"])


def kept(stage: Stage) -> set[tuple[str, str]]:
    """What administrators keep, all of which they see; tests/api/test_api_administration.py tries it."""
    rooms = ("/accounts", "/organisations", "/jurisd", "/outbox")
    return {rule for rule in rules(stage.app) if rule[1].startswith(rooms)}


def test_every_route_of_an_object_is_in_the_matrix(stage: Stage) -> None:
    with_objects = {rule for rule in rules(stage.app) if "<" in rule[1]}
    elsewhere = OF_NOBODY | DATES | DECIDED | AMONG_COLLEAGUES | COPIED
    assert with_objects - elsewhere - kept(stage) == {request.rule for request in REQUESTS}


def sent(who: Caller, request: Request, thing: Any) -> TestResponse:
    place = request.address.index("<")
    kind = request.address[place + 1 :].partition(":")[0]
    rest = request.address.partition(">")[2]
    known = NOBODYS[kind] if thing is None else thing
    return who(request.method, f"{request.address[:place]}{known}{rest}", request.body)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda r: f"{r.method} {r.address} {r.thing}")
def test_another_ones_object_is_as_if_it_were_not_there(
    stage: Stage, things: dict[str, Any], request_: Request
) -> None:
    """Other units, other offices, the next level: 404, in the very words of what never was; then its own."""
    for name in OPERATORS:
        stage.give(name, request_.duty)
        who = caller(stage, name)
        missing = problem(sent(who, request_, None), 404, "not_found")
        if name not in request_.may:
            assert problem(sent(who, request_, things[request_.thing]), 404, "not_found") == missing
    for name in request_.may if request_.method == "GET" else request_.may[-1:]:
        answer = sent(caller(stage, name), request_, things[request_.thing])
        assert answer.status_code < 300, answer.text


@pytest.mark.parametrize(
    "duties", [["supervisor"], ["administrator"], ["designer"], ["operator", "administrator"]]
)
def test_an_account_with_other_duties_learns_no_more(
    stage: Stage, things: dict[str, Any], duties: list[str]
) -> None:
    """Whatever an account of another unit may do, an object of others and none at all look alike to it."""
    stage.give(OTHER_UNIT, *duties)
    who = caller(stage, OTHER_UNIT)
    for request in REQUESTS:
        foreign, missing = (sent(who, request, thing) for thing in (things[request.thing], None))
        assert foreign.status_code in (403, 404)
        assert (foreign.status_code, foreign.data) == (missing.status_code, missing.data)


@pytest.mark.parametrize(
    "duties", [["operator"], ["supervisor"], ["administrator"], ["operator", "administrator"]]
)
def test_nothing_of_others_is_in_any_list(stage: Stage, things: dict[str, Any], duties: list[str]) -> None:
    stage.give(OTHER_UNIT, *duties)
    who = caller(stage, OTHER_UNIT)
    for path in ("/cases", "/tasks", "/tasks?state=completed", "/notices", "/people"):
        answer = who("GET", path)
        if answer.status_code == 200:
            told = str(answer.get_json()["items"])
            assert LIBRARY not in told
            assert "陈一" not in told
        else:
            problem(answer, 403, "forbidden")


def test_a_foreign_file_is_not_taken_into_a_form(stage: Stage, things: dict[str, Any]) -> None:
    case_id = open_filing(stage.world, "赵四", unit=OTHER_UNIT)
    values = {"grade": "technician", "summary": "扎实", "certificate": things["loose"]}
    address = f"/tasks/{task_of(case_id)}/completion"
    problem(caller(stage, OTHER_UNIT)("POST", address, {"values": values}), 422, "invalid")


def test_a_foreign_person_is_not_put_on_a_list(stage: Stage, things: dict[str, Any]) -> None:
    who = caller(stage, OTHER_UNIT)
    who.done("POST", "/cases", {"scheme": SCHEME, "process": "roster"})
    (task,) = who.get("/tasks")["items"]
    values = {"people": [things["person"]], "ground": "骨干"}
    answer = who("POST", f"/tasks/{task['id']}/completion", {"values": values})
    assert answer.status_code < 500
    assert who.get("/cases", process="filing")["items"] == []


def test_a_supervisor_sees_the_cases_of_the_offices_region(stage: Stage, things: dict[str, Any]) -> None:
    for name, seen in ((OTHER_BUREAU, False), (BUREAU, True), (OFFICE, True)):
        stage.give(name, "supervisor")
        who = caller(stage, name)
        assert [row["id"] for row in who.get("/cases", process="filing")["items"]] == (
            [things["filed"], things["fresh"]] if seen else []
        )
        assert who("GET", f"/cases/{things['fresh']}").status_code == (200 if seen else 404)
        assert who("GET", f"/files/{things['attached']}").status_code == (200 if seen else 404)
        problem(who("GET", f"/tasks/{things['review']}"), 403, "forbidden")


UNGUARDED = {
    ("POST", "/sessions"),
    ("POST", "/units"),
    ("GET", "/regions"),
    ("GET", "/certificates/<word:number>"),
    ("POST", "/payments/callbacks/<word:name>"),
}
OWN_ACCOUNT = {
    ("DELETE", "/sessions/current"),
    ("GET", "/me"),
    ("PUT", "/me/password"),
    ("GET", "/me/second-factor"),
    ("POST", "/me/second-factor"),
    ("PUT", "/me/second-factor"),
    ("POST", "/me/second-factor/recovery-codes"),
    ("POST", "/me/second-factor/removal"),
}
CONTACTS = {("GET", "/me/contacts"), ("PUT", "/me/contacts/<word:channel>")}
FOR_ALL = (
    OWN_ACCOUNT
    | CONTACTS
    | {
        ("GET", "/departments"),
        ("GET", "/schemes"),
        ("GET", "/schemes/<word:scheme_id>/forms/<path:form>"),
        ("GET", "/notices"),
        ("PUT", "/notices/read"),
        ("GET", "/proofs"),
    }
)
WATCHING = {
    ("GET", "/monitor"),
    ("GET", "/incidents"),
    ("POST", "/incidents/<id:incident_id>/retry"),
}
MONEY = {
    ("GET", "/payments/callbacks"),
    ("GET", "/payments/reconciliations"),
    ("POST", "/payments/reconciliations"),
}
LONG_WORK = {
    ("GET", "/work"),
    ("GET", "/work/<id:work_id>"),
    ("POST", "/work/<id:work_id>/cancellation"),
}
"""Whoever hands over in the background looks how far it is."""
LOOKING = {
    *LONG_WORK,
    ("POST", "/tasks/<id:task_id>/reminders"),
    ("GET", "/cases/<id:case_id>/recipients"),
    ("POST", "/cases/<id:case_id>/copies"),
    ("GET", "/copies"),
    ("PUT", "/copies/<id:copy_id>/read"),
    ("GET", "/work/<id:work_id>/file"),
    ("POST", "/exports"),
    ("GET", "/payments"),
    ("GET", "/search"),
    ("POST", "/search"),
    ("GET", "/cases"),
    ("GET", "/cases/<id:case_id>"),
    ("GET", "/cases/<id:case_id>/history"),
    ("GET", "/cases/<id:case_id>/diagram"),
    ("GET", "/cases/<id:case_id>/proof"),
    ("GET", "/files/<word:name>"),
    *WATCHING,
    *MONEY,
    *DATES,
    ("GET", "/colleagues"),
    *ARRANGED,
    *DEPUTIES,
    *HANDOVERS,
}
DRY_RUN = {("POST", "/schemes/<word:scheme_id>/dry-runs")}
CLOCKS = {("GET", "/clocks"), ("PUT", "/clocks/<word:scheme_id>")}
BEFORE_ALL_IS_SET = OWN_ACCOUNT | {
    ("GET", "/departments"),
    ("PUT", "/units/current/profile"),
}


def answers(stage: Stage, who: Caller) -> Iterator[tuple[tuple[str, str], TestResponse]]:
    """What each route says to an empty request about nothing."""
    leaving = ("DELETE", "/sessions/current")
    for method, address in sorted(rules(stage.app), key=lambda rule: rule == leaving):
        concrete = address
        for kind, example in (("<id:", "1"), ("<word:", "x"), ("<path:", "x")):
            while kind in concrete:
                begin = concrete.index(kind)
                concrete = concrete[:begin] + example + concrete[concrete.index(">", begin) + 1 :]
        yield (method, address), who(method, concrete)


def test_without_a_session_all_else_is_shut(stage: Stage, anybody: Caller) -> None:
    shut = {rule for rule, answer in answers(stage, anybody) if answer.status_code == 401}
    assert set(rules(stage.app)) - shut == UNGUARDED


@pytest.mark.parametrize(
    ("duty", "more"),
    [("supervisor", LOOKING), ("administrator", set()), ("designer", set()), ("operator", None)],
)
def test_each_duty_opens_its_own_routes(stage: Stage, duty: str, more: set[tuple[str, str]] | None) -> None:
    stage.give(LIBRARY, duty)
    forbidden = {rule for rule, answer in answers(stage, caller(stage, LIBRARY)) if answer.status_code == 403}
    administration = CLOCKS | DRY_RUN | kept(stage)
    operators = set(rules(stage.app)) - administration - WATCHING - MONEY - HANDOVERS
    opened = operators if more is None else UNGUARDED | FOR_ALL | more
    if duty == "administrator":
        opened |= administration | MONEY | DATES | DEPUTIES | HANDOVERS | LONG_WORK
    if duty == "designer":
        opened |= DRY_RUN
    assert set(rules(stage.app)) - forbidden == opened


def test_a_first_password_has_to_be_changed_before_anything_else(stage: Stage) -> None:
    with atomic() as session:
        mine = Account.id == stage.world.actors[LIBRARY].account_id
        session.execute(update(Account).where(mine).values(must_change_password=True))
    who = caller(stage, LIBRARY)
    refused = {
        rule
        for rule, answer in answers(stage, who)
        if answer.status_code == 403 and answer.get_json()["code"] == "unfinished"
    }
    assert set(rules(stage.app)) - refused == UNGUARDED | BEFORE_ALL_IS_SET


def test_an_account_of_no_organisation_has_no_business(stage: Stage, anybody: Caller) -> None:
    with atomic() as session:
        mine = Account.id == stage.world.actors[LIBRARY].account_id
        session.execute(update(Account).where(mine).values(organisation_id=None))
    who = caller(stage, LIBRARY)
    assert who.get("/me")["organisation_id"] is None
    for path in ("/tasks", "/people"):
        problem(who("GET", path), 403, "forbidden")
    assert who.get("/cases")["items"] == []


def test_signing_out_ends_the_session(unit: Caller) -> None:
    unit.done("DELETE", "/sessions/current")
    problem(unit("GET", "/me"), 401, "signed_out")


def test_a_new_password_ends_all_sessions_but_the_new_one(
    stage: Stage, unit: Caller, anybody: Caller
) -> None:
    elsewhere = caller(stage, LIBRARY)
    changed = unit.done("PUT", "/me/password", {"old": PASSWORD, "new": "Another-lantern-9"})
    for ended in (unit, elsewhere):
        problem(ended("GET", "/me"), 401, "signed_out")
    assert Caller(stage.app, changed["token"]).get("/me")["name"] == LIBRARY
    problem(
        anybody("POST", "/sessions", {"login": stage.login(LIBRARY), "password": PASSWORD}),
        401,
        "sign_in_refused",
    )
    anybody.sign_in(stage.login(LIBRARY), "Another-lantern-9")


def test_a_wrong_old_password_changes_nothing(unit: Caller) -> None:
    told = problem(unit("PUT", "/me/password", {"old": "x", "new": "Another-lantern-9"}), 422, "invalid")
    assert told["errors"] == [{"pointer": "/old", "detail": "原密码不正确。"}]
    unit.get("/me")


def test_changed_duties_end_the_session(stage: Stage, unit: Caller) -> None:
    with atomic():
        account_id = stage.world.actors[LIBRARY].account_id
        accounts.set_duties(account_id or 0, ["supervisor"], actor=SYSTEM, now=clock.now())
    problem(unit("GET", "/me"), 401, "signed_out")


def test_a_guessers_account_is_locked_and_its_address_too(stage: Stage, anybody: Caller) -> None:
    login = stage.login(LIBRARY)
    for _ in range(accounts.FREE_FAILURES):
        problem(anybody("POST", "/sessions", {"login": login, "password": "x"}), 401, "sign_in_refused")
    problem(anybody("POST", "/sessions", {"login": login, "password": PASSWORD}), 401, "sign_in_refused")
    for number in range(accounts.ADDRESS_FAILURES):
        anybody("POST", "/sessions", {"login": f"x{number}", "password": "x"})
    problem(anybody("POST", "/sessions", {"login": "y", "password": "x"}), 429, "too_many_attempts")


def test_the_cookie_of_the_pages_does_not_open_the_api(stage: Stage) -> None:
    browser = stage.open(LIBRARY)
    assert browser.get("/inbox/").status_code == 200
    assert browser.client.get(f"{PREFIX}/me").status_code == 401


def test_a_token_of_the_api_does_not_open_the_pages(stage: Stage, unit: Caller) -> None:
    client = stage.app.test_client()
    page = client.get("/inbox/", headers={"Authorization": f"Bearer {unit.token}"})
    assert page.status_code == 302
    assert "/sign-in" in page.location
