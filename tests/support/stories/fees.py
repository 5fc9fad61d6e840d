"""Stories of fees: asked for, taken at the counter, due back, paid back."""

from __future__ import annotations

from app.extensions import atomic
from app.operations import cases, tasks
from support.fees import FEES, open_entry, pay_at_counter, publish_fees
from support.stories import Act, Stage, story
from support.stories.stage import FILED
from support.world import LIBRARY, OFFICE, at, task_of


def _entered(stage: Stage) -> int:
    publish_fees()
    return open_entry(stage.built, FILED)


def _paid_and_withdrawn(stage: Stage) -> int:
    case_id = _entered(stage)
    pay_at_counter(stage.built, case_id, "No.1", at("2021-06-12 10:00"))
    return case_id


@story("payments.request_payment")
def a_fee_is_asked_for(stage: Stage) -> Act:
    publish_fees()
    unit, actor = stage.organisations[LIBRARY], stage.actors[LIBRARY]
    return lambda: cases.start(FEES, "entry", unit_id=unit, actor=actor, received_at=FILED)


@story("payments.record_payment")
def the_counter_takes_a_fee(stage: Stage) -> Act:
    task_id, office = task_of(_entered(stage), "counter"), stage.actors[OFFICE]
    return lambda: tasks.complete(task_id, {"receipt": "No.1"}, office, at("2021-06-12 10:00"))


@story("payments.cancel_payment")
def a_fee_is_due_back(stage: Stage) -> Act:
    case_id, unit = _paid_and_withdrawn(stage), stage.actors[LIBRARY]
    return lambda: cases.message(case_id, "withdrawn", {}, unit, at("2021-06-13 10:00"))


@story("payments.record_refund")
def a_fee_is_paid_back(stage: Stage) -> Act:
    case_id, office = _paid_and_withdrawn(stage), stage.actors[OFFICE]
    with atomic():
        cases.message(case_id, "withdrawn", {}, stage.actors[LIBRARY], at("2021-06-13 10:00"))
    task_id = task_of(case_id)
    return lambda: tasks.complete(task_id, {"reference": "T1"}, office, at("2021-06-14 10:00"))
