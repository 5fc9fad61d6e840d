"""An applicant's whole way on a phone: code, password, form in steps, a photo over a bad network, the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Page, Route
from sqlalchemy import func, select
from support.applying import hand_out, number_of, stage_where_people_file
from support.pages import Stage
from support.world import BUREAU, LIBRARY, case_row, open_filing, task_of

from app import clock
from app.extensions import atomic, db
from app.models import Attachment, Task, TaskDraft
from app.operations import tasks

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
NEW = "Kite-orchard-81"


@pytest.fixture
def stage(app: Flask) -> Stage:
    return stage_where_people_file(app)


@pytest.fixture
def photo(tmp_path: Path) -> str:
    path = tmp_path / "证书.png"
    Image.effect_noise((900, 1200), 60).save(path)
    return str(path)


def activate(stage: Stage, visitor: Any) -> Page:
    code = hand_out(stage.world, now=clock.now()).code
    page: Page = visitor.go("/activate")
    given = {"name": "陈一", "id_number": number_of(stage.world), "code": code, "password": NEW, "again": NEW}
    for field, value in given.items():
        page.fill(f"#{field}", value)
    page.click("text=启用并登录")
    page.click("text=查看我的申报")
    return page


def test_the_whole_way_on_a_phone(stage: Stage, visit: Any, photo: str) -> None:
    visitor = visit(**PHONE)
    visitor.go("/activate")
    visitor.look("activate")
    visitor.page.set_viewport_size(PHONE["viewport"])
    page = activate(stage, visitor)
    page.wait_for_selector("text=还剩 19 天，2021年6月30日 24:00 截止")
    visitor.look("applicant-home")
    page.set_viewport_size(PHONE["viewport"])
    page.click("text=开始申报")
    page.check("[name=grade][value=technician]")
    page.wait_for_selector("#certificate")
    page.fill("#summary", "近五年工作扎实。")
    page.wait_for_selector("text=已自动保存")
    visitor.look("applicant-step")
    page.set_viewport_size(PHONE["viewport"])

    # The network goes while the photo is on its way, and comes back; it is taken once.
    broken = {"left": 1}

    def shaky(route: Route) -> None:
        if broken["left"]:
            broken["left"] -= 1
            route.fetch()  # it arrives, its answer does not
            route.abort()
        else:
            route.continue_()

    page.route("**/files/certificate", shaky)
    page.set_input_files("#certificate-camera", photo)
    page.click("text=再传一次")
    page.wait_for_selector(".look img")
    assert db.session.scalar(select(func.count(Attachment.id))) == 1
    assert page.input_value("#summary") == "近五年工作扎实。"
    visitor.look("applicant-uploaded")
    page.set_viewport_size(PHONE["viewport"])

    page.reload()
    assert page.input_value("#summary") == "近五年工作扎实。"
    page.click(".step-buttons [name=_next]")
    page.wait_for_selector("text=填写齐全了")
    visitor.look("applicant-check")
    page.set_viewport_size(PHONE["viewport"])
    page.click("main form .btn-primary")
    page.wait_for_selector(f"text=正在等{BUREAU}办理“初审”")
    page.wait_for_selector("#diagram-title")
    visitor.look("applicant-case")
    visitor.complaints.remove("console: Failed to load resource: net::ERR_FAILED")
    done = select(func.count()).where(Task.state == "completed", Task.element == "fill")
    assert db.session.scalar(done) == 1


def test_withdrawing_on_a_phone_asks_once_more(stage: Stage, visit: Any) -> None:
    case_id = open_filing(stage.world)
    visitor = visit(**PHONE)
    page = activate(stage, visitor)
    page.click("text=您已经在申报")
    page.click("a.btn-outline-danger")
    page.wait_for_selector("text=确认以后不能恢复")
    visitor.look("applicant-withdraw")
    page.click("form .btn-danger")
    page.wait_for_selector("text=已经办结：已撤回")
    assert case_row(case_id).status == "已撤回"


def test_a_phone_photo_in_the_wrong_format_says_what_to_do(stage: Stage, visit: Any, tmp_path: Path) -> None:
    open_filing(stage.world)
    heic = tmp_path / "IMG_0001.HEIC"
    heic.write_bytes(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(999))
    visitor = visit(**PHONE)
    page = activate(stage, visitor)
    page.click("text=去办理")
    page.check("[name=grade][value=technician]")
    page.wait_for_selector("#certificate")
    page.set_input_files("#certificate", str(heic))
    page.wait_for_selector("text=兼容性最佳")
    visitor.look("applicant-heic")


def test_what_is_answered_before_the_scripts_have_come_counts(stage: Stage, visit: Any) -> None:
    open_filing(stage.world)
    page = activate(stage, visit(**PHONE))
    late: list[Route] = []
    page.route("**/js/site.js*", lambda route: late.append(route))
    page.click("text=去办理")
    page.check("[name=grade][value=technician]")
    assert not page.locator("#certificate").count()
    late[0].continue_()
    page.wait_for_selector("#certificate")
    assert page.is_checked("[name=grade][value=technician]")


def test_the_whole_way_without_scripts(stage: Stage, visit: Any, photo: str) -> None:
    visitor = visit(java_script_enabled=False, **PHONE)
    page = activate(stage, visitor)
    page.click("text=开始申报")
    page.check("[name=grade][value=technician]")
    page.click("text=更新表单")
    page.set_input_files("#certificate", photo)
    page.fill("#summary", "扎实")
    page.click(".step-buttons [name=_next]")
    page.wait_for_selector("text=填写齐全了")
    page.click("main form .btn-primary")
    page.wait_for_selector(f"text=正在等{BUREAU}办理“初审”")
    assert page.locator("text=流程图的文字说明").is_visible()


def test_what_the_unit_saved_meanwhile_is_told_and_compared(stage: Stage, visit: Any) -> None:
    """What the page saves by itself, draws anew and uploads is its own; what the unit saves stops it."""
    task_id = task_of(open_filing(stage.world))
    visitor = visit(**PHONE)
    page = activate(stage, visitor)
    page.click("text=去办理")
    page.check("[name=grade][value=technician]")
    page.wait_for_selector("#certificate")
    page.fill("#summary", "我写的")
    page.wait_for_selector("text=已自动保存")
    page.check("[name=grade][value=junior]")
    page.wait_for_selector("#certificate", state="detached")
    page.fill("#summary", "我又写的")
    page.click(".step-buttons [name=_save]")
    page.wait_for_selector("text=已保存。")
    with atomic():
        theirs = {"grade": "senior", "summary": "单位写的"}
        tasks.save_draft(task_id, theirs, stage.world.actors[LIBRARY], stage.now())
    page.fill("#summary", "我再写的")
    page.wait_for_selector("text=由单位保存过")
    visitor.look("applicant-saved-elsewhere")
    page.set_viewport_size(PHONE["viewport"])
    page.click(".step-buttons [name=_next]")
    page.wait_for_selector("text=保存的人：单位")
    assert page.is_checked("#theirs-grade")
    assert page.is_checked("#mine-summary")
    visitor.look("applicant-compare")
    page.set_viewport_size(PHONE["viewport"])
    page.click("text=用选定的内容接着办理")
    page.wait_for_selector("text=还没有保存")
    assert page.input_value("#summary") == "我再写的"
    assert page.is_checked("[name=grade][value=senior]")
    visitor.look("applicant-chosen")
    page.set_viewport_size(PHONE["viewport"])
    page.click(".step-buttons [name=_next]")
    page.wait_for_selector("text=填写齐全了")
    db.session.rollback()
    kept = db.session.get_one(TaskDraft, task_id).values
    assert kept == {"grade": "senior", "summary": "我再写的"}
