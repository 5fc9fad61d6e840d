"""Scenarios in a made-up jurisdiction: what holds, what does not, and that nothing remains of a run."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from flask import Flask
from sqlalchemy import func, select, text
from support.world import LIBRARY, at, case_row, make_world, open_filing, publish_tiny, tiny_files

from app.errors import SchemeInvalid
from app.extensions import atomic, db
from app.models import Account, Attachment, Case, Organisation, Timer
from app.operations.trials.scenarios import ScenarioResult, run_scenario, run_scheme

FILING = {
    "title": "高级工经两级审核",
    "clauses": ["TY-03", "TY-04"],
    "world": "organisations.yaml",
    "case": {
        "process": "filing", "unit": "东溪区图书馆", "person": "陈一",
        "message": "person_cleared", "payload": {"ground": "骨干"}, "at": "2021-06-10 09:00",
    },
    "steps": [
        {
            "at": "2021-06-11 10:00", "by": "东溪区图书馆", "task": "填写申报表",
            "values": {"grade": "senior", "summary": "十年无差错"},
            "expect": {
                "status": "待区人社局审核", "outcome": None, "tasks": {"初审": "东溪区人社局"},
                "variables": {"grade": "senior", "levels": 2}, "capabilities": ["reserve_place"],
            },
        },
        {
            "at": "2021-06-15 10:00", "by": "周审", "task": "初审", "values": {"decision": "approve"},
            "expect": {"tasks": ["终审"], "timers": {"满五个工作日": "2021-06-23 00:00", "考试开始": None}},
        },
        {"at": "2021-06-22 23:59:59", "expect": {"capabilities": []}},
        {"at": "2021-06-23 00:00", "expect": {"capabilities": ["notify"], "tasks": ["终审"]}},
        {
            "at": "2021-06-23 09:00", "by": "吴审", "task": "终审", "values": {"decision": "approve"},
            "expect": {"status": "审核已通过", "outcome": "passed", "tasks": []},
        },
    ],
}  # fmt: skip


class Plain(yaml.SafeDumper):
    """Writes what stands twice twice: schemes have no references."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def files_with(*scenarios: dict[str, Any]) -> dict[str, bytes]:
    """The tiny scheme with these scenarios alone: 1.yaml, 2.yaml …"""
    added = {
        f"bpmn/tiny-2021/scenarios/{number}.yaml": yaml.dump(one, Dumper=Plain, allow_unicode=True).encode()
        for number, one in enumerate(scenarios, start=1)
    }
    own = {
        path: content
        for path, content in tiny_files().items()
        if "/scenarios/" not in path or path.endswith("organisations.yaml")
    }
    return own | added


def run(scenario: dict[str, Any]) -> ScenarioResult:
    return run_scenario(files_with(scenario), "1.yaml")


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    scenario = copy.deepcopy(FILING)
    change(scenario)
    return scenario


def told(result: ScenarioResult) -> list[tuple[int | None, str]]:
    return [(failure.step, failure.sentence) for failure in result.failures]


def test_a_scenario_that_holds_tells_what_it_went_through(app: Flask) -> None:
    result = run(FILING)
    assert told(result) == []
    assert result.clauses == ("TY-03", "TY-04")
    seen = result.covered["filing"]
    assert {"fill", "flow_two_levels", "review_late", "remind", "passed", "flow_finally_approved"} <= seen
    assert seen.isdisjoint({"filing_closed", "lapsed", "flow_one_level", "exam_begins", "failed"})


@pytest.mark.parametrize(
    ("step", "expect", "sentence"),
    [
        (1, {"status": "待提交"}, "状态应为“待提交”，实际是“待区人社局审核”"),
        (5, {"outcome": "failed"}, "结果应为 failed，实际是 passed"),
        (5, {"outcome": None}, "结果应为 尚未结束，实际是 passed"),
        (1, {"tasks": []}, "待办应为 无，实际是 初审"),
        (1, {"tasks": ["初审", "初审"]}, "待办应为 初审、初审，实际是 初审"),
        (1, {"tasks": {"初审": "西溪区人社局"}}, "“初审”应由“西溪区人社局”办理，实际是“东溪区人社局”"),
        (1, {"variables": {"levels": 1}}, "变量 levels 应为 1，实际是 2"),
        (1, {"variables": {"nothing": 1}}, "变量 nothing 应为 1，实际没有这个变量"),
        (
            1,
            {"variables": {"place": {"basis": "post"}}},
            "变量 place 应为 {'basis': 'post'}，实际是 {'basis': 'vacancy', 'quota': 2}",
        ),
        (
            2,
            {"timers": {"满五个工作日": None}},
            "定时“满五个工作日”应为 尚未确定，实际是 2021-06-23 00:00:00",
        ),
        (2, {"timers": {"申报截止": None}}, "定时“申报截止”应为 尚未确定，实际是 没有这个定时"),
        (4, {"capabilities": []}, "执行的能力应为 无，实际是 notify"),
        (2, {"decided": {"初审": "西溪区人社局"}}, "“初审”应记为由“西溪区人社局”办理，实际是“东溪区人社局”"),
        (1, {"sent": ["person_cleared"]}, "发出的消息应为 person_cleared，实际是 无"),
    ],
)
def test_each_expectation_that_fails_is_told_at_its_step(
    app: Flask, step: int, expect: dict[str, Any], sentence: str
) -> None:
    result = run(changed(lambda s: s["steps"][step - 1].update(expect=expect)))
    assert told(result) == [(step, sentence)]
    assert not result.passed


def test_of_a_mapping_only_the_keys_stated_are_asked_for(app: Flask) -> None:
    expect = {"variables": {"place": {"basis": "vacancy"}}}
    assert run(changed(lambda s: s["steps"][0].update(expect=expect))).passed


def test_a_step_that_is_refused_against_expectation_ends_the_scenario(app: Flask) -> None:
    result = run(changed(lambda s: s["steps"][0]["values"].pop("summary")))
    assert told(result) == [(1, "这一步没有办成：填写内容有误，请按提示修改。；请填写“工作小结”")]


def test_a_task_that_is_not_there_is_told_with_those_that_are(app: Flask) -> None:
    result = run(changed(lambda s: s["steps"][0].update(task="终审")))
    assert told(result) == [(1, "没有“终审”这项待办；现有：填写申报表")]


def refused(text: str, **changes: Any) -> dict[str, Any]:
    """The filing with a first step that is to be refused with `text`, and the same steps after it."""
    step = {**FILING["steps"][0], "at": "2021-06-11 09:00", "refused": text, **changes}
    step.pop("expect", None)
    if "errors" in changes:
        step["expect"] = {"errors": step.pop("errors")}
    return changed(lambda s: s["steps"].insert(0, step))


def test_an_expected_refusal_changes_nothing(app: Flask) -> None:
    incomplete = {"values": {"grade": "technician", "summary": "好"}, "errors": {"certificate": "请上传"}}
    assert told(run(refused("现等级证书", **incomplete))) == []


def test_a_refusal_with_another_reason_or_none_is_told(app: Flask) -> None:
    incomplete = {"values": {"grade": "technician", "summary": "好"}, "errors": {"summary": "请填写"}}
    assert told(run(refused("已截止", **incomplete))) == [
        (1, "拒绝的理由应当含有“已截止”，实际是：填写内容有误，请按提示修改。；请上传“现等级证书”"),
        (1, "字段 summary 的提示应当含有“请填写”，实际是：没有提示"),
    ]
    assert told(run(refused("已截止"))) == [(1, "应当被拒绝（已截止），却办成了")]


def test_another_office_and_the_applicant_in_person_are_refused(app: Flask) -> None:
    """ALL-04: the officer of the province's office who files himself may not decide."""
    strange = refused("没有找到", by="西溪区文化馆")
    own_case = {
        "at": "2021-06-23 08:00", "by": "陈一（兼省考核办）", "task": "终审",
        "values": {"decision": "approve"}, "refused": "不能办理自己的事项",
    }  # fmt: skip
    strange["steps"].insert(-1, own_case)
    assert told(run(strange)) == []


def test_between_the_deadline_and_its_timer_nothing_is_taken_any_more(app: Flask) -> None:
    """Decision 3: closed from 24:00 on; the timer fires 60 s later, as of 24:00."""
    late = {**FILING["steps"][0], "refused": "已截止"}
    late.pop("expect")
    waiting = {**late, "at": "2021-07-01 00:00:00"}
    fired = {**late, "at": "2021-07-01 00:01:00", "refused": "已截止"}
    over = {"at": "2021-07-01 00:02:00", "expect": {"status": "逾期未提交", "outcome": "lapsed", "tasks": []}}
    assert told(run({**FILING, "steps": [waiting, fired, over]})) == []


def test_time_alone_lets_fire_what_is_due_at_that_very_instant(app: Flask) -> None:
    before = {"at": "2021-06-30 23:59:59", "expect": {"status": "待提交"}}
    then = {"at": "2021-07-01 00:00:00", "expect": {"outcome": "lapsed", "capabilities": ["release_place"]}}
    assert told(run({**FILING, "steps": [before, then]})) == []


def test_drafts_and_messages_and_files(app: Flask) -> None:
    draft = {
        "at": "2021-06-11 10:00", "by": "东溪区图书馆", "draft": "填写申报表", "values": {"grade": "senior"},
        "expect": {"status": "待提交"},
    }  # fmt: skip
    filed = {
        "at": "2021-06-11 11:00", "by": "东溪区图书馆", "task": "填写申报表",
        "values": {"grade": "technician", "summary": "好", "certificate": "证书.png"},
    }  # fmt: skip
    returned = {
        "at": "2021-06-12 11:00", "by": "东溪区人社局", "task": "初审",
        "values": {"decision": "return", "opinion": "请补充"}, "expect": {"tasks": ["填写申报表"]},
    }  # fmt: skip
    withdrawn = {
        "at": "2021-06-13 11:00", "by": "东溪区图书馆", "message": "withdrawn",
        "expect": {"outcome": "withdrawn", "capabilities": ["release_place"]},
    }  # fmt: skip
    again = {**withdrawn, "at": "2021-06-13 12:00", "refused": "不允许"}
    again.pop("expect")
    assert told(run({**FILING, "steps": [draft, filed, returned, withdrawn, again]})) == []


ROSTER: dict[str, Any] = {
    "title": "推荐两人",
    "world": "organisations.yaml",
    "cases": {
        "名单": {"process": "roster", "unit": "东溪区图书馆", "by": "东溪区图书馆", "at": "2021-06-03 09:00"},
        "李二": {"process": "filing", "unit": "东溪区图书馆", "person": "李二"},
        "王三": {"process": "filing", "unit": "东溪区图书馆", "person": "王三"},
    },
    "steps": [
        {
            "at": "2021-06-03 10:00", "case": "名单", "by": "东溪区图书馆", "task": "确定推荐名单",
            "values": {"people": ["李二", "王三"], "ground": "骨干"},
            "expect": {"outcome": "done", "sent": ["person_cleared", "person_cleared"]},
        },
        {"at": "2021-06-03 11:00", "case": "王三", "expect": {"status": "待提交", "tasks": ["填写申报表"]}},
        {
            "at": "2021-06-03 12:00", "case": "李二", "by": "东溪区图书馆", "message": "withdrawn",
            "expect": {"status": "已撤回"},
        },
        {"at": "2021-06-03 13:00", "case": "王三", "expect": {"outcome": None}},
    ],
}  # fmt: skip


def test_cases_that_messages_start_are_known_by_unit_and_person(app: Flask) -> None:
    assert told(run(ROSTER)) == []


def test_a_case_that_has_not_begun_is_told(app: Flask) -> None:
    early = copy.deepcopy(ROSTER)
    early["steps"].insert(0, {"at": "2021-06-03 09:30", "case": "王三", "expect": {"status": "待提交"}})
    assert told(run(early)) == [(1, "办件“王三”此时还没有开始")]


def test_the_registered_posts_bound_the_applications(app: Flask) -> None:
    """The world registers one vacant technician's post; a second technician finds none."""
    first = copy.deepcopy(FILING["steps"][0])
    first["values"] = {"grade": "technician", "summary": "好", "certificate": "证书.pdf"}
    first.pop("expect")
    second = {**first, "case": "李二", "at": "2021-06-11 11:00", "refused": "空缺岗位 1 个"}
    case = {**FILING["case"]}
    both = {
        **{key: value for key, value in FILING.items() if key != "case"},
        "cases": {"陈一": case, "李二": {**case, "person": "李二"}},
        "steps": [{**first, "case": "陈一"}, second],
    }
    assert told(run(both)) == []


def with_a_second_case(refused: str) -> dict[str, Any]:
    def change(scenario: dict[str, Any]) -> None:
        first = scenario.pop("case")
        second = {**first, "at": "2021-06-12 09:00", "refused": refused}
        scenario["cases"] = {"第一件": first, "第二件": second}

    return changed(change)


def test_a_case_that_must_not_begin(app: Flask) -> None:
    """LIFE-07: the second filing is told where the first is."""
    assert told(run(with_a_second_case("东溪区图书馆，待区人社局审核"))) == []
    ((step, sentence),) = told(run(with_a_second_case("没有理由")))
    assert step == 2
    assert sentence.startswith("拒绝的理由应当含有“没有理由”，实际是：同一对象本年度已有在办的申报")
    begins = changed(lambda s: s["case"].update(refused="不得"))
    assert told(run(begins)) == [(1, "办件应当不能开始（不得），却开始了")]


def test_an_office_that_is_merged_and_a_unit_that_is_renamed(app: Flask) -> None:
    """LIFE-04: the successor takes the task, its people act for it, the log keeps names."""
    merged = {"merge": "东溪区人社局", "into": "西溪区人社局"}

    def change(scenario: dict[str, Any]) -> None:
        steps = scenario["steps"]
        renamed = {"rename": "东溪区图书馆", "to": "东溪区图书中心"}
        kept = {"decided": {"填写申报表": "东溪区图书馆"}, "tasks": {"初审": "西溪区人社局"}}
        steps[1:1] = [
            {"at": "2021-06-12 09:00", "reorganise": renamed},
            {"at": "2021-06-12 10:00", "reorganise": merged, "expect": kept},
        ]
        steps[3]["expect"]["decided"] = {"初审": "西溪区人社局"}

    assert told(run(changed(change))) == []
    again = changed(lambda s: s["steps"].insert(1, {"at": "2021-06-12 10:00", "reorganise": merged}))
    again["steps"].insert(2, {**again["steps"][1], "refused": "撤销"})
    assert told(run(again)) == []


def test_gaps_are_what_no_scenario_went_through(app: Flask) -> None:
    whole = run_scheme(files_with(FILING, ROSTER))
    assert whole.passed
    gaps = {gap.id: gap for gap in whole.gaps}
    assert gaps["flow_one_level"].source == "还有一级？"
    assert gaps["lapsed"].name == "逾期未提交"
    assert {"passed", "choose_people", "withdrawn", "flow_withdrawn", "person_sent"}.isdisjoint(gaps)
    assert {gap.id for gap in run_scheme(files_with(FILING)).gaps} > set(gaps)


def test_nothing_remains_and_nothing_real_is_touched(app: Flask) -> None:
    """The same world stands in the database for real, with a timer that is long due."""
    publish_tiny()
    world = make_world()
    case_id = open_filing(world)
    head = case_row(case_id).head
    with atomic():
        tables = {name: _count(name) for name in db.metadata.tables if name != "attachment"}

    assert told(run(FILING)) == []

    assert {name: _count(name) for name in tables} == tables
    assert case_row(case_id).head == head
    assert db.session.scalar(select(func.count()).select_from(Attachment)) == 0
    assert db.session.scalar(select(Timer.due_at)) == at("2021-06-30 24:00")
    assert db.session.scalar(text("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'apart%'")) == 0
    assert db.session.scalar(text("SHOW search_path")) == '"$user", public'
    assert world.organisations[LIBRARY] in db.session.scalars(select(Organisation.id)).all()


def _count(table: str) -> int:
    return db.session.execute(select(func.count()).select_from(db.metadata.tables[table])).scalar_one()


def test_a_run_in_the_midst_of_a_transaction_leaves_it_alone(app: Flask) -> None:
    """A designer's page has its own account and rows in hand while it runs scenarios."""
    publish_tiny()
    world = make_world()
    with atomic():
        account = db.session.scalars(select(Account).where(Account.name == LIBRARY)).one()
        account.name = "改名"
        db.session.flush()
        assert told(run(FILING)) == []
        assert account.name == "改名"
        assert account.organisation_id == world.organisations[LIBRARY]
    assert db.session.scalar(select(func.count()).where(Account.name == "改名")) == 1
    assert db.session.scalar(select(func.count()).select_from(Case)) == 0


def test_a_mistake_in_a_scenario_file_is_told_with_file_and_step(app: Flask) -> None:
    wrong = changed(lambda s: s["steps"][1].update(by="无名氏"))
    with pytest.raises(SchemeInvalid) as refusal:
        run(wrong)
    assert [(p.file, p.row, p.message) for p in refusal.value.problems if p.severity == "error"] == [
        ("bpmn/tiny-2021/scenarios/1.yaml", 2, "1.yaml：第 2 步：“无名氏”不在世界里")
    ]
