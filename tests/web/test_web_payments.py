"""Paying online through the pages and by the API, and what a supervisor sees of it (NY-09)."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from support.api import Caller, caller
from support.fees import FEES, open_entry, payment_of, publish_fees
from support.pages import Stage, set_stage
from support.world import LIBRARY, OFFICE, OTHER_UNIT, at, case_row

from app import clock as real_clock
from app.extensions import atomic
from app.operations.actors import SYSTEM
from app.operations.dates import clock

NINE = at("2021-06-11 09:00")


@pytest.fixture
def stage(app: Flask) -> Stage:
    stage = set_stage(app)
    publish_fees()
    with atomic():
        clock.open_clock(FEES, NINE, SYSTEM, real_clock.now())
    return stage


def at_the_sandbox(stage: Stage, case_id: int) -> tuple[Any, str]:
    """The unit's browser, and the address to which its order leads."""
    browser = stage.open(LIBRARY)
    page = browser.get("/payments/")
    assert "待缴" in page.text
    page = browser.post(f"/payments/{payment_of(case_id).id}/order")
    found = re.search(r'href="(/sandbox-payment/[0-9a-f]+)"', page.text)
    assert found, page.text
    return browser, found[1]


def test_a_unit_pays_and_the_case_goes_on(stage: Stage) -> None:
    case_id = open_entry(stage.world, NINE)
    browser, address = at_the_sandbox(stage, case_id)
    assert "60.5" in browser.get(address).text
    for way, answer in (("forged", "签名不符"), ("wrong_amount", "金额与订单不符")):
        assert answer in browser.post(address, {"way": way}).text
        assert payment_of(case_id).state == "due"
    assert "已入账" in browser.post(address, {"way": "pay"}).text
    assert case_row(case_id).status == "已报名"
    assert "重复通知" in browser.post(address, {"way": "pay"}).text
    assert "网上" in browser.get("/payments/?state=paid").text
    stage.give(OFFICE, "operator", "supervisor")
    watching = stage.open(OFFICE)
    told = watching.get("/payments/callbacks").text
    assert all(words in told for words in ("签名不符", "金额与订单不符", "重复通知"))


def test_nobody_sees_or_orders_anothers(stage: Stage) -> None:
    case_id = open_entry(stage.world, NINE)
    browser = stage.open(OTHER_UNIT)
    assert "没有符合条件的缴费" in browser.get("/payments/").text
    assert browser.post(f"/payments/{payment_of(case_id).id}/order").status_code == 404
    assert browser.get("/payments/callbacks").status_code == 403


def test_a_supervisor_compares_a_statement(stage: Stage) -> None:
    stage.give(OFFICE, "operator", "supervisor")
    browser = stage.open(OFFICE)
    browser.get("/payments/reconciliations")
    refused = browser.post("/payments/reconciliations", {"provider": "sandbox", "day": "6月"})
    assert refused.status_code == 422
    assert "请选择日期" in refused.text
    text = "订单号,流水号,金额,日期\nabc,R1,60.50,2021-06-11\n".encode()
    sent = {"provider": "sandbox", "day": "2021-06-11", "statement": (BytesIO(text), "s.csv")}
    page = browser.follow(browser.post("/payments/reconciliations", sent))
    assert "支付平台有，系统没有" in page.text


def test_the_same_by_the_api(stage: Stage) -> None:
    case_id = open_entry(stage.world, NINE)
    unit, stranger = caller(stage, LIBRARY), caller(stage, OTHER_UNIT)
    row = unit.get("/payments", state="due")["items"][0]
    assert (row["case_id"], row["amount"]) == (case_id, 60.5)
    back = {"return_url": "http://unit.example/"}
    assert stranger("POST", f"/payments/{row['id']}/order", back).status_code == 404
    assert unit.done("POST", f"/payments/{row['id']}/order", back)["address"].startswith("/sandbox-payment/")
    stage.give(OFFICE, "operator", "supervisor")
    office = caller(stage, OFFICE)
    line = {"order_number": "x", "reference": "R", "amount": "0.00"}
    statement = {"provider": "sandbox", "day": "2021-06-11", "lines": [line]}
    assert office("POST", "/payments/reconciliations", statement).status_code == 422
    line["amount"] = "1.00"
    office.done("POST", "/payments/reconciliations", statement)
    told = office.get("/payments/reconciliations")["items"][0]
    assert told["differences"][0]["kind"] == "only_there"


def test_a_callback_needs_no_account_but_a_signature_and_a_known_provider(stage: Stage) -> None:
    anybody = Caller(stage.app)
    assert anybody("POST", "/payments/callbacks/sandbox", data=b"{}").get_json()["code"] == "forged"
    assert anybody("POST", "/payments/callbacks/nobody", data=b"{}").status_code == 404
    assert anybody("POST", "/payments/callbacks/sandbox", data=b"x" * 70000).status_code == 413
