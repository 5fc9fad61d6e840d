"""Administrators' pages: accounts and organisations, each act with its ground in the log (ALL-03)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select
from support.pages import PASSWORD, Browser, Stage
from support.second_factor import bind, code_of
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    OTHER_BUREAU,
    OTHER_UNIT,
    complete,
    open_filing,
    register_posts,
    task_of,
)
from werkzeug.test import TestResponse

from app.content.identity import make_credit_code
from app.extensions import atomic, db
from app.models import Account, Act, Jurisdiction, Organisation, Subordination, Task

ACCOUNTS, ORGANISATIONS = "/administration/accounts", "/administration/organisations"
GROUND = {"ground": "云人社〔2021〕7号"}
FIRST = re.compile(r'<code class="secret">([^<]+)</code>')


@pytest.fixture
def boss(stage: Stage) -> Browser:
    stage.give(OFFICE, "administrator")
    return stage.open(OFFICE)


def send(browser: Browser, address: str, **sent: Any) -> TestResponse:
    """Opens a page and sends its form."""
    page = browser.get(address)
    assert page.status_code == 200, page.text
    return browser.post(address, sent)


def refused(response: TestResponse, field: str, words: str, status: int = 422) -> None:
    assert response.status_code == status, response.text
    assert words in response.text
    if field != "_":
        assert f'href="#{field}"' in response.text


def newest_act() -> Act:
    db.session.rollback()
    return db.session.scalars(select(Act).order_by(Act.id.desc())).first()


def organisation(name: str) -> Organisation:
    db.session.rollback()
    return db.session.scalars(select(Organisation).where(Organisation.name == name)).one()


class TestAccounts:
    def test_they_are_found_by_what_one_knows(self, stage: Stage, boss: Browser) -> None:
        login = stage.login(LIBRARY)
        for query in (f"text={login.upper()}", f"text={LIBRARY}", f"organisation={LIBRARY}"):
            page = boss.get(f"{ACCOUNTS}/?{query}").text
            assert login in page, query
            assert stage.login(OTHER_UNIT) not in page
        page = boss.get(f"{ACCOUNTS}/?duty=administrator&state=active").text
        assert stage.login(OFFICE) in page
        assert login not in page
        assert "没有符合条件" in boss.get(f"{ACCOUNTS}/?state=disabled&text=%25").text

    def test_pages_follow_one_another(self, stage: Stage, boss: Browser) -> None:
        with atomic() as session:
            session.add_all(
                Account(
                    login=f"many{number:03}",
                    password_hash="",
                    name="某",
                    duties=["operator"],
                    created_at=stage.now(),
                )
                for number in range(120)
            )
        seen, address = [], f"{ACCOUNTS}/?text=many"
        while address:
            page = boss.get(address).text
            seen += re.findall(r">(many\d+)</a>", page)
            following = re.search(r'href="([^"]+)">下一页', page)
            address = following[1].replace("&amp;", "&") if following else ""
        assert seen == [f"many{number:03}" for number in range(120)]

    def test_one_is_allotted_and_its_first_password_shown_once(self, stage: Stage, boss: Browser) -> None:
        address = f"{ACCOUNTS}/of/{stage.world.organisations[BUREAU]}/new"
        sent = {"login": "Zhou.Shen", "name": "周审", "duties": ["operator", "supervisor"]}
        told = send(boss, address, **sent, **GROUND)
        password = FIRST.search(told.text)[1]
        made = db.session.scalars(select(Account).where(Account.login == "zhou.shen")).one()
        assert (made.duties, made.must_change_password) == (["operator", "supervisor"], True)
        act = newest_act()
        assert (act.kind, act.ground, act.actor_name) == ("account.created", GROUND["ground"], OFFICE)
        for page in (f"{ACCOUNTS}/", f"{ACCOUNTS}/{made.id}", address):
            assert password not in boss.get(page).text
        new = stage.browser().sign_in("zhou.shen", password)
        assert new.get("/inbox/").location == "/password"

    @pytest.mark.parametrize(
        ("field", "wrong"),
        [
            ("ground", {"ground": " "}),
            ("login", {"login": "周"}),
            ("name", {"name": ""}),
            ("duties", {"duties": []}),
            ("duties", {"duties": ["king"]}),
            ("id_number", {"id_number": "110101198005010000"}),
        ],
    )
    def test_what_is_wrong_is_told_at_its_field(
        self, stage: Stage, boss: Browser, field: str, wrong: dict[str, Any]
    ) -> None:
        address = f"{ACCOUNTS}/of/{stage.world.organisations[BUREAU]}/new"
        sent = {"login": "zhou", "name": "周审", "duties": ["operator"], **GROUND, **wrong}
        told = send(boss, address, **sent)
        refused(told, field, "")
        assert 'value="zhou"' in told.text or field == "login", "what was typed is kept"
        assert db.session.scalar(select(Account.id).where(Account.login == "zhou")) is None

    def test_a_login_in_use_is_told(self, stage: Stage, boss: Browser) -> None:
        address = f"{ACCOUNTS}/of/{stage.world.organisations[BUREAU]}/new"
        sent = {"login": stage.login(LIBRARY), "name": "周审", "duties": ["operator"], **GROUND}
        refused(send(boss, address, **sent), "_", "登录名已被使用", 409)

    def test_changed_duties_end_the_sessions(self, stage: Stage, boss: Browser, unit: Browser) -> None:
        address = f"{ACCOUNTS}/{stage.account_id(LIBRARY)}/duties"
        refused(send(boss, address, duties=["supervisor"]), "ground", "请写明依据")
        assert unit.get("/inbox/").status_code == 200, "nothing half done"
        done = send(boss, address, duties=["supervisor"], **GROUND)
        assert "职责已更改" in boss.follow(done).text
        assert unit.get("/inbox/").location.startswith("/sign-in")
        assert stage.open(LIBRARY).get("/inbox/").status_code == 403

    def test_a_reset_password_ends_the_sessions_and_unlocks(
        self, stage: Stage, boss: Browser, unit: Browser
    ) -> None:
        guesser = stage.browser()
        guesser.get("/sign-in")
        for _ in range(5):
            guesser.post("/sign-in", {"login": stage.login(LIBRARY), "password": "x"})
        assert "暂时锁定" in boss.get(f"{ACCOUNTS}/{stage.account_id(LIBRARY)}").text
        told = send(boss, f"{ACCOUNTS}/{stage.account_id(LIBRARY)}/password", **GROUND)
        assert unit.get("/inbox/").location.startswith("/sign-in")
        again = stage.browser().sign_in(stage.login(LIBRARY), FIRST.search(told.text)[1])
        assert again.get("/inbox/").location == "/password"

    def test_a_closed_account_is_out_at_once_and_for_good(
        self, stage: Stage, boss: Browser, unit: Browser
    ) -> None:
        own = f"{ACCOUNTS}/{stage.account_id(LIBRARY)}"
        assert "已停用" in boss.follow(send(boss, f"{own}/closure", **GROUND)).text
        assert unit.get("/inbox/").location.startswith("/sign-in")
        page = stage.browser()
        page.get("/sign-in")
        assert page.post("/sign-in", {"login": stage.login(LIBRARY), "password": PASSWORD}).status_code == 401
        for act in ("duties", "password", "second-factor", "closure"):
            assert boss.get(f"{own}/{act}").status_code == 404

    def test_a_lost_device_is_reset(self, stage: Stage, boss: Browser) -> None:
        own = f"{ACCOUNTS}/{stage.account_id(BUREAU)}"
        refused(send(boss, f"{own}/second-factor", **GROUND), "_", "没有绑定验证器", 409)
        bind(stage.account_id(BUREAU))
        assert "已绑定" in boss.get(own).text
        page = boss.follow(send(boss, f"{own}/second-factor", **GROUND)).text
        assert "未绑定" in page
        assert newest_act().kind == "second_factor.reset"
        assert stage.open(BUREAU).get("/inbox/").status_code == 200

    def test_nobody_changes_their_own(self, stage: Stage, boss: Browser) -> None:
        own = f"{ACCOUNTS}/{stage.account_id(OFFICE)}"
        assert "另一位管理员" in boss.get(own).text
        for act in ("duties", "password", "second-factor", "closure"):
            told = send(boss, f"{own}/{act}", duties=["operator"], **GROUND)
            refused(told, "_", "另一位管理员", 409)

    def test_the_log_of_an_account_is_on_its_page(self, stage: Stage, boss: Browser) -> None:
        own = f"{ACCOUNTS}/{stage.account_id(BUREAU)}"
        send(boss, f"{own}/duties", duties=["supervisor"], **GROUND)
        bind(stage.account_id(BUREAU))
        page = boss.get(own).text
        assert page.index("绑定验证器</td>") < page.index("更改职责</td>")
        assert GROUND["ground"] in page


class TestSessions:
    """What ends a session ends it on every page: signing out, a new password, a device."""

    def test_signing_out(self, stage: Stage, unit: Browser) -> None:
        elsewhere = stage.open(LIBRARY)
        unit.get("/inbox/")
        unit.post("/sign-out")
        assert unit.get("/inbox/").location.startswith("/sign-in")
        assert elsewhere.get("/inbox/").status_code == 200

    def test_a_new_password(self, stage: Stage, unit: Browser) -> None:
        elsewhere = stage.open(LIBRARY)
        unit.get("/password")
        new = "Tall-harbour-42"
        unit.follow(unit.post("/password", {"old": PASSWORD, "new": new, "again": new}))
        assert unit.get("/inbox/").status_code == 200
        assert elsewhere.get("/inbox/").location.startswith("/sign-in")

    def test_giving_a_device_up(self, stage: Stage, bureau: Browser) -> None:
        device, codes = bind(stage.account_id(BUREAU))
        assert bureau.get("/inbox/").location.startswith("/sign-in")
        browsers = []
        for code in (code_of(device), codes[0]):
            browser = stage.browser()
            browser.get("/sign-in")
            browser.follow(browser.post("/sign-in", {"login": stage.login(BUREAU), "password": PASSWORD}))
            browser.post("/sign-in/code", {"code": code})
            browsers.append(browser)
        here, elsewhere = browsers
        here.get("/second-factor")
        here.post("/second-factor/unbind", {"code": codes[1]})
        assert here.get("/inbox/").status_code == 200
        assert elsewhere.get("/inbox/").location.startswith("/sign-in")


class TestOrganisations:
    def test_they_are_found_by_what_one_knows(self, stage: Stage, boss: Browser) -> None:
        code = organisation(LIBRARY).code
        for query in (f"text={LIBRARY[2:]}", f"text={code.lower()}", "kind=unit&region=990101&state=open"):
            page = boss.get(f"{ORGANISATIONS}/?{query}").text
            assert LIBRARY in page, query
            assert OTHER_UNIT not in page
        assert LIBRARY not in boss.get(f"{ORGANISATIONS}/?state=closed").text

    def test_an_office_is_made(self, boss: Browser) -> None:
        sent = {"kind": "office", "name": "东溪区考核分中心", "region": "990101", "level": "district"}
        sent |= {"code": make_credit_code("990101", 77)}
        page = boss.follow(send(boss, f"{ORGANISATIONS}/new", **sent, **GROUND)).text
        assert "东溪区考核分中心" in page
        assert GROUND["ground"] in page
        made = organisation("东溪区考核分中心")
        assert (made.kind, made.level, made.system, made.profile_complete) == (
            "office",
            "district",
            None,
            True,
        )
        again = send(boss, f"{ORGANISATIONS}/new", **{**sent, "name": "别的"}, **GROUND)
        refused(again, "_", "已经登记", 409)

    @pytest.mark.parametrize(
        ("field", "wrong"),
        [
            ("kind", {"kind": "unit"}),
            ("kind", {"kind": ""}),
            ("name", {"name": "某"}),
            ("region", {"region": "1"}),
            ("code", {"code": "12990101MB0X12345K"}),
            ("level", {"level": "x"}),
            ("ground", {"ground": ""}),
        ],
    )
    def test_what_is_wrong_is_told_at_its_field(
        self, boss: Browser, field: str, wrong: dict[str, str]
    ) -> None:
        sent = {"kind": "department", "name": "东溪区教委", "region": "990101", **GROUND, **wrong}
        refused(send(boss, f"{ORGANISATIONS}/new", **sent), field, "")
        assert db.session.scalar(select(Organisation.id).where(Organisation.name == "东溪区教委")) is None

    def test_one_is_renamed_and_amended(self, stage: Stage, boss: Browser) -> None:
        own = f"{ORGANISATIONS}/{stage.world.organisations[LIBRARY]}"
        page = boss.follow(send(boss, f"{own}/names", name="东溪图书馆", **GROUND)).text
        assert LIBRARY in page, "the old name is told"
        facts = {"level": "municipal", "system": "party", "nature": "institution", "contact": "王芳"}
        boss.follow(send(boss, f"{own}/profile", **facts, **GROUND))
        known = organisation("东溪图书馆")
        assert (known.level, known.system, known.contact, known.telephone) == (
            "municipal",
            "party",
            "王芳",
            None,
        )
        refused(send(boss, f"{own}/profile", **facts, **GROUND), "_", "没有需要更改")
        refused(send(boss, f"{own}/names", name="东溪图书馆", **GROUND), "_", "名称相同", 409)

    def test_one_is_put_under_another_and_taken_out(self, stage: Stage, boss: Browser) -> None:
        ids = stage.world.organisations
        own = f"{ORGANISATIONS}/{ids[OTHER_UNIT]}/superior"
        refused(send(boss, own, superior=str(ids[BUREAU]), **GROUND), "superior", "请选择")
        refused(send(boss, own, superior=str(ids["东溪区文化局"]), since="某日", **GROUND), "since", "日期")
        boss.follow(send(boss, own, superior=str(ids["东溪区文化局"]), since="2021-07-01", **GROUND))
        boss.follow(send(boss, own, superior="", since="2021-08-01", **GROUND))
        mine = Subordination.organisation_id == ids[OTHER_UNIT]
        row = db.session.scalars(select(Subordination).where(mine).order_by(Subordination.id.desc())).first()
        assert row.superior_id == ids["东溪区文化局"]
        assert [f"{at:%m-%d %H}" for at in (row.valid_from, row.valid_to)] == ["06-30 16", "07-31 16"]

    def test_an_office_is_given_a_function_and_loses_it(self, stage: Stage, boss: Browser) -> None:
        own = f"{ORGANISATIONS}/{stage.world.organisations[OTHER_BUREAU]}"
        page = boss.get(f"{own}/jurisdictions")
        functions = re.findall(r'<option value="([a-z_]+)">[^<]+（\1）', page.text)
        assert functions
        sent = {"function": functions[0], "region": "990101", "system": "party", "since": "2021-07-01"}
        refused(
            send(boss, f"{own}/jurisdictions", **sent | {"function": "x"}, **GROUND), "function", "请选择"
        )
        refused(send(boss, f"{own}/jurisdictions", **sent | {"region": ""}, **GROUND), "region", "所在地区")
        refused(send(boss, f"{own}/jurisdictions", **sent), "ground", "依据")
        boss.follow(send(boss, f"{own}/jurisdictions", **sent, **GROUND))
        mine = Jurisdiction.office_id == stage.world.organisations[OTHER_BUREAU]
        row = db.session.scalars(select(Jurisdiction).where(mine).order_by(Jurisdiction.id.desc())).first()
        assert (row.region, row.level, row.system, row.ground) == ("990101", None, "party", GROUND["ground"])
        end = f"{own}/jurisdictions/{row.id}/end"
        boss.follow(send(boss, end, since="2021-09-01", **GROUND))
        db.session.refresh(row)
        assert f"{row.valid_to:%m-%d %H}" == "08-31 16"
        assert newest_act().kind == "jurisdiction.ended"
        foreign = f"{ORGANISATIONS}/{stage.world.organisations[BUREAU]}/jurisdictions/{row.id}/end"
        assert boss.get(foreign).status_code == 404
        assert (
            boss.get(f"{ORGANISATIONS}/{stage.world.organisations[LIBRARY]}/jurisdictions").status_code == 404
        )

    def test_a_merger_is_shown_before_it_is_done(self, stage: Stage, boss: Browser) -> None:
        register_posts(stage.world, {"junior": 1})
        case_id = open_filing(stage.world)
        values = {"grade": "junior", "summary": "扎实"}
        complete(case_id, "fill", values, stage.world.actors[LIBRARY], "2021-06-11 08:00")
        own = f"{ORGANISATIONS}/{stage.world.organisations[BUREAU]}"
        refused(send(boss, f"{own}/merger", into="不存在的局", **GROUND), "into", "没有这个机构")
        refused(send(boss, f"{own}/merger", into=OTHER_BUREAU), "ground", "依据")
        shown = send(boss, f"{own}/merger", into=OTHER_BUREAU, **GROUND)
        assert "并入后不能撤回" in shown.text
        assert organisation(BUREAU).closed_at is None
        assert re.search(r"待办事项</dt><dd>1<", shown.text)
        done = boss.post(f"{own}/merger", {"into": OTHER_BUREAU, "confirmed": "1", **GROUND})
        page = boss.follow(done).text
        assert "已并入" in page
        with atomic() as session:
            task = session.get_one(Task, task_of(case_id))
            assert task.office_id == stage.world.organisations[OTHER_BUREAU]
        for act in ("names", "profile", "superior", "jurisdictions", "merger", "closure"):
            assert boss.get(f"{own}/{act}").status_code == 404
        assert "移交了 0 项" in boss.follow(boss.post(f"{own}/takeover")).text

    def test_a_merger_that_cannot_be_is_told(self, stage: Stage, boss: Browser) -> None:
        own = f"{ORGANISATIONS}/{stage.world.organisations[BUREAU]}/merger"
        for into, words in ((BUREAU, "不能并入它自己"), (LIBRARY, "同类机构")):
            boss.get(own)
            refused(boss.post(own, {"into": into, "confirmed": "1", **GROUND}), "_", words, 409)

    def test_one_without_work_is_closed_and_its_people_signed_out(self, stage: Stage, boss: Browser) -> None:
        other = stage.open(OTHER_UNIT)
        own = f"{ORGANISATIONS}/{stage.world.organisations[OTHER_UNIT]}/closure"
        assert "机构已撤销" in boss.follow(send(boss, own, **GROUND)).text
        assert other.get("/inbox/").location.startswith("/sign-in")
        register_posts(stage.world, {"junior": 1})
        open_filing(stage.world)
        own = f"{ORGANISATIONS}/{stage.world.organisations[LIBRARY]}/closure"
        refused(send(boss, own, **GROUND), "_", "未办结", 409)


def test_an_administrator_of_no_organisation_begins_with_the_organisations(stage: Stage) -> None:
    with atomic() as session:
        account = session.get_one(Account, stage.account_id(BUREAU))
        account.organisation_id, account.duties = None, ["administrator"]
    browser = stage.open(BUREAU)
    page = browser.follow(browser.get("/"))
    assert "建立机构" in page.text
    assert "主导航" in page.text


def addresses(stage: Stage, ids: dict[str, int]) -> list[tuple[str, str]]:
    """Every route of the administrators' pages, with ids in it: (method, address)."""
    rules = [rule for rule in stage.app.url_map.iter_rules() if rule.rule.startswith("/administration")]
    assert len(rules) > 15
    return [
        (method, re.sub(r"<int:(\w+)>", lambda found: str(ids[found[1]]), rule.rule))
        for rule in rules
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
    ]


@pytest.mark.parametrize("duties", [["operator"], ["supervisor"], ["designer"]])
def test_administration_is_for_administrators(stage: Stage, duties: list[str]) -> None:
    """What exists and what does not look alike to others."""
    stage.give(BUREAU, *duties)
    browser = stage.open(BUREAU)
    browser.get("/password")
    theirs = {"account_id": stage.account_id(LIBRARY), "organisation_id": stage.world.organisations[LIBRARY]}
    for ids in (theirs, dict.fromkeys(theirs, 10**9)):
        for method, address in addresses(stage, {**ids, "jurisdiction_id": 1, "post_id": 1}):
            answer = browser.get(address) if method == "GET" else browser.post(address, GROUND)
            assert answer.status_code == 403, (method, address)
    assert "administration" not in browser.get("/").text


def test_an_administrator_gets_404_for_what_is_not_there(stage: Stage, boss: Browser) -> None:
    nobodys = dict.fromkeys(("account_id", "organisation_id", "jurisdiction_id", "post_id"), 10**9)
    boss.get("/password")
    for method, address in addresses(stage, nobodys):
        if str(10**9) in address:
            answer = boss.get(address) if method == "GET" else boss.post(address, GROUND)
            assert answer.status_code == 404, (method, address)
    assert boss.get(f"{ACCOUNTS}/{10**30}").status_code == 404
