"""The page on which a task is done: errors at fields, drafts, conditions without scripts, stale forms."""

from __future__ import annotations

from io import BytesIO

import lxml.html
from support.pages import PDF, Browser, Stage
from support.world import BUREAU, LIBRARY, complete, open_filing, register_posts, task_of, technician

FILLED = {"grade": "junior", "summary": "近五年工作扎实。"}


def filed(stage: Stage, grade: str = "junior") -> int:
    """A case that waits for the bureau's first review."""
    register_posts(stage.world, {grade: 1})
    case_id = open_filing(stage.world)
    complete(case_id, "fill", FILLED | {"grade": grade}, stage.world.actors[LIBRARY], "2021-06-10 10:00")
    return case_id


def test_submitting_leads_to_the_case_with_its_new_status(stage: Stage, unit: Browser) -> None:
    register_posts(stage.world, {"junior": 1})
    case_id = open_filing(stage.world)
    page = unit.get(f"/tasks/{task_of(case_id)}")
    assert "陈一" in page.text
    assert "110101****" in page.text
    done = unit.post(f"/tasks/{task_of(case_id)}", {**FILLED, "_submit": "1"})
    assert done.location == f"/cases/{case_id}"
    assert "待区人社局审核" in unit.follow(done).text


def test_errors_stand_at_their_fields_and_in_a_linked_summary(stage: Stage, unit: Browser) -> None:
    task_id = task_of(open_filing(stage.world))
    unit.get(f"/tasks/{task_id}")
    page = unit.post(f"/tasks/{task_id}", {"grade": "junior", "_submit": "1"})
    assert page.status_code == 422
    assert '<a href="#summary">' in page.text
    assert 'id="summary-error"' in page.text
    assert 'aria-invalid="true"' in page.text
    assert 'value="junior" selected' in page.text or 'value="junior" checked' in page.text


def test_a_field_comes_with_the_answer_that_asks_for_it_without_scripts(stage: Stage, unit: Browser) -> None:
    task_id = task_of(open_filing(stage.world))
    assert "现等级证书" not in unit.get(f"/tasks/{task_id}").text
    page = unit.post(f"/tasks/{task_id}", {"grade": "technician", "summary": "甲", "_update": "1"})
    assert page.status_code == 200
    assert "现等级证书" in page.text
    assert ">\n甲</textarea>" in page.text


def test_an_upload_survives_a_refused_form_and_belongs_to_the_case_at_last(
    stage: Stage, unit: Browser
) -> None:
    register_posts(stage.world, {"technician": 1})
    case_id = open_filing(stage.world)
    address = f"/tasks/{task_of(case_id)}"
    unit.get(address)
    sent = {"grade": "technician", "_file-certificate": (BytesIO(PDF), "技师证书.pdf"), "_submit": "1"}
    page = unit.post(address, sent)
    assert page.status_code == 422
    assert "技师证书.pdf" in page.text
    name = page.text.split('name="certificate" value="')[1].split('"')[0]
    done = unit.post(address, {"grade": "technician", "summary": "甲", "certificate": name, "_submit": "1"})
    case_page = unit.follow(done)
    assert f'href="/files/{name}"' in case_page.text
    download = unit.get(f"/files/{name}")
    assert download.headers["Content-Disposition"].startswith("attachment")
    assert download.headers["X-Content-Type-Options"] == "nosniff"
    assert download.mimetype == "application/pdf"


def test_a_file_of_another_kind_is_refused_at_its_field(stage: Stage, unit: Browser) -> None:
    address = f"/tasks/{task_of(open_filing(stage.world))}"
    unit.get(address)
    sent = {"grade": "technician", "summary": "甲", "_submit": "1"}
    page = unit.post(address, sent | {"_file-certificate": (BytesIO(b"<svg onload=alert(1)>"), "x.pdf")})
    assert page.status_code == 422
    assert 'id="certificate-error"' in page.text


def test_a_draft_is_kept_and_shown_again(stage: Stage, unit: Browser) -> None:
    task_id = task_of(open_filing(stage.world))
    unit.get(f"/tasks/{task_id}")
    assert unit.post(f"/tasks/{task_id}", {"summary": "写到一半", "_draft": "1"}).status_code == 302
    page = unit.get(f"/tasks/{task_id}")
    assert "写到一半" in page.text
    assert "暂存的内容" in page.text


def test_a_stale_form_gets_409_and_keeps_what_was_typed(stage: Stage, bureau: Browser) -> None:
    case_id = filed(stage)
    task_id = task_of(case_id)
    bureau.get(f"/tasks/{task_id}")
    complete(case_id, "first_review", {"decision": "approve"}, stage.world.actors["周审"], "2021-06-11 08:00")
    page = bureau.post(
        f"/tasks/{task_id}", {"decision": "reject", "opinion": "材料不实，理由如下", "_submit": "1"}
    )
    assert page.status_code == 409
    assert "已经办理过" in page.text
    assert "材料不实，理由如下" in page.text
    assert 'name="_submit" value="1">提交' not in page.text


def test_a_task_past_its_closing_is_refused_and_keeps_what_was_typed(stage: Stage, unit: Browser) -> None:
    """The sweep has not come yet; the list and the page call it closed all the same (decision 3)."""
    task_id = task_of(open_filing(stage.world))
    unit.get(f"/tasks/{task_id}")
    stage.move_clock("2021-07-24 00:00:10")
    assert "已截止" in unit.get("/inbox/").text
    page = unit.post(f"/tasks/{task_id}", {**FILLED, "_submit": "1"})
    assert page.status_code == 409
    assert "近五年工作扎实。" in page.text


def test_rows_are_added_and_taken_away_without_scripts(stage: Stage, unit: Browser) -> None:
    unit.get("/cases/start")
    page = unit.follow(unit.post("/cases/start", {"scheme": "tiny-2021", "process": "posts"}))
    address = page.request.path
    first = {"posts-0-grade": "junior", "posts-0-approved": "2", "posts-0-held": "1", "posts-0-vacant": "1"}
    page = unit.post(address, {**first, "_update": "1"})
    assert 'name="posts-1-grade"' in page.text
    second = {"posts-1-grade": "senior", "posts-1-approved": "x"}
    page = unit.post(address, {**first, **second, "_submit": "1"})
    assert page.status_code == 422
    assert '<a href="#posts-1-approved">' in page.text
    page = unit.post(address, {**first, **second, "_drop": "posts-1"})
    assert page.status_code == 200
    assert 'value="x"' not in page.text
    assert unit.post(address, {**first, "_submit": "1"}).status_code == 302


def test_a_list_of_persons_offers_the_units_own(stage: Stage, unit: Browser) -> None:
    unit.get("/cases/start")
    page = unit.follow(unit.post("/cases/start", {"scheme": "tiny-2021", "process": "roster"}))
    assert "陈一" in page.text
    assert "李二" in page.text
    assert "赵四" not in page.text


def test_nobody_reviews_their_own_filing(stage: Stage) -> None:
    """ALL-04: the officer who is the applicant is told why, and the form stays."""
    case_id = filed(stage, "senior")
    complete(case_id, "first_review", {"decision": "approve"}, stage.world.actors[BUREAU], "2021-06-11 08:00")
    browser = stage.open("陈一（兼省考核办）")
    browser.get(f"/tasks/{task_of(case_id)}")
    page = browser.post(f"/tasks/{task_of(case_id)}", {"decision": "approve", "_submit": "1"})
    assert page.status_code == 409
    assert "不能办理自己的事项" in page.text


def test_no_reviewer_finds_the_decision_of_the_one_before_chosen(stage: Stage, office: Browser) -> None:
    register_posts(stage.world, {"technician": 1})
    case_id = open_filing(stage.world)
    filing, approved = technician(stage.world), {"decision": "approve"}
    complete(case_id, "fill", filing, stage.world.actors[LIBRARY], "2021-06-11 08:00")
    complete(case_id, "first_review", approved, stage.world.actors[BUREAU], "2021-06-11 08:30")
    page = lxml.html.fromstring(office.get(f"/tasks/{task_of(case_id, 'final_review')}").text)
    assert page.cssselect('[name="decision"]')
    assert not page.cssselect('[name="decision"][checked], [name="decision"] [selected][value="approve"]')
