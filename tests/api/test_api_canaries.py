"""Canaries in every text of every body that the API takes: no error of the system, and texts on the pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from support.api import PREFIX, caller
from support.everywhere import KEEPER, offered, set_every_stage
from support.hostile import CANARIES, MARK, judge
from support.typing_hands import Hands
from support.world import BUREAU, LIBRARY, OFFICE

from app.extensions import db
from app.models import (
    Account,
    Case,
    CaseCopy,
    Certificate,
    Deputy,
    Import,
    Incident,
    Jurisdiction,
    Organisation,
    Overlay,
    Payment,
    Person,
    Phrase,
    Post,
    Task,
    Work,
)

pytestmark = pytest.mark.timeout(900)

THINGS = {
    "account_id": Account.id,
    "case_id": Case.id,
    "copy_id": CaseCopy.id,
    "deputy_id": Deputy.id,
    "import_id": Import.id,
    "incident_id": Incident.id,
    "jurisdiction_id": Jurisdiction.id,
    "number": Certificate.number,
    "organisation_id": Organisation.id,
    "overlay_id": Overlay.id,
    "payment_id": Payment.id,
    "person_id": Person.id,
    "phrase_id": Phrase.id,
    "post_id": Post.id,
    "task_id": Task.id,
    "work_id": Work.id,
}
NAMED = {
    "scheme_id": "tiny-2021",
    "form": "filing.json",
    "kind": "workers",
    "name": "x",
    "channel": "mail",
    "code": "x",
}
LEFT = ("/sessions", "/me/password", "/clocks")
"""What would end the walk."""
VALUES = {"decision": "approve", "grade": "junior", "summary": CANARIES[0], "opinion": CANARIES[1]}


class Program:
    """Sends a body made from the document, each text of it the next canary."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document, self.turn = document, count()

    def requests(self) -> Iterator[tuple[str, str, Any]]:
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                if method not in ("get", "post", "put", "patch", "delete"):
                    continue
                content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
                for address in self.addresses(path.removeprefix(PREFIX)):
                    yield method.upper(), address, self.made(content["schema"]) if content else None

    def addresses(self, path: str) -> Iterator[str]:
        """The first and the newest of what the path names."""
        names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        for newest in (False, True) if names else (False,):
            found = path
            for name in names:
                found = found.replace(f"{{{name}}}", self.thing(name, newest))
            yield found

    def thing(self, name: str, newest: bool) -> str:
        if name in NAMED:
            return NAMED[name]
        known = db.session.scalars(select(THINGS[name]).order_by(THINGS[name])).all()
        db.session.rollback()
        return str(known[-1 if newest else 0]) if known else "1"

    def made(self, schema: Mapping[str, Any], name: str = "") -> Any:
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        if name == "values":
            return VALUES
        if "enum" in schema:
            return schema["enum"][0]
        kinds = schema.get("type", "object")
        kind = next(one for one in kinds if one != "null") if isinstance(kinds, list) else kinds
        if kind == "object":
            return {key: self.made(part, key) for key, part in schema.get("properties", {}).items()}
        if kind == "array":
            return [self.made(schema.get("items", {}), name)]
        if kind == "string":
            return {"date": "2021-06-11", "date-time": "2021-06-11T10:00:00+08:00"}.get(
                schema.get("format", ""), CANARIES[next(self.turn) % len(CANARIES)]
            )
        return kind == "boolean" or 1


def test_bodies_of_canaries_are_texts_or_refused(app: Flask) -> None:
    stage = set_every_stage(app)
    begun = offered(stage)
    program = Program(app.test_client().get("/api/openapi.json").get_json())
    senders = [caller(stage, name) for name in (LIBRARY, BUREAU, OFFICE, KEEPER)]
    browsers = {name: stage.open(name) for name in (LIBRARY, BUREAU, OFFICE)}
    wrong: set[str] = set()
    for method, address, body in program.requests():
        if address.startswith(LEFT):
            continue
        for sender in senders:
            answer = sender(method, address, body)
            if answer.status_code >= 500:
                wrong.add(f"{method} {address}: {answer.text[:300]}")
            if answer.data and not answer.mimetype.endswith(("json", "sheet", "/pdf")):
                wrong.add(f"{method} {address}: {answer.mimetype}")
            wrong |= {f"{method} {address}: {line}" for line in judge(answer)}
    assert wrong == set()
    hands = Hands(app, {})
    for name, browser in browsers.items():
        for _page in hands.pages(browser, ["/", *begun.get(name, [])]):
            pass
    assert look(hands) == set()
    assert any(MARK in answer.text for _method, _address, answer in hands.answers)


def look(hands: Hands) -> set[str]:
    """What is wrong on the pages afterwards."""
    failed = {address for _method, address, answer in hands.answers if answer.status_code >= 500}
    return failed | {line for _method, _address, answer in hands.answers for line in judge(answer)}
