"""Where the stories happen: the made-up world with all its schemes, made once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

from flask import Flask
from sqlalchemy import func, update

from app import clock
from app.extensions import atomic
from app.models import Account
from app.operations import cases, deployments, tasks
from app.operations.access._sessions import open_session
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.dates import workdays
from app.operations.trials.worlds import Built
from app.operations.uploads import files
from support.api import Caller
from support.killed import World
from support.life import life_files, publish_life
from support.waits import publish_waits
from support.world import (
    BUREAU,
    LIBRARY,
    OTHER_UNIT,
    PDF,
    PUBLISHED,
    SCHEME,
    at,
    complete,
    make_world,
    open_filing,
    publish_tiny,
    register_posts,
    task_of,
)

GROUND = "云编〔2021〕9号"
FILLED = {"grade": "senior", "summary": "近五年工作扎实。"}
FILED = at("2021-06-11 10:00")
CLOSES = at("2021-07-01 00:00")
LATER = at("2021-07-01 09:00")
"""The filing has closed."""
RECORDS = "records:\n  paper: {title: 收到纸质材料, form: note.json, roles: [bureau]}\n"
KEPT = "kept-2021"
"""The certificate's scheme once more, with a kind of record."""


@dataclass(frozen=True)
class Stage:
    """The made-up world with three schemes published, posts registered, and a clock in the window."""

    app: Flask
    built: Built
    world: World

    @classmethod
    def set(cls, app: Flask, world: World) -> Stage:
        publish_tiny()
        publish_life()
        publish_waits()
        built = make_world()
        register_posts(built, {"senior": 2, "junior": 3, "technician": 1})
        with atomic() as session:
            clocks.open_clock(SCHEME, at("2021-06-11 09:00"), SYSTEM, clock.now())
            session.execute(update(Account).values(login=func.concat("operator", Account.id)))
        publish_kept()
        return cls(app, built, world)

    @property
    def actors(self) -> Any:
        return self.built.actors

    @property
    def organisations(self) -> Any:
        return self.built.organisations

    @property
    def people(self) -> Any:
        return self.built.people

    def account(self, name: str) -> int:
        found: int = self.actors[name].account_id
        return found

    def caller(self, name: str, *duties: str) -> Caller:
        """A program that calls the API for the operator of that name."""
        with atomic() as session:
            if duties:
                mine = Account.id == self.account(name)
                session.execute(update(Account).where(mine).values(duties=list(duties)))
            return Caller(self.app, open_session(self.account(name), clock.now()))


def publish_kept() -> None:
    kept = life_files(scheme=KEPT)
    sheet = kept[f"bpmn/{KEPT}/scheme.yaml"].replace("样例".encode(), "有登记事项的样例".encode())
    kept[f"bpmn/{KEPT}/scheme.yaml"] = sheet + RECORDS.encode()
    with atomic():
        deployments.publish(kept, SYSTEM, PUBLISHED)


def closing(stage: Stage) -> None:
    """Three filings that nobody submits, and one for which the office has to be reminded."""
    case_id = open_filing(stage.built)
    complete(case_id, "fill", FILLED, stage.actors[LIBRARY], "2021-06-11 10:00")
    complete(case_id, "first_review", {"decision": "approve"}, stage.actors[BUREAU], "2021-06-15 10:00")
    for name in ("李二", "王三"):
        open_filing(stage.built, name)
    open_filing(stage.built, "赵四", unit=OTHER_UNIT)


def recommended(stage: Stage) -> None:
    """The unit recommends two of its people; the messages are on their way."""
    unit, actor = stage.organisations[LIBRARY], stage.actors[LIBRARY]
    chosen = [stage.people["陈一"], stage.people["李二"]]
    with atomic():
        case_id = cases.start(SCHEME, "roster", unit_id=unit, actor=actor, received_at=FILED)
        tasks.complete(task_of(case_id), {"people": chosen, "ground": "骨干"}, actor, FILED)


def unused_files(stage: Stage) -> None:
    """Two files on the disk that no row names."""
    with atomic():
        for number in range(2):
            content = BytesIO(PDF + b"%%%d" % number)
            stored = files.store(content, "证书.pdf", actor=stage.actors[LIBRARY], now=FILED)
            files.discard(stored.name, stage.actors[LIBRARY])


def year_published() -> None:
    """The State Council has published the year 2027."""
    with atomic():
        workdays.set_year(2027, {date(2027, 1, 1)}, set(), ground=GROUND, actor=SYSTEM, now=FILED)
