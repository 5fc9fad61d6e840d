"""Every operation of the OpenAPI document with generated requests about things that are there (schemathesis).

Each example is sent by one of the accounts that there are, or by nobody; its path names a real case, task,
person, file, certificate, account or organisation more often than nothing.
"""

from __future__ import annotations

import contextvars
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks
from sqlalchemy import select
from support.api import PREFIX, caller
from support.colleagues import colleague
from support.crowd import accept, open_tasks
from support.fees import open_entry, publish_fees
from support.life import LIFE, archived, open_award, publish_life, start_about
from support.pages import PDF, Stage
from support.phased import finished_import
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    OTHER_UNIT,
    SCHEME,
    at,
    complete,
    open_filing,
    register_posts,
)

from app import clock
from app.extensions import atomic, db
from app.models import (
    Account,
    Case,
    CaseCopy,
    Certificate,
    Incident,
    Jurisdiction,
    Organisation,
    Overlay,
    Payment,
    Person,
    Post,
    Task,
)
from app.operations.actors import SYSTEM
from app.operations.company import copies, deputies, phrases
from app.operations.dates import clock as clocks
from app.operations.telling import contacts, outbox
from app.queries import proofs

NOBODY = ""
SENDERS = (LIBRARY, OTHER_UNIT, BUREAU, OFFICE, NOBODY)
FIELDS = ("decision", "grade", "summary", "certificate", "posts", "people", "ground", "kind", "until", "text")
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
KEPT = ("/accounts", "/organisations", "/jurisdictions", "/clocks", "/outbox")
"""What administrators keep, such as the office's; it takes organisations away, so it comes after the rest."""
OWN = ("/me", "/sessions")

Things = dict[str, list[Any]]


@pytest.fixture
def things(stage: Stage) -> Things:
    """Ids of what there is, by the name of the parameter; cases of both schemes at every stage."""
    publish_life()
    with atomic():
        clocks.open_clock(LIFE, at("2021-10-20 09:00"), SYSTEM, clock.now())
    stage.give(OFFICE, "operator", "supervisor", "administrator")
    stage.give(OTHER_UNIT, "operator", "supervisor")
    register_posts(stage.world, {"technician": 2, "junior": 2})
    filed = open_filing(stage.world, "李二")
    open_filing(stage.world, "陈一")
    name = caller(stage, LIBRARY).done("POST", "/files", data={"file": (BytesIO(PDF), "证书.pdf")})["name"]
    values = {"grade": "technician", "summary": "扎实", "certificate": name}
    complete(filed, "fill", values, stage.world.actors[LIBRARY], "2021-06-10 10:00")
    start_about(stage.world, "sanction", archived(stage.world), BUREAU, "2021-10-08 10:00")
    award = open_award(stage.world, "李二")
    publish_fees()
    open_entry(stage.world, at("2021-06-11 09:00"))
    with atomic() as session:
        for kind in ("timer", "message", "role"):
            told = {"case_id": award, "kind": kind, "element": "x", "message": "样例", "deadlines": []}
            session.add(Incident(**told, opened_at=stage.now()))
        moved = {"scheme_id": SCHEME, "date": "filing_closes", "at": at("2021-07-11 00:00"), "ground": "样例"}
        by = {"state": "proposed", "proposer": OFFICE, "proposed_at": stage.now()}
        session.add_all(Overlay(**moved, **by) for _ in range(3))
        session.flush()
        ids = {
            parameter: list(session.scalars(select(column)))
            for parameter, column in {
                "case_id": Case.id,
                "task_id": Task.id,
                "person_id": Person.id,
                "account_id": Account.id,
                "organisation_id": Organisation.id,
                "jurisdiction_id": Jurisdiction.id,
                "number": Certificate.number,
                "incident_id": Incident.id,
                "overlay_id": Overlay.id,
                "payment_id": Payment.id,
            }.items()
        }
        codes = [proofs.code_of(case) for case in session.scalars(select(Case))]
    work_id = accept(stage.world, open_tasks("fill"), stage.now(), {}, LIBRARY)
    deputy = colleague(stage.world, "王五", LIBRARY)
    unit, now = stage.world.actors[LIBRARY], clock.now()
    with atomic():
        given = (unit.account_id or 0, deputy.account_id or 0, now, now + timedelta(days=1))
        deputy_id = deputies.name(*given, ground="休假", actor=unit, now=now).id
        bureau, library = stage.world.actors[BUREAU], stage.world.organisations[LIBRARY]
        copies.send(filed, [], [library], "", bureau, stage.now())
        phrase_id = phrases.add("同意。", shared=False, actor=unit, now=now)
        contacts.choose("mail", "refused@example.cn", [], unit, now)
        contacts.try_out("mail", unit, now)
    outbox.deliver(atomic, now)
    senders = {stage.world.actors[name].account_id for name in SENDERS if name}
    return {
        **ids,
        "account_id": [one for one in ids["account_id"] if one not in senders],
        "work_id": [work_id],
        "deputy_id": [deputy_id],
        "copy_id": list(db.session.scalars(select(CaseCopy.id))),
        "phrase_id": [phrase_id],
        "post_id": list(db.session.scalars(select(Post.id))),
        "channel": ["mail", "sms"],
        "import_id": [finished_import(stage, LIBRARY)],
        "name": [name],
        "scheme_id": [SCHEME, LIFE],
        "form": ["filing.json", "review.json", "posts.json", "note.json"],
        "code": codes,
        "kind": ["workers", "results"],
    }


@pytest.fixture
def schema(app: Flask) -> Any:
    config = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
    return schemathesis.openapi.from_wsgi("/api/openapi.json", app, config=config)


def operations(schema: Any) -> list[Any]:
    found = [result.ok() for result in schema.get_all_operations()]
    return sorted(found, key=lambda one: (address(one).startswith(KEPT), address(one).startswith(OWN)))


def address(operation: Any) -> str:
    path: str = operation.path
    return path.removeprefix(PREFIX)


def requests(operation: Any, things: Things) -> st.SearchStrategy[Any]:
    """Requests as the document allows them and as it doesn't, about what there is."""
    names = [parameter.name for parameter in operation.path_parameters]
    real = st.fixed_dictionaries({name: st.sampled_from(things[name]) for name in names})
    paths = st.one_of(real, real, real, st.none()) if names else st.none()
    modes = st.sampled_from((GenerationMode.POSITIVE, GenerationMode.POSITIVE, GenerationMode.NEGATIVE))

    def of(drawn: tuple[GenerationMode, Any]) -> st.SearchStrategy[Any]:
        mode, path = drawn
        cases: st.SearchStrategy[Any] = operation.as_strategy(generation_mode=mode, path_parameters=path)
        return st.builds(named, cases, real_names(things)) if mode is GenerationMode.POSITIVE else cases

    return st.tuples(modes, paths).flatmap(of)


def real_names(things: Things) -> st.SearchStrategy[dict[str, Any]]:
    """What a body or a query may name by the member's name."""
    organisations = st.sampled_from(things["organisation_id"])
    cells = st.none() | st.booleans() | st.integers(0, 5) | st.text(max_size=5) | st.lists(st.integers(0, 5))
    return st.fixed_dictionaries(
        {
            "scheme": st.sampled_from(things["scheme_id"]),
            "process": st.sampled_from(["posts", "roster", "publication", "sanction", "transfer"]),
            "linked_case_id": st.sampled_from(things["case_id"]),
            "message": st.sampled_from(["withdrawn", "voided", "lost", "moved"]),
            "tasks": st.lists(st.sampled_from(things["task_id"]), min_size=1, max_size=3),
            "values": st.dictionaries(st.sampled_from(FIELDS), cells),
            "organisation_id": organisations,
            "unit_id": organisations,
            "superior": organisations | st.none(),
            "into": organisations,
            "region": st.sampled_from(["990101", "990102"]),
            "code": st.sampled_from(things["code"]),
        }
    )


def named(case: Any, real: dict[str, Any]) -> Any:
    """The request with real names for what it names."""
    for part in (case.body, case.query):
        if isinstance(part, dict):
            part.update({member: value for member, value in real.items() if member in part})
    return case


@pytest.mark.parametrize("examples", [10, pytest.param(400, marks=pytest.mark.soak)])
def test_every_operation_keeps_to_the_document(
    stage: Stage, things: Things, schema: Any, subtests: pytest.Subtests, examples: int
) -> None:
    for operation in operations(schema):
        with subtests.test(operation.label):
            tried(stage, things, operation, examples)


def tried(stage: Stage, things: Things, operation: Any, examples: int) -> None:
    senders = (OFFICE,) * 10 + SENDERS if address(operation).startswith(KEPT) else SENDERS

    @settings(
        max_examples=examples,
        derandomize=examples < 100,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(case=requests(operation, things), sender=st.sampled_from(senders))
    def holds(case: Any, sender: str) -> None:
        headers = {"Authorization": f"Bearer {caller(stage, sender).token}"} if sender else {}
        # A request of its own: it shares neither session nor transaction with the test.
        response = contextvars.Context().run(case.call, headers=headers)
        case.validate_response(response, checks=CHECKS)
        if sender == NOBODY and operation.definition.raw.get("security"):
            assert response.status_code in (401, 404)

    holds()
    db.session.rollback()
