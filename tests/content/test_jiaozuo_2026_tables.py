"""Jiaozuo 2026: who may file, table by table, by examples of the notice that need each row and cell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import Any

from jiaozuo import GRADES, HONOURS, LEVELS, YEARS, Told, context, person
from support.tables import Example, TablesAgree, examples_of


def service() -> Iterator[Example]:
    """JZ-07: to the end of 2026-12-31; in a changed trade from the first certificate of the grade (JZ-05)."""
    facts = {"person": person(), "grade": "four", "work_started": "2017-02"}
    certificate = {"held_grade": "five", "certificate_on": "2019-01-01", "in_trade_since": "2022-01-01"}

    def counted(in_grade: int, certified: int, **change: Any) -> Example:
        expected = {
            "months_of_work": 119,
            "months_in_grade": in_grade,
            "months_certified": certified,
            "worked": "9年11个月",
            "served": f"{in_grade // 12}年0个月" if in_grade else "没有",
            "age": 46,
            "steps": 2 if change.get("held_grade") == "none" else 1,
        }
        return Example({**facts, **certificate, "trade_case": "same", **change}, expected)

    for case in ("same", "outside"):
        yield counted(60, 96, trade_case=case)
    for case in ("changed", "changed_passed", "reform"):
        yield counted(96, 96, trade_case=case)
    for case in ("same", "reform"):
        yield counted(0, 0, held_grade="none", certificate_on=None, in_trade_since=None, trade_case=case)


def retirement() -> Iterator[Example]:
    def retires(on: str, **facts: Any) -> Example:
        return Example(facts, {"retires_on": date.fromisoformat(on)})

    yield retires("2026-05-20", person=person("1966-01-20"))
    yield retires("2026-05-20", person=person("1966-01-20"), cadre_post=True)
    yield retires("2025-05-01", person=person("1975-03-01", "female"))
    yield retires("2025-05-01", person=person("1975-03-01", "female"), cadre_post=False)
    yield retires("2031-07-01", person=person("1975-03-01", "female"), cadre_post=True)


def retirement_in_year() -> Iterator[Example]:
    for day, leaving, expected in (
        ("2026-12-31", False, True),
        ("2026-12-31", True, True),
        ("2027-01-01", True, True),
        ("2027-01-01", False, False),
    ):
        facts = {"retires_on": date.fromisoformat(day), "will_retire": leaving}
        yield Example(facts, {"retires_in_year": expected})


def subject() -> Iterator[Example]:
    flags = ("under_investigation", "under_discipline", "otherwise_barred")
    fine = {
        "employment": "regular",
        "retired": False,
        "retires_on": date(2040, 1, 1),
        "retires_in_year": False,
        "fit": True,
        "bars": [],
        **dict.fromkeys(flags, False),
    }

    def told(*words: str, **change: Any) -> Example:
        return Example({**fine, **change}, words)

    yield told()
    yield told(employment="hired")
    yield told("在岗正式工作人员", employment="other")
    yield told("已办理退休手续", retired=True)
    yield told("已达到退休年龄（2026-02-23）", retires_on=date(2026, 2, 23), retires_in_year=True)
    yield told("已办理退休手续", retired=True, retires_on=date(2026, 2, 23), retires_in_year=True)
    yield told("自主决定", retires_on=date(2026, 2, 24), retires_in_year=True)
    yield told("自主决定", retires_on=date(2026, 2, 24), retires_in_year=True, own_choice=False)
    yield told(retires_on=date(2026, 2, 24), retires_in_year=True, own_choice=True)
    yield told("已办理退休手续", retired=True, retires_on=date(2026, 6, 1), retires_in_year=True)
    yield told("身体健康", fit=False)
    for flag, words in zip(flags, ("立案审查", "处分期间", "其他不得申报"), strict=True):
        yield told(words, **{flag: True})
    bar = {"ground": "提供虚假材料", "until": date(2028, 4, 2), "kind": "until", "scope": "410800"}
    yield told("（提供虚假材料，到2028-04-02为止）", bars=[bar])
    yield told("不得参加下一次考试", bars=[{**bar, "until": None}])


def trade_change() -> Iterator[Example]:
    answers = {
        "promotion": [("same", 1, 0), ("reform", 2, 0), ("outside", 5, 99), ("changed_passed", 1, 60)],
        "same_grade": [("changed", 0, 0), ("changed", 0, 99)],
    }
    for kind, facts in answers.items():
        for case, steps, certified in facts:
            yield _trade(kind, "", case, steps, certified)
    for case, steps in product(("same", "reform", "outside"), (0, -1, -5)):
        yield _trade("none", "已持有同级", case, steps, 99)
    for steps in (1, -1, 5):
        yield _trade("none", "首先应当按现岗位等级", "changed", steps, 99)
    yield _trade("none", "累计满5年（现为4年11个月", "changed_passed", 1, 59)
    for steps, certified in product((0, -2), (0, 59, 60)):
        yield _trade("none", "同等级考核已经合格", "changed_passed", steps, certified)


def _trade(kind: str, word: str, case: str, steps: int, certified: int) -> Example:
    facts = {"trade_case": case, "steps": steps, "months_certified": certified}
    return Example(facts, Told(word, kind=kind))


def experience() -> Iterator[Example]:
    def met(grade: str, work: int, below: bool, in_grade: int, word: str = "", sure: bool = True) -> Example:
        facts = {"grade": grade, "months_of_work": work, "steps": 1 if below else 2}
        return Example({**facts, "months_in_grade": in_grade, "confirmed": sure}, Told(word))

    for below, in_grade in product((True, False), (0, 99)):
        yield met("five", 119, below, in_grade)
        yield met("five", 119, below, in_grade, "没有转正定级", sure=False)
        for sure in (True, False):
            yield met("five", 120, below, in_grade, "限工作年限不足10年的人员（现为10年0个月", sure=sure)
    yield met("five", 300, False, 0, "限工作年限不足10年")
    yield met("four", 300, False, 0)
    for grade, years in (("four", 10), ("three", 18)):
        for below, in_grade, sure in product((True, False), (0, 60), (True, False)):
            yield met(grade, years * 12, below, in_grade, sure=sure)
        for sure in (True, False):
            short = years * 12 - 1
            yield met(grade, short, True, 60, sure=sure)
            yield met(grade, short, True, 59, f"也不满{years}年（现为{years - 1}年11个月", sure=sure)
            for in_grade in (0, 60):
                yield met(grade, short, False, in_grade, "没有通过", sure=sure)


def grade_two() -> Iterator[Example]:
    fine = {"steps": 1, "months_in_grade": 60, "education": "senior", "age": 30, "outstanding": True}

    def told(*words: str, gender: str = "male", **change: Any) -> Example:
        return Example({**fine, "person": person(gender=gender), **change}, words)

    yield told()
    yield told("没有通过三级考核", steps=2, months_in_grade=0)
    yield told("不满5年（现为4年11个月", months_in_grade=59)
    yield told("文化程度不到初中", education="lower", high_skill=True, age=60)
    yield told("须技艺较高", education="junior", age=60)
    for gender in ("male", "female"):
        yield told("须技艺较高", gender=gender, education="junior", high_skill=False, age=40)
    yield told("男须满50周岁（现为40周岁）", education="junior", high_skill=True, age=40)
    for gender, age in (("male", 50), ("female", 45)):
        yield told(gender=gender, education="junior", high_skill=True, age=age)
        yield told(f"满{age}周岁", gender=gender, education="junior", high_skill=True, age=age - 1)
        yield told(gender=gender, age=age - 1, high_skill=True)
    for outstanding in (False, None):
        yield told("业绩和技能", outstanding=outstanding)


def grade_one() -> Iterator[Example]:
    fine = {
        "professional": False,
        "months_of_work": 300,
        "steps": 1,
        "months_certified": 60,
        "appointed": True,
        "honour_waives": False,
        "education": "senior",
        "mastery": True,
        **{f"appraisal_{year}": "excellent" if year > 2023 else "qualified" for year in YEARS},
    }

    def told(*words: str, **change: Any) -> Example:
        return Example({**fine, **change}, words)

    yield told()
    yield told("不满25年（现为24年11个月", months_of_work=299)
    yield told("没有取得二级证书", steps=2, months_certified=0)
    yield told("不满5年", months_certified=59)
    yield told("没有聘任", appointed=None)
    for education in ("junior", "lower"):
        yield told("文化程度", education=education)
        yield told(education=education, honour_waives=True)
    for result in ("basic", "unqualified", "none"):
        yield told("不都是合格以上", appraisal_2021=result)
        yield told(appraisal_2021=result, honour_waives=True)
    yield told("不足2年", appraisal_2024="qualified")
    yield told(appraisal_2024="qualified", honour_waives=True)
    yield told("不足2年", appraisal_2024="party")
    yield told(appraisal_2024="party", party_independent=True)
    yield told("培训指导水平", mastery=False)
    yield told("培训指导水平", mastery=False, honour_waives=True)
    nothing = {
        "months_of_work": 0, "steps": 3, "months_certified": 0, "appointed": None, "mastery": None,
        "education": "lower", **{f"appraisal_{year}": "none" for year in YEARS},
    }  # fmt: skip
    yield told(professional=True, professional_rule=True, **nothing)
    yield told(professional=True, professional_rule=True, steps=1, months_certified=1)
    for attested in (False, None):
        yield told("国家和我省有关规定", professional=True, professional_rule=attested, **nothing)


def honour_waiver() -> Iterator[Example]:
    """JZ-04 (5): of the six, those obtained after the certificate of grade two."""
    facts = {"held_grade": "two", "certificate_on": "2018-12-10"}
    city = ("model_worker", "commendation", "expert", "contest")
    for honour, level, day, place in product(
        HONOURS, (None, *LEVELS), ("2018-12-10", "2018-12-11"), (None, 5, 6)
    ):
        after = day == "2018-12-11"
        allowed = (
            (honour in city and level in LEVELS[:3])
            or (honour in ("department", "medal") and level in LEVELS[:2])
            or (honour in ("invention", "utility") and place == 5)
            or honour == "talent"
        )
        given = {"honour": honour, "honour_level": level, "honour_on": day, "inventor_place": place}
        yield Example({**facts, **given}, {"honour_waives": after and allowed})
    given = {"honour": "talent", "honour_on": "2020-01-01"}
    yield Example({**facts, **given, "held_grade": "three"}, {"honour_waives": False})


def honour_use() -> Iterator[Example]:
    """JZ-06: another list than that of JZ-04, provincial and above."""
    listed = ("model_worker", "medal", "expert", "contest")
    kinds = ("promotion", "same_grade")
    facts = product((True, False), HONOURS, (None, *LEVELS), kinds, ("none", *GRADES), (1, 2))
    for claimed, honour, level, kind, held, steps in facts:
        enough = honour == "talent" or (honour in listed and level in LEVELS[:2])
        granted = claimed and enough and kind == "promotion" and steps == 1
        direct = granted and held in GRADES[:3]
        exempt = granted and held == "two"
        fits = enough and kind == "promotion"
        words = "" if not claimed or direct or exempt else "晋升" if fits else "荣誉"
        given = {"honour_claimed": claimed, "honour": honour, "honour_level": level, "held_grade": held}
        expected = Told(words, direct=direct, theory_exempt=exempt)
        yield Example({**given, "steps": steps, "trade_answer": {"kind": kind}}, expected)


EXAMPLES = examples_of(
    service, retirement, retirement_in_year, subject, trade_change, experience, grade_two, grade_one,
    honour_waiver, honour_use,
)  # fmt: skip


class TestTables(TablesAgree):
    context = context
    examples = EXAMPLES
