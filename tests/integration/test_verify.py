"""`flask verify` finds whatever damage the owner of the database does, and in which case it was done."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import func, select
from support.attacks import Attack, findings
from support.waits import open_wait, publish_waits
from support.world import BUREAU, LIBRARY, at, complete, open_filing, open_review, tiny_world

from app.extensions import atomic, db, settings
from app.models import Case, History
from app.operations import messages
from app.operations.trials.worlds import Built

pytestmark = pytest.mark.corrupts

FILLED = {"grade": "senior", "summary": "近五年工作扎实。"}


@pytest.fixture
def world(app: Flask) -> Built:
    publish_waits()
    return tiny_world(senior=1, junior=2, technician=1)


@pytest.fixture
def case_id(world: Built) -> int:
    """A technician's case in final review, beside another that nobody touches: both as they should be."""
    found = open_review(world)
    complete(found, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-12 10:00")
    untouched = open_filing(world, "李二")
    complete(untouched, "fill", FILLED, world.actors[LIBRARY], "2021-06-11 10:00")
    assert findings() == []
    return found


def assert_found(case_id: int | None, sentence: str) -> None:
    """The damage is told in this sentence, of this case and of no other."""
    found = findings()
    assert any(sentence in finding.what for finding in found), found
    assert {finding.case_id for finding in found} <= {case_id, None}


CHANGE = {
    str: "{} || '改'",
    int: "{} + 1",
    datetime: "{} + interval '1 microsecond'",
    dict: "'[\"改\"]'",
    bytes: "{} || '\\x00'",
}
"""How a value of a kind is changed by as little as can be."""


@pytest.mark.parametrize(
    "column", [c for c in History.__table__.c if c.name not in ("case_id", "seq")], ids=lambda c: c.name
)
def test_no_column_of_the_log_can_be_changed(case_id: int, attack: Attack, column) -> None:
    name, changed = column.name, CHANGE[column.type.python_type].format(column.name)
    attack(f"UPDATE history SET {name} = {changed} WHERE case_id = %(id)s AND seq = 2", id=case_id)
    assert_found(case_id, "第 2 条记录")


DAMAGE = {
    "payload edited": (
        "UPDATE history_payload SET body = body || '{\"x\": 1}' WHERE case_id = %(id)s AND seq = 2",
        "第 2 条记录的内容与其摘要不符",
    ),
    "salt edited": (
        "UPDATE history_payload SET salt = '\\x00' WHERE case_id = %(id)s AND seq = 2",
        "第 2 条记录的内容与其摘要不符",
    ),
    "task value edited": (
        'UPDATE task_value SET values = values || \'{"summary": "改"}\' WHERE task_id IN (SELECT id FROM task'
        " WHERE case_id = %(id)s AND element = 'fill')",
        "填写内容被改动过",
    ),
    "task value removed": (
        "DELETE FROM task_value WHERE task_id IN (SELECT id FROM task WHERE case_id = %(id)s)",
        "填写内容不见了",
    ),
    "row removed": ("DELETE FROM history WHERE case_id = %(id)s AND seq = 2", "第 2 条记录缺失"),
    "first row removed": ("DELETE FROM history WHERE case_id = %(id)s AND seq = 1", "第 1 条记录缺失"),
    "tail cut": ("DELETE FROM history WHERE case_id = %(id)s AND seq = 3", "链头不一致"),
    "rows swapped": (
        "UPDATE history SET seq = CASE seq WHEN 2 THEN 1003 ELSE 1002 END WHERE case_id = %(id)s AND seq > 1;"
        "UPDATE history SET seq = seq - 1000 WHERE case_id = %(id)s AND seq > 1000",
        "不相衔接",
    ),
    "state of another case": (
        'UPDATE "case" SET engine_state = (SELECT engine_state FROM "case" WHERE process = \'filing\''
        " AND id <> %(id)s) WHERE id = %(id)s",
        "流程状态与重放结果不同",
    ),
    "state in pieces": ("UPDATE \"case\" SET engine_state = '\\x00' WHERE id = %(id)s", "无法核验"),
    "case forgets its number": ('UPDATE "case" SET seq = 2 WHERE id = %(id)s', "登记了 2 条记录，实有 3 条"),
    "outcome": ("UPDATE \"case\" SET outcome = 'passed' WHERE id = %(id)s", "outcome 是 passed"),
    "status": ("UPDATE \"case\" SET status = '审核已通过' WHERE id = %(id)s", "status 是 审核已通过"),
    "listed": ('UPDATE "case" SET listed = \'{"grade": "senior"}\' WHERE id = %(id)s', "listed 是"),
    "state": ("UPDATE \"case\" SET state = 'ended' WHERE id = %(id)s", "state 是 ended"),
    "ended": ('UPDATE "case" SET ended_at = updated_at WHERE id = %(id)s', "办结时间与流程状态不符"),
    "task removed": (
        "DELETE FROM task WHERE case_id = %(id)s AND state = 'open'",
        "待办事项（令牌",
    ),
    "task closed": (
        "UPDATE task SET state = 'cancelled' WHERE case_id = %(id)s AND state = 'open'",
        "没有登记",
    ),
    "task opened again": (
        "UPDATE task SET state = 'open' WHERE case_id = %(id)s AND element = 'fill'",
        "已不存在，却仍登记着",
    ),
    "task under another form": (
        "UPDATE task SET form = 'review.json' WHERE case_id = %(id)s AND state = 'open'",
        "待办事项（令牌",
    ),
    "deadline of a task moved": (
        "UPDATE task SET closes_at = '2030-01-01' WHERE case_id = %(id)s AND state = 'open'",
        "登记与流程状态不一致",
    ),
    "task of nobody": (
        "UPDATE task SET office_id = NULL WHERE case_id = %(id)s AND state = 'open'",
        "没有办理机构",
    ),
    "task of another office": (
        "UPDATE task SET office_id = (SELECT min(id) FROM organisation)"
        " WHERE case_id = %(id)s AND state = 'open'",
        "“终审”登记的办理机构与记录不符",
    ),
    "completed task of another office": (
        "UPDATE task SET office_id = (SELECT max(id) FROM organisation)"
        " WHERE case_id = %(id)s AND element = 'fill'",
        "登记的办理机构与记录不符",
    ),
    "completed by somebody else": (
        "UPDATE task SET completed_by = completed_by - 1 WHERE case_id = %(id)s AND state = 'completed'",
        "登记的办理人与记录不符",
    ),
    "completed for somebody else": (
        "UPDATE task SET completed_for = completed_for - 1 WHERE case_id = %(id)s AND element = 'fill'",
        "登记的办理人与记录不符",
    ),
    "completed earlier": (
        "UPDATE task SET completed_at = completed_at - interval '1 day'"
        " WHERE case_id = %(id)s AND element = 'fill'",
        "登记的办理人与记录不符",
    ),
    "case of another unit": (
        'UPDATE "case" SET unit_id = unit_id + 1 WHERE id = %(id)s',
        "登记的单位与记录不符",
    ),
    "written by another engine": (
        "UPDATE \"case\" SET engine = '0' WHERE id = %(id)s",
        "引擎版本与记录不符",
    ),
    "timer removed": (
        "DELETE FROM timer WHERE case_id = %(id)s AND element = 'review_late'",
        "定时（令牌",
    ),
    "timer moved": (
        "UPDATE timer SET due_at = due_at + interval '1 day' WHERE case_id = %(id)s AND due_at IS NOT NULL",
        "登记与流程状态不一致",
    ),
    "timer determined": (
        "UPDATE timer SET due_at = '2021-06-13' WHERE case_id = %(id)s AND due_at IS NULL",
        "登记与流程状态不一致",
    ),
    "timer that forgets its dates": (
        "UPDATE timer SET dates = '{}' WHERE case_id = %(id)s AND dates <> '{}'",
        "登记与流程状态不一致",
    ),
    "timer added": (
        "INSERT INTO timer (case_id, scheme_id, token, element, name, due_at, dates)"
        " VALUES (%(id)s, 'tiny-2021', 999, 'x', 'x', '2021-06-13', '{}')",
        "定时（令牌 999）已不存在",
    ),
    "nothing waits": (
        "WITH t AS (DELETE FROM task WHERE case_id = %(id)s AND state = 'open')"
        " DELETE FROM timer WHERE case_id = %(id)s",
        "却没有待办、定时、等待的消息或异常事件",
    ),
    "claim of a cancelled case": (
        "UPDATE \"case\" SET state = 'cancelled' WHERE id = %(id)s",
        "办件已撤销，仍占着岗位名额",
    ),
    "more claims than vacancies": (
        "UPDATE post_quota SET vacant = 0 WHERE %(id)s > 0 AND grade = 'technician'",
        "名额被占用的多于空缺数",
    ),
    "case removed": ('DELETE FROM "case" WHERE id = %(id)s', "办件不见了，它的记录还在"),
    "diagram edited": (
        "UPDATE deployment_file SET content = content || ' ' WHERE %(id)s > 0 AND path LIKE '%%filing.bpmn'",
        "的文件被改动过",
    ),
    "file slipped into a deployment": (
        "INSERT INTO deployment_file SELECT deployment_id, 'forms/x.json', '{}'"
        ' FROM "case" WHERE id = %(id)s',
        "的文件被改动过",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found(case_id: int, attack: Attack, name: str) -> None:
    statements, sentence = DAMAGE[name]
    for statement in statements.split(";"):
        attack(statement, id=case_id)
    assert_found(case_id, sentence)


class TestWaitsForMessages:
    @pytest.fixture
    def waiting(self, world: Built) -> int:
        return open_filing(world)

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM message_wait WHERE case_id = %(id)s",
            "UPDATE message_wait SET key = '改' WHERE case_id = %(id)s",
            "UPDATE message_wait SET message = '改' WHERE case_id = %(id)s",
            "UPDATE message_wait SET closes_at = NULL WHERE case_id = %(id)s",
            "INSERT INTO message_wait SELECT case_id, 999, scheme_id, element, name, message, key, closes_at"
            " FROM message_wait WHERE case_id = %(id)s",
        ],
    )
    def test_damage_is_found(self, waiting: int, attack: Attack, statement: str) -> None:
        attack(statement, id=waiting)
        assert_found(waiting, "等待的消息（令牌")


class TestSentMessages:
    @pytest.fixture
    def sender(self, world: Built) -> int:
        found = open_wait(world, "splitting", at("2021-06-10 09:00"))
        complete(found, "inner", {"who": world.people["陈一"]}, world.actors[LIBRARY], "2021-06-10 10:00")
        messages.deliver(atomic)
        assert findings() == []
        return found

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM message WHERE from_case_id = %(id)s",
            'UPDATE message SET payload = \'{"person": {"id": 1}}\' WHERE from_case_id = %(id)s',
            "UPDATE message SET key = '改' WHERE from_case_id = %(id)s",
            "INSERT INTO message (scheme_id, message, payload, from_case_id, from_element, from_seq, sent_at)"
            " SELECT scheme_id, message, payload, from_case_id, from_element, from_seq, sent_at"
            " FROM message WHERE from_case_id = %(id)s",
        ],
    )
    def test_damage_is_found(self, sender: int, attack: Attack, statement: str) -> None:
        attack(statement, id=sender)
        assert_found(sender, "登记的")


def test_a_cut_tail_with_its_head_set_back_is_found_by_the_state(case_id: int, attack: Attack) -> None:
    """The chain alone is whole again; the case has gone further than its log."""
    attack("DELETE FROM history WHERE case_id = %(id)s AND seq = 3", id=case_id)
    attack("DELETE FROM history_payload WHERE case_id = %(id)s AND seq = 3", id=case_id)
    attack(
        'UPDATE "case" SET seq = 2, head = (SELECT mac FROM history WHERE case_id = %(id)s AND seq = 2)'
        " WHERE id = %(id)s",
        id=case_id,
    )
    assert_found(case_id, "流程状态与重放结果不同")


def test_a_broken_case_hides_no_other(case_id: int, attack: Attack) -> None:
    other = db.session.scalar(select(func.max(Case.id)))
    db.session.rollback()
    attack("UPDATE \"case\" SET engine_state = '\\x00' WHERE id = %(id)s", id=case_id)
    attack("DELETE FROM task WHERE case_id = %(id)s AND state = 'open'", id=other)
    assert {finding.case_id for finding in findings()} == {case_id, other}


def test_after_an_erasure_the_chain_is_still_checked(case_id: int, attack: Attack) -> None:
    attack("UPDATE history_payload SET body = NULL, salt = '' WHERE case_id = %(id)s", id=case_id)
    attack("DELETE FROM task_value USING task t WHERE t.id = task_id AND t.case_id = %(id)s", id=case_id)
    assert findings() == []
    attack("UPDATE history SET actor_name = '别人' WHERE case_id = %(id)s AND seq = 2", id=case_id)
    assert_found(case_id, "第 2 条记录被改动过")


def test_rows_of_an_earlier_key_are_checked_with_it_and_need_it(
    case_id: int, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = settings()
    newer = {"newer": b"n" * 32}
    monkeypatch.setitem(
        app.extensions, "settings", replace(known, history_keys={**newer, **known.history_keys})
    )
    assert findings() == []
    monkeypatch.setitem(app.extensions, "settings", replace(known, history_keys=newer))
    assert_every_row_lacks_its_key()
    wrong = {key_id: b"w" * 32 for key_id in known.history_keys}
    monkeypatch.setitem(app.extensions, "settings", replace(known, history_keys=wrong))
    assert any("第 1 条记录被改动过" in finding.what for finding in findings())


def assert_every_row_lacks_its_key() -> None:
    rows = db.session.scalar(select(func.count()).select_from(History))
    missing = [finding for finding in findings() if "不在手边" in finding.what]
    assert len(missing) == rows


def test_the_command_tells_and_fails(app: Flask, case_id: int, attack: Attack) -> None:
    run = app.test_cli_runner()
    assert run.invoke(args=["verify"]).exit_code == 0
    attack("UPDATE history SET actor_name = '别人' WHERE case_id = %(id)s AND seq = 2", id=case_id)
    told = run.invoke(args=["verify"])
    assert told.exit_code == 1
    assert f"办件 {case_id}：第 2 条记录被改动过" in told.output


def test_a_deployment_that_was_edited_runs_no_case(
    case_id: int, attack: Attack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that starts after the attack reads the files anew."""
    attack("UPDATE deployment_file SET content = content || ' ' WHERE path LIKE '%%filing.bpmn'")
    monkeypatch.setattr("app.operations.deployments._by_hash", {})
    assert any("无法核验：发布版本的文件被改动过" in finding.what for finding in findings())
