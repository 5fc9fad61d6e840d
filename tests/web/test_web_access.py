"""Whose eyes see what: an address with somebody else's object is as if it were not there (trust note 6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select
from support.applying import sign_in, stage_where_people_file
from support.capability_kit import perform
from support.crowd import accept
from support.fees import open_entry, payment_of, publish_fees
from support.pages import PDF, Browser, Stage
from support.world import (
    BUREAU,
    LIBRARY,
    OTHER_BUREAU,
    OTHER_UNIT,
    SCHEME,
    at,
    open_filing,
    register_posts,
    task_of,
)

from app import clock
from app.extensions import atomic, db
from app.models import Account, Attachment, CaseCopy, Import, Incident, Payment, SavedFilter
from app.operations.actors import Actor
from app.operations.company import copies, phrases

DEPARTMENT = "东溪区文化局"
ASSIGNING = (
    *("claim", "release", "transfer", "delegate", "resolve"),
    *("cosign", "cosign/answer", "cosign/remove"),
)
FOREIGNERS = (OTHER_UNIT, OTHER_BUREAU, DEPARTMENT)


@dataclass
class Belongings:
    """What belongs to the library: a case with a task and a payment, an upload, a person, an incident."""

    case: int
    task: int
    person: int
    upload: str
    incident: int
    payment: int
    table: int
    work: int
    saved_filter: int
    copy: int
    phrase: int


@pytest.fixture
def belongings(stage: Stage, unit: Browser) -> Belongings:
    register_posts(stage.world, {"technician": 1})
    case_id = open_filing(stage.world)
    task_id = task_of(case_id)
    unit.get(f"/tasks/{task_id}")
    unit.post(f"/tasks/{task_id}", {"_file-certificate": (BytesIO(PDF), "证书.pdf"), "_draft": "1"})
    with atomic() as session:
        upload = session.scalars(select(Attachment.name)).one()
        incident = Incident(
            case_id=case_id, kind="timer", message="样例", deadlines=[], opened_at=stage.now()
        )
        table = Import(
            **{"organisation_id": stage.world.organisations[LIBRARY], "scheme_id": SCHEME, "element": "fill"},
            **{"account_id": stage.world.actors[LIBRARY].account_id, "name": "填写", "title": "表"},
            **{"state": "checked", "uploaded_at": clock.now()},
        )
        saved = SavedFilter(
            **{"account_id": stage.world.actors[LIBRARY].account_id, "list": "inbox", "name": "我的"},
            **{"organisation_id": stage.world.organisations[LIBRARY], "asked": {"unit": "图书馆"}},
            **{"shared": False, "created_at": clock.now()},
        )
        session.add_all([incident, table, saved])
        session.flush()
        incident_id, table_id, filter_id = incident.id, table.id, saved.id
        library, now = stage.world.actors[LIBRARY], clock.now()
        copies.send(case_id, [_colleague(library, now)], [], "", library, stage.now())
        copy_id = session.scalars(select(CaseCopy.id)).one()
        phrase_id = phrases.add("同意。", shared=True, actor=library, now=now)
    work_id = accept(stage.world, [task_id], stage.now(), {}, LIBRARY)
    publish_fees()
    owed = payment_of(open_entry(stage.world, at("2021-06-11 09:00"))).id
    person_id = stage.world.people["陈一"]
    return Belongings(
        *(case_id, task_id, person_id, upload, incident_id, owed, table_id, work_id, filter_id),
        *(copy_id, phrase_id),
    )


def _colleague(actor: Actor, now: datetime) -> int:
    more = {"organisation_id": actor.organisation_id, "duties": ["operator"], "created_at": now}
    account = Account(login="colleague", name="同事", password_hash="-", **more)
    db.session.add(account)
    db.session.flush()
    return account.id


def addresses(theirs: Belongings) -> dict[str, tuple[str, ...]]:
    """Every rule of the pages that names an object, with the methods it takes."""
    return {
        f"/cases/{theirs.case}": ("GET",),
        f"/cases/{theirs.case}/message": ("POST",),
        f"/cases/{theirs.case}/messages/withdrawn": ("GET", "POST"),
        f"/cases/{theirs.case}/about": ("POST",),
        f"/cases/{theirs.case}/records/paper": ("GET", "POST"),
        f"/tasks/{theirs.task}": ("GET", "POST"),
        f"/tasks/{theirs.task}/presence": ("GET",),
        f"/tasks/{theirs.task}/merge": ("POST",),
        f"/inbox/after/{theirs.task}": ("GET",),
        f"/tasks/{theirs.task}/return": ("GET", "POST"),
        f"/tasks/{theirs.task}/recall": ("GET", "POST"),
        f"/tasks/{theirs.task}/remind": ("POST",),
        f"/tasks/{theirs.task}/assigning": ("GET",),
        **{f"/tasks/{theirs.task}/{verb}": ("POST",) for verb in ASSIGNING},
        f"/cases/{theirs.case}/copy": ("GET", "POST"),
        f"/copies/{theirs.copy}": ("POST",),
        f"/phrases/{theirs.phrase}/remove": ("POST",),
        "/contacts/fax": ("POST",),
        f"/imports/{theirs.table}": ("GET",),
        f"/imports/{theirs.table}/confirm": ("POST",),
        f"/imports/{theirs.table}/next": ("POST",),
        f"/imports/{theirs.table}/drop": ("POST",),
        f"/work/{theirs.work}": ("GET",),
        f"/work/{theirs.work}/progress": ("GET",),
        f"/work/{theirs.work}/file": ("GET",),
        f"/work/{theirs.work}/cancel": ("POST",),
        "/saved-filters/nowhere": ("POST",),
        f"/saved-filters/{theirs.saved_filter}/remove": ("POST",),
        f"/people/{theirs.person}": ("GET", "POST"),
        f"/people/{theirs.person}/leave": ("POST",),
        f"/people/{theirs.person}/holding": ("POST",),
        f"/people/{theirs.person}/account": ("POST",),
        f"/files/{theirs.upload}": ("GET",),
        f"/files/{theirs.upload}/preview": ("GET",),
        f"/files/{theirs.upload}/view": ("GET",),
        f"/monitor/incidents/{theirs.incident}/retry": ("POST",),
        f"/payments/{theirs.payment}/order": ("POST",),
        f"/sandbox-payment/{'0' * 24}": ("GET", "POST"),
        "/clocks/nowhere-2021": ("POST",),
        "/schemes/nowhere-2021/dry-runs/filing": ("GET", "POST"),
    }


def test_the_list_of_addresses_is_complete(app: Flask, belongings: Belongings) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.arguments and rule.endpoint != "static"]
    # Administrators see all that they keep, offices the dates of their areas: test_web_administration and
    # test_web_overlays try those addresses; what may be imported is nobody's object: test_web_register.
    # What applicants open is below.
    # Administrators name everybody's deputies: test_web_deputies.
    elsewhere = ("/api", "/administration", "/overlays", "/people/register", "/my", "/deputies", "/handovers")
    pages = [rule for rule in rules if not rule.rule.startswith(elsewhere)]
    told = {(rule.endpoint, method) for rule in pages for method in rule.methods & {"GET", "POST"}}
    adapter = app.url_map.bind("localhost")
    tried = {
        (adapter.match(address, method)[0], method)
        for address, methods in addresses(belongings).items()
        for method in methods
    }
    assert tried == told


@pytest.mark.parametrize("name", FOREIGNERS)
def test_others_get_404_at_every_address(stage: Stage, belongings: Belongings, name: str) -> None:
    stage.give(name, "operator", "supervisor", "administrator")
    browser = stage.open(name)
    browser.get("/password")
    for address, methods in addresses(belongings).items():
        if name == DEPARTMENT and address.startswith("/people/"):
            continue  # It keeps the registers of its units (JD-04); test_web_register tries another's.
        for method in methods:
            response = browser.get(address) if method == "GET" else browser.post(address, {"_submit": "1"})
            assert response.status_code == 404, (name, method, address)
            assert "陈一" not in response.text


def test_a_supervisor_sees_the_cases_of_the_region(stage: Stage, belongings: Belongings) -> None:
    """HN-09: in whatever district, but does nobody's task for them."""
    stage.give("云岭省考核办", "supervisor")
    browser = stage.open("云岭省考核办")
    assert browser.get(f"/cases/{belongings.case}").status_code == 200
    assert browser.get(f"/files/{belongings.upload}").status_code == 404
    assert browser.get(f"/tasks/{belongings.task}").status_code == 403
    assert browser.post(f"/monitor/incidents/{belongings.incident}/retry").status_code == 302


def test_a_supervisor_of_another_district_does_not(stage: Stage, belongings: Belongings) -> None:
    stage.give(OTHER_BUREAU, "supervisor")
    assert stage.open(OTHER_BUREAU).get(f"/cases/{belongings.case}").status_code == 404


def test_a_units_own_supervisor_sees_no_other_unit(stage: Stage, belongings: Belongings) -> None:
    stage.give(OTHER_UNIT, "supervisor")
    assert stage.open(OTHER_UNIT).get(f"/cases/{belongings.case}").status_code == 404


@pytest.mark.parametrize("address", ["/inbox/", "/inbox/done", "/cases/", "/people/", "/cases/start"])
def test_without_the_duty_there_is_403(stage: Stage, address: str) -> None:
    stage.give(BUREAU, "designer")
    response = stage.open(BUREAU).get(address)
    assert response.status_code == 403
    assert "相应职责的账号" in response.text


@pytest.mark.parametrize("address", ["/monitor/", "/monitor/cases", "/clocks/"])
def test_an_operator_neither_watches_nor_turns_clocks(unit: Browser, address: str) -> None:
    assert unit.get(address).status_code == 403


def test_unknown_addresses_say_what_to_do(unit: Browser) -> None:
    response = unit.get("/nowhere")
    assert response.status_code == 404
    assert "没有找到该页面" in response.text
    assert "从首页重新进入" in response.text


def test_a_body_too_large_says_what_to_do(app: Flask, unit: Browser) -> None:
    unit.get("/people/new")
    most = app.config["MAX_CONTENT_LENGTH"]
    response = unit.post("/people/new", {"name": (BytesIO(bytes(most)), "x.pdf")})
    assert response.status_code == 413
    assert "压缩文件或分次上传" in response.text


def test_the_library_itself_opens_all_of_it(unit: Browser, stage: Stage, belongings: Belongings) -> None:
    assert LIBRARY in unit.get(f"/cases/{belongings.case}").text
    assert unit.get(f"/files/{belongings.upload}").status_code == 200
    assert unit.get(f"/people/{belongings.person}").status_code == 200


# Applicants: their own cases, and nothing else of the house

OWN_ADDRESSES = {
    "/my/": ("GET",),
    "/my/start": ("POST",),
    "/my/cases/{case}": ("GET",),
    "/my/cases/{case}/say/withdrawn": ("GET", "POST"),
    "/my/tasks/{task}": ("GET",),
    "/my/tasks/{task}/steps/1": ("GET", "POST"),
    "/my/tasks/{task}/steps/1/merge": ("POST",),
    "/my/tasks/{task}/files/certificate": ("POST",),
    "/my/tasks/{task}/check": ("GET", "POST"),
    "/my/payments/{payment}/order": ("POST",),
}
FOR_EVERYBODY = {
    *("/password", "/sign-out", "/second-factor", "/second-factor/start", "/second-factor/recovery-codes"),
    *("/second-factor/removal", "/sign-in", "/sign-in/code", "/sign-in/provider", "/sign-in/provider/answer"),
    *(
        "/second-factor/unbind",
        "/register",
        "/activate",
        "/verify",
        "/proof/",
        "/",
        "/notices/",
        "/notices/read",
        "/contacts",
        "/contacts/<channel>",
        "/sandbox-post",
    ),
}
BESIDE = ("/tasks/<int:task_id>/remind", "/tasks/<int:task_id>/recall")
"""What whoever waits for a task may do, and who has done it: test_web_applicant."""
APART = ("/my/", "/api", "/static", "/files", "/sandbox-payment")
"""What is theirs, or is tried elsewhere: tests/api, and above."""


@pytest.fixture
def applicants(app: Flask) -> tuple[Stage, Browser, Browser]:
    """The stage on which people file themselves, and two of the library's people: 陈一 and 李二."""
    stage = stage_where_people_file(app)
    return stage, sign_in(stage, "陈一"), sign_in(stage, "李二")


def belongings_of(stage: Stage, me: Browser) -> dict[str, Any]:
    """A filing of the first with an upload and a payment, before it was submitted."""
    case_id = open_filing(stage.world)
    task_id = task_of(case_id)
    me.get(f"/my/tasks/{task_id}/steps/1")
    me.post(
        f"/my/tasks/{task_id}/steps/1",
        {"grade": "technician", "_file-certificate": (BytesIO(PDF), "证书.pdf"), "_save": "1"},
    )
    with atomic() as session:
        upload = session.scalars(select(Attachment.name)).one()
    return {"case": case_id, "task": task_id, "upload": upload, "payment": 1}


def test_all_own_addresses_are_told(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/my/")]
    told = {(rule.endpoint, method) for rule in rules for method in rule.methods & {"GET", "POST"}}
    adapter = app.url_map.bind("localhost")
    example = {"case": 1, "task": 1, "payment": 1}
    tried = {
        (adapter.match(address.format(**example), method)[0], method)
        for address, methods in OWN_ADDRESSES.items()
        for method in methods
    }
    assert tried == told


def test_an_applicant_opens_their_own_and_a_colleague_none_of_it(
    applicants: tuple[Stage, Browser, Browser],
) -> None:
    stage, me, colleague = applicants
    theirs = belongings_of(stage, me)
    upload = f"/files/{theirs['upload']}"
    shown = [a.format(**theirs) for a, methods in OWN_ADDRESSES.items() if "GET" in methods] + [upload]
    for address in shown:
        assert me.get(address).status_code in (200, 302), address
    for template, methods in OWN_ADDRESSES.items():
        address = template.format(**theirs)
        if address == template:
            continue
        for method in methods:
            answer = colleague.get(address) if method == "GET" else colleague.post(address, {"_submit": "1"})
            assert answer.status_code == 404, (method, address)
            assert "陈一" not in answer.text
    for address in (upload, f"{upload}/view", f"{upload}/preview"):
        assert colleague.get(address).status_code == 404


def test_an_applicant_opens_no_page_of_the_house(applicants: tuple[Stage, Browser, Browser]) -> None:
    """Every rule there is, with whatever object in it, but for their own and what anybody opens."""
    stage, me, _colleague = applicants
    theirs = belongings_of(stage, me)
    adapter = {"case_id": theirs["case"], "task_id": theirs["task"], "payment_id": theirs["payment"]}
    tried = 0
    me.get("/password")
    rules = stage.app.url_map.bind("localhost")
    for rule in stage.app.url_map.iter_rules():
        if rule.rule.startswith(APART) or rule.rule in (*FOR_EVERYBODY, *BESIDE):
            continue
        given = {name: adapter.get(name, 1) for name in rule.arguments}
        for method in rule.methods & {"GET", "POST"}:
            address = rules.build(rule.endpoint, given, method=method)
            answer = me.get(address) if method == "GET" else me.post(address, {"_submit": "1"})
            assert answer.status_code in (403, 404), (method, address, answer.status_code)
            tried += 1
    assert tried > 60


def test_an_office_opens_no_page_of_an_applicant(applicants: tuple[Stage, Browser, Browser]) -> None:
    stage, me, _colleague = applicants
    theirs = belongings_of(stage, me)
    unit = stage.open(LIBRARY)
    unit.get("/password")
    for template, methods in OWN_ADDRESSES.items():
        for method in methods:
            address = template.format(**theirs)
            answer = unit.get(address) if method == "GET" else unit.post(address, {"_submit": "1"})
            assert answer.status_code == 403, (method, address)


def test_a_person_pays_their_own_and_nobody_elses(applicants: tuple[Stage, Browser, Browser]) -> None:
    stage, me, colleague = applicants
    case_id = open_filing(stage.world)
    perform("request_payment", case_id, {"amount": 60})
    address = f"/my/payments/{payment_of(case_id).id}/order"
    me.get("/my/")
    colleague.get("/my/")
    assert colleague.post(address).status_code == 404
    # It is theirs; but this case does not wait for money.
    assert me.post(address).status_code == 409
    with atomic() as session:
        session.execute(delete(Payment))
