"""What tests of the operations share: an attacker of the database, passwords that cost little, regions."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask
from support.attacks import Attack

from app.config import PROJECT
from app.extensions import atomic
from app.operations.offices import regions


@pytest.fixture
def attack(_cleaner) -> Attack:
    """Does as the database's owner can: no trigger and no foreign key holds a superuser back."""
    connection: psycopg.Connection = _cleaner.connection

    def do(statement: str, **values: object) -> None:
        done = connection.execute(statement, values)
        assert done.rowcount, "the attack touched nothing"

    return do


@pytest.fixture
def cheap_passwords(app: Flask) -> Iterator[None]:
    """Passwords are hashed in no time."""
    app.config["ARGON2"] = {"memory_cost": 8, "time_cost": 1}
    yield
    app.config.pop("ARGON2")


@pytest.fixture
def all_regions(app: Flask) -> None:
    """The country's regions, as a real database has them."""
    with atomic():
        regions.load_file(PROJECT / "bpmn" / "common" / "regions.yaml")
