"""The inbox: only one's own, filtered, paged by keyset, decided in bulk with a result per item."""

from __future__ import annotations

import re

import pytest
from support.pages import Browser, Stage
from support.world import LIBRARY, complete, open_filing, register_posts, task_of

from app.queries import inbox, paging

FILLED = {"grade": "junior", "summary": "扎实。"}


@pytest.fixture
def three(stage: Stage) -> dict[str, int]:
    """Three filings that wait for the bureau's first review, by person."""
    register_posts(stage.world, {"junior": 3})
    found = {}
    for minute, person in enumerate(("陈一", "李二", "王三")):
        found[person] = open_filing(stage.world, person)
        complete(found[person], "fill", FILLED, stage.world.actors[LIBRARY], f"2021-06-10 10:0{minute}")
    return found


def names_in(page: str) -> list[str]:
    return re.findall(r"陈一|李二|王三", " ".join(re.findall(r'data-label="对象">([^<]+)', page)))


def test_an_office_sees_its_own_tasks_oldest_first(
    three: dict[str, int], bureau: Browser, office: Browser
) -> None:
    assert names_in(bureau.get("/inbox/").text) == ["陈一", "李二", "王三"]
    assert names_in(office.get("/inbox/").text) == []


def test_filters_narrow_and_reset(three: dict[str, int], bureau: Browser) -> None:
    assert names_in(bureau.get("/inbox/?name=李").text) == ["李二"]
    assert names_in(bureau.get("/inbox/?unit=图书馆&kind=tiny-2021/first_review").text) == [
        "陈一",
        "李二",
        "王三",
    ]
    assert names_in(bureau.get("/inbox/?to=2021-06-09").text) == []
    assert names_in(bureau.get("/inbox/?from=2021-06-10&to=2021-06-10").text) == ["陈一", "李二", "王三"]
    assert 'href="/inbox/"' in bureau.get("/inbox/?name=李").text


def test_a_percent_sign_is_no_wildcard(three: dict[str, int], bureau: Browser) -> None:
    assert names_in(bureau.get("/inbox/?name=%25").text) == []


def test_pages_by_keyset_meet_every_row_once(
    three: dict[str, int], stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    office_id = stage.world.organisations["东溪区人社局"]
    monkeypatch.setattr(paging, "PAGE_SIZE", 2)
    first = inbox.open_tasks(inbox.Desk(office_id, None), inbox.TaskFilter())
    rest = inbox.open_tasks(inbox.Desk(office_id, None), inbox.TaskFilter(), first.next)
    assert [row.person.name for row in (*first.rows, *rest.rows)] == ["陈一", "李二", "王三"]
    assert rest.next is None


@pytest.mark.parametrize(
    "cursor", ["x", "1", "1.2.3", "99999999999999999999.1", "-1.-1", "1.99999999999999999999"]
)
def test_a_mangled_cursor_shows_the_first_page(three: dict[str, int], bureau: Browser, cursor: str) -> None:
    assert names_in(bureau.get(f"/inbox/?after={cursor}").text) == ["陈一", "李二", "王三"]


def test_many_are_decided_at_once_with_a_result_each(
    three: dict[str, int], stage: Stage, bureau: Browser
) -> None:
    tasks = {person: task_of(case_id) for person, case_id in three.items()}
    query = "&".join(f"task={task_id}" for task_id in tasks.values())
    page = bureau.get(f"/inbox/bulk?{query}")
    assert names_in(page.text) == ["陈一", "李二", "王三"]
    # Meanwhile a colleague has done one of them.
    complete(
        three["李二"], "first_review", {"decision": "approve"}, stage.world.actors["周审"], "2021-06-11 08:00"
    )
    sent = {"task": [str(task_id) for task_id in tasks.values()], "decision": "approve", "_submit": "1"}
    page = bureau.post("/inbox/bulk", sent)
    assert page.status_code == 200
    assert "成功 2 件" in page.text
    assert bureau.get("/inbox/").text.count('name="task"') == 0
    assert names_in(bureau.get("/inbox/done").text) == ["王三", "陈一", "李二"] or "李二" in page.text


def test_bulk_values_are_checked_before_any_item_is_tried(three: dict[str, int], bureau: Browser) -> None:
    sent = {
        "task": [str(task_of(case_id)) for case_id in three.values()],
        "decision": "reject",
        "_submit": "1",
    }
    bureau.get("/inbox/")
    page = bureau.post("/inbox/bulk", sent)
    assert page.status_code == 422
    assert 'href="#opinion"' in page.text
    assert bureau.get("/inbox/").text.count('name="task"') == 3


def test_ticked_tasks_of_others_are_as_if_not_there(three: dict[str, int], office: Browser) -> None:
    page = office.get("/inbox/bulk?task=" + str(task_of(three["陈一"])))
    assert page.status_code == 422
    assert "陈一" not in page.text


def test_the_newest_tag_changes_when_a_task_comes(three: dict[str, int], bureau: Browser) -> None:
    tag = bureau.get("/inbox/newest").headers["ETag"]
    assert bureau.client.get("/inbox/newest", headers={"If-None-Match": tag}).status_code == 304
    assert bureau.client.get("/inbox/newest", headers={"If-None-Match": '"1"'}).status_code == 200
    assert f'data-tag="{tag.replace(chr(34), "&#34;")}"' in bureau.get("/inbox/").text


def test_the_count_is_capped(three: dict[str, int], bureau: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "COUNT_CAP", 2)
    assert "共 2 条以上" in bureau.get("/inbox/").text
