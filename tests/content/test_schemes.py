"""Every scheme on disk: its check finds no error, and its scenarios hold."""

from __future__ import annotations

import pytest
from flask import Flask
from support.world import SCHEME, tiny_files

from app.config import PROJECT
from app.content import check_scheme, read_scheme_folder, scheme_folders
from app.operations.capabilities import declarations
from app.operations.trials.scenarios import run_scheme

Files = dict[str, bytes]


@pytest.fixture(params=[*scheme_folders(PROJECT), SCHEME])
def files(request: pytest.FixtureRequest) -> Files:
    return tiny_files() if request.param == SCHEME else read_scheme_folder(PROJECT, request.param)


def test_the_check_finds_no_error(app: Flask, files: Files) -> None:
    problems = check_scheme(files, capabilities=declarations())
    assert [problem.message for problem in problems if problem.severity == "error"] == []


def test_every_scenario_holds(app: Flask, files: Files) -> None:
    """What no scenario goes through is printed: `pytest -s`, and with a failure."""
    run = run_scheme(files)
    for gap in run.gaps:
        print(f"{gap.process}：{gap.name or gap.id} {gap.source} → {gap.target}")
    assert run.results
    failures = [(r.file, f.step, f.sentence) for r in run.results for f in r.failures]
    assert failures == []
