"""Henan 2025: what its tables decide, by examples from the notice that need each row and each cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from support.schemes import OnDisk
from support.tables import AllTablesAgree, Example, Surroundings, checklist_of, examples_of

HENAN = OnDisk("henan-2025")
JUNE = datetime(2025, 6, 21, 2, tzinfo=UTC)
"""10:00 of 21 June in Beijing."""
context = Surroundings(HENAN, JUNE, later=["exam"])


def applicant(born: str = "1985-04-09", gender: str = "female", **change: Any) -> dict[str, Any]:
    """Somebody who is within the scope, but for the change."""
    kind = "male_60" if gender == "male" else "female_50"
    person = {"born": date.fromisoformat(born), "gender": gender}
    facts = {"employment": "regular", "conditions_met": True, "retired_before": False, "bars": []}
    return {"person": person, "retirement_kind": kind, **facts, **change}


def eligibility() -> Iterator[Example]:
    """The notice came on 2025-03-09; the old age of early 2025 comes a month later."""
    bar = {"ground": "填报虚假信息", "until": date(2027, 3, 21), "kind": "until", "scope": "410000"}
    yield Example(applicant(), ())
    yield Example(applicant(employment="hired"), ())
    yield Example(applicant(employment="none"), ("不是在岗正式工作人员",))
    yield Example(applicant(retired_before=True), ("已办理退休手续",))
    yield Example(applicant("1975-02-08"), ("已达到退休年龄",))
    yield Example(applicant("1975-02-09"), ())
    yield Example(applicant("1965-02-08", "male"), ("已达到退休年龄",))
    yield Example(applicant("1965-02-09", "male"), ())
    yield Example(applicant("1985-04-09", retirement_kind="male_60"), ("与性别不符",))
    yield Example(applicant("1985-04-09", "male", retirement_kind="female_55"), ("与性别不符",))
    yield Example(applicant(retirement_kind="female_55"), ())
    yield Example(applicant(conditions_met=False), ("豫人社办〔2024〕19号",))
    yield Example(applicant(bars=[bar]), ("填报虚假信息，到2027-03-21为止",))
    yield Example(applicant(bars=[{**bar, "until": None}]), ("填报虚假信息",))
    yield Example(applicant(employment="none", conditions_met=False), ("不是在岗正式", "19号"))


def retirement() -> Iterator[Example]:
    def told(born: str, within: bool, day: str) -> Example:
        return Example(applicant(born), {"retires_in_year": within, "retires_on": day})

    yield told("1975-08-20", True, "2025-12-20")
    yield told("1975-08-31", True, "2025-12-31")
    yield told("1975-09-01", False, "2026-02-01")


def checklist() -> Iterator[Example]:
    words = ("身份和岗位", "申报工种", "证书", "学历", "年度考核", "处分", "真实")
    items = ("post", "trade_right", "certificate", "schooling", "appraisals", "record", "papers")
    return checklist_of(dict(zip(items, words, strict=True)))


def no_superior() -> Iterator[Example]:
    unit = {"name": "园林养护处", "has_superior": False}
    told = {"no_superior": "园林养护处没有登记主管部门，由单位负责人签署"}
    yield Example({"unit": unit}, told)
    yield Example({"unit": {**unit, "has_superior": True}}, {"no_superior": None})


def first_review_late() -> Iterator[Example]:
    """24:00 of 3 April."""
    due = datetime(2025, 4, 3, 16, tzinfo=UTC)
    yield Example({}, {"first_review_late": "初审逾期"}, {"now": due})
    yield Example({}, {"first_review_late": None}, {"now": due.replace(hour=15, minute=59)})


def score_result() -> Iterator[Example]:
    for score, result in ((60, "passed"), (59, "failed"), (100, "passed"), (0, "failed")):
        yield Example({"attendance": "present", "score": score}, {"exam_result": result})
    for attendance in ("absent", "disrupted"):
        for score in (None, 0, 90):
            yield Example({"attendance": attendance, "score": score}, {"exam_result": attendance})


def aftermath() -> Iterator[Example]:
    """A refund is due to who paid and has not been examined, nor could have been."""
    exam = {"exam": datetime(2025, 6, 20, 16, tzinfo=UTC)}
    later = {"exam": datetime(2025, 6, 21, 16, tzinfo=UTC)}

    def told(due: bool, ground: str, state: str, dates: Mapping[str, Any], **facts: Any) -> Example:
        expected = {"score": None, "score_state": state, "refund_due": due, "refund_ground": ground}
        return Example(facts, expected, dates)

    paid = {"amount": 180}
    broken = {**paid, "exam_result": "disrupted"}
    for facts in ({}, {"amount": 0}):
        yield told(False, "没有缴费，不涉及退费", "尚未考试", exam, **facts)
    yield told(True, "已缴费而没有考试，应退费", "尚未考试", {}, **paid)
    yield told(True, "已缴费而没有考试，应退费", "尚未考试", later, **paid)
    yield told(False, "考试已经开始，不退费", "成绩无效", exam, **paid)
    yield told(False, "已参加考试，不退费", "成绩无效", exam, **paid, exam_result="passed", score=88)
    for sitting in ({}, {"sitting_on": "2025-06-22"}):
        yield told(True, "考试中断、没有另行考试，应退费", "考试中断，没有成绩", exam, **broken, **sitting)
    yield told(False, "考试已经开始，不退费", "成绩无效", exam, **broken, sitting_on="2025-06-21")


def plan_check() -> Iterator[Example]:
    for day in ("2025-06-01", "2025-10-31"):
        yield Example({"exam_on": day}, ())
    yield Example({"exam_on": "2025-05-31"}, ("早于日程",))
    yield Example({"exam_on": "2025-11-01"}, ("晚于日程",))


def certificate_number() -> Iterator[Example]:
    yield Example({"issued": {"number": "4100202510000017"}}, {"certificate_number": "4100202510000017"})


def final_result() -> Iterator[Example]:
    """Who did not pass never comes here."""
    yield Example({"exam_result": "passed"}, {"final_result": "合格"})


def former_scores() -> Iterator[Example]:
    """LIFE-11: the old score is kept; who has not sat has none."""
    nothing = dict.fromkeys(("former_attendance", "former_score", "former_result"))
    for linked in ({}, {"attendance": None}, {"attendance": "disrupted", "score": None}):
        yield Example({"linked": {"grade": "four", **linked}}, {"grade": "four", **nothing})
    for attendance, score, result in (("present", 59, None), ("present", 88, "合格"), ("absent", None, None)):
        linked = {"grade": "two", "attendance": attendance, "score": score}
        linked |= {"final_result": result} if result else {}
        kept = {"former_attendance": attendance, "former_score": score, "former_result": result}
        yield Example({"linked": linked}, {"grade": "two", **kept})


EXAMPLES = examples_of(
    eligibility, retirement, checklist, no_superior,
    first_review_late, score_result, aftermath, plan_check,
    certificate_number, final_result, former_scores,
)  # fmt: skip


class TestTables(AllTablesAgree):
    context = context
    examples = EXAMPLES


def test_the_eligibility_table_answers_with_the_article() -> None:
    table = HENAN.scheme.definitions.decisions["eligibility"]
    value = table.decide(applicant(retired_before=True), context({})).value
    assert [row["article"] for row in value] == ["一（二）"]
