"""Nanyang 2021: where the pilot is, the provider's word takes a case on beside the counter (NY-09)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from support.world import at, case_row, task_of

from app.config import PROJECT
from app.content.scenarios import read_scenarios
from app.content.scheme import Scheme
from app.content.sources import read_scheme_folder
from app.errors import Conflict
from app.extensions import atomic, db, settings
from app.models import Payment
from app.operations import cases, deployments, tasks
from app.operations.actors import SYSTEM
from app.operations.dates import clock
from app.operations.paying import online_payments
from app.operations.paying._payment_provider import SANDBOX, SIGNATURE, Sandbox, Told, provider
from app.operations.trials import worlds
from app.operations.trials.made_up import filled_in
from app.operations.trials.worlds import Built

ID = "nanyang-2021"
FILES = read_scheme_folder(PROJECT, ID)
SCHEME = Scheme.from_files(FILES)
WORLD = read_scenarios(FILES).worlds["organisations.yaml"]
BEGUN, FILED, PAID = at("2021-04-21 09:00"), at("2021-04-22 09:00"), at("2021-05-11 10:00")
CITY = "市工考中心"
PILOT = {"unit": "南阳市植物园", "person": "阎玉兰", "office": CITY, "place": "411300"}
COUNTY = {"unit": "邓州市灌区管理所", "person": "楚小麦", "office": "邓州市人社局", "place": "411381"}


@pytest.fixture
def world(app: Flask) -> Built:
    with atomic():
        clock.mark_database(True, BEGUN)
        built = worlds.build(WORLD)
        deployments.publish(FILES, SYSTEM, BEGUN)
    return built


def do(world: Built, case_id: int, element: str, by: str, when: datetime = FILED, **values: Any) -> None:
    form = next(
        SCHEME.forms[element_.form]
        for process in SCHEME.definitions.processes.values()
        for name, element_ in process.elements.items()
        if name == element and element_.form
    )
    with atomic():
        filled = filled_in(values, form, world.people, world.actors[by], when)
        tasks.complete(task_of(case_id, element), filled, world.actors[by], when)


def owing(world: Built, who: dict[str, str]) -> int:
    """A case that has come as far as owing 160 yuan."""
    with atomic():
        deployment, process = deployments.current(ID, BEGUN), SCHEME.processes["application"]
        ids = world.organisations[who["unit"]], world.people[who["person"]]
        case_id = cases.open_case(deployment, process, *ids, {}, SYSTEM, BEGUN, "person_registered")
    filed = {**WORLD.values["申报"], "place": who["place"], "retirement_kind": "female_50"}
    do(world, case_id, "fill", who["unit"], **filed)
    do(world, case_id, "unit_review", who["unit"], **WORLD.values["单位同意"])
    if who is COUNTY:
        do(world, case_id, "first_review", who["office"], decision="approve")
    review = "city_review" if who is COUNTY else "direct_review"
    do(world, case_id, review, CITY, decision="approve", on_site=False)
    do(world, case_id, "fix_fee", who["office"], amount=160)
    return case_id


def payment_of(case_id: int) -> Payment:
    db.session.expire_all()
    return db.session.scalars(select(Payment).where(Payment.case_id == case_id)).one()


def pay_online(world: Built, case_id: int, unit: str) -> str:
    """What the system answers to the provider, the unit having ordered."""
    with atomic():
        online_payments.place_order(payment_of(case_id).id, world.actors[unit], lambda name: name, "/back")
    sandbox = provider(settings(), True)
    assert isinstance(sandbox, Sandbox)
    paid = payment_of(case_id)
    body = sandbox.message(Told(paid.order_number or "", "R1", paid.amount, PAID))
    with atomic():
        shift = clock.scheme_now(ID, BEGUN) - BEGUN
        headers = {SIGNATURE: sandbox.sign(body)}
        return online_payments.take_callback(SANDBOX, headers, body, PAID - shift)


def test_the_pilots_payment_takes_the_case_on_to_its_examination(world: Built) -> None:
    case_id = owing(world, PILOT)
    assert case_row(case_id).status == "待网上缴费"
    assert pay_online(world, case_id, PILOT["unit"]) == "accepted"
    paid = payment_of(case_id)
    assert (paid.state, paid.method, paid.amount) == ("paid", "online", 16000)
    assert case_row(case_id).status == "待考试"
    assert case_row(case_id).listed["paid_on"] is not None


def test_the_pilots_counter_takes_it_as_well(world: Built) -> None:
    case_id = owing(world, PILOT)
    do(world, case_id, "pay_online", CITY, PAID, paid_on="2021-05-11", receipt="票1")
    assert (payment_of(case_id).state, payment_of(case_id).method) == ("paid", "counter")
    assert case_row(case_id).status == "待考试"


def test_elsewhere_only_the_counter_takes_it(world: Built) -> None:
    case_id = owing(world, COUNTY)
    assert case_row(case_id).status == "待缴费"
    with pytest.raises(Conflict, match="请到柜台缴费"):
        pay_online(world, case_id, COUNTY["unit"])
    assert payment_of(case_id).state == "due"
    do(world, case_id, "pay_counter", COUNTY["office"], PAID, paid_on="2021-05-11", receipt="票2")
    assert case_row(case_id).status == "待考试"
