"""Deputies and handovers on the pages: an account's own, its supervisor's, an administrator's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.colleagues import SUPERVISOR, browser_of
from support.pages import Browser, Stage
from support.world import BUREAU, LIBRARY, OFFICE, open_review, register_posts, task_of

from app import clock
from app.engine.civil import civil
from app.extensions import atomic
from app.operations.company import assignments


@pytest.fixture
def task(stage: Stage) -> int:
    """A review at the bureau, which its operator has."""
    register_posts(stage.world, {"technician": 1})
    filing = open_review(stage.world, when="2021-06-11 09:00")
    found = task_of(filing, "first_review")
    with atomic():
        assignments.claim(found, stage.world.actors[BUREAU], stage.now())
    return found


def term() -> dict[str, str]:
    today = civil(clock.now()).date()
    return {"valid_from": today.isoformat(), "valid_to": (today + timedelta(days=3)).isoformat()}


def test_an_account_names_a_deputy_who_then_acts(stage: Stage, bureau: Browser, task: int) -> None:
    wang, desk = browser_of(stage, "王五", "wang5")
    me = stage.world.actors[BUREAU].account_id
    assert "没有指定过代理人" in bureau.get("/deputies/").text
    address = f"/deputies/of/{me}/new"
    bureau.get(address)
    empty = bureau.post(address, {"deputy": "", **term(), "ground": ""})
    assert (empty.status_code, "请写明依据" in empty.text) == (422, True)
    undated = bureau.post(address, {"deputy": wang.account_id, "ground": "休假"})
    assert (undated.status_code, "请选择日期" in undated.text) == (422, True)
    assert bureau.post(address, {"deputy": wang.account_id, **term(), "ground": "休假"}).status_code == 302
    assert "代理中" in bureau.get("/deputies/").text
    assert "您是其代理人，可以代为办理" in desk.get(f"/tasks/{task}/assigning").text
    assert "代理中" in desk.get("/deputies/").text


def test_a_deputyship_is_revoked(stage: Stage, bureau: Browser) -> None:
    wang, desk = browser_of(stage, "王五", "wang5")
    me = stage.world.actors[BUREAU].account_id
    bureau.get(f"/deputies/of/{me}/new")
    bureau.post(f"/deputies/of/{me}/new", {"deputy": wang.account_id, **term(), "ground": "休假"})
    page = bureau.get("/deputies/").text
    address = page.split('/revocation"')[0].rsplit('"', 1)[1] + "/revocation"
    assert desk.get(address).status_code == 404, "the deputy does not"
    assert "王五代理" in bureau.get(address).text
    assert bureau.post(address, {"ground": "提前回来"}).status_code == 302
    assert "已撤销" in bureau.get("/deputies/").text


def test_a_supervisor_hands_over_what_somebody_has(stage: Stage, task: int) -> None:
    wang, desk = browser_of(stage, "王五", "wang5")
    _, chief = browser_of(stage, "钱科长", "qian", duties=SUPERVISOR)
    leaver = stage.world.actors[BUREAU].account_id
    assert BUREAU in chief.get("/deputies/office").text
    assert "没有办结的（1 项）" in chief.get(f"/handovers/{leaver}").text
    silent = chief.post(f"/handovers/{leaver}", {"to": wang.account_id, "ground": ""})
    assert (silent.status_code, "请写明交接的原因" in silent.text) == (422, True)
    nobody = chief.post(f"/handovers/{leaver}", {"ground": "调离"})
    assert (nobody.status_code, "请选择本机构在用的经办账号" in nobody.text) == (422, True)
    done = chief.post(f"/handovers/{leaver}", {"to": wang.account_id, "ground": "调离"}).text
    assert "成功 1 件，未成功 0 件" in done
    assert "没有需要交接的待办" in done
    assert "放回" in desk.get(f"/tasks/{task}/assigning").text
    assert desk.get(f"/handovers/{leaver}").status_code == 403


def test_closing_an_account_tells_what_it_leaves(stage: Stage, task: int) -> None:
    stage.give(OFFICE, "administrator")
    admin, leaver = stage.open(OFFICE), stage.world.actors[BUREAU].account_id
    address = f"/administration/accounts/{leaver}"
    assert "名下还有没有办结的待办" in admin.get(address).text
    assert "还有 1 项没有办结的待办" in admin.get(f"{address}/closure").text
    closed = admin.post(f"{address}/closure", {"ground": "离职"})
    assert closed.headers["Location"] == f"/handovers/{leaver}"
    assert "请选择由谁接手" in admin.follow(closed).text
    wang, _ = browser_of(stage, "王五", "wang5")
    done = admin.post(f"/handovers/{leaver}", {"to": wang.account_id, "ground": "离职"})
    assert "成功 1 件" in done.text


def test_others_deputies_are_not_there(stage: Stage, unit: Browser) -> None:
    me = stage.world.actors[BUREAU].account_id
    for address in (f"/deputies/?account={me}", f"/deputies/of/{me}/new", "/deputies/1/revocation"):
        assert unit.get(address).status_code == 404
    stage.give(LIBRARY, "supervisor")
    assert stage.open(LIBRARY).get(f"/handovers/{me}").status_code == 404
