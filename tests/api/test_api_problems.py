"""Every refusal is a problem (RFC 9457) in Chinese that says where; whatever is sent, nothing breaks."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.api import Caller, caller, is_chinese, pointers, problem
from support.pages import Stage
from support.world import LIBRARY, SCHEME, at, open_filing, task_of

from app.extensions import atomic
from app.operations import cases
from app.operations.registers import people

SIGN_IN = {"login": "nobody", "password": "nothing"}
REGISTRATION = {
    "code": "1", "name": "东溪区档案馆", "region": "990101", "login": "archive", "password": "Long-secret-1",
    "person_name": "孙七", "telephone": "1",
}  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/nothing", "/cases/", "/cases/x", "/cases/-1", f"/cases/{2**63}", "/files/%00"]
)
def test_an_address_that_leads_nowhere(unit: Caller, path: str) -> None:
    problem(unit("GET", path), 404, "not_found")


def test_outside_the_version_too(anybody: Caller) -> None:
    client = anybody.app.test_client()
    problem(client.get("/api/nothing"), 404, "not_found")
    problem(client.post("/api/openapi.json"), 405, "method_not_allowed")
    assert client.get("/nothing").mimetype == "text/html"


@pytest.mark.parametrize("method", ["DELETE", "PUT", "BREW"])
def test_a_method_that_an_address_does_not_have(unit: Caller, method: str) -> None:
    refused = unit(method, "/tasks")
    problem(refused, 405, "method_not_allowed")
    assert "GET" in refused.headers["Allow"]


def test_an_unknown_address_needs_no_token_of_the_pages(anybody: Caller) -> None:
    """Neither the page's token against forged requests nor its origin is asked for before the 404."""
    foreign = {"Origin": "https://elsewhere.example"}
    problem(anybody("POST", "/nothing", headers=foreign, data=b"x" * 100), 404, "not_found")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}])
def test_without_a_token(anybody: Caller, headers: dict[str, str]) -> None:
    refused = anybody("GET", "/tasks", headers=headers)
    problem(refused, 401, "signed_out")
    assert refused.headers["WWW-Authenticate"] == "Bearer"


def test_a_wrong_password_tells_no_more_than_an_unknown_login(stage: Stage, anybody: Caller) -> None:
    known = {"login": stage.login(LIBRARY), "password": "wrong"}
    one, other = (
        problem(anybody("POST", "/sessions", sent), 401, "sign_in_refused") for sent in (known, SIGN_IN)
    )
    assert one == other


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"{'login': 1}", b'{"login": NaN}', b'{"login": 1e999}', b'"\\ud800"', b"\xff",
        b"[" * 5000, b"1" * 5000, b"\xef\xbb\xbf{}",
    ],
)  # fmt: skip
def test_what_is_no_json(anybody: Caller, body: bytes) -> None:
    refused = anybody("POST", "/sessions", data=body, headers={"Content-Type": "application/json"})
    problem(refused, 400, "malformed")


@pytest.mark.parametrize("body", ["[]", "null", "1", '"x"', "[{}]"])
def test_json_that_is_no_object(anybody: Caller, body: str) -> None:
    refused = anybody("POST", "/sessions", data=body, headers={"Content-Type": "application/json"})
    assert problem(refused, 422, "invalid")["errors"] == [{"pointer": "", "detail": "应为 JSON 对象。"}]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_body_of_another_type(anybody: Caller, kind: str) -> None:
    refused = anybody("POST", "/sessions", data=b'{"login": "x"}', headers={"Content-Type": kind})
    problem(refused, 415, "wrong_type")


def test_a_file_that_is_not_uploaded_as_one(unit: Caller) -> None:
    problem(unit("POST", "/files", {"file": "x"}), 415, "wrong_type")
    for name, upload in (("file", "text"), ("other", (BytesIO(b"x"), "x"))):
        sent = unit("POST", "/files", data={name: upload}, content_type="multipart/form-data")
        assert f"/{name}" in pointers(problem(sent, 422, "invalid"))


def test_a_body_too_large_for_the_api_and_one_too_large_for_anything(unit: Caller, app: Flask) -> None:
    long = json.dumps({"login": "x" * 1024 * 1024, "password": "x"})
    headers = {"Content-Type": "application/json"}
    problem(unit("POST", "/sessions", data=long, headers=headers), 413, "too_large")
    over = b" " * (app.config["MAX_CONTENT_LENGTH"] + 1)
    problem(unit("POST", "/sessions", data=over, headers=headers), 413, "too_large")


def test_unknown_fields_are_pointed_at(anybody: Caller) -> None:
    told = problem(anybody("POST", "/sessions", {**SIGN_IN, "a/b~c": 1}), 422, "invalid")
    assert told["errors"] == [{"pointer": "/a~1b~0c", "detail": "没有这个字段。"}]


def test_unknown_filters_are_refused_rather_than_ignored(unit: Caller) -> None:
    told = problem(unit("GET", "/cases?sate=ended&state=over&after=x"), 422, "invalid")
    assert {error["parameter"] for error in told["errors"]} == {"sate", "state", "after"}


@pytest.mark.parametrize(
    ("field", "value"),
    [(name, value) for name in REGISTRATION for value in (None, 1, True, [], {}, "", "  ", "x" * 201)]
    + [("region", text) for text in ("99010", "9901011", "990101\n", "０９９０１０")],
)
def test_each_field_says_what_it_wants(anybody: Caller, field: str, value: Any) -> None:
    told = problem(anybody("POST", "/units", {**REGISTRATION, field: value}), 422, "invalid")
    assert f"/{field}" in pointers(told)


def test_what_is_left_out_is_pointed_at(anybody: Caller) -> None:
    assert pointers(problem(anybody("POST", "/units", {}), 422, "invalid")) == {
        f"/{name}" for name in REGISTRATION
    }


@pytest.mark.parametrize("value", [None, True, 1.0, "1", [], -1, 2**63, 10**30])
def test_a_number_that_is_none(unit: Caller, value: Any) -> None:
    told = problem(unit("POST", "/tasks/completions", {"tasks": [1, value]}), 422, "invalid")
    assert pointers(told) == {"/tasks/1"}


@pytest.mark.parametrize("tasks", [[], list(range(5001)), {}, "1"])
def test_too_few_or_too_many_at_once(unit: Caller, tasks: Any) -> None:
    assert pointers(problem(unit("POST", "/tasks/completions", {"tasks": tasks}), 422, "invalid")) == {
        "/tasks"
    }


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"summary": "\x00"}, "/values/summary"),
        ({"rows": [{"a": "x\x07"}]}, "/values/rows/0/a"),
        ({"\x00": 1}, "/values"),
        ({"$date": "2021-01-01"}, "/values"),
    ],
)  # fmt: skip
def test_what_no_database_can_hold(stage: Stage, unit: Caller, values: Any, pointer: str) -> None:
    task_id = task_of(open_filing(stage.world))
    for method, part in (("PUT", "draft"), ("POST", "completion")):
        told = problem(unit(method, f"/tasks/{task_id}/{part}", {"values": values}), 422, "invalid")
        assert pointers(told) == {pointer}


def test_what_is_nested_too_deep(stage: Stage, unit: Caller) -> None:
    task_id = task_of(open_filing(stage.world))
    values: Any = {}
    for _ in range(500):
        values = {"a": values}
    problem(unit("PUT", f"/tasks/{task_id}/draft", {"values": values}), 422, "invalid")


def test_control_characters_in_an_address(unit: Caller) -> None:
    told = problem(unit("GET", "/people?name=%00"), 422, "invalid")
    assert told["errors"] == [{"parameter": "name", "detail": "含有控制字符。"}]


def test_a_failure_tells_nothing_of_its_cause(
    stage: Stage, unit: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(people, "add", fail)
    monkeypatch.setitem(stage.app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr(stage.app, "testing", False)
    refused = unit("POST", "/people", {"name": "钱八", "id_number": "1"})
    problem(refused, 500, "internal")
    assert "secret" not in refused.text


@pytest.mark.parametrize("to", ["2021-07-01", "2021-07-01T00:00:00", "9999-12-31T23:59:59Z", 1, None, "x"])
def test_an_instant_that_is_none(stage: Stage, to: Any) -> None:
    stage.give(LIBRARY, "administrator")
    told = problem(caller(stage, LIBRARY)("PUT", f"/clocks/{SCHEME}", {"to": to}), 422, "invalid")
    assert pointers(told) == {"/to"}


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
anything = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def filled(*names: str) -> st.SearchStrategy[Any]:
    """An object with some of the names, and anything in them."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, anything))


@pytest.fixture
def bodies(stage: Stage) -> dict[tuple[str, str], st.SearchStrategy[Any]]:
    """What may be sent where."""
    filing = open_filing(stage.world)
    with atomic():
        roster = cases.start(
            SCHEME,
            "roster",
            unit_id=stage.world.organisations[LIBRARY],
            actor=stage.world.actors[LIBRARY],
            received_at=at("2021-06-11 09:00"),
        )
    fill, choose = task_of(filing), task_of(roster)
    form = filled("grade", "summary", "certificate")
    return {
        ("POST", "/sessions"): filled("login", "password"),
        ("POST", "/units"): filled(*REGISTRATION),
        ("PUT", "/units/current/profile"): filled("superior", "level", "system", "nature", "address"),
        ("POST", "/people"): filled("name", "id_number", "telephone", "ethnicity"),
        ("PATCH", f"/people/{stage.world.people['陈一']}"): filled("name", "telephone", "ethnicity"),
        ("POST", "/cases"): filled("scheme", "process"),
        ("POST", f"/cases/{filing}/messages"): filled("message"),
        ("POST", f"/cases/{filing}/records"): filled("kind", "values"),
        ("PUT", f"/tasks/{fill}/draft"): st.fixed_dictionaries({"values": anything | form}),
        ("POST", f"/tasks/{fill}/completion"): st.fixed_dictionaries({"values": anything | form}),
        ("POST", f"/tasks/{choose}/completion"): st.fixed_dictionaries(
            {"values": filled("people", "ground")}
        ),
        ("POST", "/tasks/completions"): filled("tasks", "values"),
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_no_body_breaks_a_route(
    unit: Caller, bodies: dict[tuple[str, str], Any], data: st.DataObject
) -> None:
    """Bodies with the right names and anything in them: answered or refused, never a failure."""
    method, path = data.draw(st.sampled_from(list(bodies)))
    body = json.dumps(data.draw(bodies[method, path]))
    answer = unit(method, path, data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code < 500
    if answer.status_code >= 400:
        told = answer.get_json()
        assert is_chinese(told["detail"])
        assert all(is_chinese(error["detail"]) for error in told.get("errors", []))
