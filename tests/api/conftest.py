"""The stage of the API's tests, and callers of those who act on it."""

from __future__ import annotations

import pytest
from flask import Flask
from support.api import Caller, caller
from support.pages import Stage, set_stage
from support.world import BUREAU, LIBRARY, OFFICE


@pytest.fixture
def stage(app: Flask) -> Stage:
    return set_stage(app)


@pytest.fixture
def anybody(app: Flask) -> Caller:
    """Not signed in."""
    return Caller(app)


@pytest.fixture
def unit(stage: Stage) -> Caller:
    return caller(stage, LIBRARY)


@pytest.fixture
def bureau(stage: Stage) -> Caller:
    return caller(stage, BUREAU)


@pytest.fixture
def office(stage: Stage) -> Caller:
    return caller(stage, OFFICE)
