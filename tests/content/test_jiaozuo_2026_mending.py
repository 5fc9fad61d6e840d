"""Jiaozuo 2026: a filing that is given back opens as it was filled in, also after it failed a condition."""

from __future__ import annotations

from typing import Any

from flask import Flask
from jiaozuo import JIAOZUO
from support.world import at, case_row, complete, task_of, upload

from app.extensions import atomic
from app.operations import cases, deployments
from app.operations.actors import SYSTEM
from app.operations.trials import worlds
from app.queries.tasks import typed

UNIT, DEPARTMENT, OFFICE = "市公共设施中心", "市公共事务局", "市工考办"


def test_the_form_of_a_returned_filing_begins_with_what_was_filled_in(app: Flask) -> None:
    world = JIAOZUO.world
    with atomic():
        deployment = deployments.publish(JIAOZUO.files, SYSTEM, at("2026-03-01 09:00"))
        built = worlds.build(world)
    with atomic():
        case_id = cases.open_case(
            deployment,
            JIAOZUO.scheme.processes["application"],
            built.organisations[UNIT],
            built.people["职一"],
            {},
            SYSTEM,
            at("2026-03-16 09:00"),
            "person_listed",
        )
    unit, department, office = (built.actors[name] for name in (UNIT, DEPARTMENT, OFFICE))
    filled: dict[str, Any] = {
        **world.values["合格的四级"],
        "material": [upload(unit, "2026-03-16 09:00")],
    }
    days = {name: str(filled[name]) for name in ("certificate_on", "in_trade_since")}
    filled |= days
    complete(case_id, "fill", {**filled, "fit": False}, unit, "2026-03-16 09:30")
    assert typed([task_of(case_id)]) == {task_of(case_id): {**filled, "fit": False}}
    complete(case_id, "fill", filled, unit, "2026-03-16 10:00")
    agreed = {"file_checked": True, "decision": "approve", "appraisal_filed": True}
    complete(case_id, "unit_check", agreed, unit, "2026-03-16 11:00")
    complete(case_id, "department_check", {"decision": "approve"}, department, "2026-03-16 12:00")
    returned = {"decision": "return", "opinion": "证书扫描件不清"}
    complete(case_id, "city_check", returned, office, "2026-03-16 13:00")
    assert case_row(case_id).status == "已退回，待修改"
    assert typed([task_of(case_id)]) == {task_of(case_id): filled}
    mended = {**filled, "certificate_number": "豫四级第1号"}
    complete(case_id, "mend", {**mended, "fit": False}, unit, "2026-03-17 09:00")
    assert typed([task_of(case_id)]) == {task_of(case_id): {**mended, "fit": False}}
