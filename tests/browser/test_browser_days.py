"""The day of each role of each scheme in a real browser: by clicks to a task, its form, its case."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page
from support.by_hand import clicked, fill, starting
from support.days import SCRIPTS, Demonstration, Errand

from app import clock, demo
from app.content.roles import Role
from app.extensions import db
from app.models import Task

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

AS_MAKE_RUN = 200
"""Cases of a demonstration: with fewer, some offices have nothing."""
LATER = "certificates"
"""The stage at which the end of the year is played, too."""
OF_THE_END = {"certificate_office", "panel", "score_approver"}
OF_THE_END_IN = {("chongqing-2021", "applicant")}
"""Roles that have their day at that stage: before, nothing waits for anybody of them with an account."""
DAYS = [(scheme, stage) for scheme in sorted(SCRIPTS) for stage in (None, LATER)]


@pytest.mark.parametrize(("scheme", "stage"), DAYS)
def test_the_day_of_each_role(
    app: Flask, monkeypatch: pytest.MonkeyPatch, visit: Any, scheme: str, stage: str | None
) -> None:
    days = Days(app, monkeypatch, visit, scheme, stage)
    if stage is None:
        days.administer(days.short_of_officers())
        days.supervise()
    for role in days.stands.roles:
        late = role.id in OF_THE_END or (scheme, role.id) in OF_THE_END_IN
        if late == (stage == LATER):
            days.have(role)
    assert days.missed == []


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("scheme", sorted(SCRIPTS))
def test_every_step_that_waits_is_done_by_whoever_has_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch, visit: Any, scheme: str
) -> None:
    """All steps of a form of their own, and every stop on the way is looked at."""
    days = Days(app, monkeypatch, visit, scheme, LATER)
    days.every_stop = True
    days.administer(days.short_of_officers())
    for role in days.stands.roles:
        for name in days.stands.steps_of(role):
            errand = days.stands.errand(Task.role == role.id, Task.name == name)
            if errand is not None:
                days.do(f"{role.id}-{name}", errand)


class Days:
    """Somebody who plays all roles of a scheme's demonstration one after the other, in one browser."""

    every_stop = False

    def __init__(
        self, app: Flask, monkeypatch: pytest.MonkeyPatch, visit: Any, scheme: str, stage: str | None
    ) -> None:
        monkeypatch.setitem(app.config, "ARGON2", {"memory_cost": 8, "time_cost": 1})
        demo.make(AS_MAKE_RUN, clock.now(), lambda line: None, stage, scheme)
        db.session.rollback()
        self.stands, self.visitor = Demonstration(scheme), visit()
        self.missed: list[str] = []
        self.looked: set[str] = set()

    @property
    def page(self) -> Page:
        page: Page = self.visitor.page
        return page

    def have(self, role: Role) -> None:
        """The role's day, unless there is nothing to do, or nobody whose answer would be taken."""
        find = self.stands.own_errand if role.applicant else self.stands.errand
        errand = find(Task.role == role.id)
        if errand is None or (role.applicant and not (errand.own or role.unit_submits)):
            self.missed.append(role.id)
        elif role.unit_submits:
            self.fill_in(role.id, errand, self.stands.own_login(errand), "填好了，告诉单位")
            self.page.get_by_role("status").filter(has_text="已告诉单位：您填好了。").wait_for()
            self.leave()
            self.decide(f"{role.id}-unit", errand)
        else:
            self.do(role.id, errand)

    def do(self, who: str, errand: Errand) -> None:
        if not errand.own:
            return self.decide(who, errand)
        self.fill_in(who, errand, errand.login, "提交")
        self.page.get_by_role("status").filter(has_text="已提交。现在的状态：").wait_for()
        return self.gone_on(who, errand)

    # The days

    def decide(self, who: str, errand: Errand) -> None:
        """An officer's: the inbox narrowed to the step, the task, its form, and the case."""
        page = self.page
        self.visitor.sign_in(errand.login, demo.PASSWORD)
        clicked(page, "待办").click()
        page.get_by_label("环节").select_option(errand.kind)
        page.get_by_role("button", name="查询").click()
        page.wait_for_url("**kind=**")
        page.locator(f"main tbody a[href^='/tasks/{errand.task_id}?']").click()
        page.get_by_role("heading", name=f"{errand.step} · {errand.subject}").wait_for()
        if errand.form:
            fill(page, self.stands.scheme.form(errand.form), errand.values)
        self.look(who, "form")
        page.locator("#task-form [data-submit]").click()
        told = page.get_by_role("status").filter(has_text="已提交。办件现在的状态：")
        told.get_by_role("link").click()
        page.locator(".timeline li", has_text=errand.step).filter(has_text=errand.name).first.wait_for()
        self.gone_on(who, errand)

    def fill_in(self, who: str, errand: Errand, login: str, last: str) -> None:
        """An applicant's: what is to be done, step by step, the check, and its last button."""
        page, form = self.page, self.stands.scheme.form(errand.form)
        self.visitor.sign_in(login, demo.PASSWORD)
        clicked(page, f"去办理：{errand.step}").click()
        page.wait_for_url("**/my/tasks/*/**")
        self.look(who, "form")
        while "/steps/" in page.url:
            here = page.url
            fill(page, form, errand.values, form.sections[_number(here) - 1].fields)
            page.locator("#step-form").get_by_role("button", name="下一步").click()
            page.wait_for_url(lambda address, here=here: address != here)
        page.get_by_text("填写齐全了。").wait_for()
        self.look(who, "check")
        clicked(page, last).click()

    def supervise(self) -> None:
        """A supervisor's: how everything stands, the list of all cases, one of them."""
        self.visitor.sign_in(self.stands.holding("supervisor"), demo.PASSWORD)
        for number, word in enumerate(("监督", "查看全部办件")):
            clicked(self.page, word).click()
            self.page.wait_for_load_state()
            self.look("supervisor", str(number))
        self.page.locator("main tbody a").first.click()
        self.page.get_by_role("heading", name="办理经过").wait_for()
        self.leave()

    def administer(self, organisation: str) -> None:
        """An administrator's: a second officer for an organisation, who changes the first password."""
        page, login = self.page, "second-officer"
        self.visitor.sign_in(self.stands.holding("administrator"), demo.PASSWORD)
        for word in ("机构", organisation):
            clicked(page, word).click()
        clicked(page, "分配账号").click()
        for label, text in (("登录名", login), ("姓名", "第二经办"), ("依据", "单位书面申请")):
            page.get_by_label(starting(label)).fill(text)
        self.look("administrator", "allot")
        clicked(page, "分配账号").click()
        first = page.locator("code.secret").inner_text()
        self.leave()
        self.visitor.sign_in(login, first)
        for label, text in (("原密码", first), ("新密码", demo.PASSWORD), ("再输一次新密码", demo.PASSWORD)):
            page.get_by_label(starting(label)).fill(text)
        self.look("newcomer", "password")
        page.locator("main button").click()
        page.get_by_text("密码已修改").wait_for()
        self.leave()

    # Parts of them

    def short_of_officers(self) -> str:
        """Where something is open that nobody may do: all have had a part in the case. Else anywhere."""
        for role in self.stands.roles:
            office = None if role.applicant else self.stands.office_with(Task.role == role.id)
            if office is not None and self.stands.errand(Task.role == role.id) is None:
                return office
        return self.stands.office_with() or ""

    def gone_on(self, who: str, errand: Errand) -> None:
        """The case's page tells how the case stands now, and that the step was done."""
        state, status = self.stands.status_of(errand)
        assert state == "completed"
        self.page.locator("main", has_text=status).wait_for()
        self.look(who, "case")
        self.leave()

    def leave(self) -> None:
        self.page.get_by_role("button", name="退出登录").click()
        self.page.wait_for_selector("#login")

    def look(self, who: str, stop: str) -> None:
        """At the form of each role; at any other stop once, since for all roles it is the same page."""
        if self.every_stop or stop == "form" or stop not in self.looked:
            self.looked.add(stop)
            self.visitor.look(f"days-{self.stands.id}-{who}-{stop}")


def _number(address: str) -> int:
    """Which step of a form stands at the address."""
    return int(address.partition("?")[0].rpartition("/")[2])
