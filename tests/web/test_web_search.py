"""The search on pages: what leads to an address and what never does; who finds whom; how it is limited."""

from __future__ import annotations

import logging
from datetime import date

import pytest
from sqlalchemy import func, select, update
from support.pages import Browser, Stage
from support.world import LIBRARY, OTHER_UNIT, open_filing

from app import clock
from app.content.identity import make_citizen_id
from app.extensions import atomic, db
from app.models import Account, Act
from app.operations.actors import SYSTEM
from app.operations.finding import lookups
from app.operations.registers import people

NUMBER = make_citizen_id("510102", date(1990, 1, 2), 7, "male")
NOBODYS = make_citizen_id("510102", date(1990, 1, 2), 8, "male")


@pytest.fixture
def person_id(stage: Stage) -> int:
    with atomic():
        unit = stage.world.organisations[LIBRARY]
        return people.add(unit, "单小红", NUMBER, actor=SYSTEM, now=clock.now()).id


def sought(browser: Browser, text: str, **more: str) -> str:
    """The page that comes of typing into the box of some page."""
    browser.get("/")
    response = browser.post("/search/", {"q": text, **more})
    if response.status_code == 302:
        assert response.location.startswith("/search/")
        response = browser.get(response.location)
    assert response.status_code == 200
    return response.text


def test_the_head_of_each_page_has_the_box(unit: Browser) -> None:
    assert 'id="site-search"' in unit.get("/").text
    assert 'id="site-search"' not in unit.get("/search/").text


def test_without_the_duty_there_is_neither_box_nor_page(stage: Stage) -> None:
    stage.give(LIBRARY, "designer")
    browser = stage.open(LIBRARY)
    assert 'id="site-search"' not in browser.get("/").text
    assert browser.get("/search/?q=x").status_code == 403
    assert browser.post("/search/", {"q": "x"}).status_code == 403


def test_a_person_is_found_and_leads_on(unit: Browser, stage: Stage, person_id: int) -> None:
    for text in ("单小红", "shan xiao hong", "dxh", "ＳＸＨ", NUMBER[-4:], f"510102***********{NUMBER[-1]}"):
        page = sought(unit, text)
        assert f'href="/people/{person_id}"' in page, text
        assert NUMBER not in page
    assert "没有找到" in sought(stage.open(OTHER_UNIT), "单小红")


def test_cases_are_found_and_narrowed(unit: Browser, stage: Stage) -> None:
    case_id = open_filing(stage.world)
    for text in ("陈一", "chenyi", "图书馆", str(case_id)):
        assert f'href="/cases/{case_id}"' in sought(unit, text), text
    assert f'href="/cases/{case_id}"' in sought(unit, "陈一", state="running")
    assert "没有符合条件的办件" in sought(unit, "陈一", state="ended")
    assert "没有符合条件的办件" in sought(unit, "陈一", scheme="nowhere-2021")


def test_a_whole_number_never_gets_into_an_address_or_a_log(
    unit: Browser, person_id: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "sqlalchemy")
    unit.get("/")
    for text in (NUMBER, NUMBER.lower(), f"{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}"):
        response = unit.post("/search/", {"q": text})
        assert response.status_code == 200
        assert f'href="/people/{person_id}"' in response.text
        assert NUMBER not in response.text
    for mistyped in (NUMBER[:-1], NUMBER + "1", NUMBER[:16]):
        response = unit.post("/search/", {"q": mistyped})
        assert response.status_code == 200
        assert "18 位" in response.text
        assert mistyped not in response.text
    assert NUMBER not in caplog.text
    assert NUMBER[:16] not in caplog.text


def test_a_number_in_the_address_is_not_looked_for(unit: Browser, person_id: int) -> None:
    page = unit.get(f"/search/?q={NUMBER}").text
    assert "不能写在网址里" in page
    assert f"/people/{person_id}" not in page
    assert NUMBER not in page
    assert looked_up() == 0


def test_a_wrong_number_is_told_what_is_wrong(unit: Browser, person_id: int) -> None:
    wrong = NUMBER[:-1] + ("1" if NUMBER[-1] != "1" else "2")
    page = sought(unit, wrong)
    assert "校验位不对" in page
    assert "记入日志" not in page
    assert "没有找到" in page
    assert looked_up() == 0


def test_absent_and_unseen_are_answered_alike_and_recorded_alike(stage: Stage, person_id: int) -> None:
    stranger = stage.open(OTHER_UNIT)
    pages = [sought(stranger, number) for number in (NUMBER, NOBODYS)]
    strip = [page.split("<main ")[1].split('name="csrf_token"')[0] for page in pages]
    assert strip[0] == strip[1]
    assert pages[0].split("没有找到")[1] == pages[1].split("没有找到")[1]
    assert "记入日志" in pages[0]
    rows = db.session.execute(
        select(Act.subject, Act.actor_name, Act.ground, Act.detail).where(Act.kind == lookups.LOOKED_UP)
    ).all()
    account = stage.world.actors[OTHER_UNIT].account_id
    assert [tuple(row) for row in rows] == [(str(account), OTHER_UNIT, None, {})] * 2


def test_look_ups_are_limited_by_account(stage: Stage, unit: Browser, person_id: int) -> None:
    with atomic():
        for _ in range(lookups.MOST - 1):
            lookups.look_up(NOBODYS, actor=stage.world.actors[LIBRARY], now=clock.now())
    assert "单小红" in sought(unit, NUMBER)
    refused = unit.post("/search/", {"q": NUMBER})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) <= lookups.WINDOW.total_seconds()
    assert "次数过多" in refused.text
    assert "单小红" not in refused.text
    assert looked_up() == lookups.MOST
    assert "单小红" in sought(unit, "单小红"), "by name one may go on"
    assert "没有找到" in sought(stage.open(OTHER_UNIT), NUMBER), "others have a count of their own"
    with atomic():
        later = clock.now() + lookups.WINDOW
        assert lookups.look_up(NUMBER, actor=stage.world.actors[LIBRARY], now=later) is None


def test_many_are_shown_by_pages(unit: Browser, stage: Stage) -> None:
    with atomic():
        for sequence in range(60):
            number = make_citizen_id("510102", date(1991, 1, 2), sequence, "male")
            people.add(stage.world.organisations[LIBRARY], "孔乙己", number, actor=SYSTEM, now=clock.now())
    both = sought(unit, "孔乙己")
    assert both.count("孔乙己</a>") == 10
    first = unit.get("/search/?q=kyj&of=people").text
    assert first.count("孔乙己</a>") == 50
    following = first.split("下一页")[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = unit.get(following).text
    assert second.count("孔乙己</a>") == 10
    assert "回到全部结果" in second


def test_an_account_of_no_organisation_finds_nothing(stage: Stage, unit: Browser, person_id: int) -> None:
    with atomic() as session:
        mine = Account.id == stage.world.actors[LIBRARY].account_id
        session.execute(update(Account).where(mine).values(organisation_id=None))
    assert "没有找到" in unit.get("/search/?q=单小红").text


def looked_up() -> int:
    return db.session.scalar(select(func.count()).where(Act.kind == lookups.LOOKED_UP)) or 0
