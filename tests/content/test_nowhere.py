"""A jurisdiction that does not exist: other offices, grades, windows and order of steps, from files alone."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from app.content.checks import check_scheme
from app.content.sources import read_scheme_folder
from app.operations.capabilities import declarations
from app.operations.trials.scenarios import run_scheme

NOWHERE = Path(__file__).parent / "nowhere"
FILES = read_scheme_folder(NOWHERE, "nowhere-2024")


def test_its_files_agree() -> None:
    assert check_scheme(FILES, declarations()) == []


def test_a_case_comes_to_its_certificate(app: Flask) -> None:
    run = run_scheme(FILES)
    assert [failure.sentence for result in run.results for failure in result.failures] == []
    assert run.gaps == ()
