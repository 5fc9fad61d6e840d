"""How one wants to be told, and the post that did not go out, by the API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from support.api import Caller, caller, pointers, problem
from support.pages import Stage
from support.second_factor import settings_with
from support.world import BUREAU, OTHER_BUREAU

from app import clock
from app.extensions import atomic
from app.operations.telling import contacts, outbox

ADDRESS = "refused@example.cn"


@pytest.fixture(autouse=True)
def own_folder(app: Flask, tmp_path: Path) -> Iterator[None]:
    with settings_with(app, data_folder=tmp_path):
        yield


def test_ones_own_addresses(bureau: Caller) -> None:
    empty = {"address": "", "kinds": []}
    assert bureau.get("/me/contacts")["items"] == [{"channel": "mail", **empty}, {"channel": "sms", **empty}]
    bureau.done("PUT", "/me/contacts/sms", {"address": "13800138000", "kinds": ["task", "copy"]})
    assert bureau.get("/me/contacts")["items"][1] == {
        "channel": "sms",
        "address": "13800138000",
        "kinds": ["copy", "task"],
    }
    assert pointers(problem(bureau("PUT", "/me/contacts/sms", {"address": ADDRESS}), 422, "invalid")) == {
        "/address"
    }
    problem(bureau("PUT", "/me/contacts/fax", {"address": ADDRESS}), 404, "not_found")
    wrong = problem(bureau("PUT", "/me/contacts/mail", {"address": "", "kinds": ["x"]}), 422, "invalid")
    assert pointers(wrong) == {"/kinds/0"}


def test_what_did_not_go_out(stage: Stage, bureau: Caller) -> None:
    actor, now = stage.world.actors[BUREAU], clock.now()
    with atomic():
        contacts.choose("mail", ADDRESS, [], actor, now)
        contacts.try_out("mail", actor, now)
    outbox.deliver(atomic, now + timedelta(minutes=1))
    problem(bureau("GET", "/outbox"), 403, "forbidden")
    stage.give(OTHER_BUREAU, "administrator")
    administrator = caller(stage, OTHER_BUREAU)
    (post,) = administrator.get("/outbox")["items"]
    assert (post["state"], post["account"], post["failure"]) == (
        "given_up",
        actor.name,
        "演练：收件地址被拒收",
    )
    assert ADDRESS not in str(post)
    administrator.done("POST", f"/outbox/{post['id']}/retry")
    assert administrator.get("/outbox")["items"] == []
    assert administrator.get("/outbox", state="waiting")["items"][0]["tries"] == 0
    problem(administrator("POST", f"/outbox/{post['id']}/dismissal"), 409, "conflict")
    problem(administrator("POST", f"/outbox/{post['id'] + 1}/retry"), 404, "not_found")
