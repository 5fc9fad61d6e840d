"""The OpenAPI document: valid, complete, and true to the routes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import validate
from support.api import PREFIX
from werkzeug.routing import Rule

from app.config import PROJECT

OPEN_TO_ALL = {
    ("post", "/sessions"),
    ("post", "/units"),
    ("get", "/regions"),
    ("get", "/certificates/{number}"),
    ("post", "/payments/callbacks/{name}"),
}
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    response = app.test_client().get("/api/openapi.json")
    assert response.status_code == 200
    found: dict[str, Any] = response.get_json()
    return found


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method, path.removeprefix(PREFIX)): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_it_names_every_route_and_no_other(app: Flask, document: dict[str, Any]) -> None:
    def drawn(rule: Rule) -> str:
        return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule).removeprefix(PREFIX)

    served = {
        (method.lower(), drawn(rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(PREFIX)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert operations(document).keys() == served


def test_every_operation_wants_a_token_but_those_before_sign_in(document: dict[str, Any]) -> None:
    guarded = {
        name
        for name, operation in operations(document).items()
        if operation.get("security") == [{"session": []}]
    }
    assert operations(document).keys() - guarded == OPEN_TO_ALL
    assert document["components"]["securitySchemes"]["session"] == {"type": "http", "scheme": "bearer"}


def test_every_refusal_is_documented_as_a_problem(document: dict[str, Any]) -> None:
    for operation in operations(document).values():
        for status, response in operation["responses"].items():
            if status >= "400":
                name = response["$ref"].rpartition("/")[2]
                content = document["components"]["responses"][name]["content"]
                assert list(content) == ["application/problem+json"]
        assert {"500", "503"} <= operation["responses"].keys()


def test_what_acts_once_says_so(document: dict[str, Any]) -> None:
    keyed = {
        name
        for name, operation in operations(document).items()
        if any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", []))
    }
    assert keyed == {
        ("post", "/people"),
        ("post", "/people/{person_id}/holdings"),
        ("post", "/organisations"),
        ("post", "/cases"),
        ("post", "/cases/{case_id}/messages"),
        ("post", "/cases/{case_id}/records"),
        ("post", "/tasks/{task_id}/completion"),
        ("post", "/tasks/completions"),
        ("post", "/tasks/returns"),
        ("post", "/tasks/recalls"),
        ("post", "/tasks/{task_id}/return"),
        ("post", "/overlays"),
        ("post", "/exports"),
        ("post", "/phrases"),
        *(("post", f"/tasks/{{task_id}}/{word}") for word in ("claim", "release", "transfer", "delegate")),
        *(("post", f"/tasks/{{task_id}}/{word}") for word in ("resolve", "cosigners", "recall", "reminders")),
        *(("post", f"/tasks/{{task_id}}/cosigners/{word}") for word in ("opinion", "removal")),
        ("post", "/deputies"),
        ("post", "/deputies/{deputy_id}/revocation"),
        ("post", "/handovers/{account_id}"),
        *(("post", f"/overlays/{{overlay_id}}/{word}") for word in ("approve", "reject", "withdraw")),
    }


def test_bodies_allow_no_other_fields(document: dict[str, Any]) -> None:
    for operation in operations(document).values():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            schema = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
            assert schema["additionalProperties"] is False


def test_every_operation_is_told_in_chinese(document: dict[str, Any]) -> None:
    assert all(re.search("[一-龥]", operation["summary"]) for operation in operations(document).values())


def test_the_guide_names_every_operation(document: dict[str, Any]) -> None:
    guide = (PROJECT / "docs" / "api.md").read_text(encoding="utf-8")
    named = re.findall(
        r"`(GET|POST|PUT|PATCH|DELETE) (/\S+)`", guide.partition("## 地址")[2].partition("## 示例")[0]
    )
    assert {(method.lower(), path) for method, path in named} == operations(document).keys()
