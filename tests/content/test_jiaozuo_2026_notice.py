"""Jiaozuo 2026: whoever the notice lets file may file, and nobody else.

一 and 二 of the notice are read again here in Python, and the diagram runs with all its tables on applicants
from the whole domain of the form; what is wrong is told with its place in the notice.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jiaozuo import GRADES, HONOURS, JIAOZUO, LEVELS, YEARS, context

from app.engine import Instance
from app.engine.retirement import retirement_date

RANK = {"none": 0, **{grade: rank for rank, grade in enumerate(GRADES, start=1)}}
ISSUED, COUNTED_TO = date(2026, 2, 24), date(2026, 12, 31)
RESULTS = ("excellent", "party", "qualified", "basic", "unqualified", "none")
CASES = ("same", "changed", "changed_passed", "reform", "outside")
ABSENT = {
    "cadre_post": None, "own_choice": None, "high_skill": None, "outstanding": None, "appointed": None,
    "mastery": None, "professional": None, "professional_rule": None, "party_independent": None,
    "honour_level": None, "honour_on": None, "inventor_place": None, "certificate_on": None,
    "in_trade_since": None,
}  # fmt: skip
"""What a form leaves empty."""

days = st.dates(date(2015, 1, 1), date(2026, 12, 31)).map(date.isoformat)
maybe = st.sampled_from([True, False, None])
ANSWERS: dict[str, st.SearchStrategy[Any]] = {
    "held_grade": st.sampled_from(["none", *GRADES]),
    "trade_case": st.sampled_from(CASES),
    "employment": st.sampled_from(["regular", "hired", "other"]),
    "work_started": st.dates(date(1980, 1, 1), date(2026, 12, 31)).map(lambda day: day.isoformat()[:7]),
    "education": st.sampled_from(["senior", "junior", "lower"]),
    "honour": st.sampled_from(HONOURS),
    "honour_level": st.sampled_from(LEVELS),
    "inventor_place": st.integers(1, 8),
    "appraisals": st.lists(st.sampled_from(RESULTS), min_size=5, max_size=5),
    "born": st.dates(date(1960, 1, 1), date(2005, 1, 1)),
    "gender": st.sampled_from(["male", "female"]),
    **dict.fromkeys(("certificate_on", "in_trade_since", "honour_on"), days),
    **dict.fromkeys(("confirmed", "honour_claimed", "retired", "will_retire", "fit"), st.booleans()),
    **dict.fromkeys(("under_investigation", "under_discipline", "otherwise_barred"), st.booleans()),
    **dict.fromkeys(("cadre_post", "own_choice", "high_skill", "outstanding", "appointed"), maybe),
    **dict.fromkeys(("mastery", "professional", "professional_rule", "party_independent"), maybe),
}
FINE = {
    "trade_case": "same", "employment": "regular", "confirmed": True, "education": "senior",
    "honour": "none", "honour_claimed": False, "retired": False, "will_retire": False, "fit": True,
    "under_investigation": False, "under_discipline": False, "otherwise_barred": False,
    "born": date(1975, 6, 1), "gender": "male",
    "certificate_on": "2018-12-10", "in_trade_since": "2018-12-10",
    "outstanding": True, "appointed": True, "mastery": True, "professional": False,
    "honour_level": "provincial", "honour_on": "2022-05-01", "inventor_place": 1,
    "appraisals": ["qualified", "qualified", "qualified", "excellent", "excellent"],
}  # fmt: skip
STARTED = {"five": "2020-07", "four": "2018-07", "three": "2010-07", "two": "2003-07", "one": "1996-07"}


@st.composite
def applicants(draw: st.DrawFn) -> dict[str, Any]:
    """Somebody who may file, but for some answers; what the form's conditions hide stays empty."""
    grade = draw(st.sampled_from(GRADES))
    below = ["none", *GRADES][GRADES.index(grade)]
    changed = draw(st.lists(st.sampled_from(sorted(ANSWERS)), max_size=6, unique=True))
    answers = {**FINE, "held_grade": below, "work_started": STARTED[grade]}
    return form({**answers, **{name: draw(ANSWERS[name]) for name in changed}, "grade": grade})


def form(answers: dict[str, Any]) -> dict[str, Any]:
    grade, held, honour = answers["grade"], answers["held_grade"], answers["honour"]
    hidden = {
        "certificate_on": held == "none",
        "in_trade_since": held == "none",
        "high_skill": answers["education"] != "junior",
        "outstanding": grade != "two",
        **dict.fromkeys(("appointed", "mastery", "professional"), grade != "one"),
        "professional_rule": grade != "one" or not answers["professional"],
        "honour_on": honour == "none",
        "honour_level": honour in ("none", "invention", "utility", "talent"),
        "inventor_place": honour not in ("invention", "utility"),
    }
    shown = {name: value for name, value in answers.items() if not hidden.get(name)}
    if grade == "one":
        shown["professional"] = bool(shown["professional"])
    results = zip(YEARS, shown.pop("appraisals"), strict=True)
    return {
        **ABSENT,
        "unit": {},
        "bars": [],
        "trade": "汽车驾驶员",
        "person": {"born": shown.pop("born"), "gender": shown.pop("gender")},
        **{f"appraisal_{year}": result for year, result in results},
        **shown,
    }


def full_years(since: str, on: date = COUNTED_TO) -> int:
    """Anniversaries up to the end of the day `on`: from 1 January 2017 to 31 December 2026 are ten."""
    start = date.fromisoformat(since)
    after = date(on.year + 1, 1, 1)
    day = min(start.day, monthrange(after.year, start.month)[1])
    return after.year - start.year - (after < date(after.year, start.month, day))


def may_file(a: dict[str, Any]) -> bool:
    return _is_subject(a) and _meets_conditions(a)


def _is_subject(a: dict[str, Any]) -> bool:
    """一、二（一）、二（六）"""
    kind = "male_60" if a["person"]["gender"] == "male" else "female_55" if a["cadre_post"] else "female_50"
    reaches = retirement_date(a["person"]["born"], kind)
    if a["retired"] or reaches < ISSUED or a["employment"] == "other" or not a["fit"]:
        return False
    if (reaches <= COUNTED_TO or a["will_retire"]) and not a["own_choice"]:
        return False
    return not (a["under_investigation"] or a["under_discipline"] or a["otherwise_barred"])


def _meets_conditions(a: dict[str, Any]) -> bool:
    steps = RANK[a["grade"]] - RANK[a["held_grade"]]
    if a["trade_case"] == "changed":  # 二（三）：首先应当按照本人现岗位等级申报
        return steps == 0 and not a["honour_claimed"]
    if steps <= 0:
        return False
    if a["trade_case"] == "changed_passed" and not _has_certificate_for_five_years(a):
        return False
    if a["honour_claimed"]:  # 二（四）
        if steps != 1 or not _is_provincial(a) or a["held_grade"] in ("none", "one"):
            return False
        if a["held_grade"] != "two":
            return True
    return {"five": _five, "four": _four, "three": _three, "two": _two, "one": _one}[a["grade"]](a)


def _has_certificate_for_five_years(a: dict[str, Any]) -> bool:
    """二（三）：累计在本等级工作满5年以上，从首次取得本等级证书的时间开始计算"""
    return a["held_grade"] != "none" and full_years(a["certificate_on"]) >= 5


def _is_provincial(a: dict[str, Any]) -> bool:
    listed = ("model_worker", "medal", "expert", "contest")
    return a["honour"] == "talent" or (
        a["honour"] in listed and a["honour_level"] in ("national", "provincial")
    )


def _worked(a: dict[str, Any]) -> int:
    return full_years(a["work_started"] + "-01")


def _five_years_in(a: dict[str, Any], below: str) -> bool:
    """通过下一级考核并在本工种本等级工作满5年"""
    if a["held_grade"] != below:
        return False
    since = a["in_trade_since"] if a["trade_case"] in ("same", "outside") else a["certificate_on"]
    return full_years(since) >= 5


def _five(a: dict[str, Any]) -> bool:
    return a["confirmed"] and _worked(a) < 10


def _four(a: dict[str, Any]) -> bool:
    return _five_years_in(a, "five") or _worked(a) >= 10


def _three(a: dict[str, Any]) -> bool:
    return _five_years_in(a, "four") or _worked(a) >= 18


def _two(a: dict[str, Any]) -> bool:
    older = 2026 - a["person"]["born"].year >= (50 if a["person"]["gender"] == "male" else 45)
    schooled = a["education"] == "senior" or (a["education"] == "junior" and a["high_skill"] and older)
    return bool(_five_years_in(a, "three") and schooled and a["outstanding"])


def _one(a: dict[str, Any]) -> bool:
    if a["professional"]:
        return bool(a["professional_rule"])
    if a["held_grade"] != "two" or full_years(a["certificate_on"]) < 5 or _worked(a) < 25:
        return False
    if not a["appointed"] or not a["mastery"]:
        return False
    results = [a[f"appraisal_{year}"] for year in YEARS]
    best = results.count("excellent") + (results.count("party") if a["party_independent"] else 0)
    sound = not {"basic", "unqualified", "none"} & set(results)
    return _has_one_of_six(a) or (a["education"] == "senior" and sound and best >= 2)


def _has_one_of_six(a: dict[str, Any]) -> bool:
    if a["honour"] == "none" or a["honour_on"] <= a["certificate_on"]:
        return False
    match a["honour"]:
        case "talent":
            return True
        case "invention" | "utility":
            return bool(a["inventor_place"] <= 5)
        case "department" | "medal":
            return a["honour_level"] in ("national", "provincial")
    return a["honour_level"] != "lower"


def findings(applicant: dict[str, Any]) -> list[dict[str, str]]:
    instance = Instance.start(JIAOZUO.scheme.definitions, "eligibility", applicant, context({}))
    assert instance.is_over
    return list(instance.snapshot().variables["findings"])


@given(applicants())
def test_the_tables_let_file_whom_the_notice_lets_file(applicant: dict[str, Any]) -> None:
    told = findings(applicant)
    assert (told == []) == may_file(applicant), told
    assert all(found["finding"] and found["article"][0] in "一二五" for found in told)
