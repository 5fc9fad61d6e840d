"""A year of Jiaozuo walked on the pages: returned, mended, wrongly scored, certified; a pledge broken."""

from __future__ import annotations

from datetime import date

from flask import Flask
from support.pages import PASSWORD
from support.rehearsal import rehearse, sample
from support.visitors import Visitors

from app.content.identity import make_citizen_id, make_credit_code

SCHEME = "jiaozuo-2026"
DEPARTMENT, OFFICE = "市公共事务局", "市工考办"
EXAMINER, APPROVER = "市工考办考务员", "市工考办复核员"
UNIT = {
    "code": make_credit_code("410800", 912),
    "name": "焦作市示例文化馆",
    "region": "410800",
    "login": "jzwhg",
    "password": PASSWORD,
    "person_name": "闻敏",
    "telephone": "0391-0000001",
}
PROFILE = {
    "level": "municipal",
    "system": "other",
    "nature": "institution",
    "address": "焦作市示例路1号",
    "superior": DEPARTMENT,
}
KEPT, BROKEN = "常守信", "段失约"
PEOPLE = {
    KEPT: make_citizen_id("410899", date(1985, 4, 9), 81, "male"),
    BROKEN: make_citizen_id("410899", date(1986, 4, 9), 82, "male"),
}
REVIEWED = {"file_checked": True, "decision": "approve", "appraisal_filed": False, "pledge": True}
APPROVED = {"decision": "approve"}
FAILED = "资格审查不通过（容缺材料未补）"


def test_the_year_of_jiaozuo_on_the_pages(app: Flask) -> None:
    stage = rehearse(app, SCHEME, "2026-03-12 00:00", OFFICE)
    officers = (DEPARTMENT, OFFICE, EXAMINER, APPROVER)
    visitors = Visitors(stage, officers, keeper=OFFICE, applications="等级考核申报")
    register(visitors)
    list_people(visitors)
    review(visitors)
    mend(visitors)
    bring_originals_and_pay(visitors)
    examine(visitors)
    keep_and_break_the_pledge(visitors)
    certify(visitors)


def register(visitors: Visitors) -> None:
    """From 0:00 of 12 March the unit organises, from 0:00 of 14 March it lists people (JZ-14, JZ-21)."""
    visitors.register_unit(UNIT, PROFILE, PEOPLE.items())
    visitors.start(None, "registration")
    told = {
        "names_checked": True,
        "appointment_policy": "取得证书后按空缺择优聘用。",
        "policy_told": True,
        "planned": 2,
    }
    visitors.complete(None, "组织申报", None, told)
    visitors.move_clock("2026-03-13T23:59")
    assert visitors.owed(None) == set()
    visitors.move_clock("2026-03-14T00:02")
    assert visitors.owed(None) == {"确定申报人员名单"}


def list_people(visitors: Visitors) -> None:
    """Two filings, and the sealed list within two working days (JZ-11, JZ-18)."""
    visitors.complete(None, "确定申报人员名单", None, {"voluntary": True, "people": list(PEOPLE)})
    visitors.move_clock("2026-03-16T09:00")
    for name in PEOPLE:
        assert visitors.status(name) == "待提交"
        visitors.complete(None, "填报申报信息", name, sample(SCHEME, "合格的四级"))
    visitors.complete(None, "确认网上注册报名完成", None, {"decision": "done", "done_on": "2026-03-16"})
    sealed = {"unit_sealed": True, "department_sealed": True, "scan": ["名单.pdf"], "told": "telephone"}
    visitors.complete(None, "报送申报人员名单", None, {"listed": list(PEOPLE), **sealed})
    visitors.complete(OFFICE, "签收名单", None, {"decision": "accept"})


def review(visitors: Visitors) -> None:
    """The unit pledges for both; the office passes one, and returns the other (JZ-09, JZ-12)."""
    visitors.move_clock("2026-04-03T09:00")
    for name in PEOPLE:
        visitors.complete(None, "单位审核", name, REVIEWED)
        visitors.complete(DEPARTMENT, "主管部门审核", name, APPROVED)
    visitors.complete(OFFICE, "市工考办审查", BROKEN, {**APPROVED, "needs_on_site": True})
    assert visitors.status(BROKEN) == "待现场审查确认"
    returned = {"decision": "return", "opinion": "证书扫描件不清，请重新上传"}
    visitors.complete(OFFICE, "市工考办审查", KEPT, returned)


def mend(visitors: Visitors) -> None:
    """Two working days after Friday, 3 April end on 8 April, at 24:00: Monday is a holiday (JZ-12)."""
    assert visitors.status(KEPT) == "已退回，待修改"
    page = visitors.look_at(None, KEPT)
    assert "证书扫描件不清，请重新上传" in page
    assert "2026年4月8日 24:00" in page
    visitors.move_clock("2026-04-08T23:58")
    visitors.complete(None, "修改后重新提交", KEPT, sample(SCHEME, "合格的四级"))
    visitors.move_clock("2026-04-09T09:00")
    assert visitors.status(KEPT) == "待单位审核"
    visitors.complete(None, "单位审核", KEPT, REVIEWED)
    visitors.complete(DEPARTMENT, "主管部门审核", KEPT, APPROVED)
    visitors.complete(OFFICE, "市工考办审查", KEPT, {**APPROVED, "needs_on_site": True})
    assert visitors.status(KEPT) == "待现场审查确认"


def bring_originals_and_pay(visitors: Visitors) -> None:
    """The unit's lists are sealed, then its originals are seen (JZ-13, JZ-20)."""
    visitors.start(None, "confirmation")
    people = list(PEOPLE)
    signed = {"statement": True, "handler": "经办甲", "head": "负责人甲", "unit_sealed": True}
    lists = {"passed_people": people, "on_site_people": people, "people_count": 2, **signed}
    visitors.complete(None, "打印名册并签字盖章", None, lists)
    visitors.complete(DEPARTMENT, "主管部门审核名册", None, APPROVED)
    brought = {"people": people, "originals": 6, "handed_by": "经办甲", "telephone": "0391-0000000"}
    visitors.complete(None, "登记报送材料", None, brought)
    visitors.complete(OFFICE, "接收材料", None, {"decision": "accept", "received_on": "2026-04-09"})
    for name in PEOPLE:
        visitors.complete(OFFICE, "现场审查确认", name, {"originals_seen": True, "decision": "confirm"})
        paid = {"amount": "120", "paid_on": "2026-04-09", "receipt": f"票-{name}"}
        visitors.complete(OFFICE, "缴费确认", name, {**paid, "wants_training": name == KEPT})
    given_back = {"returned": 6, "returned_on": "2026-04-09", "taken_by": "经办甲"}
    visitors.complete(OFFICE, "退回原件", None, given_back)
    assert visitors.status(KEPT) == "培训中"
    assert visitors.status(BROKEN) == "待考试"


def examine(visitors: Visitors) -> None:
    """The examination comes at 0:00; for five working days scores may be asked about (JZ-14, LIFE-10)."""
    visitors.move_clock("2026-06-30T09:00")
    visitors.complete(EXAMINER, "登记培训", KEPT, {"attendance": "full"})
    visitors.move_clock("2026-08-14T23:59")
    assert visitors.owed(EXAMINER) == set()
    visitors.move_clock("2026-08-15T00:02")
    for name, score in ((KEPT, 40), (BROKEN, 99)):
        visitors.complete(EXAMINER, "录入人机对话成绩", name, {"absent": False, "score": score})
        assert visitors.status(name) == "成绩待公布"
    publish(visitors, "scores", "2026-09-01")
    visitors.move_clock("2026-09-02T09:00")
    visitors.complete(None, "申请查分", KEPT, {"reason": "与估分相差较大"})
    visitors.complete(EXAMINER, "核对成绩", KEPT, {"result": "wrong", "note": "应为60"})
    correct(visitors)
    visitors.move_clock("2026-09-08T23:59")
    assert visitors.owed(None, BROKEN) == {"申请查分", "上传补交材料"}
    visitors.move_clock("2026-09-09T00:02")
    assert visitors.owed(None, BROKEN) == {"上传补交材料"}


def correct(visitors: Visitors) -> None:
    """The case waits for what two officers decide in one of its own, and is published again (LIFE-11)."""
    assert visitors.status(KEPT) == "待更正成绩"
    assert visitors.owed(EXAMINER, KEPT) == {"等待成绩更正"}
    visitors.look_at(EXAMINER, KEPT)
    visitors.readers[EXAMINER].press("发起成绩更正")
    right = {"absent": False, "score": 60, "ground": "登分误录", "evidence": ["答题记录.pdf"]}
    visitors.complete(EXAMINER, "提出更正", KEPT, right)
    visitors.complete(APPROVER, "批准更正", KEPT, APPROVED)
    assert visitors.status(KEPT) == "成绩待公布"
    assert visitors.owed(EXAMINER, KEPT) == set()
    publish(visitors, "scores", "2026-09-04")
    assert visitors.status(KEPT) == "成绩已公布"


def keep_and_break_the_pledge(visitors: Visitors) -> None:
    """Who has not uploaded by 24:00 of 30 September fails, also with the best score (JZ-09)."""
    visitors.move_clock("2026-09-20T09:00")
    document = {"filed_on": "2026-09-15", "document": ["考核结果.pdf"]}
    visitors.complete(None, "上传补交材料", KEPT, document)
    visitors.complete(OFFICE, "审查补交材料", KEPT, APPROVED)
    visitors.move_clock("2026-09-30T23:59")
    assert visitors.owed(None) == visitors.owed(None, BROKEN) == {"上传补交材料"}
    assert visitors.status(BROKEN) == "待补交材料"
    told = len(visitors.notices())
    visitors.move_clock("2026-10-01T00:02")
    assert visitors.owed(None) == set()
    assert {name: visitors.status(name) for name in PEOPLE} == {KEPT: "结果待公布", BROKEN: FAILED}
    for who in (None, OFFICE):
        assert "2026年10月1日 00:00" in visitors.look_at(who, BROKEN)
        assert visitors.fact(who, "人机对话考试成绩") == ""
        assert visitors.fact(who, "应退费") == "否"
    notices = visitors.notices()
    assert len(notices) == told + 1
    assert "视为资格审查不通过；已参加考试的成绩无效" in notices[0]


def certify(visitors: Visitors) -> None:
    """The office publishes, the certificate can be verified by anybody (JZ-14, ALL-05)."""
    publish(visitors, "results", "2026-10-20")
    assert visitors.status(BROKEN) == FAILED
    visitors.complete(None, "材料入档", KEPT, {"filed_on": "2026-10-20", "filed": True})
    assert visitors.status(KEPT) == "已归档"
    visitors.assert_vouched_for(KEPT, "汽车驾驶员", "四级", "2026年10月20日")
    assert not visitors.certified(BROKEN)


def publish(visitors: Visitors, kind: str, day: str) -> None:
    visitors.move_clock(f"{day}T10:00")
    visitors.start(OFFICE, "results_publication")
    said = {"kind": kind, "title": "公告", "published_on": day, "place": "市人社局网站"}
    visitors.complete(OFFICE, "公布", None, said)
