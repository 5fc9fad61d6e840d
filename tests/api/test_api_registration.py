"""Whoever registers units without end is told when to try again (429 with Retry-After, RFC 6585)."""

from __future__ import annotations

from typing import Any

from flask import Flask
from support.api import Caller, citizen_id, credit_code, problem
from support.pages import PASSWORD, Stage

from app.operations.access.accounts import ADDRESS_REGISTRATIONS, CODE_REGISTRATIONS

UNIT = {
    "name": "东溪区档案馆",
    "region": "990101",
    "login": "archive",
    "password": PASSWORD,
    "person_name": "王芳",
    "telephone": "023-58123456",
}


def registering(number: int, **other: Any) -> dict[str, Any]:
    return {**UNIT, "code": credit_code(500 + number), "login": f"archive{number}", **other}


def test_one_code_is_not_tried_without_end(stage: Stage, anybody: Caller) -> None:
    anybody.done("POST", "/units", registering(1))
    for _ in range(CODE_REGISTRATIONS - 1):
        problem(anybody("POST", "/units", registering(1)), 409, "conflict")
    refused = anybody("POST", "/units", registering(1))
    assert "以后再试" in problem(refused, 429, "too_many_registrations")["detail"]
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    anybody.done("POST", "/units", registering(2))


def test_nor_are_many_from_one_address_by_page_and_api_together(stage: Stage, anybody: Caller) -> None:
    weak = {"password": citizen_id(1)[:4]}
    for number in range(ADDRESS_REGISTRATIONS):
        problem(anybody("POST", "/units", registering(number, **weak)), 422, "invalid")
    problem(anybody("POST", "/units", registering(99)), 429, "too_many_registrations")
    page = stage.browser()
    page.get("/register")
    form = {**registering(99), "again": PASSWORD}
    answer = page.post("/register", form)
    assert answer.status_code == 429
    assert "以后再试" in answer.text
    assert 'value="王芳"' in answer.text
    assert 0 < int(answer.headers["Retry-After"]) <= 3600


def test_a_guesser_is_told_when_too(app: Flask, stage: Stage, anybody: Caller) -> None:
    for number in range(50):
        anybody("POST", "/sessions", {"login": f"x{number}", "password": "x"})
    refused = anybody("POST", "/sessions", {"login": "y", "password": "x"})
    problem(refused, 429, "too_many_attempts")
    assert 0 < int(refused.headers["Retry-After"]) <= 600
