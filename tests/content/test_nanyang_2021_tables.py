"""Nanyang 2021: what its tables decide, by examples from the notice that need each row and each cell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from support.schemes import OnDisk
from support.tables import AllTablesAgree, EveryWeekday, Example, Surroundings, checklist_of, examples_of

NANYANG = OnDisk("nanyang-2021")
MAY = datetime(2021, 5, 6, 2, tzinfo=UTC)
"""10:00 of 6 May in Beijing."""
JUNIOR = ("two", "three", "four", "five")
ANNEX_1 = [
    "保管工", "保卫消防员", "电工", "动物检疫员", "房管员", "工程测量工",
    "公路养护工", "管道工", "灌排工程工", "广电通信技术员", "衡器计量检定工", "环境放射性监测工",
    "环境生物监测工", "环境噪声监测工", "机械操作维修工", "计量检定工", "计算机信息处理员",
    "晶片谐振器制造工", "录音摄像工", "盲人按摩工", "气象观测工", "潜水工", "食品检验工", "收银审核员",
    "兽医防治员", "水工工程工", "水工监测工", "水工闸门运行工", "水生产处理工", "水土保持工",
    "水文勘测工", "图书发行员", "图书资料员", "土建施工人员", "物探工", "印制电路制作工",
    "有线广播电视机务员", "园林绿化工", "中式面点师", "中式烹调师", "中医保健员", "钻探工",
]  # fmt: skip
"""附件1, in its order."""
context = Surroundings(NANYANG, MAY, EveryWeekday(), later=["exam", "exam_one"])


def applicant(born: str = "1985-04-09", gender: str = "female", **change: Any) -> dict[str, Any]:
    """A gardener of a county who may file for grade 4, but for the change."""
    kind = "male_60" if gender == "male" else "female_50"
    ground = {"filing_ground": "general", "former_trade": None, "trade_is_present": None}
    facts = {"employment": "regular", "conditions_met": True, "retired_before": False, "bars": []}
    rest = {"grade": "four", "trade": "园林绿化工", "front_line_group": None, "holds_certificate": "five"}
    unit = {"unit": {"level": "district", "region": "411381"}, "place": "411381"}
    document = {"condition_document": "豫人社工考〔2013〕1号", "retirement_kind": kind}
    person = {"person": {"born": date.fromisoformat(born), "gender": gender}}
    return {**person, **ground, **facts, **rest, **unit, **document, **change}


def eligibility() -> Iterator[Example]:
    """The notice came on 2021-04-15, as the scheme reads it."""
    yield Example(applicant(), ())
    yield Example(applicant(employment="hired"), ())
    yield Example(applicant(employment="none"), ("不是工勤技能岗位在岗正式工作人员",))
    yield Example(applicant(retired_before=True), ("已办理退休手续",))
    yield Example(applicant("1971-04-14"), ("已达到退休年龄",))
    yield Example(applicant("1971-04-15"), ())
    yield Example(applicant("1961-04-14", "male"), ("已达到退休年龄",))
    yield Example(applicant("1961-04-15", "male"), ())
    yield Example(applicant(retirement_kind="male_60"), ("与性别不符",))
    yield Example(applicant("1985-04-09", "male", retirement_kind="female_55"), ("与性别不符",))
    yield Example(applicant(conditions_met=False), ("豫人社工考〔2013〕1号",))
    yield Example(applicant(employment="none", conditions_met=False), ("不是工勤", "2013"))
    yield from grade_one_trades()
    yield from car_reform()
    yield from front_line()
    yield from places()
    bar = {"ground": "填报虚假材料", "until": date(2023, 4, 29), "kind": "until", "scope": "411300"}
    yield Example(applicant(bars=[bar]), ("填报虚假材料，到2023-04-29为止",))
    yield Example(applicant(bars=[{**bar, "until": None}]), ("填报虚假材料",))


def grade_one_trades() -> Iterator[Example]:
    for trade in ANNEX_1:
        yield Example(applicant(grade="one", trade=trade), ())
    yield Example(applicant(grade="one", trade="汽车驾驶员"), ("42个工种",))
    for grade in JUNIOR:
        yield Example(applicant(grade=grade, trade="汽车驾驶员"), ())


def car_reform() -> Iterator[Example]:
    def driver(**change: Any) -> dict[str, Any]:
        facts = {"filing_ground": "car_reform", "former_trade": "汽车驾驶员", "trade_is_present": True}
        return applicant(**{"trade": "保管工", "grade": "two", **facts, **change})

    for grade in JUNIOR:
        yield Example(driver(grade=grade), ())
    yield Example(driver(grade="one"), ("二级及以下",))
    yield Example(driver(trade_is_present=False), ("现从事岗位工种",))
    yield Example(driver(former_trade="保管工"), ("没有发生变化",))
    yield Example(driver(former_trade="汽车维修工"), ())
    other = {"former_trade": "保管工", "trade_is_present": False, "filing_ground": "general"}
    yield Example(driver(**other), ())


def front_line() -> Iterator[Example]:
    def worker(group: str, **change: Any) -> dict[str, Any]:
        return applicant(**{"filing_ground": "front_line", "front_line_group": group, **change})

    for group in ("designated_hospital", "hubei_team"):
        yield Example(worker(group), ())
        yield Example(worker(group, holds_certificate="none"), ("须持有工勤技能岗位等级证书",))
        yield Example(worker(group, holds_certificate="none", filing_ground="general"), ())
    yield Example(worker("commended", holds_certificate="none"), ())
    yield Example(worker("none"), ("三类一线",))
    yield Example(worker("none", filing_ground="general"), ())


def places() -> Iterator[Example]:
    def of(level: str, region: str, place: str, *words: str) -> Example:
        return Example(applicant(unit={"level": level, "region": region}, place=place), words)

    yield of("district", "411381", "411325", "注册地与单位不符")
    yield of("district", "411381", "411300", "注册地与单位不符")
    yield of("municipal", "411303", "411300")
    yield of("municipal", "411303", "411303", "注册地与单位不符")
    yield of("provincial", "411302", "411300")


def basis() -> Iterator[Example]:
    """Which document's conditions apply, with the article of the notice."""

    def told(ground: str, grade: str, document: str, article: str) -> Example:
        expected = {"condition_document": document, "basis_article": article}
        return Example({"filing_ground": ground, "grade": grade}, expected)

    for grade in JUNIOR:
        yield told("general", grade, "豫人社工考〔2013〕1号", "二（一）")
        yield told("car_reform", grade, "参照豫人社工考〔2013〕1号（公车改革）", "二（一）")
    for ground in ("general", "car_reform"):
        yield told(ground, "one", "豫人社办〔2021〕27号", "二（二）")
    for grade in ("one", *JUNIOR):
        yield told("front_line", grade, "豫人社办〔2020〕29号", "二（三）")


def retirement() -> Iterator[Example]:
    def told(born: str, within: bool, day: str) -> Example:
        return Example(applicant(born), {"retires_in_year": within, "retires_on": day})

    yield told("1971-08-20", True, "2021-08-20")
    yield told("1971-12-31", True, "2021-12-31")
    yield told("1972-01-01", False, "2022-01-01")


def checklist() -> Iterator[Example]:
    words = ("身份和岗位", "申报工种", "证书", "学历", "年度考核", "处分", "真实")
    items = ("post", "trade_right", "certificate", "schooling", "appraisals", "record", "papers")
    return checklist_of(dict(zip(items, words, strict=True)))


def late_mark() -> Iterator[Example]:
    """24:00 of 12 and of 14 May."""
    unit, office = "单位初审逾期", "审查逾期"
    for day, hour, told in ((12, 15, None), (12, 16, unit), (14, 15, unit), (14, 16, office)):
        yield Example({}, {"late": told}, {"now": datetime(2021, 5, day, hour, tzinfo=UTC)})


def route() -> Iterator[Example]:
    county = {"two_levels": True, "route_article": "三（四）：县（区）初审，市里审查"}
    city = {"two_levels": False, "route_article": "三（四）：直接报市工考服务中心"}
    yield Example({"unit": {"level": "district"}}, county)
    for level in ("municipal", "provincial", "central"):
        yield Example({"unit": {"level": level}}, city)


def fee_due() -> Iterator[Example]:
    """The notice names no sum: the parameter is empty until somebody supplies it."""
    fees = {"fee_lower": 160, "fee_one": 300}
    for grade in JUNIOR:
        expected = {"fee": None, "fee_basis": "四（三）：现行标准，五级至二级"}
        yield Example({"grade": grade}, expected)
        yield Example({"grade": grade}, {**expected, "fee": 160}, fees)
    yield Example({"grade": "one"}, {"fee": 300, "fee_basis": "四（三）：现行标准，一级"}, fees)


def payment_way() -> Iterator[Example]:
    online = {"online": True, "way_article": "五（三）：网上缴费试点，可在网上缴费"}
    counter = {"online": False, "way_article": "五（三）：到同级工考管理机构缴费"}
    pilots = {"pilot_places": ["411381", "411325"]}
    yield Example({"place": "411381"}, online, pilots)
    yield Example({"place": "411300"}, counter, pilots)
    yield Example({"place": "411300"}, counter, {"pilot_places": []})


def sitting() -> Iterator[Example]:
    begins = datetime(2021, 7, 16, 16, tzinfo=UTC)

    def told(state: str, now: datetime, exam: datetime | None, **facts: Any) -> Iterator[Example]:
        for grade in JUNIOR:
            yield Example({"grade": grade, **facts}, {"sitting_state": state}, {"now": now, "exam": exam})
        one = {"now": now, "exam_one": exam, "exam": now}
        yield Example({"grade": "one", **facts}, {"sitting_state": state}, one)

    yield from told("admitted", begins, None)
    yield from told("admitted", begins.replace(hour=15, minute=59), begins)
    yield from told("missed", begins, begins)
    yield from told("admitted", begins, begins, sitting_on="2021-09-18")
    yield from told("missed", begins.replace(month=9, day=17), begins, sitting_on="2021-09-18")
    yield from told("admitted", begins, begins.replace(month=8))


def sitting_check() -> Iterator[Example]:
    """A sitting for one person: from tomorrow, from 1 July to 30 November."""
    june, july = datetime(2021, 6, 1, 2, tzinfo=UTC), datetime(2021, 7, 20, 2, tzinfo=UTC)
    for day, now, *words in (
        ("2021-07-01", june),
        ("2021-06-30", june, "早于日程"),
        ("2021-07-20", july, "今天以后"),
        ("2021-07-21", july),
        ("2021-11-30", july),
        ("2021-12-01", july, "晚于日程"),
    ):
        yield Example({"sitting_on": day}, tuple(words), {"now": now})


def exam_result() -> Iterator[Example]:
    def subjects(skills: int, ethics: int, ability: int, told: str, **marks: Any) -> Iterator[Example]:
        for grade in JUNIOR:
            facts = {"skills": skills, "ethics": ethics, "ability": ability, "theory": None, "grade": grade}
            expected = {"exam_outcome": told, "score": skills + ethics + ability}
            yield Example({"attendance": "present", **facts}, expected, marks)

    def theory(score: int, told: str, **marks: Any) -> Example:
        facts = {"skills": None, "ethics": None, "ability": None, "theory": score, "grade": "one"}
        return Example({"attendance": "present", **facts}, {"exam_outcome": told, "score": score}, marks)

    yield from subjects(60, 60, 60, "passed")
    for worst in ((59, 100, 100), (100, 59, 100), (100, 100, 59)):
        yield from subjects(*worst, "failed")
    yield from subjects(70, 100, 100, "failed", pass_subject=71)
    yield theory(60, "passed")
    yield theory(59, "failed")
    yield theory(70, "failed", pass_theory=71)
    nothing = dict.fromkeys(("skills", "ethics", "ability", "theory"))
    for grade in ("one", *JUNIOR):
        absent = {"attendance": "absent", "grade": grade, **nothing}
        yield Example(absent, {"exam_outcome": "absent", "score": None})


def publicity_period() -> Iterator[Example]:
    """Five working days from the day after: Monday 11 October to Monday 18 October, its whole day."""
    monday = {"now": datetime(2021, 10, 11, 2, tzinfo=UTC)}
    yield Example({}, {"publicity_ends": "2021-10-18"}, monday)
    yield Example({}, {"publicity_ends": "2021-10-20"}, {**monday, "publicity_working_days": 7})


def list_check() -> Iterator[Example]:
    def told(passed: Any, on_site: Any, count: int, *words: str) -> Example:
        return Example({"passed_people": passed, "on_site_people": on_site, "people_count": count}, words)

    yield told([1, 2], [3], 3)
    yield told([1], None, 1)
    yield told(None, [3], 1)
    yield told([1, 2], [3], 2, "填写的人数是2，名册上共3人")
    yield told(None, None, 0, "两份名册都没有人")


def liability() -> Iterator[Example]:
    def told(contradicted: bool, effects: bool, liable: bool, why: str) -> Example:
        expected = {"liable": liable, "liability_basis": why}
        return Example({"file_contradicted": contradicted, "ill_effects": effects}, expected)

    yield told(True, True, True, "六：报送的基本信息与人事档案不一致，引发不良影响")
    yield told(True, False, False, "六：没有引发不良影响，不追究")
    for effects in (True, False):
        yield told(False, effects, False, "六：与人事档案一致，不追究")


def former_scores() -> Iterator[Example]:
    names = {"grade": "grade", "attendance": "former_attendance", "score": "former_score"}
    names["certificate_number"] = "former_certificate"
    known = {"grade": "four", "attendance": "present", "score": 189, "certificate_number": None}
    for linked in (known, {"grade": "four"}):
        expected = {new: linked.get(old) for old, new in names.items()}
        yield Example({"linked": {"process": "application", **linked}}, expected)


EXAMPLES = examples_of(
    eligibility, basis, retirement, checklist, late_mark, route, fee_due, payment_way, sitting,
    sitting_check, exam_result, publicity_period, list_check, liability, former_scores,
)  # fmt: skip
COMMON = {"refund_rule"}
"""Tables of bpmn/common: their scenarios are those of refunds."""


class TestTables(AllTablesAgree):
    context = context
    examples = EXAMPLES
    elsewhere = COMMON


@pytest.mark.parametrize(
    ("change", "article"),
    [
        ({"retired_before": True}, "一（三）"),
        ({"grade": "one", "trade": "汽车驾驶员"}, "一（二）、附件1"),
        ({"filing_ground": "car_reform", "trade_is_present": False}, "二（一）"),
        ({"filing_ground": "front_line", "front_line_group": "none"}, "二（三）"),
        ({"place": "411300"}, "五（二）"),
    ],
)
def test_the_eligibility_table_answers_with_the_article(change: dict[str, Any], article: str) -> None:
    table = NANYANG.scheme.definitions.decisions["eligibility"]
    value = table.decide(applicant(**change), context({})).value
    assert [row["article"] for row in value] == [article]


def test_the_catalogue_has_the_42_trades_of_the_annex_in_its_order() -> None:
    assert len(ANNEX_1) == 42
    entries = NANYANG.scheme.catalogues["trades"].entries
    assert [entry.code for entry in entries if entry.group == "附件1（一级可以申报）"] == ANNEX_1
