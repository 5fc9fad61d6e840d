"""An ID number goes into the register of persons, and appears nowhere else (threat 20, CQ-27, decision 7)."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from support.pages import Browser, Stage, set_stage
from support.world import BUREAU, LIBRARY, SCHEME, at, complete, open_filing, task_of

from app.content.identity import make_citizen_id
from app.engine import Instance
from app.errors import Conflict, DomainError
from app.extensions import atomic, db
from app.models import Case, Person
from app.operations import cases, deployments, messages, tasks, timers
from app.operations.registers import people

CANARY = make_citizen_id("110101", date(1990, 1, 2), 7, "male")
SENT = {"name": "孙六", "id_number": CANARY, "ethnicity": "汉族", "telephone": "13800138000"}


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that any part of the program logs, the database's statements included."""
    for name, level in {"": logging.DEBUG, "sqlalchemy": logging.INFO, "psycopg": logging.DEBUG}.items():
        caplog.set_level(level, name)
    return caplog


@pytest.fixture
def stage(app: Flask) -> Stage:
    return set_stage(app)


@pytest.fixture
def unit(stage: Stage) -> Browser:
    return stage.open(LIBRARY)


@pytest.fixture
def person_id(stage: Stage, unit: Browser, said: pytest.LogCaptureFixture) -> int:
    """A person whose number came in by the page, as all do."""
    unit.get("/people/new")
    assert unit.post("/people/new", SENT).status_code == 302
    return db.session.scalars(select(Person.id).where(Person.name == "孙六")).one()


def stored() -> Iterator[tuple[str, str]]:
    """Every row of every table as text, bytes in hexadecimal, with the cases' states unpacked."""
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(text(f'SELECT t::text FROM "{table.name}" t')).scalars():
            yield table.name, row
    for case in db.session.execute(select(Case.deployment_id, Case.engine_state)):
        definitions = deployments.scheme(case.deployment_id).definitions
        yield "engine_state", Instance.load(definitions, case.engine_state).canonical().decode()


def assert_nowhere(app: Flask, said: pytest.LogCaptureFixture) -> None:
    forms = (CANARY, CANARY.encode().hex(), CANARY[:14] + CANARY[14:].lower())
    places = [place for place, row in stored() if any(form in row for form in forms)]
    assert places == []
    assert CANARY not in said.text
    assert any(record.name.startswith("sqlalchemy") for record in said.records), "nobody listened"
    folder = app.extensions["settings"].data_folder.parent
    log = (folder / "postgres" / "postgres.log").read_text()
    assert "database system is ready" in log, "the server's own log was not read"
    assert CANARY not in log


def test_a_whole_case_leaves_no_trace_of_it(
    app: Flask, stage: Stage, person_id: int, said: pytest.LogCaptureFixture
) -> None:
    actor = stage.world.actors[LIBRARY]
    with atomic():
        roster = cases.start(
            SCHEME,
            "roster",
            unit_id=actor.organisation_id or 0,
            actor=actor,
            received_at=at("2021-06-11 09:00"),
        )
        values = {"people": [person_id], "ground": "骨干"}
        tasks.complete(task_of(roster), values, actor, at("2021-06-11 09:10"))
    messages.deliver(atomic)
    case_id = db.session.scalars(select(Case.id).where(Case.person_id == person_id)).one()
    with pytest.raises(DomainError):
        complete(case_id, "fill", {"grade": "junior", "summary": "好"}, actor, "2021-06-11 10:00")
    timers.sweep(lambda scheme_id: at("2021-07-02 00:00"), atomic)
    db.session.rollback()
    assert_nowhere(app, said)


class TestRefusals:
    def test_a_number_in_use_is_told_without_it(
        self, app: Flask, unit: Browser, person_id: int, said: pytest.LogCaptureFixture
    ) -> None:
        answer = unit.post("/people/new", SENT)
        assert answer.status_code == 409
        assert_nowhere(app, said)

    def test_a_defect_in_the_register_tells_no_number(
        self, app: Flask, stage: Stage, person_id: int, said: pytest.LogCaptureFixture
    ) -> None:
        """The register's own checks passed by: the database refuses, and its words go into a traceback."""
        actor = stage.world.actors[LIBRARY]
        known = db.session.get_one(Person, person_id)
        row = {column.name: getattr(known, column.name) for column in Person.__table__.c}
        row |= {"id": None, "name": CANARY}
        db.session.rollback()
        for broken in ({"id": person_id}, {"id": person_id + 1}, {"name": f"{CANARY}\x00"}):
            with pytest.raises(SQLAlchemyError), atomic() as session:
                session.execute(Person.__table__.insert(), row | broken)
        with pytest.raises(Conflict) as refusal, atomic():
            people.add(actor.organisation_id, "孙陆", CANARY, actor=actor, now=at("2021-06-11 09:00"))
        assert CANARY not in "".join(traceback.format_exception(refusal.value))
        assert_nowhere(app, said)

    @pytest.mark.parametrize(
        ("statement", "value"),
        [
            ("SELECT CAST(:value AS date)", CANARY),
            (
                "INSERT INTO region (code, name, version) VALUES (:value, :value, 1), (:value, :value, 1)",
                CANARY,
            ),
            ("SELECT * FROM person WHERE name = :value AND id = 'x'", CANARY),
            ("SELECT CAST(:value AS jsonb)", "{" + CANARY),
        ],
    )
    def test_what_the_database_says_of_its_values_goes_into_no_exception(
        self, app: Flask, person_id: int, said: pytest.LogCaptureFixture, statement: str, value: str
    ) -> None:
        with pytest.raises(DBAPIError) as error:
            db.session.execute(text(statement), {"value": value})
        db.session.rollback()
        logging.getLogger("app").error("as a page would log it", exc_info=error.value)
        assert CANARY not in "".join(traceback.format_exception(error.value))
        assert_nowhere(app, said)


class TestPages:
    def test_an_error_page_shows_neither_number_nor_cause(
        self, app: Flask, unit: Browser, person_id: int, said: pytest.LogCaptureFixture
    ) -> None:
        app.testing, propagate = False, app.testing
        try:
            for sent in (
                {**SENT, "name": "孙\x00六"},
                {**SENT, "name": "孙" * 5000},
                {**SENT, "id_number": f"{CANARY}\x00"},
                {**SENT, "telephone": CANARY},
            ):
                answer = unit.post("/people/new", sent)
                assert answer.status_code in (409, 422)
                assert "Traceback" not in answer.text
        finally:
            app.testing = propagate
        assert_nowhere(app, said)

    @pytest.mark.parametrize("name", [LIBRARY, BUREAU])
    def test_no_page_shows_it(self, stage: Stage, person_id: int, name: str) -> None:
        case_id = open_filing(stage.world, "陈一")
        with atomic() as session:
            session.execute(update(Case).where(Case.id == case_id).values(person_id=person_id))
        browser = stage.open(name)
        for address in ("/", "/inbox/", "/people/", f"/people/{person_id}", "/cases/", f"/cases/{case_id}"):
            assert CANARY not in browser.get(address).text


def test_the_register_itself_can_give_it_to_a_document(person_id: int) -> None:
    """Otherwise its absence elsewhere would show nothing."""
    assert people.id_number_of(db.session.get_one(Person, person_id)) == CANARY


def test_a_case_about_somebody_is_there_to_be_searched(app: Flask, stage: Stage) -> None:
    case_id = open_filing(stage.world)
    rows = dict(stored())
    assert {"case", "history", "history_payload", "engine_state", "person"} <= rows.keys()
    assert case_id
