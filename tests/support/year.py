"""A year of Chongqing as a story that the API's and the pages' tests walk alike, each by its own means.

A unit registers; of its four people one becomes a technician, one a junior worker, one is rejected, and one's
entry lapses at 24:00 of the last day (CQ-08 to CQ-24, CQ-30 to CQ-32, ALL-01, ALL-05, LIFE-15).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Protocol

from flask import Flask

from app.content.identity import make_citizen_id, make_credit_code
from support.pages import PASSWORD, Stage
from support.rehearsal import rehearse, sample

SCHEME = "chongqing-2021"
BUREAU, OFFICE = "渝北区人力资源和社会保障局", "市工考办"
EXAMINERS, TRAINERS = "市职鉴中心", "市职业技能公共实训中心"
UNIT = {
    "code": make_credit_code("500112", 901),
    "name": "渝北区少年宫",
    "region": "500112",
    "login": "ybsng",
    "password": PASSWORD,
    "person_name": "吴敏",
    "telephone": "023-00000001",
}
PROFILE = {"level": "district", "system": "other", "nature": "institution", "address": "渝北区示例路1号"}
DEPARTMENT = "渝北区教育委员会"
TECHNICIAN, JUNIOR, REJECTED, LATE = "贺建国", "尹小雨", "汤大勇", "伍长久"
PEOPLE = {
    name: make_citizen_id("500112", born, number, gender)
    for number, (name, born, gender) in enumerate(
        [
            (TECHNICIAN, date(1974, 2, 3), "male"),
            (JUNIOR, date(1988, 9, 9), "female"),
            (REJECTED, date(1979, 4, 5), "male"),
            (LATE, date(1977, 7, 1), "male"),
        ],
        start=71,
    )
}
GRADES = {TECHNICIAN: "technician", JUNIOR: "junior", REJECTED: "senior", LATE: "senior"}
TRADE = "图书资料业务员"
MATERIAL = {"material": ["申报材料.pdf"]}
ENTRY = {
    "id_copy": "身份证.pdf",
    "photo": "照片.jpg",
    "education": "secondary",
    "telephone": "023-00000000",
    "certificate_copies": True,
    "wants_training": True,
}
PAID = {"identity_checked": True, "signed": True, "amount": 160, "paid_on": "2021-06-30", "receipt": "票001"}
VOTE = {
    "members_due": 9,
    "members_present": 7,
    "votes_for": 5,
    "votes_against": 1,
    "votes_abstained": 1,
    "decision": "approve",
    "held_on": "2021-11-20",
}


class Walker(Protocol):
    """Whoever takes part, by the means at hand. `who` None is the unit; `of` None: a case of its own."""

    def register(self) -> None: ...
    def add_person(self, name: str, id_number: str) -> None: ...
    def move_clock(self, to: str) -> None: ...
    def start(self, who: str | None, process: str) -> None: ...
    def complete(self, who: str | None, task: str, of: str | None, values: Mapping[str, Any]) -> None: ...
    def draft(self, task: str, of: str, values: Mapping[str, Any]) -> None: ...
    def status(self, of: str) -> str: ...
    def certificate(self, of: str) -> str: ...
    def verified(self, number: str) -> str:
        """All that the public is told of the number."""


def set_stage(app: Flask) -> Stage:
    """1 June 2021, 9:00, in Chongqing."""
    return rehearse(app, SCHEME, "2021-06-01 09:00", OFFICE)


def filled(name: str) -> dict[str, Any]:
    """A filing by the scheme's own samples."""
    titles = {"technician": "合格的技师", "junior": "合格的初级工", "senior": "合格的高级工"}
    return sample(SCHEME, titles[GRADES[name]])


def walk(walker: Walker) -> None:
    """The whole year; what stands is looked at where people would look."""
    walk_to_recognition(walker)
    _certify(walker)


def walk_to_recognition(walker: Walker) -> None:
    """The year until nothing is missing but the publication of the results."""
    walker.register()
    for name, id_number in PEOPLE.items():
        walker.add_person(name, id_number)
    _file_posts(walker)
    _publish_names(walker)
    _review(walker)
    _enter(walker)
    _examine(walker)
    _assess(walker)


def _file_posts(walker: Walker) -> None:
    row = {"special": 0, "applied": 1, "two_for_one": 0, "unlimited": 0}
    vacant = {"technician": 1, "senior": 2, "junior": 1}
    posts = [{"grade": g, "approved": n + 1, "held": 1, "vacant": n, **row} for g, n in vacant.items()]
    told = {"filled_by": "人事科", "telephone": "023-00000000", "filled_on": "2021-06-01"}
    walker.start(None, "post_filing")
    walker.complete(None, "填写岗位使用情况", None, {"posts": posts, **told})
    walker.complete(BUREAU, "区县核对报送", None, {"decision": "approve"})
    walker.complete(OFFICE, "市工考办备案", None, {"decision": "approve"})


def _publish_names(walker: Walker) -> None:
    walker.move_clock("2021-06-08T09:00")
    walker.start(None, "publicity")
    entries = [{"person": name, "trade": TRADE, "grade": grade} for name, grade in GRADES.items()]
    shown = {"publicity_from": "2021-06-08", "place": "单位公告栏", "entries": entries, "reviewed": True}
    walker.complete(None, "初审并公示名单", None, shown)
    walker.move_clock("2021-06-17T09:00")
    assert {walker.status(name) for name in PEOPLE} == {"待提交"}


def _review(walker: Walker) -> None:
    walker.move_clock("2021-06-21T10:00")
    walker.draft("填写申报表", LATE, {"awards": "无"})
    for name in (TECHNICIAN, JUNIOR, REJECTED):
        walker.complete(None, "填写申报表", name, filled(name))
    approved = {"decision": "approve", **MATERIAL}
    walker.complete(BUREAU, "区县审核", TECHNICIAN, approved)
    walker.complete(BUREAU, "区县审核", JUNIOR, approved)
    walker.complete(BUREAU, "区县审核", REJECTED, {"decision": "reject", "opinion": "材料与档案记载不一致"})
    assert walker.status(REJECTED) == "审核未通过"
    walker.complete(OFFICE, "市工考办复审", TECHNICIAN, {"decision": "approve"})
    assert walker.status(TECHNICIAN) == walker.status(JUNIOR) == "未报名"


def _enter(walker: Walker) -> None:
    walker.move_clock("2021-06-28T09:00")
    for name in (TECHNICIAN, JUNIOR):
        walker.complete(None, "考试报名", name, ENTRY)
        walker.complete(OFFICE, "审核报名", name, {"decision": "approve"})
        walker.complete(EXAMINERS, "现场核对和缴费确认", name, PAID)
    assert walker.status(JUNIOR) == "培训中"
    walker.move_clock("2021-07-23T23:59")
    assert walker.status(LATE) == "待提交"
    walker.move_clock("2021-07-24T00:02")
    assert walker.status(LATE) == "逾期未提交"


def _examine(walker: Walker) -> None:
    walker.move_clock("2021-09-10T09:00")
    walker.complete(TRAINERS, "市级培训", TECHNICIAN, {"attendance": "partial"})
    walker.complete(BUREAU, "区县培训", JUNIOR, {"attendance": "completed", "hours": 40})
    walker.move_clock("2021-10-20T09:00")
    scores = {"absent": False, "theory": 82, "practice": 75}
    walker.complete(EXAMINERS, "录入成绩", TECHNICIAN, scores)
    walker.complete(BUREAU, "区县录入成绩", JUNIOR, scores)
    _announce(walker, "scores", "2021-10-25")
    walker.move_clock("2021-11-02T00:02")
    assert walker.status(TECHNICIAN) == "合格名单待公布"


def _assess(walker: Walker) -> None:
    _announce(walker, "passed_list", "2021-11-05")
    case_for_panel = {"summary": "主持完成馆藏数字化", "material": ["评审材料.pdf"]}
    walker.complete(None, "申报评审", TECHNICIAN, case_for_panel)
    walker.move_clock("2021-11-20T09:00")
    walker.complete(OFFICE, "评审", TECHNICIAN, VOTE)
    walker.complete(OFFICE, "认定", TECHNICIAN, {"decision": "approve"})
    walker.complete(BUREAU, "区县认定", JUNIOR, {"decision": "approve"})


def _certify(walker: Walker) -> None:
    _announce(walker, "final", "2021-12-10")
    for name, grade in ((TECHNICIAN, "技师"), (JUNIOR, "初级工")):
        assert walker.status(name) == "已发证"
        walker.complete(None, "审批表入档", name, {"filed_on": "2021-12-10", "filed": True})
        assert walker.status(name) == "已归档"
        told = walker.verified(walker.certificate(name))
        assert TRADE in told
        assert grade in told
        assert name not in told


def _announce(walker: Walker, kind: str, day: str) -> None:
    walker.move_clock(f"{day}T10:00")
    walker.start(OFFICE, "results_publication")
    said = {"kind": kind, "title": "公告", "published_on": day, "place": "市人力社保局网站"}
    walker.complete(OFFICE, "公布", None, said)
