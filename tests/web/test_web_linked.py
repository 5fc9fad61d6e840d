"""On a case's page: its certificate, the cases about it, what may be said with a form, what may be begun."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from sqlalchemy import select
from support.api import caller, problem
from support.life import LIFE, archived, certificate_of, certified, open_award, publish_life, sanctioned
from support.pages import PDF, Browser, Stage
from support.world import BUREAU, LIBRARY, OFFICE, at, case_row

from app import clock
from app.extensions import atomic, db
from app.models import Case, CertificateCopy
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks

FRAUD = {"kind": "warning", "ground": "弄虚作假"}


@pytest.fixture
def stage(stage: Stage) -> Stage:
    publish_life()
    with atomic():
        clocks.open_clock(LIFE, at("2021-10-20 09:00"), SYSTEM, clock.now())
    return stage


def begun(stage: Stage, case_id: int) -> Case:
    db.session.expire_all()
    return db.session.scalars(select(Case).where(Case.linked_case_id == case_id)).one()


def test_a_case_shows_its_certificate_and_its_archive(stage: Stage, office: Browser) -> None:
    case_id = archived(stage.world)
    page = office.get(f"/cases/{case_id}")
    assert f"/verify?number={certificate_of(case_id).number}" in page.text
    assert "保管到 2051年9月20日" in page.text
    sanctioned(stage.world, case_id, FRAUD)
    assert "已撤销" in office.get(f"/cases/{case_id}").text


def test_the_role_begins_a_case_about_it_and_both_pages_name_the_other(
    stage: Stage, bureau: Browser, unit: Browser
) -> None:
    case_id = certified(stage.world)
    stage.give(BUREAU, "operator", "supervisor")
    page = bureau.get(f"/cases/{case_id}")
    assert "发起处理" in page.text
    assert "发起复核" not in page.text
    task = bureau.follow(bureau.post(f"/cases/{case_id}/about", {"process": "sanction"}))
    assert "限期禁考" in task.text
    sanction = begun(stage, case_id).id
    told = bureau.get(f"/cases/{sanction}").text
    assert f'href="/cases/{case_id}"' in told
    assert "（本办件由它而起）" in told
    assert f"/cases/{sanction}" in unit.get(f"/cases/{case_id}").text


def test_others_are_offered_nothing_and_get_nothing(stage: Stage, unit: Browser) -> None:
    case_id = certified(stage.world)
    assert "发起处理" not in unit.get(f"/cases/{case_id}").text
    assert unit.post(f"/cases/{case_id}/about", {"process": "sanction"}).status_code == 404
    assert unit.post(f"/cases/{case_id}/about", {"process": "nothing"}).status_code == 404


def test_what_is_about_cases_is_not_on_the_list_of_what_is_begun_by_itself(
    stage: Stage, unit: Browser
) -> None:
    page = unit.get("/cases/start")
    assert "调动" not in page.text


class TestWithAForm:
    """The bureau has a certificate issued again, with a ground and a proof (LIFE-14)."""

    @pytest.fixture
    def case_id(self, stage: Stage) -> int:
        stage.give(BUREAU, "operator", "supervisor")
        return certified(stage.world)

    def test_the_form_is_shown_checked_and_said(self, case_id: int, bureau: Browser) -> None:
        address = f"/cases/{case_id}/messages/lost"
        assert address in bureau.get(f"/cases/{case_id}").text
        assert "补发原因" in bureau.get(address).text
        refused = bureau.post(address, {"_submit": "1"})
        assert refused.status_code == 422
        assert "请填写“补发原因”" in refused.text
        sent = {"reason": "遗失", "_file-proof": (BytesIO(PDF), "声明.pdf"), "_submit": "1"}
        done = bureau.post(address, sent)
        page = bureau.follow(done)
        assert "第 2 次制发" in page.text
        assert "遗失" in page.text
        assert "声明.pdf" in page.text

    def test_others_are_offered_nothing_and_get_nothing(
        self, case_id: int, unit: Browser, office: Browser
    ) -> None:
        for browser in (unit, office):
            assert "messages/lost" not in browser.get(f"/cases/{case_id}").text
            assert browser.get(f"/cases/{case_id}/messages/lost").status_code == 404
            said = browser.post(f"/cases/{case_id}/messages/lost", {"reason": "遗失", "_submit": "1"})
            assert said.status_code == 404
        assert db.session.scalars(select(CertificateCopy)).all() == []

    def test_what_cases_say_has_no_page(self, case_id: int, unit: Browser, bureau: Browser) -> None:
        for browser in (unit, bureau):
            for message in ("voided", "moved", "list_published", "never-was"):
                assert browser.get(f"/cases/{case_id}/messages/{message}").status_code == 404
                assert browser.post(f"/cases/{case_id}/message", {"message": message}).status_code in (
                    404,
                    409,
                )
        assert case_row(case_id).state == "running"


def test_the_unit_enters_the_right_number_and_only_who_examines_it_reads_it(
    stage: Stage, unit: Browser, bureau: Browser
) -> None:
    """LIFE-03"""
    case_id = open_award(stage.world)
    unit.get(f"/cases/{case_id}")
    unit.follow(unit.post(f"/cases/{case_id}/about", {"process": "correction"}))
    correction = begun(stage, case_id).id
    page = unit.get(f"/cases/{correction}")
    task = re.search(r'href="(/tasks/\d+)"', page.text)
    assert task
    unit.get(task[1])
    wrong = unit.post(task[1], {"number": "110101198106020662", "_submit": "1"})
    assert wrong.status_code == 422
    assert "校验位" in wrong.text
    done = unit.post(task[1], {"number": "110101198106020661", "_submit": "1"})
    assert done.status_code == 302
    for browser in (unit, bureau):
        shown = browser.get(f"/cases/{correction}").text
        assert "110101***********1" in shown
        assert "110101198106020661" not in shown
    examines = re.search(r'href="(/tasks/\d+)"', bureau.get(f"/cases/{correction}").text)
    assert examines
    assert "110101198106020661" in bureau.get(examines[1]).text
    assert unit.get(examines[1]).status_code == 404


def test_the_api_begins_and_says_the_same(stage: Stage) -> None:
    case_id = certified(stage.world)
    stage.give(BUREAU, "operator", "supervisor")
    bureau, unit = caller(stage, BUREAU), caller(stage, LIBRARY)
    found = bureau.get(f"/cases/{case_id}")
    assert found["beginnings"] == ["sanction"]
    assert [one["number"] for one in found["certificates"]] == [certificate_of(case_id).number]
    wanted = {"scheme": LIFE, "process": "sanction", "linked_case_id": case_id}
    problem(unit("POST", "/cases", wanted), 404, "not_found")
    sanction = bureau.done("POST", "/cases", wanted)["id"]
    assert unit.get(f"/cases/{case_id}")["linked"] == [sanction]
    assert bureau.get(f"/cases/{sanction}")["about"] == case_id
    problem(caller(stage, OFFICE)("POST", "/cases", {**wanted, "linked_case_id": 10**15}), 404, "not_found")
    problem(bureau("POST", "/cases", {"scheme": LIFE, "process": "sanction"}), 404, "not_found")
    said = bureau.done(
        "POST", f"/cases/{case_id}/messages", {"message": "lost", "values": {"reason": "遗失"}}
    )
    assert said == {"case_id": case_id, "status": "待归档"}
    refused = bureau("POST", f"/cases/{case_id}/messages", {"message": "lost", "values": {"other": 1}})
    problem(refused, 422, "invalid")
