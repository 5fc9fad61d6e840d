"""What people begin and answer themselves on their pages, in the schemes on disk (LIFE-03, LIFE-13)."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask
from support.applying import applicant
from support.own_requests import HENAN, PLACES, Scene, filed, kind_of, scene_of
from support.pages import PDF
from support.rehearsal import sample
from support.world import at, case_row, complete, task_of

from app.extensions import atomic, db
from app.models import Person, TaskDraft
from app.operations import cases, deployments
from app.operations.registers import people
from app.operations.trials.made_up import filled_in


@pytest.fixture(params=PLACES)
def scene(app: Flask, request: pytest.FixtureRequest) -> Scene:
    return scene_of(app, PLACES[request.param])


@pytest.fixture
def henan(app: Flask) -> Scene:
    return scene_of(app, HENAN)


def test_the_person_has_a_wrong_number_put_right(scene: Scene) -> None:
    """LIFE-03, without scripts: begun, filled in with a proof, told to the unit, put right, read."""
    me, place = scene.me, scene.place
    me.click("更正证件号码")
    me.press("更正证件号码", process="id_correction")
    correction = scene.about("id_correction")
    task_id = task_of(correction.id)
    assert "第 1 步，共 2 步" in me.text
    sent = {"_file-proof": (BytesIO(PDF), "户口簿.pdf"), "_once": "k1"}
    assert me.browser.post(f"/my/tasks/{task_id}/files/proof", sent).status_code == 200
    me.open(f"/my/tasks/{task_id}/steps/1")
    me.press("下一步", {"reason": "登记时录错"})
    assert "填写齐全了" in me.text
    refused = me.browser.post(f"/my/tasks/{task_id}/check")
    assert (refused.status_code, "请填写“正确的身份证号码”" in refused.text) == (422, True)
    me.press("提交", {"number": place.corrected})
    assert "正在等" in me.text
    assert f"{place.person}本人发起了“更正证件号码”。" in scene.told(place.holder)
    complete(correction.id, "verify_number", {"decision": "approve"}, scene.actor(place.records), place.today)
    me.open(f"/my/cases/{correction.id}")
    assert "已经办结：已更正" in me.text
    assert "证件号码已更正。" in me.text
    db.session.expire_all()
    assert people.id_number_of(db.session.get_one(Person, scene.account.person_id)) == place.corrected


def test_begun_twice_it_leads_to_the_one_that_runs_and_can_be_taken_back(scene: Scene) -> None:
    me = scene.me
    me.open(f"/my/cases/{scene.filing}")
    me.press("更正证件号码", process="id_correction")
    first = scene.about("id_correction").id
    me.open(f"/my/cases/{scene.filing}")
    assert "有关的办件" in me.text
    me.press("更正证件号码", process="id_correction")
    assert scene.about("id_correction").id == first
    me.open(f"/my/cases/{first}")
    me.click("撤回申请")
    assert "以后需要时可以重新申请" in me.text
    me.press("确认撤回申请")
    assert "已经办结：申请已撤回" in me.text
    me.open("/my/")
    assert "更正证件号码：申请已撤回" in me.text


def test_a_sanction_is_told_answered_and_served_to_the_person(scene: Scene) -> None:
    """LIFE-13: whoever is concerned defends themselves, reads the decision, and asks for its review."""
    place, today = scene.place, scene.place.today
    officer, reviewer = (scene.actor(name) for name in place.sanctions)
    with atomic():
        sanction = cases.start(
            place.scheme, "sanction", linked_case_id=scene.filing, actor=officer, received_at=at(today)
        )
    me = scene.me
    assert "处理" not in me.text
    assert me.browser.get(f"/my/cases/{sanction}").status_code == 404
    kind = kind_of(sanction)
    notice = {"kind": kind, "facts": "学历证书与原件不符", "ground": "通知条款", "told_on": today[:10]}
    complete(sanction, "give_notice", notice, officer, today)
    me.open("/my/")
    assert "现在该您办理：陈述申辩" in me.text
    me.click("去办理")
    assert "学历证书与原件不符" in me.text
    me.press("下一步", {"defence": "原件可以到现场核对"})
    me.press("提交")
    decided = {"decision": "impose", "ground": "申辩不予采纳，证据确凿", "decided_on": today[:10]}
    complete(sanction, "decide_sanction", decided, officer, today)
    if place.scheme == "jiangdu-2020":  # JD-12
        noted = {"number": "江诚1", "entered_on": today[:10], "facts": "学历不实"}
        complete(sanction, "note_integrity", noted, officer, today)
    complete(sanction, "serve", {"served_on": today[:10], "manner": "direct"}, officer, today)
    me.open(f"/my/cases/{sanction}")
    assert "处理决定已送达" in me.text
    assert "申辩不予采纳，证据确凿" in me.text
    me.click("去办理")
    me.press("下一步", {"ground": "有新证据"})
    me.press("提交")
    quashed = {"decision": "quash", "ground": "新证据成立"}
    complete(sanction, "review_sanction", quashed, reviewer, today)
    me.open(f"/my/cases/{sanction}")
    assert "复核撤销了原处理决定：新证据成立" in me.text


def test_nothing_is_begun_about_a_sanction_or_about_others(henan: Scene) -> None:
    place = henan.place
    theirs = filed(henan.stage, place, place.other)
    with atomic():
        officer = henan.actor(place.sanctions[0])
        sanction = cases.start(
            place.scheme, "sanction", linked_case_id=henan.filing, actor=officer, received_at=at(place.today)
        )
    me = henan.me
    for about in (theirs, sanction, 10**9):
        sent = {"scheme": place.scheme, "process": "id_correction", "about": about}
        assert me.browser.post("/my/start", sent).status_code == 404
    for process in ("sanction", "score_correction", "paying_back", "nothing"):
        sent = {"scheme": place.scheme, "process": process, "about": henan.filing}
        assert me.browser.post("/my/start", sent).status_code == 404


def test_no_copy_is_offered_where_there_is_no_certificate(henan: Scene) -> None:
    me, now = henan.me, at(henan.place.today)
    me.open(f"/my/cases/{henan.filing}")
    assert "补发证书" not in me.text
    case = case_row(henan.filing)
    db.session.expunge(case)
    case.listed = {"certificate_number": "4100002025"}
    assert [one.id for one in cases.offered_about(case, henan.account, now)] == ["id_correction", "reissue"]


def test_who_has_no_case_is_told_where_to_go_and_until_when(scene: Scene) -> None:
    place = scene.place
    text = scene.reader(applicant(scene.stage.world, place.other, place.holder)).text
    assert f"{place.closes} 24:00 截止" in text
    assert f"您的单位：{place.unit}" in text
    if place.scheme == "nanyang-2021":  # 三（二）, 五（二）: people register themselves
        assert "开始申报" in text
        return
    assert f"请先向{place.holder}提出" in text
    assert "24:00 以前办完" in text


def test_the_department_submits_what_its_worker_has_begun_and_sees_their_proof(app: Flask) -> None:
    """Jiangdu: units have no accounts; the department files for them (JD-03, JD-04)."""
    scene = scene_of(app, PLACES["jiangdu-2020"])
    me, place = scene.me, scene.place
    me.open(f"/my/cases/{scene.filing}")
    me.press("更正证件号码", process="id_correction")
    correction = scene.about("id_correction")
    task_id = task_of(correction.id)
    sent = {"_file-proof": (BytesIO(PDF), "户口簿.pdf"), "_once": "k1"}
    me.browser.post(f"/my/tasks/{task_id}/files/proof", sent)
    proof = db.session.get_one(TaskDraft, task_id).values["proof"]
    department = scene.stage.open(place.holder)
    assert department.get(f"/files/{proof[0]}/view").status_code == 200
    assert scene.stage.open(place.sanctions[0]).get(f"/files/{proof[0]}/view").status_code == 404
    values = {"number": place.corrected, "proof": proof, "reason": "登记时录错"}
    complete(correction.id, "request_correction", values, scene.actor(place.holder), place.today)
    assert case_row(correction.id).status == "待核验"


def test_the_worker_withdraws_what_the_department_filed(app: Flask) -> None:
    """LIFE-01 in Jiangdu, until the reviews end."""
    scene = scene_of(app, PLACES["jiangdu-2020"])
    place = scene.place
    values = filled_in(
        sample(place.scheme, "讲解员高级工申报"),
        deployments.scheme(case_row(scene.filing).deployment_id).form("application.json"),
        {},
        scene.actor(place.holder),
        at(place.today),
    )
    complete(scene.filing, "fill", values, scene.actor(place.holder), place.today)
    me = scene.me
    me.open(f"/my/cases/{scene.filing}")
    me.click("撤回")
    me.press("确认撤回", {"reason": "另有安排", "requested": True})
    assert "已经办结：已撤回" in me.text
