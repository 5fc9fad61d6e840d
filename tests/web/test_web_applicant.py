"""An applicant on their own pages, in a browser without scripts: what is open, the form in steps, the way."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from support.applying import ROLE, applicant, hand_out, number_of, publish_applicants
from support.clicking import Reader
from support.pages import PASSWORD, PDF, Browser, Stage
from support.world import (
    BUREAU,
    LIBRARY,
    SCHEME,
    at,
    case_row,
    complete,
    make_world,
    open_filing,
    register_posts,
    task_of,
    technician,
)
from werkzeug.test import TestResponse

from app import clock
from app.extensions import atomic, db
from app.models import Account, Attachment, Notice, Task, TaskDraft
from app.operations import _passwords
from app.operations import clock as clocks
from app.operations.actors import SYSTEM
from app.operations.made_up import content_of

ME = "陈一"
FILLED = {"grade": "junior", "summary": "扎实"}


def stage_with(app: Flask, role: str = ROLE) -> Stage:
    publish_applicants(role)
    world = make_world()
    with atomic() as session:
        clocks.open_clock(SCHEME, at("2021-06-11 09:00"), SYSTEM, clock.now())
        login = func.concat("operator", Account.id)
        session.execute(update(Account).values(login=login, password_hash=_passwords.hashed(PASSWORD)))
    register_posts(world, {"technician": 1, "junior": 2})
    return Stage(app, world)


@pytest.fixture
def stage(app: Flask) -> Stage:
    return stage_with(app)


@pytest.fixture
def sign_in(stage: Stage) -> Callable[[str], Browser]:
    def signed_in(person: str = ME) -> Browser:
        actor = applicant(stage.world, person)
        login = db.session.scalar(select(Account.login).where(Account.id == actor.account_id))
        return stage.browser().sign_in(str(login))

    return signed_in


@pytest.fixture
def me(sign_in: Callable[[str], Browser]) -> Reader:
    return Reader(sign_in(ME))


# The account


def test_the_unit_hands_out_a_code_and_the_person_sets_a_password_with_it(stage: Stage) -> None:
    unit = Reader(stage.open(LIBRARY))
    unit.click("人员")
    unit.click("查看和修改", unit.row(姓名=ME))
    unit.press("开通账号，发激活码")
    code = unit.page.cssselect("dd.login-name")[1].text_content()
    stranger = Reader(stage.browser())
    stranger.click("启用申报账号")
    given = {"name": ME, "id_number": number_of(stage.world), "code": code}
    stranger.press("启用并登录", {**given, "password": "Kite-orchard-81", "again": "Kite-orchard-81"})
    assert "您的登录名是" in stranger.text
    stranger.click("查看我的申报")
    assert f"{ME}，您好" in stranger.text


def test_many_codes_are_handed_out_at_once(stage: Stage) -> None:
    unit = Reader(stage.open(LIBRARY))
    unit.click("人员")
    unit.press("给还没有账号的人员开通申报账号")
    assert len(unit.page.cssselect("section.slip")) >= 2
    unit.click("回到人员")
    unit.press("给还没有账号的人员开通申报账号")
    assert "都已经有账号" in unit.text


def test_a_wrong_code_is_told_at_its_field_and_never_the_number_back(stage: Stage) -> None:
    hand_out(stage.world)
    browser = stage.browser()
    browser.get("/activate")
    number = number_of(stage.world)
    sent = {"name": ME, "id_number": number, "code": "A" * 12, "password": "x", "again": "x"}
    answer = browser.post("/activate", sent)
    assert answer.status_code == 401
    assert "激活码不正确" in answer.text
    assert number not in answer.text


def test_another_unit_hands_out_nothing(stage: Stage) -> None:
    browser = stage.open("西溪区文化馆")
    browser.get("/people/")
    person = stage.world.people[ME]
    assert browser.post(f"/people/{person}/account").status_code == 404
    unit = stage.world.organisations[LIBRARY]
    assert browser.post("/people/accounts", {"unit": unit}).status_code == 404


# What is open


def test_home_tells_what_is_open_until_when_and_begins_it(me: Reader, stage: Stage) -> None:
    assert "还剩 19 天，2021年6月30日 24:00 截止" in me.text
    me.press("开始申报")
    assert "第 1 步" in me.text
    me.open("/my/")
    assert "现在该您办理：填写申报表" in me.text
    me.click("您已经在申报")
    assert "现在到哪一步" in me.text


def test_begun_twice_it_leads_to_the_one_that_runs(me: Reader, stage: Stage) -> None:
    case_id = open_filing(stage.world)
    me.open("/my/")
    browser = me.browser
    answer = browser.post("/my/start", {"scheme": SCHEME, "process": "filing"})
    assert answer.location.endswith(f"/my/tasks/{task_of(case_id)}")


def test_after_the_end_nothing_is_offered(me: Reader, stage: Stage) -> None:
    stage.move_clock("2021-07-02 09:00")
    me.open("/my/")
    assert "现在没有可以申报的" in me.text
    assert "已于 2021年6月30日 24:00 截止" in me.text


# The form


def test_each_step_is_kept_and_going_back_finds_it(me: Reader, stage: Stage) -> None:
    case_id = open_filing(stage.world)
    me.open(f"/my/tasks/{task_of(case_id)}")
    me.press("下一步", {"grade": "junior"})
    assert "还缺 1 项" in me.text
    me.click("请填写“工作小结”")
    assert me.page.cssselect("[name=grade] [value=junior][selected], [name=grade][value=junior][checked]")
    me.press("下一步", {"summary": "扎实"})
    assert "填写齐全了" in me.text
    me.press("提交")
    assert "已提交" in me.text
    assert case_row(case_id).status == "待区人社局审核"


def test_whoever_comes_back_another_day_finds_it_as_it_was(me: Reader, stage: Stage) -> None:
    case_id = open_filing(stage.world)
    me.open(f"/my/tasks/{task_of(case_id)}")
    me.press("保存", {"grade": "junior", "summary": "近五年"})
    assert "已保存" in me.text
    again = Reader(stage.browser())
    login = db.session.scalars(select(Account.login).where(Account.duties.contains(["applicant"]))).one()
    again.press("登录", {"login": login, "password": PASSWORD})
    again.click("去办理")
    assert "近五年" in again.text


def test_a_page_asked_for_while_signed_out_opens_after_signing_in(me: Reader, stage: Stage) -> None:
    task_id = task_of(open_filing(stage.world))
    again = Reader(stage.browser())
    again.open(f"/my/tasks/{task_id}/steps/1")
    login = db.session.scalars(select(Account.login).where(Account.duties.contains(["applicant"]))).one()
    again.press("登录", {"login": login, "password": PASSWORD})
    assert again.address.endswith(f"/my/tasks/{task_id}/steps/1")


def test_quiet_saving_answers_nothing_and_keeps_all(me: Reader, stage: Stage) -> None:
    task_id = task_of(open_filing(stage.world))
    me.open(f"/my/tasks/{task_id}")
    answer = me.browser.post(f"/my/tasks/{task_id}/steps/1", {"grade": "junior", "_quiet": "1"})
    assert (answer.status_code, answer.data) == (204, b"")
    assert db.session.get_one(TaskDraft, task_id).values == {"grade": "junior"}


def test_sent_twice_it_is_done_once(me: Reader, stage: Stage) -> None:
    case_id = open_filing(stage.world)
    task_id = task_of(case_id)
    me.open(f"/my/tasks/{task_id}")
    me.press("下一步", FILLED)
    for _ in range(2):
        answer = me.browser.post(f"/my/tasks/{task_id}/check")
        assert answer.location.endswith(f"/my/cases/{case_id}")
    done = select(func.count()).where(Task.case_id == case_id, Task.state == "completed")
    assert db.session.scalar(done) == 1


def test_at_the_deadline_the_words_stay_on_the_page(me: Reader, stage: Stage) -> None:
    task_id = task_of(open_filing(stage.world))
    me.open(f"/my/tasks/{task_id}")
    stage.move_clock("2021-07-01 00:00")
    answer = me.browser.post(f"/my/tasks/{task_id}/steps/1", {**FILLED, "summary": "最后一刻", "_next": "1"})
    assert answer.status_code == 409
    assert "已截止" in answer.text
    assert "最后一刻" in answer.text


# Files


def uploaded(
    me: Reader, task_id: int, content: bytes, name: str = "证书.pdf", once: str = "k1"
) -> TestResponse:
    sent = {"_file-certificate": (BytesIO(content), name), "_once": once}
    return me.browser.post(f"/my/tasks/{task_id}/files/certificate", sent)


def test_a_file_is_taken_as_soon_as_it_was_chosen_and_only_once(me: Reader, stage: Stage) -> None:
    task_id = task_of(open_filing(stage.world))
    me.open(f"/my/tasks/{task_id}/steps/1")
    me.press("更新表单", {"grade": "technician"})
    first, second = uploaded(me, task_id, PDF), uploaded(me, task_id, PDF)
    assert (first.status_code, second.status_code) == (200, 200)
    (kept,) = db.session.scalars(select(Attachment)).all()
    assert db.session.get_one(TaskDraft, task_id).values["certificate"] == kept.name
    assert f"/files/{kept.name}/view" in second.text
    other = uploaded(me, task_id, PDF, "换.pdf", "k2")
    assert "换.pdf" in other.text
    assert "证书.pdf" not in other.text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(99), "兼容性最佳"),
        (PDF.replace(b"%%EOF", b"trailer<</Encrypt 5 0 R>>\n%%EOF"), "取消密码"),
        (b"%PDF-1.4\n" + bytes(30 * 1024 * 1024), "太大"),
    ],
    ids=["heic", "password", "30MB"],
)
def test_what_cannot_be_taken_says_what_to_do(me: Reader, stage: Stage, content: bytes, told: str) -> None:
    task_id = task_of(open_filing(stage.world))
    me.open(f"/my/tasks/{task_id}/steps/1")
    me.press("更新表单", {"grade": "technician"})
    answer = uploaded(me, task_id, content)
    assert told in answer.text
    assert answer.status_code in (413, 422)
    assert "certificate" not in db.session.get_one(TaskDraft, task_id).values


def test_a_picture_is_seen_small_and_whole_by_its_owner_alone(
    me: Reader, stage: Stage, sign_in: Callable[[str], Browser]
) -> None:
    task_id = task_of(open_filing(stage.world))
    me.open(f"/my/tasks/{task_id}/steps/1")
    me.press("更新表单", {"grade": "technician"})
    uploaded(me, task_id, content_of("png"), "证书.png")
    name = db.session.scalars(select(Attachment.name)).one()
    other = sign_in("李二")
    for address, kind in ((f"/files/{name}/preview", "image/jpeg"), (f"/files/{name}/view", "image/png")):
        answer = me.browser.get(address)
        assert (answer.status_code, answer.mimetype) == (200, kind)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert other.get(address).status_code == 404
    assert stage.open(BUREAU).get(f"/files/{name}/view").status_code == 404


# Where it is


def test_the_page_tells_who_has_it_and_what_comes_next(me: Reader, stage: Stage) -> None:
    case_id = open_filing(stage.world)
    me.open(f"/my/cases/{case_id}")
    assert "接下来" in me.text
    assert f"初审：{BUREAU}" in me.text
    complete(case_id, "fill", FILLED, stage.world.actors[LIBRARY], "2021-06-11 10:00")
    me.open(f"/my/cases/{case_id}")
    assert f"正在等{BUREAU}办理“初审”，您不用做什么" in me.text


def test_a_return_is_told_with_its_ground_and_an_approval_keeps_its_opinion(me: Reader, stage: Stage) -> None:
    case_id, bureau = open_filing(stage.world), stage.world.actors[BUREAU]
    complete(case_id, "fill", FILLED, stage.world.actors[LIBRARY], "2021-06-11 10:00")
    given_back = {"decision": "return", "opinion": "请补小结"}
    complete(case_id, "first_review", given_back, bureau, "2021-06-11 11:00")
    me.open(f"/my/cases/{case_id}")
    assert "请补小结" in me.text
    assert "现在该您办理：填写申报表" in me.text
    complete(case_id, "fill", technician(stage.world), stage.world.actors[LIBRARY], "2021-06-11 12:00")
    approved = {"decision": "approve", "opinion": "内部意见"}
    complete(case_id, "first_review", approved, bureau, "2021-06-11 13:00")
    me.open(f"/my/cases/{case_id}")
    assert "正在等云岭省考核办" in me.text
    assert "内部意见" not in me.browser.get(f"/my/cases/{case_id}").text


def test_withdrawing_asks_once_more_and_is_told(me: Reader, stage: Stage) -> None:
    case_id = open_filing(stage.world)
    me.open(f"/my/cases/{case_id}")
    me.click("单位撤回")
    assert "确认以后不能恢复" in me.text
    me.press("确认单位撤回")
    assert case_row(case_id).status == "已撤回"
    assert "已经办结：已撤回" in me.text


# Where the unit submits


def test_where_the_unit_submits_it_is_told_once(app: Flask) -> None:
    stage = stage_with(app, ROLE + "    unit_submits: true\n")
    applicant(stage.world)
    login = db.session.scalars(select(Account.login).where(Account.duties.contains(["applicant"]))).one()
    me = Reader(stage.browser().sign_in(login))
    case_id = open_filing(stage.world)
    me.open(f"/my/tasks/{task_of(case_id)}")
    me.press("下一步", FILLED)
    for _ in range(2):
        me.press("填好了，告诉单位")
        me.open(f"/my/tasks/{task_of(case_id)}/check")
    unit = stage.world.organisations[LIBRARY]
    texts = db.session.scalars(select(Notice.text).where(Notice.organisation_id == unit)).all()
    assert texts == [f"{ME}已填好“填写申报表”，请核对后提交。"]
    complete(case_id, "fill", FILLED, stage.world.actors[LIBRARY], "2021-06-11 10:00")
