"""A form for many tasks, or a return, sent after its session had ended stands filled in after the sign-in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select
from support.pages import PASSWORD, Browser, Stage
from support.sheets import lapse
from support.world import BUREAU, LIBRARY, complete, open_filing, register_posts, task_of

from app import clock
from app.extensions import atomic, db
from app.models import KeptForm
from app.operations import leftovers

FILLED = {"grade": "junior", "summary": "扎实"}


@pytest.fixture
def three(stage: Stage) -> list[int]:
    """Filings that wait for the bureau's first review."""
    register_posts(stage.world, {"junior": 3})
    found = []
    for minute, person in enumerate(("陈一", "李二", "王三")):
        case_id = open_filing(stage.world, person)
        complete(case_id, "fill", FILLED, stage.world.actors[LIBRARY], f"2021-06-11 08:0{minute}")
        found.append(task_of(case_id))
    return found


def ticked(three: list[int], **more: str) -> dict[str, Any]:
    return {"task": [str(task_id) for task_id in three], **more}


def signed_in_again(stage: Stage, browser: Browser, sent: Any) -> str:
    """The page that the sign-in leads back to."""
    assert "/sign-in" in sent.location
    assert len(sent.location) < 200, "however many there are, no line grows too long for a proxy"
    assert "已经保留" in browser.follow(sent).text
    wanted = parse_qs(urlsplit(str(sent.location)).query)["next"]
    back = {"login": stage.login(BUREAU), "password": PASSWORD, "next": wanted}
    return browser.follow(browser.post("/sign-in", back)).text


def kept_from(page: str) -> str:
    return page.partition('name="_kept" value="')[2].partition('"')[0]


def kept() -> list[KeptForm]:
    db.session.rollback()
    return list(db.session.scalars(select(KeptForm)))


@pytest.mark.parametrize("whole_list", [False, True])
def test_a_decision_on_many(three: list[int], stage: Stage, bureau: Browser, whole_list: bool) -> None:
    narrowed = f"?kind=tiny-2021/first_review&all={max(three)}"
    address = f"/inbox/bulk{narrowed if whole_list else ''}"
    chosen = {} if whole_list else ticked(three)
    bureau.get("/inbox/")
    lapse()
    sent = bureau.post(address, {**chosen, "decision": "return", "opinion": "写了很久", "_submit": "1"})
    page = signed_in_again(stage, bureau, sent)
    assert "还没有提交" in page
    assert "要办理的事项（3 件）" in page
    assert ">\n写了很久</textarea>" in page
    assert 'value="return" checked' in page
    alone = bureau.get(f"/tasks/{three[0]}").text
    assert "写了很久" not in alone, "it was meant for all of them"
    assert "写了很久" not in stage.open("周审").get(f"/inbox/bulk?_kept={three[0]}").text
    again = {**chosen, "decision": "approve", "_kept": kept_from(page), "_submit": "1"}
    bureau.get("/inbox/")
    assert "成功 3 件" in bureau.post(address, again).text
    assert kept() == []


def test_what_was_kept_is_refused_and_drawn_anew_and_still_there(
    three: list[int], stage: Stage, bureau: Browser
) -> None:
    bureau.get("/inbox/")
    lapse()
    page = signed_in_again(stage, bureau, bureau.post("/inbox/bulk", ticked(three, opinion="意见")))
    refused = bureau.post("/inbox/bulk", ticked(three, opinion="意见", _kept=kept_from(page), _submit="1"))
    assert refused.status_code == 422
    assert kept_from(refused.text) == kept_from(page)
    assert len(kept()) == 1
    assert leftovers.clear_away_daily(clock.now() + timedelta(days=2), atomic)
    assert kept() == []


def test_a_return_of_many(three: list[int], stage: Stage, bureau: Browser) -> None:
    bureau.get("/inbox/")
    lapse()
    said = ticked(three, to="fill", opinion="请补近五年考核", then="back")
    page = signed_in_again(stage, bureau, bureau.post("/inbox/return", said))
    assert "要退回的事项（3 件）" in page
    assert ">请补近五年考核</textarea>" in page
    assert 'id="then-back" value="back" checked' in page
    done = bureau.post("/inbox/return", {**said, "_kept": kept_from(page)})
    assert "成功 3 件" in done.text
    assert kept() == []


def test_a_return_of_one_goes_on_in_its_list(three: list[int], stage: Stage, bureau: Browser) -> None:
    address = f"/tasks/{three[0]}/return?list=inbox"
    bureau.get(address)
    lapse()
    said = {"to": "fill", "opinion": "请补近五年考核", "then": "back"}
    page = signed_in_again(stage, bureau, bureau.post(address, said))
    assert ">请补近五年考核</textarea>" in page
    assert f'action="{address}"' in page
    assert (
        bureau.post(address, {**said, "_kept": kept_from(page)}).location == f"/tasks/{three[1]}?list=inbox"
    )
    assert kept() == []


def test_a_recall_of_many(three: list[int], stage: Stage, bureau: Browser) -> None:
    bureau.get("/inbox/")
    bureau.post("/inbox/bulk", ticked(three, decision="approve", _submit="1"))
    lapse()
    page = signed_in_again(stage, bureau, bureau.post("/inbox/recall", ticked(three, ground="选错了结论")))
    assert "要撤回的事项（3 件）" in page
    assert 'value="选错了结论"' in page
    done = bureau.post("/inbox/recall", ticked(three, ground="选错了结论", _kept=kept_from(page)))
    assert "成功 3 件" in done.text
    assert kept() == []


@pytest.mark.parametrize("address", ["/inbox/bulk", "/inbox/return", "/inbox/recall"])
def test_nothing_is_kept_of_others_tasks(three: list[int], unit: Browser, address: str) -> None:
    unit.get("/inbox/")
    lapse()
    unit.post(address, ticked(three, to="fill", opinion="意见", ground="意见", _submit="1"))
    assert kept() == []
