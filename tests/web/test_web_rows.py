"""A unit fills in many entries as rows of one table, and submits the ticked ones (CQ-11)."""

from __future__ import annotations

import pytest
from support.crowd import FILLED, open_tasks
from support.pages import Browser, Stage
from support.sheets import FIRST, PAGE, PEOPLE, publish_in_parts, row_of, saved, typed, wait_for_entries
from support.world import LIBRARY

from app.extensions import atomic
from app.operations import tasks


@pytest.fixture
def entries(stage: Stage) -> list[int]:
    return wait_for_entries(stage)


@pytest.fixture
def wide(stage: Stage) -> list[int]:
    publish_in_parts()
    return wait_for_entries(stage)


def test_rows_that_were_filled_in_are_saved_and_shown_again(entries: list[int], unit: Browser) -> None:
    page = unit.get(PAGE).text
    assert all(person in page for person in PEOPLE)
    sent = typed(page, **{f"t{entries[0]}": FILLED, f"t{entries[2]}": {"grade": "junior"}})
    answer = unit.post(PAGE, sent)
    assert "已暂存 2 行" in unit.follow(answer).text
    assert [saved(one) for one in entries] == [FILLED, None, {"grade": "junior"}]
    assert FILLED["summary"] in row_of(unit.get(PAGE).text, entries[0])
    assert open_tasks("fill") == entries


def test_the_ticked_are_submitted_with_what_is_in_their_row(entries: list[int], unit: Browser) -> None:
    page = unit.get(PAGE).text
    sent = typed(page, **{f"t{one}": FILLED for one in entries[:2]})
    answer = unit.post(PAGE, {**sent, "task": [str(entries[0])], "_submit": "1"})
    assert answer.status_code == 200
    assert "成功 1 件，未成功 0 件" in answer.text
    assert open_tasks("fill") == entries[1:]
    assert saved(entries[1]) == FILLED


def test_what_is_wrong_stands_at_its_row_and_cell_and_nothing_typed_is_lost(
    entries: list[int], unit: Browser
) -> None:
    page = unit.get(PAGE).text
    sent = typed(page, **{f"t{entries[0]}": {"grade": "junior"}, f"t{entries[1]}": FILLED})
    answer = unit.post(PAGE, {**sent, "task": [str(one) for one in entries[:2]], "_submit": "1"})
    assert answer.status_code == 422
    assert "请填写" in row_of(answer.text, entries[0])
    assert "selected" in row_of(answer.text, entries[0])
    assert "成功 1 件" in answer.text
    assert open_tasks("fill") == [entries[0], entries[2]]
    again = typed(answer.text, **{f"t{entries[0]}": FILLED})
    answer = unit.post(PAGE, {**again, "task": [str(entries[0])], "_submit": "1"})
    assert answer.status_code == 200, row_of(answer.text, entries[0])
    assert open_tasks("fill") == [entries[2]]


def test_a_row_that_a_colleague_saved_meanwhile_is_told_not_overwritten(
    stage: Stage, entries: list[int], unit: Browser
) -> None:
    page = unit.get(PAGE).text
    colleagues = {"grade": "junior", "summary": "同事写的工作总结。"}
    with atomic():
        for one in entries[:2]:
            tasks.save_draft(one, colleagues, stage.world.actors[LIBRARY], stage.now())
    sent = typed(page, **{f"t{entries[0]}": FILLED, f"t{entries[2]}": FILLED})
    answer = unit.post(PAGE, sent)
    assert answer.status_code == 422
    told = row_of(answer.text, entries[0])
    assert "另行保存" in told
    assert f"现在保存的：{colleagues['summary']}" in told
    assert FILLED["summary"] in told
    # The second was not touched here: it shows what was saved. The third was, and nobody else saved it.
    assert colleagues["summary"] in row_of(answer.text, entries[1])
    assert [saved(one) for one in entries] == [colleagues, colleagues, FILLED]
    again = typed(answer.text, **{f"t{one}": FILLED for one in (entries[0], entries[2])})
    again |= {f"t{entries[1]}-grade": "junior", f"t{entries[1]}-summary": colleagues["summary"]}
    assert unit.post(PAGE, again).status_code == 302
    assert [saved(one) for one in entries] == [FILLED, colleagues, FILLED]


def test_what_a_colleague_saved_is_not_submitted_unseen(
    stage: Stage, entries: list[int], unit: Browser
) -> None:
    page = unit.get(PAGE).text
    with atomic():
        tasks.save_draft(entries[0], FILLED, stage.world.actors[LIBRARY], stage.now())
    answer = unit.post(PAGE, {**typed(page), "task": [str(entries[0])], "_submit": "1"})
    assert answer.status_code == 422
    assert "另行保存" in row_of(answer.text, entries[0])
    assert open_tasks("fill") == entries


def test_cells_that_a_row_is_not_asked_for(entries: list[int], unit: Browser) -> None:
    page = unit.get(PAGE).text
    assert "在单件页面填写" not in page
    unit.post(PAGE, typed(page, **{f"t{entries[0]}": {"grade": "technician"}}))
    page = unit.get(PAGE).text
    assert "在单件页面填写" in row_of(page, entries[0])
    assert "不用填" in row_of(page, entries[1])


def test_rows_of_others_and_of_other_steps_are_left_alone(
    entries: list[int], unit: Browser, other_unit: Browser
) -> None:
    sent = typed(unit.get(PAGE).text, **{f"t{entries[0]}": FILLED})
    assert "可以多行填写" in other_unit.get(PAGE).text
    answer = other_unit.post(PAGE, {**sent, "csrf_token": other_unit.token})
    assert answer.status_code == 422
    assert "陈一" not in answer.text
    assert saved(entries[0]) is None
    assert unit.post("/cases/rows?kind=tiny-2021/posts", sent).status_code == 422
    assert saved(entries[0]) is None


def test_an_office_reviews_nothing_by_rows(entries: list[int], bureau: Browser) -> None:
    assert bureau.get(PAGE).status_code == 403


def test_the_steps_to_choose_from(entries: list[int], unit: Browser) -> None:
    page = unit.get("/cases/rows").text
    assert 'href="/cases/rows?kind=tiny-2021/fill"' in page


# A form in parts, with a cell of each kind


def test_a_form_in_parts_is_filled_in_part_by_part(wide: list[int], unit: Browser) -> None:
    page = unit.get(PAGE).text
    assert "骨干" in row_of(page, wide[0]), "what only the system fills in is read"
    assert "工作小结" not in page
    answer = unit.post(PAGE, {**typed(page, **{f"t{wide[0]}": FIRST}), "_part": "1"})
    page = unit.follow(answer).text
    assert "工作小结" in page
    kept = saved(wide[0])
    assert kept is not None
    assert (kept["trade"], kept["years"], kept["retired"], kept["truthful"]) == ("t7", 12, False, True)
    summary = {f"t{wide[0]}": {"summary": "近五年工作扎实。"}}
    answer = unit.post(f"{PAGE}&part=1", {**typed(page, **summary), "task": [str(wide[0])], "_submit": "1"})
    assert "成功 1 件" in answer.text
    assert open_tasks("fill") == wide[1:]


def test_a_page_sent_as_it_came_changes_nothing(wide: list[int], unit: Browser) -> None:
    page = unit.get(PAGE).text
    unit.post(PAGE, typed(page, **{f"t{wide[0]}": FIRST}))
    page = unit.get(PAGE).text
    shown = {**FIRST, "trade": "工种7"}
    assert "工种7" in row_of(page, wide[0])
    answer = unit.post(PAGE, typed(page, **{f"t{wide[0]}": shown}))
    assert "已暂存 0 行" in unit.follow(answer).text
    assert [saved(one) is None for one in wide] == [False, True, True]


def test_what_no_cell_can_hold_is_refused_at_the_cell(wide: list[int], unit: Browser) -> None:
    wrong = {"trade": "没有这个工种", "years": "十二", "since": "去年"}
    answer = unit.post(PAGE, typed(unit.get(PAGE).text, **{f"t{wide[1]}": wrong}))
    assert answer.status_code == 422
    told = row_of(answer.text, wide[1])
    assert told.count("field-error") == 3
    assert all(text in told for text in wrong.values())
    assert saved(wide[1]) is None


def test_what_is_missing_in_another_part_is_told_at_the_row(wide: list[int], unit: Browser) -> None:
    page = unit.get(PAGE).text
    answer = unit.post(
        PAGE, {**typed(page, **{f"t{wide[0]}": FIRST}), "task": [str(wide[0])], "_submit": "1"}
    )
    assert answer.status_code == 422
    assert "请填写“工作小结”" in row_of(answer.text, wide[0])
    assert "在单件页面填写" in row_of(answer.text, wide[0])
