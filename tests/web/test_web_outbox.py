"""How one wants to be told, on the pages; what did not go out, for administrators; a rehearsal's mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from support.pages import Browser, Stage
from support.second_factor import settings_with
from support.world import LIBRARY, OTHER_BUREAU, complete, open_filing, register_posts, task_of

from app import clock
from app.extensions import atomic, db
from app.models import Post
from app.operations.telling import outbox

ADDRESS = "chen@example.cn"


@pytest.fixture(autouse=True)
def own_folder(app: Flask, tmp_path: Path) -> Iterator[None]:
    with settings_with(app, data_folder=tmp_path):
        yield


@pytest.fixture
def administrator(stage: Stage) -> Browser:
    stage.give(OTHER_BUREAU, "administrator")
    return stage.open(OTHER_BUREAU)


def send() -> None:
    outbox.deliver(atomic, clock.now() + timedelta(minutes=1))


def choose(who: Browser, address: str = ADDRESS, *kinds: str) -> str:
    who.get("/contacts")
    answer = who.post("/contacts/mail", {"address": address, "kinds": list(kinds)})
    return who.follow(answer).text if answer.status_code == 302 else answer.text


def test_nothing_goes_out_by_default_then_what_was_chosen(
    stage: Stage, unit: Browser, bureau: Browser
) -> None:
    register_posts(stage.world, {"senior": 1})
    case_id = open_filing(stage.world)
    filled = {"grade": "senior", "summary": "近五年工作扎实。"}
    complete(case_id, "fill", filled, stage.world.actors[LIBRARY], "2021-06-11 08:00")
    assert "已保存通知方式" in choose(bureau, ADDRESS, "reminder")
    unit.get(f"/cases/{case_id}")
    unit.post(f"/tasks/{task_of(case_id)}/remind")
    send()
    page = bureau.get("/contacts").text
    assert f'value="{ADDRESS}"' in page
    assert "已发" in page
    mailbox = bureau.get("/sandbox-post").text
    assert f"【演练】有事项催请您办理（办件 {case_id}）" in mailbox
    assert "还没有收到" in unit.get("/sandbox-post").text, "another's letters are not shown"


def test_an_address_is_tried_out_and_a_wrong_one_told(bureau: Browser) -> None:
    told = choose(bureau, "陈一")
    assert "请填写邮箱" in told
    choose(bureau)
    answer = bureau.post("/contacts/mail", {"_test": "1", "address": ADDRESS})
    assert "已交给系统发送" in bureau.follow(answer).text
    send()
    assert "这是一条测试消息" in bureau.get("/sandbox-post").text
    assert "请先保存收件地址" in bureau.post("/contacts/sms", {"_test": "1"}).text
    assert bureau.post("/contacts/fax", {"address": "1"}).status_code == 404


def test_an_administrator_sees_what_failed_and_sends_it_again(
    bureau: Browser, administrator: Browser
) -> None:
    choose(bureau, "refused@example.cn")
    bureau.post("/contacts/mail", {"_test": "1"})
    send()
    page = administrator.get("/administration/outbox/").text
    assert "外发通知（1）" in page
    assert "收件地址被拒收" in page
    assert "refused@" not in page, "whose it is, not where to"
    choose(bureau)
    post_id = db.session.scalars(select(Post.id)).one()
    again = administrator.post(f"/administration/outbox/{post_id}/retry")
    assert "将再发一次" in administrator.follow(again).text
    send()
    assert "没有需要处理的" in administrator.get("/administration/outbox/").text
    assert "测试" in administrator.get("/administration/outbox/?state=sent").text
    assert administrator.post(f"/administration/outbox/{post_id}/dismiss").status_code == 409
    assert administrator.get("/administration/outbox/?state=x").status_code == 404
    assert "这是一条测试消息" in administrator.get("/sandbox-post").text


def test_laid_aside(bureau: Browser, administrator: Browser) -> None:
    choose(bureau, "refused@example.cn")
    bureau.post("/contacts/mail", {"_test": "1"})
    send()
    administrator.get("/administration/outbox/")
    post_id = db.session.scalars(select(Post.id)).one()
    aside = administrator.post(f"/administration/outbox/{post_id}/dismiss")
    assert "已搁置" in administrator.follow(aside).text


def test_for_administrators_alone(unit: Browser) -> None:
    assert unit.get("/administration/outbox/").status_code == 403
    assert unit.post("/administration/outbox/1/retry").status_code in (400, 403)
