"""Lists as files by the API (CQ-25): started, told how far, fetched; what cannot be meant is refused."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from support.api import Caller, caller, pointers, problem
from support.crowd import until, working
from support.pages import Stage
from support.world import BUREAU, OTHER_UNIT, SCHEME, open_filing

from app.documents import workbooks
from app.extensions import db
from app.models import Act, Work

FILINGS = {"list": "cases", "scheme": SCHEME, "process": "filing"}


def written(stage: Stage, who: Caller, body: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of the file that a request leads to."""
    accepted = who("POST", "/exports", body)
    assert accepted.status_code == 202, accepted.text
    address = f"/work/{accepted.get_json()['id']}"
    with working(stage.app):
        until(lambda: who.get(address)["has_file"])
    answer = who("GET", f"{address}/file")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == (workbooks.XLSX, "no-store")
    head, *rows = load_workbook(BytesIO(answer.data)).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_from_the_request_to_the_file(stage: Stage, unit: Caller) -> None:
    for name in ("陈一", "李二"):
        open_filing(stage.world, name)
    accepted = unit.done("POST", "/exports", FILINGS, key="k")
    told = (accepted["kind"], accepted["state"], accepted["total"], accepted["has_file"])
    assert told == ("export", "queued", 2, False)
    assert unit.done("POST", "/exports", FILINGS, key="k")["id"] == accepted["id"]
    problem(unit("GET", f"/work/{accepted['id']}/file"), 404, "not_found")
    rows = written(stage, unit, {**FILINGS, "name": "李"})
    assert [row["姓名"] for row in rows] == ["李二"]
    assert all("****" in str(row["证件号码"]) for row in rows)
    acts = select(Act).where(Act.kind == "list.exported").order_by(Act.id)
    act = db.session.scalars(acts).all()[-1]
    assert act.detail["filters"] == {"of": f"{SCHEME}/filing", "name": "李"}


def test_tasks_and_what_a_supervisor_watches(stage: Stage, unit: Caller) -> None:
    open_filing(stage.world, "陈一")
    waiting = written(stage, unit, {"list": "open_tasks", "kind": f"{SCHEME}/fill"})
    assert [row["对象"] for row in waiting] == ["陈一"]
    stage.give(BUREAU, "supervisor")
    watched = written(stage, caller(stage, BUREAU), {"list": "watched", "scheme": SCHEME, "state": "running"})
    assert "陈一" in [row["姓名"] for row in watched]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"list": "cases"}, {"/scheme", "/process"}),
        ({"list": "watched"}, {"/scheme"}),
        ({"list": "open_tasks", "scheme": SCHEME}, {"/scheme"}),
        ({**FILINGS, "kind": f"{SCHEME}/fill"}, {"/kind"}),
        ({**FILINGS, "started_from": "昨天"}, {"/started_from"}),
        ({"list": "people"}, {"/list"}),
    ],
)
def test_what_a_list_is_not_narrowed_by(unit: Caller, body: dict[str, Any], where: set[str]) -> None:
    assert pointers(problem(unit("POST", "/exports", body), 422, "invalid")) == where


@pytest.mark.parametrize(
    "more", [{"process": "roster"}, {"scheme": "x"}, {"phase": "x"}, {"grade": "junior", "process": "posts"}]
)
def test_no_other_list_is_taken_for_it(stage: Stage, unit: Caller, more: dict[str, Any]) -> None:
    """A page falls back to what there is; a file would be taken for what was asked for."""
    open_filing(stage.world, "陈一")
    problem(unit("POST", "/exports", {**FILINGS, **more}), 404, "not_found")
    assert db.session.scalars(select(Work.id)).all() == []


def test_nobody_else_fetches_it_and_a_unit_watches_nothing(stage: Stage, unit: Caller) -> None:
    open_filing(stage.world, "陈一")
    written(stage, unit, FILINGS)
    (work_id,) = (item["id"] for item in unit.get("/work")["items"])
    missing = problem(caller(stage, OTHER_UNIT)("GET", "/work/999999/file"), 404, "not_found")
    assert problem(caller(stage, OTHER_UNIT)("GET", f"/work/{work_id}/file"), 404, "not_found") == missing
    told = unit("POST", "/exports", {"list": "watched", "scheme": SCHEME})
    problem(told, 403, "forbidden")
