"""A program that calls the API, on the small made-up jurisdiction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from app import clock
from app.content.identity import make_citizen_id, make_credit_code
from app.extensions import atomic
from app.operations.access._sessions import open_session
from support.pages import PASSWORD, Stage

PREFIX = "/api/v1"


@dataclass
class Caller:
    """Keeps no cookies; what it knows is its token."""

    app: Flask
    token: str = ""

    def __call__(
        self, method: str, path: str, json: Any = None, *, key: str | None = None, **more: Any
    ) -> TestResponse:
        headers = dict(more.pop("headers", {}))
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if key is not None:
            headers["Idempotency-Key"] = key
        if json is not None:
            more["json"] = json
        client = self.app.test_client(use_cookies=False)
        return client.open(PREFIX + path, method=method, headers=headers, **more)

    def get(self, path: str, **query: Any) -> Any:
        return self.done("GET", path, query_string=query)

    def done(self, method: str, path: str, json: Any = None, **more: Any) -> Any:
        """What a request answers that has to succeed."""
        response = self(method, path, json, **more)
        assert response.status_code < 400, response.text
        return response.get_json(silent=True)

    def sign_in(self, login: str, password: str = PASSWORD) -> Caller:
        signed_in = self.done("POST", "/sessions", {"login": login, "password": password})
        return Caller(self.app, signed_in["token"])


def caller(stage: Stage, name: str) -> Caller:
    """The operator of that name, signed in (without the password, whose check takes its time)."""
    with atomic():
        return Caller(stage.app, open_session(stage.world.actors[name].account_id or 0, clock.now()))


def rules(app: Flask) -> Iterator[tuple[str, str]]:
    """Method and address of every route, as the API's code writes it."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(PREFIX):
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield method, rule.rule.removeprefix(PREFIX)


def problem(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The problem details of a refused request (RFC 9457)."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    told: dict[str, Any] = response.get_json()
    assert (told["status"], told["code"], told["type"]) == (status, code, f"urn:problem:{code}")
    assert is_chinese(told["title"])
    assert is_chinese(told["detail"])
    assert all(is_chinese(error["detail"]) for error in told.get("errors", []))
    return told


def pointers(told: dict[str, Any]) -> set[str]:
    return {error["pointer"] for error in told["errors"]}


def is_chinese(sentence: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in sentence)


def credit_code(number: int) -> str:
    return make_credit_code("990101", number)


def citizen_id(number: int) -> str:
    return make_citizen_id("110101", date(1980, 5, 1), number, "male")
