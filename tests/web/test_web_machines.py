"""Stories of the pages on several machines: two each for pages, timers and long work, any of which dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import test_web_readme as newcomers
import test_web_year as chongqing
import test_web_year_henan as henan
import test_web_year_jiaozuo as jiaozuo
from flask import Flask
from support.province import Traffic, clients_of, running

from app import embedded_postgres

REQUESTS_A_LOSS = 30
WITH_A_YEAR = {chongqing.year.SCHEME, henan.SCHEME, jiaozuo.SCHEME}

Story = Callable[[Flask], None]


@pytest.fixture
def traffic(
    app: Flask,
    postgres: embedded_postgres.Server,
    tmp_path: Path,
    worker_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Traffic]:
    with running(postgres, f"test_{worker_id}", app.extensions["settings"], tmp_path) as machines:
        traffic = Traffic(machines, REQUESTS_A_LOSS)
        monkeypatch.setattr(app, "test_client_class", clients_of(traffic))
        yield traffic


@pytest.mark.timeout(280)
@pytest.mark.parametrize(
    "story",
    [
        chongqing.test_a_year_on_the_pages,
        henan.test_the_year_of_henan_on_the_pages,
        jiaozuo.test_the_year_of_jiaozuo_on_the_pages,
    ],
)
def test_a_year(app: Flask, traffic: Traffic, story: Story) -> None:
    story(app)
    assert traffic.losses >= len(traffic.everyone)


@pytest.mark.timeout(280)
@pytest.mark.parametrize(
    "scheme",
    [
        pytest.param(scheme, marks=[pytest.mark.soak] if scheme in WITH_A_YEAR else [])
        for scheme in sorted(newcomers.NAMES)
    ],
)
def test_a_walk(app: Flask, traffic: Traffic, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    newcomers.test_the_walk(app, monkeypatch, scheme)
