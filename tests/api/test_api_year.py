"""A year of Chongqing walked by programs alone, the clock moved by the API too."""

from __future__ import annotations

from flask import Flask
from support import year
from support.programs import Program


def test_a_year_by_the_api(app: Flask) -> None:
    program = Program(year.set_stage(app))
    year.walk(program)
    ended = program.unit.get("/cases", process="application", state="ended")["items"]
    outcomes = {row["person"]: row["outcome"] for row in ended}
    assert outcomes == {
        year.TECHNICIAN: "passed",
        year.JUNIOR: "passed",
        year.REJECTED: "failed",
        year.LATE: "lapsed",
    }
    steps = program.unit.get(f"/cases/{program._case(year.TECHNICIAN)['id']}/history")["items"]
    offices = {step["office"] for step in steps if step["call"] == "complete"}
    assert {year.UNIT["name"], year.BUREAU, year.OFFICE, year.EXAMINERS, year.TRAINERS} == offices
