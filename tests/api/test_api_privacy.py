"""ID numbers go in and never come out: in no answer, no log, no error (CQ-27)."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from support.api import Caller, citizen_id, problem
from support.pages import Stage
from support.world import SCHEME

from app.operations.registers import people

NUMBER = citizen_id(100)
MISTYPED = NUMBER[:-1] + ("0" if NUMBER[-1] != "0" else "1")
NEWCOMER = {"name": "钱八", "id_number": NUMBER}


@pytest.fixture
def said(unit: Caller, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the unit is answered from here on; everything that can be logged is."""
    for name in ("", "app", "sqlalchemy.engine", "werkzeug"):
        caplog.set_level(logging.DEBUG, name)
    answers: list[str] = []
    client = unit.app.test_client_class.open

    def open_(*args: Any, **kwargs: Any) -> Any:
        response = client(*args, **kwargs)
        answers.append(f"{response.headers}\n{response.get_data(as_text=True)}")
        return response

    monkeypatch.setattr(unit.app.test_client_class, "open", open_)
    return answers


def secret(texts: list[str]) -> list[str]:
    """The texts that give a number, or all that is not in its mask, away."""
    return [text for text in texts if any(number in text for number in (NUMBER, MISTYPED, NUMBER[6:14]))]


def test_neither_answers_nor_logs_tell_a_number(
    unit: Caller, said: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    added = unit.done("POST", "/people", NEWCOMER, key="k1")
    unit.done("POST", "/people", NEWCOMER, key="k1")
    problem(unit("POST", "/people", NEWCOMER), 409, "conflict")
    problem(unit("POST", "/people", {**NEWCOMER, "id_number": MISTYPED}), 422, "invalid")
    problem(unit("POST", "/people", {**NEWCOMER, "unknown": NUMBER}), 422, "invalid")
    problem(unit("POST", "/people", {**NEWCOMER, "id_number": [NUMBER]}), 422, "invalid")
    unit.get("/people", name=NUMBER)
    unit.done("PATCH", f"/people/{added['id']}", {"telephone": "13800138000"})
    unit.done("POST", "/cases", {"scheme": SCHEME, "process": "roster"})
    (task,) = unit.get("/tasks")["items"]
    values = {"people": [added["id"]], "ground": "骨干"}
    unit.done("POST", f"/tasks/{task['id']}/completion", {"values": values})
    (filing,) = unit.get("/cases", process="filing")["items"]
    assert filing["id_number_masked"] == f"110101****{NUMBER[-4:]}"
    for path in ("", "/history"):
        unit.get(f"/cases/{filing['id']}{path}")
    unit.get("/people")
    assert len(said) > 10
    assert secret(said) == []
    assert "INSERT INTO person" in caplog.text
    assert secret([caplog.text]) == []


def test_nor_does_a_failure(
    stage: Stage,
    unit: Caller,
    said: list[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whether the program breaks or the database refuses the row, the traceback is logged without values."""
    monkeypatch.setitem(stage.app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr(stage.app, "testing", False)
    monkeypatch.setattr(people, "find", lambda number: 1 / 0)
    problem(unit("POST", "/people", NEWCOMER, key="k1"), 500, "internal")
    monkeypatch.setattr(people, "find", lambda number: None)
    monkeypatch.setattr(people, "gender", lambda number: None)
    monkeypatch.setattr(people, "insert", lambda row, taken: people.db.session.add(row))
    problem(unit("POST", "/people", NEWCOMER, key="k1"), 500, "internal")
    assert "ZeroDivisionError" in caplog.text
    assert "IntegrityError" in caplog.text
    assert secret([*said, caplog.text]) == []
