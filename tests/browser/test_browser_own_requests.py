"""What people begin and answer themselves, on a phone: each page is looked at in both widths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import select
from support.applying import applicant
from support.own_requests import PLACES, Scene, kind_of, scene_of
from support.pages import PASSWORD, PDF
from support.world import at, complete

from app import clock
from app.extensions import atomic, db
from app.models import Account
from app.operations import cases
from app.operations.actors import SYSTEM, Actor
from app.operations.dates import clock as clocks

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def sign_in(visitor: Any, account: Actor) -> Page:
    login = db.session.scalar(select(Account.login).where(Account.id == account.account_id))
    page: Page = visitor.go("/sign-in")
    page.fill("#login", str(login))
    page.fill("#password", PASSWORD)
    page.click("main form button.btn-primary")
    page.wait_for_selector("text=您好")
    return page


def looked(visitor: Any, name: str) -> None:
    visitor.look(name)
    visitor.page.set_viewport_size(PHONE["viewport"])


def move_clock(scene: Scene, when: str) -> None:
    with atomic():
        clocks.set_clock(scene.place.scheme, at(when), SYSTEM, clock.now())


@pytest.fixture
def scene(app: Flask) -> Scene:
    return scene_of(app, PLACES["henan-2025"])


def test_just_before_midnight_home_says_what_is_open_and_what_is_missing(scene: Scene, visit: Any) -> None:
    move_clock(scene, "2025-03-31 23:40")
    visitor = visit(**PHONE)
    page = sign_in(visitor, scene.account)
    page.wait_for_selector("text=/还剩 1[0-9] 分钟，2025年3月31日 24:00 截止/")
    page.wait_for_selector("text=还没有填写。")
    looked(visitor, "own-midnight")
    move_clock(scene, "2025-04-01 00:00")
    page.reload()
    page.wait_for_selector("text=已经截止：个人申报没有在期限内提交")
    looked(visitor, "own-midnight-over")


def test_who_has_no_case_reads_where_to_go(scene: Scene, visit: Any) -> None:
    visitor = visit(**PHONE)
    page = sign_in(visitor, applicant(scene.stage.world, scene.place.other, scene.place.holder))
    page.wait_for_selector(f"text=请先向{scene.place.holder}提出")
    looked(visitor, "own-no-case")


def test_a_number_is_corrected_on_a_phone(scene: Scene, visit: Any, tmp_path: Path) -> None:
    proof = tmp_path / "户口簿.pdf"
    proof.write_bytes(PDF)
    visitor = visit(**PHONE)
    page = sign_in(visitor, scene.account)
    looked(visitor, "own-home")
    page.click("text=更正证件号码")
    page.wait_for_selector("#rights-title")
    looked(visitor, "own-rights")
    page.click("button:has-text('更正证件号码')")
    page.set_input_files("#proof", str(proof))
    page.wait_for_selector(".look")
    page.fill("#reason", "登记时末位录错")
    looked(visitor, "own-correction-step")
    page.click(".step-buttons [name=_next]")
    page.wait_for_selector("text=填写齐全了")
    page.wait_for_selector("#number")
    looked(visitor, "own-correction-check")
    page.click(".step-buttons .btn-primary")
    page.wait_for_selector("a[href='#number']")
    page.fill("#number", scene.place.corrected)
    page.click(".step-buttons .btn-primary")
    page.wait_for_selector("text=正在等新郑市人社局办理")
    looked(visitor, "own-correction-case")
    done = {"decision": "approve"}
    correction = scene.about("id_correction").id
    complete(correction, "verify_number", done, scene.actor(scene.place.records), scene.place.today)
    page.reload()
    page.wait_for_selector("text=证件号码已更正。")
    looked(visitor, "own-correction-told")


def test_a_sanction_is_answered_on_a_phone(scene: Scene, visit: Any) -> None:
    place, today = scene.place, scene.place.today
    officer = scene.actor(place.sanctions[0])
    with atomic():
        about = {"linked_case_id": scene.filing, "actor": officer, "received_at": at(today)}
        sanction = cases.start(place.scheme, "sanction", **about)
    facts = "上传的学历证书与学校存根不符，经向学校核实，证书编号属于他人。"
    notice = {"kind": kind_of(sanction), "facts": facts, "ground": "通知四（四）", "told_on": today[:10]}
    complete(sanction, "give_notice", notice, officer, today)
    visitor = visit(**PHONE)
    page = sign_in(visitor, scene.account)
    looked(visitor, "own-sanction-home")
    page.click("text=去办理：陈述申辩")
    page.wait_for_selector(f"text={facts}")
    page.fill("#defence", "原件在单位档案室，可以到现场核对。")
    looked(visitor, "own-sanction-defend")
    page.click(".step-buttons [name=_next]")
    page.click(".step-buttons .btn-primary")
    page.wait_for_selector("text=正在等")
    ground = "申辩不予采纳：学校书面答复证书不属于本人"
    decided = {"decision": "impose", "ground": ground, "decided_on": today[:10]}
    complete(sanction, "decide_sanction", decided, officer, today)
    complete(sanction, "serve", {"served_on": today[:10], "manner": "direct"}, officer, today)
    page.reload()
    page.wait_for_selector(f"text={ground}")
    looked(visitor, "own-sanction-served")
    visitor.go("/notices/")
    looked(visitor, "own-sanction-notices")
