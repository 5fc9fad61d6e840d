"""Importing scores by the API (CQ-23): the same checks and the same choice as on the pages."""

from __future__ import annotations

from io import BytesIO

import pytest
from support.api import Caller, caller, problem
from support.pages import Stage
from support.phased import PHASED, add_people, open_phased, waiting_for_scores
from support.world import LIBRARY, OFFICE, case_row

from app.operations.long_work import imports

KIND = f"{PHASED}/enter"
HEAD = "办件编号,姓名,缺考,理论成绩,实作成绩,评价,考试日期\n"


@pytest.fixture
def stage(stage: Stage) -> Stage:
    open_phased()
    return stage


@pytest.fixture
def office(stage: Stage) -> Caller:
    return caller(stage, OFFICE)


def table(*lines: str) -> dict[str, object]:
    return {"file": (BytesIO((HEAD + "\n".join(lines)).encode()), "成绩.csv")}


def test_from_upload_to_scores(stage: Stage, office: Caller) -> None:
    one, two = waiting_for_scores(stage.world, "陈一"), waiting_for_scores(stage.world, "李二")
    assert [(kind["key"], kind["count"]) for kind in office.get("/imports")["kinds"]] == [(KIND, 2)]
    sent = table(f"{PHASED}-{one},陈一,,61,87,,", f"{PHASED}-{two},李二,,101,60,,")
    found = office.done("POST", "/imports", query_string={"kind": KIND}, data=sent)
    assert (found["state"], found["good"], found["bad"]) == ("checked", 1, 1)
    (line,) = found["lines"]
    assert (line["number"], line["case_id"], line["state"]) == (3, two, "bad")
    assert "不能大于 100" in line["message"]
    address = f"/imports/{found['id']}"
    assert office.get(address) == found
    problem(office("POST", f"{address}/confirm", {"lines": "all"}), 409, "conflict")
    done = office.done("POST", f"{address}/confirm", {"lines": "good"})
    assert (done["state"], done["good"], done["done"]) == ("finished", 0, 1)
    assert case_row(one).listed["practice"] == 87
    assert office.done("POST", f"{address}/confirm", {"lines": "good"}) == done, "again is no second time"
    assert [item["id"] for item in office.get("/imports")["items"]] == [found["id"]]
    office.done("DELETE", address)
    problem(office("GET", address), 404, "not_found")


def test_it_is_called_until_nothing_is_left(
    stage: Stage, office: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = add_people(stage.world, 3)
    cases = [waiting_for_scores(stage.world, name) for name in names]
    sent = table(*(f"{case_id},{name},否,61,87,良好," for case_id, name in zip(cases, names, strict=True)))
    found = office.done("POST", "/imports", query_string={"kind": KIND}, data=sent)
    monkeypatch.setattr(imports.go_on, "__kwdefaults__", {**imports.go_on.__kwdefaults__, "at_most": 2})
    left = []
    while not left or left[-1]:
        left.append(office.done("POST", f"/imports/{found['id']}/confirm", {"lines": "all"})["good"])
    assert left == [1, 0]
    assert {case_row(case_id).listed["theory"] for case_id in cases} == {61}


def test_what_is_no_such_table_is_pointed_at(stage: Stage, office: Caller) -> None:
    waiting_for_scores(stage.world)
    sent = {"file": (BytesIO(b"a,b\n"), "x.csv")}
    told = problem(office("POST", "/imports", query_string={"kind": KIND}, data=sent), 422, "invalid")
    assert told["errors"][0]["pointer"] == "/file"
    assert "缺少列" in told["errors"][0]["detail"]
    problem(office("POST", "/imports", data=table()), 422, "invalid")
    problem(office("POST", "/imports", query_string={"kind": "x/y"}, data=table()), 404, "not_found")


def test_another_ones_upload_is_as_if_it_were_not_there(stage: Stage, office: Caller) -> None:
    case_id = waiting_for_scores(stage.world)
    sent = table(f"{case_id},陈一,否,61,87,,")
    found = office.done("POST", "/imports", query_string={"kind": KIND}, data=sent)
    for name in (LIBRARY, "吴审"):
        other = caller(stage, name)
        for method, address, body in (
            ("GET", "/imports/{}", None),
            ("POST", "/imports/{}/confirm", {"lines": "good"}),
            ("DELETE", "/imports/{}", None),
        ):
            missing = problem(other(method, address.format(10**15), body), 404, "not_found")
            assert problem(other(method, address.format(found["id"]), body), 404, "not_found") == missing
        assert other.get("/imports")["items"] == []
    assert case_row(case_id).status == "待录入成绩"
