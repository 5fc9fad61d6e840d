"""Chongqing 2021: what its tables decide, by examples from the notice that need each row and each cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

from support.schemes import OnDisk
from support.tables import AllTablesAgree, EveryWeekday, Example, Surroundings, examples_of

CHONGQING = OnDisk("chongqing-2021")

GRADES = ["junior", "intermediate", "senior", "technician", "senior_technician"]
HELD = dict(zip(GRADES, ["none", *GRADES], strict=False))
YEARS = range(2016, 2021)
CAUSES = ("withdrawn", "organiser", "ended", "unqualified", "absent", "other")
PARTY, OTHERS, DISTRICT, CITY = "party_cadre", "institution_office", "district_bureau", "city_office"
context = Surroundings(CHONGQING, datetime(2021, 6, 8, 2, tzinfo=UTC), EveryWeekday())


def units() -> Iterator[dict[str, Any]]:
    facts = [
        ("municipal", "district", "central", "none"),
        ("agency", "institution", "enterprise"),
        ("party", "other"),
        (True, False),
    ]
    for level, nature, system, superior in product(*facts):
        yield {"level": level, "nature": nature, "system": system, "has_superior": superior}


def first_office(unit: Mapping[str, Any]) -> str:
    """操作手册 3.1 read by hand: route 5 first, then by level and system."""
    alone = unit["nature"] == "institution" and not unit["has_superior"]
    if unit["level"] in ("central", "none") or unit["nature"] == "enterprise" or alone:
        return CITY
    if unit["level"] == "district":
        return DISTRICT
    return PARTY if unit["system"] == "party" else OTHERS


def second_office(first: str, grade: str) -> str:
    final = first == CITY or (first == DISTRICT and grade in GRADES[:3])
    return "none" if final else CITY


def route() -> Iterator[Example]:
    for unit, grade in product(units(), GRADES):
        first = first_office(unit)
        expected = {"first_reviewer": first, "second_reviewer": second_office(first, grade)}
        yield Example({"unit": unit, "grade": grade}, expected)


def post_route() -> Iterator[Example]:
    for unit in units():
        yield Example({"unit": unit}, {"verifier": first_office(unit)})


def applicant(grade: str = "senior", **change: Any) -> dict[str, Any]:
    """Somebody who meets every condition for the grade, but for the change."""
    technician = grade in GRADES[3:]
    return {
        "grade": grade,
        "trade": "维修电工",
        "current_trade": "维修电工",
        "certificate_grade": HELD[grade],
        "certificate_trade": None if grade == "junior" else "维修电工",
        "technician_trade": "维修电工" if technician else None,
        "on_establishment": True,
        "on_post": True,
        "veteran": False,
        "claimed_basis": "vacancy",
        "waived": False,
        "years_in_grade": 5,
        "years_required": None,
        "years_attested": True,
        **{f"appraisal_{year}": "qualified" for year in YEARS},
        **change,
    }


def eligibility() -> Iterator[Example]:
    def told(*words: str, grade: str = "senior", **change: Any) -> Example:
        return Example(applicant(grade, **change), words)

    yield from (told(grade=grade) for grade in GRADES)
    yield told("不在编", on_establishment=False)
    yield told("不在岗", on_post=False)
    yield told("不在编", "不在岗", on_establishment=False, on_post=False)
    yield from (told("年度考核", **{f"appraisal_{year}": "basic"}) for year in YEARS)
    yield from (told("年度考核", appraisal_2018=result) for result in ("unqualified", "none"))
    yield from (told(appraisal_2018="excellent", grade=grade) for grade in GRADES)
    for grade, held in product(GRADES, ["none", *GRADES]):
        if held != HELD[grade]:
            yield told("依次等级", grade=grade, certificate_grade=held, certificate_trade="维修电工")
            yield told(grade=grade, certificate_grade=held, certificate_trade="维修电工", veteran=True)
    for grade in GRADES[1:]:
        yield told("现从事的工作岗位", grade=grade, current_trade="管道工")
        yield told("等级证书", grade=grade, certificate_trade="管道工")
    yield told(grade="junior", current_trade="管道工")
    yield told("依次等级", grade="junior", certificate_grade="junior", certificate_trade="管道工")
    for grade, chosen in product(GRADES[3:], (None, "管道工")):
        yield told("技师工种目录", grade=grade, technician_trade=chosen)
    yield told("优秀不足3次", claimed_basis="excellent")
    yield told(claimed_basis="excellent", waived=True)
    yield told("年限未满", years_required=6)
    yield told(years_required=5, years_attested=None)
    yield told(years_required=6, veteran=True)
    yield from (told("规定年限尚未录入", years_attested=attested) for attested in (None, False))


def exclusions() -> Iterator[Example]:
    flags = {
        "under_discipline": "处分期",
        "in_custody": "缓刑",
        "long_absence": "病假",
        "professional_post": "专业技术职务",
        "otherwise_unfit": "其他",
    }
    none = {**dict.fromkeys(flags, False), "bars": []}
    bar = {"ground": "考试作弊", "until": None, "kind": "next_examination", "scope": "500000"}
    yield Example(none, ())
    yield Example({**dict.fromkeys(flags, True), "bars": []}, tuple(flags.values()))
    yield from (Example({**none, flag: True}, (words,)) for flag, words in flags.items())
    yield Example({**none, "bars": [bar]}, ("考试作弊，不得参加下一次考试",))
    yield Example({**none, "bars": [{**bar, "until": date(2022, 5, 1)}]}, ("到2022-05-01为止",))


def vacancy_waiver() -> Iterator[Example]:
    answers = {
        ("vacancy", 5): ("vacancy", False, ""),
        ("two_for_one", 0): ("two_for_one", False, "退二进一"),
        ("excellent", 2): ("vacancy", False, ""),
        ("excellent", 3): ("excellent", True, "三年优秀"),
        ("excellent", 5): ("excellent", True, "三年优秀"),
        ("contest", 0): ("contest", True, "技能竞赛前六名"),
        ("title", 0): ("title", True, "技术能手或杰出技能人才"),
    }
    for (basis, excellent), (place, waived, remark) in answers.items():
        results = ["excellent"] * excellent + ["qualified"] * (5 - excellent)
        appraisals = {f"appraisal_{year}": result for year, result in zip(YEARS, results, strict=True)}
        expected = {"place_basis": place, "waived": waived, "remark": remark}
        yield Example({"claimed_basis": basis, **appraisals}, expected)


def service_years() -> Iterator[Example]:
    """Counted to the end of 2020-12-31, from the month in which the grade's wage began."""

    def counted(started: str, wage: str | None, work: int, grade: int) -> Example:
        held = "junior" if wage else "none"
        variables = {"certificate_grade": held, "work_started": started, "grade_wage_from": wage}
        return Example(variables, {"years_of_work": work, "years_in_grade": grade})

    yield counted("2001-01", "2016-01", 20, 5)
    yield counted("2001-02", "2016-02", 19, 4)
    yield counted("2020-12", None, 0, 0)


def years_required() -> Iterator[Example]:
    parameters = {f"years_{grade}": number for number, grade in enumerate(GRADES[1:], start=2)}
    for number, grade in enumerate(GRADES, start=1):
        expected = {"years_required": number if number > 1 else None}
        yield Example({"grade": grade}, expected, parameters)
        yield Example({"grade": grade}, {"years_required": None})


def post_arithmetic() -> Iterator[Example]:
    def row(finding: str, twice: bool = False, **numbers: int) -> Example:
        empty = dict.fromkeys(["approved", "held", "vacant", "applied", "two_for_one", "unlimited"], 0)
        post = {"grade": "senior", **empty, **numbers}
        return Example({"post": post, "posts": [post] * (1 + twice)}, {"finding": finding})

    yield row("", approved=5, held=3, vacant=2, applied=2)
    yield row("", approved=5, held=3, vacant=2, applied=4, two_for_one=1, unlimited=1)
    yield row("", approved=2, held=3, vacant=0)
    yield row("同一等级填了不止一行，请合并", twice=True)
    yield row("空缺岗位应当等于核准岗位数减现聘人数", approved=5, held=3, vacant=3)
    yield row("空缺岗位应当等于核准岗位数减现聘人数", approved=5, held=3, vacant=1)
    yield row("现聘人数已超过核准岗位数，空缺岗位应当填0", approved=2, held=3, vacant=1)
    yield row("受岗位数限制的申报数量超过了空缺岗位（1:1）", approved=5, held=3, vacant=2, applied=3)
    both = "退二进一和不受岗位限额的人数之和超过了当年岗位申报数量"
    yield row(both, approved=5, held=3, vacant=2, applied=1, two_for_one=1, unlimited=1)


def publicity_check() -> Iterator[Example]:
    """Today is 2021-06-08."""
    answers = {
        "2021-06-07": "公示起始日不能早于今天",
        "2021-06-08": "",
        "2021-07-08": "",
        "2021-07-09": "公示起始日距今天超过30天，请核对",
    }
    for day, finding in answers.items():
        yield Example({"publicity_from": day}, {"finding": finding})


def personal_publicity() -> Iterator[Example]:
    """A row of the list says nothing where its box was not ticked."""
    entry = {"person": 7, "trade": "维修电工", "grade": "senior"}
    told = {"applicant": 7, "trade": "维修电工", "grade": "senior"}
    yield Example({"entry": entry}, {"must_wait": True, **told})
    yield Example({"entry": {**entry, "published_before": False}}, {"must_wait": True, **told})
    yield Example({"entry": {**entry, "published_before": True}}, {"must_wait": False, **told})


def entry_stamp() -> Iterator[Example]:
    yield Example({}, {"entered_at": datetime(2021, 6, 8, 2, tzinfo=UTC)})


def fee_due() -> Iterator[Example]:
    cited = "渝价〔2001〕241号、渝价〔2002〕770号、渝价函〔2007〕129号："
    amounts = {"fee_worker": 100, "fee_technician": 200}
    for grade in GRADES:
        what = "技师、高级技师" if grade in GRADES[3:] else "初、中、高级工"
        known = {"fee": 200 if grade in GRADES[3:] else 100, "fee_basis": cited + what}
        yield Example({"grade": grade}, known, amounts)
        yield Example({"grade": grade}, {**known, "fee": None})


def refund_rule() -> Iterator[Example]:
    """LIFE-09: until the entry is locked, or the organiser's fault; LIFE-06, LIFE-08."""
    locked = datetime(2021, 8, 20, 16, tzinfo=UTC)
    moments = {False: locked - timedelta(microseconds=1), True: locked}
    for cause, over, late, due in product(CAUSES, (True, False), (True, False), ({}, {"refund_due": False})):
        right, word = _refundable(cause, over, late, settled=bool(due))
        known = {"refund_cause": cause, "linked": {"outcome": "withdrawn" if over else None, **due}}
        yield Example(known, {"refundable": right, "refund_basis": word}, {"now": moments[late]})


def _refundable(cause: str, over: bool, late: bool, settled: bool) -> tuple[bool, str]:
    if cause == "organiser":
        return True, "组织方的原因，应当退费"
    if cause == "absent":
        return False, "缺考，不退费"
    if cause == "other":
        return False, "不属于应当退费的情形"
    if not over:
        return False, "申报还在办理，请先撤回或终止"
    if cause == "ended":
        return True, "考试前终止，应当退费；已参加考试的除外"
    if cause == "unqualified":
        no = (False, "申报结束时已确定不退费：已参加考试，或者没有缴费")
        return no if settled else (True, "资格审查没有通过，应当退费；已参加考试的除外")
    return (False, "报名已经锁定，不退费") if late else (True, "报名锁定前退出，应当退费")


def organisers() -> Iterator[Example]:
    """通知二（二）: a district looks after the workers of its own agencies and institutions, nobody else."""
    city = {"trainer": "training_base", "examiner": "exam_center", "recogniser": CITY}
    for unit, grade in product(units(), GRADES):
        own = unit["level"] == "district" and unit["nature"] != "enterprise" and grade in GRADES[:3]
        yield Example({"unit": unit, "grade": grade}, dict.fromkeys(city, DISTRICT) if own else city)


def score_result() -> Iterator[Example]:
    """The marks are 60 and 70 here, so that they cannot be confused."""
    marks = {"pass_theory": 60, "pass_practice": 70}
    answers = {
        (60, 70): "passed",
        (100, 100): "passed",
        (59, 100): "failed",
        (100, 69): "failed",
        (0, 0): "failed",
    }
    for (theory, practice), result in answers.items():
        scores = {"absent": False, "theory": theory, "practice": practice}
        yield Example(scores, {"exam_result": result}, marks)
    for theory, practice in ((None, None), (90, 90), (30, 90), (90, 30)):
        scores = {"absent": True, "theory": theory, "practice": practice}
        yield Example(scores, {"exam_result": "absent"}, marks)


def vote_check() -> Iterator[Example]:
    def vote(due: int, present: int, yes: int, no: int, blank: int, decision: str, *words: str) -> Example:
        members = {"members_due": due, "members_present": present, "assessment_decision": decision}
        votes = {"votes_for": yes, "votes_against": no, "votes_abstained": blank}
        return Example({**members, **votes}, words)

    yield vote(9, 9, 6, 2, 1, "approve")
    yield vote(9, 6, 4, 1, 1, "approve")
    yield vote(9, 7, 4, 2, 1, "reject")
    yield vote(7, 9, 9, 0, 0, "approve", "超过了应到")
    yield vote(9, 7, 9, 0, 0, "approve", "等于实到人数")
    yield vote(9, 7, 5, 1, 0, "approve", "等于实到人数")
    yield vote(9, 5, 5, 0, 0, "approve", "出席人数")
    yield vote(9, 7, 4, 2, 1, "approve", "不能评为通过")
    yield vote(9, 7, 5, 1, 1, "reject", "应当评为通过")


def former_scores() -> Iterator[Example]:
    about = {"id": 7, "process": "application", "outcome": None, "grade": "senior"}
    scored = {"absent": False, "theory": 60, "practice": 61, "certificate_number": "5002"}
    names = ("former_absent", "former_theory", "former_practice", "former_certificate")
    kept = dict(zip(names, scored.values(), strict=True))
    yield Example({"linked": {**about, **scored}}, {"grade": "senior", **kept})
    yield Example({"linked": about}, {"grade": "senior", **dict.fromkeys(kept)})


EXAMPLES = examples_of(
    route, post_route, eligibility, exclusions, vacancy_waiver,
    service_years, years_required, post_arithmetic, publicity_check, personal_publicity,
    entry_stamp, fee_due, refund_rule, organisers, score_result, vote_check, former_scores,
)  # fmt: skip


class TestTables(AllTablesAgree):
    context = context
    examples = EXAMPLES
