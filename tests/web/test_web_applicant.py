"""An applicant on their own pages, in a browser without scripts: what is open, the form in steps, the way."""

from __future__ import annotations

import json
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from support.applying import (
    ROLE,
    applicant,
    applicant_files,
    hand_out,
    number_of,
    sign_in,
    stage_where_people_file,
)
from support.capability_kit import perform
from support.clicking import Reader
from support.pages import PASSWORD, PDF, Stage
from support.world import (
    BUREAU,
    LIBRARY,
    SCHEME,
    at,
    case_row,
    complete,
    open_filing,
    task_of,
    technician,
)
from werkzeug.test import TestResponse

from app.extensions import atomic, db
from app.models import Account, Attachment, Case, Notice, Task, TaskDraft, WebSession
from app.operations import deployments
from app.operations.actors import SYSTEM
from app.operations.trials.made_up import content_of

ME = "陈一"
FILLED = {"grade": "junior", "summary": "扎实"}


@pytest.fixture
def stage(app: Flask) -> Stage:
    return stage_where_people_file(app)


@pytest.fixture
def me(stage: Stage) -> Reader:
    return Reader(sign_in(stage, ME))


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


def test_a_box_ticked_on_one_step_stays_ticked_on_the_others(me: Reader, stage: Stage) -> None:
    path, files = f"forms/{SCHEME}/filing.json", applicant_files()
    form = json.loads(files[path])
    box = {"type": "boolean", "const": True, "title": "已了解", "x-widget": "checkbox"}
    form["properties"]["understood"] = box
    form["x-sections"] = [
        {"title": "选择", "fields": ["understood"]},
        {"title": "小结", "fields": ["grade", "summary", "certificate"]},
    ]
    with atomic():
        deployments.publish({**files, path: json.dumps(form).encode()}, SYSTEM, at("2021-06-01 09:00"))
    case_id = open_filing(stage.world)
    task_id = task_of(case_id)
    me.open(f"/my/tasks/{task_id}/steps/1")
    me.press("下一步", {"understood": True})
    me.press("更新表单", {"grade": "technician", "summary": "扎实"})
    assert uploaded(me, task_id, PDF).status_code == 200
    draft = db.session.scalars(select(TaskDraft.values)).one()
    assert draft["understood"] is True
    assert draft["certificate"]
    me.open(f"/my/tasks/{task_id}/check")
    me.press("提交")
    assert case_row(case_id).status == "待区人社局审核"


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


def test_a_picture_is_seen_small_and_whole_by_its_owner_alone(me: Reader, stage: Stage) -> None:
    task_id = task_of(open_filing(stage.world))
    me.open(f"/my/tasks/{task_id}/steps/1")
    me.press("更新表单", {"grade": "technician"})
    uploaded(me, task_id, content_of("png"), "证书.png")
    name = db.session.scalars(select(Attachment.name)).one()
    other = sign_in(stage, "李二")
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
    stage = stage_where_people_file(app, ROLE + "    unit_submits: true\n")
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


def test_what_an_ended_session_sent_is_there_after_signing_in(me: Reader, stage: Stage) -> None:
    """The phone lay an hour: the step is sent, the sign-in asked for, and the words stand where they were."""
    task_id = task_of(open_filing(stage.world))
    me.open(f"/my/tasks/{task_id}")
    with atomic() as session:
        session.execute(update(WebSession).values(last_seen_at=WebSession.last_seen_at - timedelta(hours=1)))
    sent = {"grade": "junior", "summary": "写了很久的小结", "_next": "1"}
    answer = me.browser.post(f"/my/tasks/{task_id}/steps/1", sent)
    assert "/sign-in" in answer.location
    me.open(answer.location)
    assert "已经保留" in me.text
    login = db.session.scalars(select(Account.login).where(Account.duties.contains(["applicant"]))).one()
    me.press("登录", {"login": login, "password": PASSWORD})
    assert "写了很久的小结" in me.text
    me.press("下一步")
    assert "填写齐全了" in me.text


def test_the_person_reminds_whoever_has_it_and_takes_back_what_nobody_has_seen(
    me: Reader, stage: Stage
) -> None:
    case_id = open_filing(stage.world)
    me.open(f"/my/tasks/{task_of(case_id)}")
    me.press("下一步", FILLED)
    me.press("提交")
    me.press("催办")
    assert "已催办“初审”" in me.text
    me.click("撤回")
    me.press("撤回")
    assert "现在该您办理：填写申报表" in me.text


def test_the_unit_begins_it_for_one_of_its_people_on_a_page(stage: Stage) -> None:
    unit = Reader(stage.open(LIBRARY))
    unit.click("办件")
    unit.click("新增办件")
    unit.press("新增", {"person": ME}, process="filing")
    assert "填写申报表" in unit.text
    case = db.session.scalars(select(Case).order_by(Case.id.desc()).limit(1)).one()
    assert case.person_id == stage.world.people[ME]


def test_what_the_diagram_tells_the_unit_it_tells_the_person_too(me: Reader, stage: Stage) -> None:
    case_id = open_filing(stage.world)
    perform("notify", case_id, {"text": "请按时参加考试"})
    me.open("/my/")
    me.click("消息（1）")
    me.click("请按时参加考试")
    assert me.address.endswith(f"/my/cases/{case_id}")
    me.click("消息（1）")
    me.press("全部标为已读")
    assert "未读" not in me.text
