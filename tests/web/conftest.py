"""The stage of the page tests, and browsers of those who act on it."""

from __future__ import annotations

import pytest
from flask import Flask
from support.pages import Browser, Stage, set_stage
from support.world import BUREAU, LIBRARY, OFFICE, OTHER_UNIT


@pytest.fixture
def stage(app: Flask) -> Stage:
    return set_stage(app)


@pytest.fixture
def unit(stage: Stage) -> Browser:
    return stage.open(LIBRARY)


@pytest.fixture
def other_unit(stage: Stage) -> Browser:
    return stage.open(OTHER_UNIT)


@pytest.fixture
def bureau(stage: Stage) -> Browser:
    return stage.open(BUREAU)


@pytest.fixture
def office(stage: Stage) -> Browser:
    return stage.open(OFFICE)
