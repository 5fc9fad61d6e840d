"""Jiangdu 2020: what its tables decide, by examples from the notice that need each row and each cell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from support.schemes import OnDisk
from support.tables import AllTablesAgree, Example, Surroundings, examples_of

JIANGDU = OnDisk("jiangdu-2020")
AUGUST = datetime(2020, 8, 10, 2, tzinfo=UTC)
"""10:00 of 10 August in Beijing."""
KINDS = ("senior_technician", "technician", "worker")
context = Surroundings(JIANGDU, AUGUST)


def at(month: int, day: int, hour: int = 0, second: int = 0) -> dict[str, datetime]:
    """An instant of 2020 in Beijing, less a second where `second` says so."""
    midnight = datetime.fromisoformat(f"2020-{month:02}-{day:02}T{hour:02}:00:00+08:00")
    return {"now": datetime.fromtimestamp(midnight.timestamp() - second, UTC)}


def filing_window() -> Iterator[Example]:
    for kind, opens, closes in (
        ("senior_technician", (8, 1), (9, 1)),
        ("technician", (7, 17), (8, 1)),
        ("worker", (8, 1), (9, 1)),
    ):
        yield Example({"kind": kind}, ("开始",), at(*opens, second=1))
        yield Example({"kind": kind}, (), at(*opens))
        yield Example({"kind": kind}, (), at(*closes, second=1))
        yield Example({"kind": kind}, ("无法补报",), at(*closes))
    yield Example({"kind": "worker"}, ("等级工8月1日",), at(7, 16))


def worker(born: str = "1985-03-04", gender: str = "female", **change: Any) -> dict[str, Any]:
    """Somebody who may file, but for the change."""
    kind = "male_60" if gender == "male" else "female_50"
    facts = {
        "kind": "worker",
        "grade": "senior",
        "expected_on_post": True,
        "conditions_met": True,
        "bars": [],
    }
    person = {"born": date.fromisoformat(born), "gender": gender}
    return {"person": person, "retirement_kind": kind, **facts, **change}


def eligibility() -> Iterator[Example]:
    bar = {"ground": "虚报业绩", "until": date(2022, 3, 21), "kind": "until", "scope": "321012"}
    grades = {"senior_technician": "高级技师", "technician": "技师"}
    for grade in ("senior", "intermediate", "junior"):
        yield Example(worker(grade=grade), ())
    for kind, title in grades.items():
        yield Example(worker(kind=kind, grade=kind), ())
        yield Example(worker(kind=kind, grade="junior"), (f"（{title}）",))
        yield Example(worker(grade=kind), ("（等级工）",))
    yield Example(worker(kind="senior_technician", grade="technician"), ("（高级技师）",))
    yield Example(worker(kind="technician", grade="senior_technician"), ("（技师）",))
    for kind, day, after, told in (
        ("senior_technician", "1961-05-31", "1961-06-01", "2021年5月底"),
        ("technician", "1960-12-31", "1961-01-01", "2020年12月底"),
        ("worker", "1960-12-31", "1961-01-01", "2020年12月底"),
    ):
        grade = "senior" if kind == "worker" else kind
        yield Example(worker(day, "male", kind=kind, grade=grade), (told,))
        yield Example(worker(after, "male", kind=kind, grade=grade), ())
    both = worker("1960-12-31", "male", kind="senior_technician", grade="senior_technician")
    yield Example(both, ("2021年5月底",))
    yield Example(worker(retirement_kind="male_60"), ("与性别不符",))
    yield Example(worker(retirement_kind="female_55"), ())
    yield Example(worker(gender="male", retirement_kind="female_50"), ("与性别不符",))
    yield Example(worker(expected_on_post=False), ("预计届时",))
    yield Example(worker(conditions_met=False), ("76号",))
    yield Example(worker(bars=[bar]), ("虚报业绩，到2022-03-21为止",))
    yield Example(worker(bars=[{**bar, "until": None}]), ("虚报业绩",))


def filing_trade() -> Iterator[Example]:
    trades = {"trade_senior_technician": "电工", "trade_technician": "讲解员", "trade_worker": "护理保健"}

    def told(kind: str, trade: str, general: bool, pool: str | None, **change: str) -> Example:
        variables = {"kind": kind, **trades, **change}
        return Example(variables, {"trade": trade, "general": general, "pool": pool})

    yield told("senior_technician", "电工", True, "高级技师/电工")
    yield told("senior_technician", "测绘员", False, None, trade_senior_technician="测绘员")
    yield told("technician", "讲解员", False, None)
    yield told("technician", "讲解员", False, None, trade_senior_technician="测绘员")
    yield told("worker", "护理保健", False, None)


def share_rule() -> Iterator[Example]:
    """JD-09: the four bands, the year before, and who failed earlier."""

    def told(count: int, last: int, limit: int, failed: bool = False) -> Example:
        ground = f"本单位该工种现有技师 {count} 人"
        if limit == 0:
            ground += "，上一年度已有申报，不能每年连续申报"
        if failed:
            ground = "往年未通过全省高级技师综合评审，不占指标"
        expected = {"share_counts": not failed, "share_limit": limit, "share_ground": ground}
        earlier = {"failed_before": failed, "unit_last_year": last}
        return Example({"technicians": {"count": count}, "earlier": earlier}, expected)

    for count, limit in ((20, 3), (35, 3), (19, 2), (10, 2), (9, 1), (5, 1)):
        for last in (0, 1, 3):
            yield told(count, last, limit)
    for count in (0, 1, 4):
        yield told(count, 0, 1)
        yield told(count, 1, 0)
        yield told(count, 2, 0)
    for count in (0, 4, 7, 15, 25):
        for last in (0, 1):
            yield told(count, last, 0, failed=True)


def review_chain() -> Iterator[Example]:
    for kind in KINDS:
        yield Example({"kind": kind}, {"to_province": kind != "worker"})


def selection_result() -> Iterator[Example]:
    for score, result in ((60, "passed"), (59.5, "failed"), (100, "passed"), (0, "failed")):
        yield Example({"attendance": "present", "score": score}, {"selection": result})
    for score in (None, 0, 90):
        yield Example({"attendance": "absent", "score": score}, {"selection": "absent"})


def report_late() -> Iterator[Example]:
    yield Example({}, {"report_late": "逾期未上报"}, at(8, 31))
    yield Example({}, {"report_late": None}, at(8, 31, second=1))


EXAMPLES = examples_of(
    filing_window, eligibility, filing_trade, share_rule, review_chain, selection_result, report_late,
)  # fmt: skip


class TestTables(AllTablesAgree):
    context = context
    examples = EXAMPLES
