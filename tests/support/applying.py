"""The small made-up jurisdiction where the notice lets people file themselves, and their accounts.

The role `applicant` does `fill`, says `withdrawn`, and may begin a filing without the unit's list.
"""

from __future__ import annotations

from datetime import datetime

from flask import Flask
from sqlalchemy import func, select, update

from app import clock
from app.extensions import atomic, db
from app.models import Account, Person
from app.operations import deployments
from app.operations.access import _passwords, applicants
from app.operations.access.accounts import actor_for
from app.operations.access.applicants import Opened
from app.operations.actors import SYSTEM, Actor
from app.operations.dates import clock as clocks
from app.operations.registers import people
from app.operations.trials.worlds import Built
from support.pages import PASSWORD, Browser, Stage
from support.world import LIBRARY, PUBLISHED, SCHEME, at, make_world, register_posts, tiny_files

__all__ = [
    "ADDRESS",
    "ROLE",
    "applicant",
    "applicant_files",
    "hand_out",
    "number_of",
    "publish_applicants",
    "sign_in",
    "stage_where_people_file",
]

ADDRESS = "203.0.113.7"
HANDED_OUT = at("2021-06-01 09:00")

ROLE = """
  applicant:
    title: 申报人
    relation: unit
    applicant: true
"""
BEGINS = """
    <bpmn:startEvent id="own" name="个人报名"><bpmn:outgoing>flow_own</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="flow_own" sourceRef="own" targetRef="fill" />
    <bpmn:startEvent id="cleared" """


def applicant_files(role: str = ROLE) -> dict[str, bytes]:
    """The tiny scheme with the role of the person's own, at the form, its withdrawal, and the start."""
    files = tiny_files()
    folder = f"bpmn/{SCHEME}/"
    _change(files, f"{folder}roles.yaml", "\n  bureau:", f"{role}  bureau:")
    start = "start: {message: person_cleared}"
    by_hand = "start: {message: person_cleared, role: applicant, from: filing_opens, until: filing_closes}"
    _change(files, f"{folder}scheme.yaml", start, by_hand)
    drawn = f"{folder}filing.bpmn"
    own = '<spiffworkflow:property name="role" value="applicant" />'
    for element in ('<bpmn:userTask id="fill"', '<bpmn:boundaryEvent id="unit_withdraws"'):
        head, found, rest = files[drawn].decode().partition(element)
        assert found
        properties = "<spiffworkflow:properties>"
        files[drawn] = (head + found + rest.replace(properties, properties + own, 1)).encode()
    flow = "<bpmn:flowNodeRef>cleared</bpmn:flowNodeRef>"
    _change(files, drawn, flow, flow + "<bpmn:flowNodeRef>own</bpmn:flowNodeRef>")
    _change(files, drawn, '<bpmn:startEvent id="cleared" ', BEGINS.strip() + " ")
    _change(files, drawn, "<bpmn:incoming>flow_cleared</bpmn:incoming>",
            "<bpmn:incoming>flow_cleared</bpmn:incoming><bpmn:incoming>flow_own</bpmn:incoming>")  # fmt: skip
    return files


def _change(files: dict[str, bytes], path: str, old: str, new: str) -> None:
    text = files[path].decode()
    assert old in text, (path, old)
    files[path] = text.replace(old, new, 1).encode()


def publish_applicants(role: str = ROLE) -> int:
    with atomic():
        clocks.mark_database(True, PUBLISHED)
        return deployments.publish(applicant_files(role), SYSTEM, PUBLISHED)


def hand_out(world: Built, person: str = "陈一", unit: str = LIBRARY, now: datetime = HANDED_OUT) -> Opened:
    """The login and the code that the unit gives one of its people."""
    with atomic():
        return applicants.open_account(world.people[person], actor=world.actors[unit], now=now)


def number_of(world: Built, person: str = "陈一") -> str:
    found = db.session.get_one(Person, world.people[person])
    return people.id_number_of(found)


def applicant(world: Built, person: str = "陈一", unit: str = LIBRARY) -> Actor:
    """The person, by an account of their own that has a password."""
    opened = hand_out(world, person, unit)
    with atomic() as session:
        account = session.scalars(select(Account).where(Account.login == opened.login)).one()
        account.password_hash = _passwords.hashed(PASSWORD)
        return actor_for(account)


def stage_where_people_file(app: Flask, role: str = ROLE) -> Stage:
    """11 June 2021, 09:00, as `set_stage` sets it; the library has posts vacant."""
    publish_applicants(role)
    world = make_world()
    with atomic() as session:
        clocks.open_clock(SCHEME, at("2021-06-11 09:00"), SYSTEM, clock.now())
        login = func.concat("operator", Account.id)
        session.execute(update(Account).values(login=login, password_hash=_passwords.hashed(PASSWORD)))
    register_posts(world, {"technician": 1, "junior": 2})
    return Stage(app, world)


def sign_in(stage: Stage, person: str = "陈一") -> Browser:
    """A browser in which the person is signed in, by a new account of their own."""
    actor = applicant(stage.world, person)
    login = db.session.scalar(select(Account.login).where(Account.id == actor.account_id))
    return stage.browser().sign_in(str(login))
