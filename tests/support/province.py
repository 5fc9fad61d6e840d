"""Two machines of each role on one PostgreSQL, and browsers that reach them over the wire."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from sqlalchemy import exists, select
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, TestResponse

from app import clock, embedded_postgres
from app.config import Settings
from app.extensions import db
from app.models import Message, Timer
from app.operations.dates import clock as clocks
from support.crowd import until
from support.machines import FLASK, WEB, Machine, network
from support.servers import environment_of

ROLES: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "web": (WEB, {"APP_SCHEDULER": "off", "APP_WORKER": "off", "WEB_WORKERS": "1"}),
    "scheduler": ((*FLASK, "scheduler"), {}),
    "worker": ((*FLASK, "worker"), {}),
}

Machines = dict[str, list[Machine]]


@contextlib.contextmanager
def running(
    postgres: embedded_postgres.Server, database: str, settings: Settings, folder: Path
) -> Iterator[Machines]:
    """Two machines of each role, each with a folder of its own, on the same database and uploads."""
    with network(postgres) as lan:
        url = lan.database_url(database)
        machines: Machines = {}
        for number, (role, which) in enumerate(itertools.product(ROLES, (0, 1))):
            command, switches = ROLES[role]
            own = environment_of(replace(settings, database_url=url, data_folder=folder / f"{number}"))
            machine = Machine(lan, number, command, {**own, **switches}, folder / f"{role}-{which}.log")
            machines.setdefault(role, []).append(machine)
        everyone = [*itertools.chain(*machines.values())]
        try:
            for machine in everyone:
                machine.start()
            yield machines
        finally:
            for machine in everyone:
                machine.stop()


class Traffic:
    """Requests go to the two web machines in turn; every so many, the next machine of all loses its power.

    It is switched on again at once; while it comes up the other one of its role has all the work.
    """

    def __init__(self, machines: Machines, requests_a_loss: int) -> None:
        self.turns = itertools.cycle(machines["web"])
        self.everyone = [pair[number] for number in (0, 1) for pair in machines.values()]
        self.victims = itertools.cycle(self.everyone)
        self.requests_a_loss = requests_a_loss
        self.requests = self.losses = 0

    def send(self, *request: Any) -> Any:
        self.requests += 1
        if self.requests % self.requests_a_loss == 0:
            self._lose(next(self.victims))
        return until(lambda: self._tried(*request))

    def _lose(self, machine: Machine) -> None:
        machine.kill()
        machine.start()
        self.losses += 1

    def _tried(self, *request: Any) -> Any:
        """By the machine whose turn it is; nothing while it does not answer."""
        machine = next(self.turns)
        assert machine.process
        assert machine.process.poll() is None, machine.log.read_text()[-2000:]
        try:
            return machine.request(*request)
        except OSError:
            return None


class WireClient:
    """What tests use of Flask's client, over the wire."""

    def __init__(self, traffic: Traffic) -> None:
        self.traffic = traffic
        self.cookies: SimpleCookie = SimpleCookie()

    def get(self, address: str, **more: Any) -> TestResponse:
        return self.open(address, method="GET", **more)

    def post(self, address: str, **more: Any) -> TestResponse:
        answer = self.open(address, method="POST", **more)
        until(nothing_is_due if address.startswith("/clocks/") else nothing_is_on_its_way)
        return answer

    def open(self, address: str, **more: Any) -> TestResponse:
        request = EnvironBuilder(path=address, **more).get_request()
        headers = {name: value for name, value in request.headers if name != "Host"}
        if self.cookies:
            headers["Cookie"] = self.cookies.output(attrs=[], header="", sep=";").strip()
        target = request.full_path if request.query_string else request.path
        status, answered, body = self.traffic.send(request.method, target, headers, request.get_data())
        for name, value in answered:
            if name == "Set-Cookie":
                self.cookies.load(value)
        return TestResponse([body], str(status), Headers(answered), request)


def clients_of(traffic: Traffic) -> Callable[..., WireClient]:
    """In the place of `Flask.test_client_class`."""
    return lambda *app, **options: WireClient(traffic)


def nothing_is_due() -> bool:
    """What a moved clock made due is fired by whichever scheduler has it; a page tells of its own part."""
    db.session.rollback()
    real_now = clock.now()
    live = Timer.parked_at.is_(None)
    due = [
        exists().where(live, Timer.scheme_id == scheme_id, Timer.due_at <= real_now + offset)
        for scheme_id, offset in clocks.offsets().items()
    ]
    found = any(db.session.scalars(select(one)).one() for one in due)
    db.session.rollback()
    return not found and nothing_is_on_its_way()


def nothing_is_on_its_way() -> bool:
    """A message between cases that a scheduler has taken up is there a moment after the answer."""
    db.session.rollback()
    waiting = exists().where(Message.delivered_at.is_(None), Message.failed_at.is_(None))
    found = db.session.scalars(select(waiting)).one()
    db.session.rollback()
    return not found
