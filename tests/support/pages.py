"""A browser without scripts, on the small made-up jurisdiction."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from app import clock
from app.extensions import atomic
from app.models import Account
from app.operations.access import _passwords
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.trials.worlds import Built
from support.world import SCHEME, at, make_world, publish_tiny

__all__ = ["PASSWORD", "PDF", "Browser", "Stage", "set_stage"]

PASSWORD = "Xq7-lantern-bridge"
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\n%%EOF\n"
)
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Browser:
    """Follows no redirect by itself; sends the token of the last page with every post."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = ""

    def get(self, address: str) -> TestResponse:
        return self._seen(self.client.get(address))

    def post(self, address: str, data: Any = None, **more: Any) -> TestResponse:
        sent = {"csrf_token": self.token, **(data or {})}
        return self._seen(self.client.post(address, data=sent, **more))

    def follow(self, response: TestResponse) -> TestResponse:
        assert response.status_code == 302, response.text
        return self.get(response.location)

    def sign_in(self, login: str, password: str = PASSWORD) -> Browser:
        self.get("/sign-in")
        response = self.post("/sign-in", {"login": login, "password": password})
        assert response.status_code == 302, response.text
        self.follow(response)
        return self

    def _seen(self, response: TestResponse) -> TestResponse:
        found = TOKEN.search(response.text) if response.mimetype == "text/html" else None
        if found:
            self.token = found[1]
        return response


@dataclass
class Stage:
    """The world, and browsers in it."""

    app: Flask
    world: Built

    def browser(self) -> Browser:
        return Browser(self.app.test_client())

    def login(self, name: str) -> str:
        with atomic() as session:
            wanted = select(Account.login).where(Account.id == self.world.actors[name].account_id)
            return session.execute(wanted).scalar_one()

    def account_id(self, name: str) -> int:
        return self.world.actors[name].account_id or 0

    def open(self, name: str) -> Browser:
        """A browser in which the operator of that name is signed in."""
        return self.browser().sign_in(self.login(name))

    def give(self, name: str, *duties: str) -> None:
        with atomic() as session:
            mine = Account.id == self.world.actors[name].account_id
            session.execute(update(Account).where(mine).values(duties=sorted(duties)))

    def now(self) -> datetime:
        """The scheme's present instant."""
        return clocks.scheme_now(SCHEME, clock.now())

    def move_clock(self, when: str) -> None:
        with atomic():
            clocks.set_clock(SCHEME, at(when), SYSTEM, clock.now())


def set_stage(app: Flask) -> Stage:
    """11 June 2021, 09:00, in the made-up jurisdiction; every operator has the same password."""
    publish_tiny()
    world = make_world()
    with atomic() as session:
        clocks.open_clock(SCHEME, at("2021-06-11 09:00"), SYSTEM, clock.now())
        login = func.concat("operator", Account.id)
        session.execute(update(Account).values(login=login, password_hash=_passwords.hashed(PASSWORD)))
    return Stage(app, world)
