"""Jiaozuo 2026: what its other tables decide on the way: consents, routes, returns, scores, votes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Any

from jiaozuo import GRADES, context
from support.tables import AllTablesAgree, Example, examples_of
from test_jiaozuo_2026_tables import EXAMPLES as OF_ELIGIBILITY

LEVELS = ("district", "municipal", "provincial", "central", "none")
COUNTIES = ("410821", "410822", "410823", "410825", "410882", "410883")


def consents() -> Iterator[Example]:
    cases = ("same", "changed", "changed_passed", "reform", "outside")
    ticks = (True, False, None)
    for decision, in_year, retiring, case, trade in product(
        ("approve", "reject"), (True, False), ticks, cases, ticks
    ):
        asked = decision == "approve"
        words = ["退休"] * (asked and in_year and not retiring)
        words += ["工种"] * (asked and case != "same" and not trade)
        facts = {"unit_decision": decision, "retires_in_year": in_year, "retirement_consent": retiring}
        yield Example({**facts, "trade_case": case, "trade_consent": trade}, tuple(words))


def route() -> Iterator[Example]:
    """三（四）: a county's own units stay there; a central unit in a county goes to the city all the same."""
    for level, region in product(LEVELS, (*COUNTIES, "410800", "410802", "410811")):
        local = level == "district" and region in COUNTIES
        reviewer = "county_office" if local else "city_office"
        yield Example({"unit": {"level": level, "region": region}}, {"reviewer": reviewer})


def procedure_scope() -> Iterator[Example]:
    for level, setting in product(LEVELS, (True, False)):
        applies = setting if level in ("district", "none") else True
        expected = {"city_procedure": applies}
        yield Example({"unit": {"level": level}}, expected, {"procedure_for_others": setting})


def findings() -> Iterator[Example]:
    """Everything that is wrong, in the order in which it was looked for."""

    def told(word: str) -> dict[str, Any]:
        return {"finding": word, "article": "二", "clause": "JZ-02"}

    ways = {"direct": False, "theory_exempt": True}
    fine = {
        "subject_findings": [],
        "trade_answer": {**told(""), "kind": "promotion"},
        "honour_answer": {**told(""), **ways},
    }
    wrong: dict[str, Any] = {
        "subject_findings": [told("甲"), told("乙")],
        "trade_answer": {**told("丙"), "kind": "none"},
        "honour_answer": {**told("丁"), **ways},
    }
    for experience in (None, told("")):
        yield Example({**fine, "experience_answer": experience}, {"findings": [], **ways})
    for name, change in (("experience_answer", told("戊")), ("grade_findings", [told("戊")])):
        expected = [told("甲"), told("乙"), wrong["trade_answer"], wrong["honour_answer"], told("戊")]
        yield Example({**wrong, name: change}, {"findings": expected, **ways})


def return_count() -> Iterator[Example]:
    """Every day is worked here: returned on 16 March, mended by the 18th; others have the review's end."""
    for applies, before in product((True, False), range(4)):
        several = applies and before == 2
        facts = {"city_procedure": applies, "returned_times": before}
        by = "2026-03-18 24:00" if applies else "2026-04-15 24:00"
        yield Example(facts, {"returned_times": before + 1, "several": several, "mend_by": by})
    facts = {"city_procedure": True, "returned_times": 1}
    late = {"returns_for_circular": 2, "now": datetime(2026, 4, 15, 2, tzinfo=UTC)}
    yield Example(facts, {"returned_times": 2, "several": True, "mend_by": "2026-04-15 24:00"}, late)


def exam_result() -> Iterator[Example]:
    for absent, score, outcome in (
        (True, None, "absent"),
        (True, 90, "absent"),
        (False, 70, "passed"),
        (False, 69.5, "failed"),
    ):
        facts = {"absent": absent, "score": score}
        yield Example(facts, {"exam_outcome": outcome}, {"pass_mark": 70})


def votes() -> Iterator[Example]:
    def vote(due: int, present: int, yes: int, no: int, decision: str, *words: str) -> Example:
        members = {"members_due": due, "members_present": present, "assessment_decision": decision}
        return Example({**members, "votes_for": yes, "votes_against": no, "votes_abstained": 0}, words)

    yield vote(9, 6, 4, 2, "approve")
    yield vote(9, 7, 4, 3, "reject")
    yield vote(7, 9, 9, 0, "approve", "超过了应到")
    yield vote(9, 7, 9, 0, "approve", "等于实到人数")
    yield vote(9, 7, 3, 3, "approve", "等于实到人数")
    yield vote(9, 7, 5, 1, "reject", "等于实到人数")
    yield vote(9, 5, 4, 1, "approve", "出席人数")
    yield vote(9, 5, 5, 0, "reject", "出席人数")
    yield vote(9, 5, 1, 4, "approve", "出席人数")
    yield vote(9, 7, 4, 3, "approve", "不能评为通过")
    yield vote(9, 7, 5, 2, "reject", "应当评为通过")
    yield vote(2, 3, 3, 0, "reject", "超过了应到", "应当评为通过")
    yield vote(5, 9, 1, 1, "approve", "超过了应到", "等于实到人数")


def list_check() -> Iterator[Example]:
    yield Example({"people_count": 2, "passed_people": [1, 2]}, {"list_finding": ""})
    told = {"list_finding": "声明中填写的人数与名册上的2人不一致"}
    yield Example({"people_count": 3, "passed_people": [1, 2]}, told)


def pledge_aftermath() -> Iterator[Example]:
    before, after = (datetime(2026, 8, day, 15, 59, tzinfo=UTC) for day in (14, 15))

    def told(due: bool, word: str, now: datetime, **facts: Any) -> Example:
        return Example(facts, {"score": None, "refund_due": due, "refund_ground": word}, {"now": now})

    paid = {"amount": 120}
    for facts in ({}, {"amount": 0}, {"amount": None}):
        yield told(False, "没有缴费，不涉及退费。", before, **facts)
    yield told(True, "已缴费而没有考试，应退费。", before, **paid)
    for now, facts in ((after, {}), (after, paid), (before, {**paid, "exam_outcome": "passed"})):
        yield told(False, "已参加考试或考试已经开始，不退费。", now, **facts)


def recognition() -> Iterator[Example]:
    """By what somebody passed; who is promoted directly sat no examination (JZ-06)."""
    for direct, exempt, grade in product((True, False), (True, False), GRADES):
        panel = "理论考试合格、综合评审通过" if grade == "one" else "人机对话考试合格"
        recognised = "综合评审通过（二（四），免理论考试）" if exempt else panel
        facts = {"direct": direct, "theory_exempt": exempt, "grade": grade}
        yield Example(facts, {"recognised": "直接晋升（二（四），不考试）" if direct else recognised})


def former_scores() -> Iterator[Example]:
    """LIFE-11: the old score is kept; who has not sat has none."""
    known = {"grade": "four", "absent": False, "score": 59, "recognised": None, "certificate_number": "1"}
    kept = {"former_absent": False, "former_score": 59, "former_recognised": None, "former_certificate": "1"}
    yield Example({"linked": {"process": "application", **known}}, {"grade": "four", **kept})
    nothing = dict.fromkeys(("grade", *kept))
    yield Example({"linked": {"process": "application"}}, nothing)


def refund_rule() -> Iterator[Example]:
    """LIFE-06, LIFE-08, LIFE-09: until 24:00 of 31 May; later only what is not the person's choice."""
    last, locked = datetime(2026, 5, 31, 15, 59, 59, tzinfo=UTC), datetime(2026, 5, 31, 16, tzinfo=UTC)

    for now, outcome, due in product((last, locked), (None, "withdrawn"), (None, True, False)):
        linked = {"outcome": outcome} if due is None else {"outcome": outcome, "refund_due": due}
        still_live = (False, "申报还在办理，请先撤回或终止")
        in_time = (True, "报名锁定前退出，应当退费")
        answers = {
            "organiser": (True, "组织方的原因，应当退费"),
            "absent": (False, "缺考，不退费"),
            "other": (False, "不属于应当退费的情形"),
            "withdrawn": in_time if now < locked else (False, "报名已经锁定，不退费"),
            "ended": (True, "考试前终止，应当退费；已参加考试的除外"),
            "unqualified": (True, "资格审查没有通过，应当退费；已参加考试的除外"),
        }
        if due is False:
            answers["unqualified"] = (False, "申报结束时已确定不退费：已参加考试，或者没有缴费")
        if outcome is None:
            answers |= dict.fromkeys(("withdrawn", "ended", "unqualified"), still_live)
        for cause, (refundable, basis) in answers.items():
            expected = {"refundable": refundable, "refund_basis": basis}
            yield Example({"refund_cause": cause, "linked": linked}, expected, {"now": now})


EXAMPLES = examples_of(
    consents, route, procedure_scope, findings, return_count, exam_result, votes, list_check,
    pledge_aftermath, recognition, former_scores, refund_rule,
)  # fmt: skip


class TestTables(AllTablesAgree):
    context = context
    examples = EXAMPLES
    elsewhere = OF_ELIGIBILITY
