"""A year of Henan walked on the pages: one pledge kept and a certificate, one broken at 24:00 of 30 June."""

from __future__ import annotations

from datetime import date

from flask import Flask
from support.pages import PASSWORD
from support.rehearsal import rehearse, sample
from support.visitors import Visitors

from app.content.identity import make_citizen_id, make_credit_code

SCHEME = "henan-2025"
DEPARTMENT, OFFICE = "新郑市文化事务局", "新郑市人社局"
EXAMINERS, SECOND_EXAMINER, CENTRE = "郑州市工考中心", "郑州第二人", "省职评中心"
UNIT = {
    "code": make_credit_code("410184", 911),
    "name": "新郑市文化馆",
    "region": "410184",
    "login": "xzwhg",
    "password": PASSWORD,
    "person_name": "许敏",
    "telephone": "0371-00000001",
}
PROFILE = {
    "level": "district",
    "system": "other",
    "nature": "institution",
    "address": "新郑市示例路1号",
    "superior": DEPARTMENT,
}
KEPT, BROKEN = "常守信", "段失约"
PEOPLE = {
    KEPT: make_citizen_id("410199", date(1985, 4, 9), 81, "female"),
    BROKEN: make_citizen_id("410199", date(1986, 4, 9), 82, "female"),
}
FAILED = "资格审查不通过"


def test_the_year_of_henan_on_the_pages(app: Flask) -> None:
    stage = rehearse(app, SCHEME, "2025-03-10 00:00", OFFICE)
    offices = (DEPARTMENT, OFFICE, EXAMINERS, SECOND_EXAMINER, CENTRE)
    visitors = Visitors(stage, offices, keeper=OFFICE, applications="申报考核")
    register(visitors)
    put_forward(visitors)
    review(visitors)
    bring_originals_and_pay(visitors)
    examine(visitors)
    keep_and_break_the_pledge(visitors)
    certify(visitors)


def register(visitors: Visitors) -> None:
    """From 0:00 of 10 March the unit checks its own data (HN-10)."""
    visitors.register_unit(UNIT, PROFILE, PEOPLE.items())
    visitors.start(None, "unit_data")
    checked = {"correct": True, "contact": "许敏", "telephone": "0371-00000000"}
    visitors.complete(None, "核对单位信息", None, checked)


def put_forward(visitors: Visitors) -> None:
    """Units put people forward from 0:00 of 13 March, not a minute earlier (HN-10, HN-16)."""
    visitors.move_clock("2025-03-12T23:59")
    assert visitors.offered(None, "unit_data")
    assert not visitors.offered(None, "organising")
    visitors.move_clock("2025-03-13T00:00")
    assert not visitors.offered(None, "unit_data")
    visitors.start(None, "organising")
    visitors.complete(None, "组织申报", None, sample(SCHEME, "组织申报", people=list(PEOPLE)))
    assert {visitors.status(name) for name in PEOPLE} == {"待个人申报"}


def review(visitors: Visitors) -> None:
    """Both people's appraisals are still to be filed: the unit pledges to bring them (HN-03 to HN-08)."""
    visitors.move_clock("2025-03-17T10:00")
    for name in PEOPLE:
        visitors.complete(None, "个人申报", name, sample(SCHEME, "四级申报"))
        visitors.complete(None, "单位审核", name, sample(SCHEME, "单位同意并承诺"))
        visitors.complete(DEPARTMENT, "主管部门审核", name, sample(SCHEME, "主管部门同意"))
        visitors.complete(OFFICE, "网上资格审查", name, {"decision": "approve", "on_site": True})
        assert visitors.status(name) == "待单位集中报送"


def bring_originals_and_pay(visitors: Visitors) -> None:
    """The unit brings everybody's originals at once (HN-03)."""
    visitors.move_clock("2025-03-24T10:00")
    visitors.start(None, "on_site_batch")
    brought = {"people": list(PEOPLE), "originals": 6, "handed_by": "李干事", "telephone": "0371-00000000"}
    visitors.complete(None, "登记报送材料", None, brought)
    visitors.complete(OFFICE, "接收材料", None, {"decision": "accept", "received_on": "2025-03-24"})
    for name in PEOPLE:
        visitors.complete(OFFICE, "现场审查确认", name, {"decision": "approve"})
    given_back = {"returned": 6, "returned_on": "2025-03-24", "taken_by": "李干事"}
    visitors.complete(OFFICE, "退回原件", None, given_back)
    visitors.move_clock("2025-04-10T10:00")
    for name in PEOPLE:
        paid = {"amount": 180, "paid_on": "2025-04-10", "receipt": f"票-{name}"}
        visitors.complete(OFFICE, "缴费确认", name, paid)
        assert visitors.status(name) == "待考试"


def examine(visitors: Visitors) -> None:
    """The city sets the day within the notice's range, by two officers; it comes at 0:00 (HN-11, HN-12)."""
    visitors.move_clock("2025-05-06T09:00")
    wanted = {"scope": "area", "area": "410100", "day": "2025-06-21", "ground": "本市考务方案"}
    visitors.move_date(EXAMINERS, SECOND_EXAMINER, "考试日", wanted)
    visitors.move_clock("2025-06-20T23:59")
    assert visitors.status(KEPT) == visitors.status(BROKEN) == "待考试"
    visitors.move_clock("2025-06-21T00:02")
    for name, score in ((KEPT, 78), (BROKEN, 88)):
        assert visitors.status(name) == "待录入成绩"
        visitors.complete(EXAMINERS, "录入考试成绩", name, {"attendance": "present", "score": score})
        assert visitors.status(name) == "待公布结果"


def keep_and_break_the_pledge(visitors: Visitors) -> None:
    """Who has not uploaded by 24:00 of 30 June fails, however far they have come (HN-06, HN-07)."""
    visitors.move_clock("2025-06-24T10:00")
    document = {"filed_on": "2025-06-20", "document": ["年度考核备案表.pdf"]}
    visitors.complete(None, "上传补交材料", KEPT, document)
    visitors.complete(OFFICE, "审查补交材料", KEPT, {"decision": "approve"})
    visitors.move_clock("2025-06-30T23:59")
    assert visitors.owed(None) == {"上传补交材料"}
    assert visitors.owed(None, BROKEN) == {"上传补交材料"}
    assert visitors.status(BROKEN) == "待公布结果"
    told = len(visitors.notices())
    visitors.move_clock("2025-07-01T00:02")
    assert visitors.owed(None) == set()
    assert {name: visitors.status(name) for name in PEOPLE} == {KEPT: "待公布结果", BROKEN: FAILED}
    for who in (None, OFFICE, EXAMINERS):
        assert "2025年7月1日 00:00" in visitors.look_at(who, BROKEN)
        assert visitors.fact(who, "成绩") == ""
        assert visitors.fact(who, "成绩效力") == "成绩无效"
    notices = visitors.notices()
    assert len(notices) == told + 1
    for words in (FAILED, "成绩无效", "已参加考试，不退费"):
        assert words in notices[0]


def certify(visitors: Visitors) -> None:
    """The province publishes, the certificate can be verified by anybody (HN-10, HN-12, ALL-05)."""
    visitors.move_clock("2025-11-20T10:00")
    visitors.start(CENTRE, "results_publication")
    said = {"title": "2025年考核结果公告", "published_on": "2025-11-20", "place": "省中心网站"}
    visitors.complete(CENTRE, "公布", None, said)
    assert visitors.status(KEPT) == "已发证，待归档"
    visitors.move_clock("2025-12-02T10:00")
    handed = {"handed_on": "2025-12-02", "taken_by": "李干事", "filed": True}
    visitors.complete(EXAMINERS, "下发证书和归档", KEPT, handed)
    assert {name: visitors.status(name) for name in PEOPLE} == {KEPT: "已归档", BROKEN: FAILED}
    visitors.assert_vouched_for(KEPT, "图书资料业务员", "四级", "2025年11月20日")
    assert not visitors.certified(BROKEN)
