"""What a request sends has arrived when its answer does, on pages and by the API; where it cannot, the sweep
takes it, and the request stands.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select, text
from support.api import caller
from support.pages import Browser, Stage
from support.world import LIBRARY, PUBLISHED, SCHEME, at, task_of, tiny_files

from app import scheduler
from app.extensions import atomic, db
from app.models import Case, Message
from app.operations import cases, deployments
from app.operations.actors import SYSTEM

PEOPLE = ("李二", "王三")


@pytest.fixture
def roster(stage: Stage) -> int:
    """The task that names the unit's people."""
    return roster_of(stage)


@pytest.fixture
def no_delivery(stage: Stage) -> Iterator[None]:
    """A database that takes messages and lets none of them be marked as delivered."""
    with atomic() as session:
        session.execute(
            text(
                "create function refuse() returns trigger language plpgsql as"
                " $$ begin raise exception 'not now'; end $$"
            )
        )
        session.execute(
            text("create trigger refused before update on message for each row execute function refuse()")
        )
    yield
    with atomic() as session:
        session.execute(text("drop function if exists refuse cascade"))


def roster_of(stage: Stage) -> int:
    with atomic():
        case_id = cases.start(
            SCHEME,
            "roster",
            unit_id=stage.world.organisations[LIBRARY],
            actor=stage.world.actors[LIBRARY],
            received_at=at("2021-06-11 09:00"),
        )
    return task_of(case_id)


def publish_lists_in_bulk() -> None:
    """The same scheme, where a unit may submit many lists at once."""
    files, name, form = tiny_files(), "bpmn/tiny-2021/roster.bpmn", b'value="roster.json" />'
    files[name] = files[name].replace(form, form + b'<spiffworkflow:property name="bulk" value="true" />')
    with atomic():
        deployments.publish(files, SYSTEM, PUBLISHED)


def chosen(stage: Stage) -> list[int]:
    return [stage.world.people[name] for name in PEOPLE]


def filings() -> int:
    return db.session.execute(
        select(func.count()).select_from(Case).where(Case.process == "filing")
    ).scalar_one()


def waiting() -> int:
    return db.session.execute(
        select(func.count()).select_from(Message).where(Message.delivered_at.is_(None))
    ).scalar_one()


def submit(stage: Stage, unit: Browser, task_id: int) -> str:
    """Submits the list on its page; the address that this leads to."""
    unit.get(f"/tasks/{task_id}")
    sent = {"people": [str(number) for number in chosen(stage)], "ground": "骨干", "_submit": "1"}
    done = unit.post(f"/tasks/{task_id}", sent)
    assert done.status_code == 302, done.text
    return done.location


def test_a_list_submitted_on_its_page_has_opened_its_cases(stage: Stage, unit: Browser, roster: int) -> None:
    assert "已推荐" in unit.get(submit(stage, unit, roster)).text
    listed = unit.get("/inbox/").text
    assert all(name in listed for name in PEOPLE)
    assert (filings(), waiting()) == (2, 0)


def test_the_same_by_the_api_once_however_often_it_is_asked(stage: Stage, roster: int) -> None:
    unit = caller(stage, LIBRARY)
    values = {"people": chosen(stage), "ground": "骨干"}
    first, second = (
        unit("POST", f"/tasks/{roster}/completion", {"values": values}, key="k1") for _ in range(2)
    )
    assert (first.status_code, first.data) == (200, second.data)
    assert (filings(), waiting()) == (2, 0)


def test_where_delivery_fails_the_page_stands_and_the_sweep_takes_the_messages(
    stage: Stage, unit: Browser, roster: int, no_delivery: None, caplog: pytest.LogCaptureFixture
) -> None:
    assert "已推荐" in unit.get(submit(stage, unit, roster)).text
    assert (filings(), waiting()) == (0, 2)
    assert "left to the next sweep" in caplog.text
    with atomic() as session:
        session.execute(text("drop function refuse cascade"))
    scheduler.run_once()
    assert (filings(), waiting()) == (2, 0)


def test_where_delivery_fails_the_api_answers_and_remembers_its_answer(
    stage: Stage, roster: int, no_delivery: None
) -> None:
    unit = caller(stage, LIBRARY)
    values = {"people": chosen(stage), "ground": "骨干"}
    first, second = (
        unit("POST", f"/tasks/{roster}/completion", {"values": values}, key="k1") for _ in range(2)
    )
    assert (first.status_code, first.data) == (200, second.data)
    assert (filings(), waiting()) == (0, 2)


def test_of_a_bulk_request_all_that_was_sent_arrives(stage: Stage) -> None:
    """Also what an item sent that others of the same request came after."""
    publish_lists_in_bulk()
    unit = caller(stage, LIBRARY)
    first, second = roster_of(stage), roster_of(stage)
    for task_id, name in zip((first, second), PEOPLE, strict=True):
        typed = {"people": [stage.world.people[name]], "ground": "骨干"}
        unit.done("PUT", f"/tasks/{task_id}/draft", {"values": typed})
    results = unit.done("POST", "/tasks/completions", {"tasks": [first, second]})["results"]
    assert [result["ok"] for result in results] == [True, True]
    assert (filings(), waiting()) == (2, 0)
