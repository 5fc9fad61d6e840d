"""Moving dates on pages: proposed by one officer, previewed and approved by another."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from support.pages import Browser, Stage
from support.world import SCHEME, at, open_filing

from app.extensions import atomic, db
from app.models import Overlay, Timer
from app.operations import timers

NEW = f"/overlays/new/{SCHEME}/filing_closes"
WANTED = {"scope": "scheme", "day": "2021-07-10", "ground": "考试院延期通知", "document": "云考〔2021〕9号"}


@pytest.fixture
def second(stage: Stage) -> Browser:
    """Another officer of the office."""
    return stage.open("吴审")


def propose(office: Browser, **changed: str) -> str:
    office.get(NEW)
    answer = office.post(NEW, {**WANTED, **changed})
    assert answer.status_code == 302, answer.text
    return answer.location


def row() -> Overlay:
    with atomic():
        return db.session.scalars(select(Overlay).execution_options(populate_existing=True)).one()


def test_an_office_finds_the_dates_that_it_may_move(office: Browser, bureau: Browser) -> None:
    assert NEW in office.get("/overlays/").text
    shown = bureau.get("/overlays/").text
    assert NEW in shown  # for a case that it decides, which the case tells
    assert f"/overlays/new/{SCHEME}/exam" in shown


def test_from_the_proposal_to_the_moved_deadline(stage: Stage, office: Browser, second: Browser) -> None:
    case_id = open_filing(stage.world)
    db.session.commit()
    address = propose(office)
    preview = second.get(address).text
    assert "在办的 1 件办件、1 个尚未触发的定时" in preview
    assert "云考〔2021〕9号" in preview
    done = second.follow(second.post(f"{address}/approve"))
    assert "已为 1 件在办的办件重新计算期限" in done.text
    assert "2021年7月10日 24:00" in done.text
    due = select(Timer.due_at).where(Timer.case_id == case_id, Timer.name == "申报截止")
    assert db.session.scalars(due).one() == at("2021-07-11 00:00")


def test_who_proposed_it_is_offered_no_approval_and_gets_none(office: Browser) -> None:
    address = propose(office)
    assert "/approve" not in office.get(address).text
    refused = office.post(f"{address}/approve")
    assert (refused.status_code, row().state) == (409, "proposed")
    assert "另一人" in refused.text


def test_a_rejection_without_a_reason_is_told_at_its_field(office: Browser, second: Browser) -> None:
    address = propose(office)
    second.get(address)
    refused = second.post(f"{address}/reject", {"opinion": ""})
    assert refused.status_code == 422
    assert "请写明理由" in refused.text
    second.follow(second.post(f"{address}/reject", {"opinion": "理由不足"}))
    assert (row().state, row().opinion) == ("rejected", "理由不足")


def test_a_proposal_is_withdrawn(office: Browser) -> None:
    address = propose(office)
    office.get(address)
    office.follow(office.post(f"{address}/withdraw"))
    assert row().state == "withdrawn"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"day": "2021-08-01"}, "2021-05-25 至 2021-07-31"),
        ({"day": "七月"}, "不是日期"),
        ({"scope": ""}, "请选择"),
        ({"scope": "area"}, "请选择"),
        ({"scope": "case"}, "请填写办件编号"),
        ({"scope": "case", "case": "999999"}, "没有这件办件"),
        ({"ground": ""}, "请写明依据"),
    ],
)
def test_what_cannot_be_is_told_on_the_form(office: Browser, changed: dict[str, str], says: str) -> None:
    office.get(NEW)
    answer = office.post(NEW, {**WANTED, **changed})
    assert answer.status_code in (404, 409, 422)
    assert says in answer.text


def test_what_had_fired_is_listed(stage: Stage, office: Browser, second: Browser) -> None:
    case_id = open_filing(stage.world)
    db.session.commit()
    stage.move_clock("2021-07-01 00:02")
    timers.sweep(lambda scheme_id: stage.now(), atomic)
    address = propose(office)
    shown = second.get(address).text
    assert "此前已有 1 个定时触发，不会撤销" in shown
    assert f"/cases/{case_id}" in shown


def test_a_unit_sees_what_was_decided_for_it_and_no_proposals(
    stage: Stage, unit: Browser, office: Browser, second: Browser
) -> None:
    address = propose(office)
    assert unit.get(address).status_code == 404
    second.get(address)
    second.post(f"{address}/approve")
    assert "2021年7月10日 24:00" in unit.get(address).text
    assert unit.post(f"{address}/withdraw").status_code in (403, 409)


def test_a_unit_begins_where_its_window_was_moved(
    stage: Stage, unit: Browser, office: Browser, second: Browser
) -> None:
    address = propose(office)
    second.get(address)
    second.post(f"{address}/approve")
    stage.move_clock("2021-07-05 09:00")
    assert "7月10日 24:00" in unit.get("/").text
    unit.get("/cases/start")
    begun = unit.post("/cases/start", {"scheme": SCHEME, "process": "roster"})
    assert begun.status_code == 302, begun.text
