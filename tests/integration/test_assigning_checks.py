"""`flask verify` finds whoever was entered as having a task, being asked or acting for somebody, by hand."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from flask import Flask
from support.colleagues import colleague
from support.world import BUREAU, at, make_world, open_review, publish_tiny, register_posts, task_of

from app.extensions import atomic, db
from app.operations import tasks
from app.operations.company import assignments, cosigning, deputies
from app.operations.evidence import verify

pytestmark = pytest.mark.corrupts

WHEN = at("2021-06-12 10:00")
HELD = "登记的签收、委派或加签与记录不符"
SAID = "登记的会签意见与记录不符"
NAMED = "与指定时的日志不符"


@pytest.fixture
def reviewed(app: Flask) -> None:
    """A review that Li has and Wang did for him after Zhao's opinion, and a final one that waits."""
    publish_tiny()
    world = make_world()
    register_posts(world, {"technician": 1})
    case_id = open_review(world)
    li, wang, zhao = (colleague(world, name) for name in ("李四", "王五", "赵六"))
    task = task_of(case_id)
    with atomic():
        deputies.name(
            *(li.account_id, wang.account_id, WHEN, at("2021-07-01 00:00")), ground="休假", actor=li, now=WHEN
        )
        assignments.claim(task, li, WHEN)
        cosigning.ask(task, [zhao.account_id, world.actors[BUREAU].account_id], "是否同意？", li, WHEN)
        cosigning.answer(task, "agree", "同意。", zhao, WHEN)
        cosigning.remove(task, world.actors[BUREAU].account_id, "不必了", li, WHEN)
        tasks.complete(task, {"decision": "approve"}, wang, WHEN)
    assert list(verify.verify_all()) == []
    db.session.rollback()


@pytest.fixture
def attack(_cleaner) -> Callable[[str], None]:
    connection: psycopg.Connection = _cleaner.connection

    def do(statement: str) -> None:
        assert connection.execute(statement).rowcount, "the attack touched nothing"

    return do


@pytest.mark.usefixtures("reviewed")
@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE task SET assignee_id = NULL WHERE assignee_id IS NOT NULL", HELD),
        ("UPDATE task SET assignee_id = completed_by WHERE assignee_id IS NOT NULL", HELD),
        ("UPDATE task SET owner_id = 1, delegated = true WHERE state = 'open'", HELD),
        ("UPDATE task SET awaits = 1 WHERE state = 'open'", HELD),
        ("UPDATE task SET due_at = now() + interval '9 years' WHERE state = 'open'", "登记的办理期限"),
        ("UPDATE cosigner SET verdict = 'disagree' WHERE verdict = 'agree'", SAID),
        ("UPDATE cosigner SET opinion = '不同意。' WHERE opinion IS NOT NULL", SAID),
        ("UPDATE cosigner SET question = '另一个问题' WHERE removed_at IS NULL", SAID),
        ("UPDATE cosigner SET given_by = asked_by WHERE given_by IS NOT NULL", SAID),
        ("UPDATE cosigner SET removed_by = account_id WHERE removed_at IS NOT NULL", SAID),
        ("DELETE FROM cosigner WHERE removed_at IS NOT NULL", SAID),
        ("UPDATE deputy SET valid_to = valid_to + interval '1 day'", NAMED),
        ("UPDATE deputy SET deputy_id = made_by", NAMED),
        ("UPDATE deputy SET ground = '另一个原因'", NAMED),
        ("UPDATE deputy SET revoked_at = made_at", "登记的撤销与日志不符"),
        ("DELETE FROM deputy", "不见了，日志里指定过"),
    ],
)
def test_an_altered_register_is_found(attack: Callable[[str], None], statement: str, sentence: str) -> None:
    attack(statement)
    found = [finding.what for finding in verify.verify_all()]
    db.session.rollback()
    assert any(sentence in what for what in found), found
