"""Releases of waiting cases: of the whole scheme, or of one unit alone."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from support.capability_kit import perform
from support.life import open_award, publish_life
from support.world import make_world, publish_tiny

from app.errors import EngineError
from app.extensions import db
from app.models import Case, Message
from app.operations.trials.worlds import Built

LIST = {"message": "list_published"}


@pytest.fixture
def waiting(app) -> tuple[int, int]:
    """Two cases of two units that wait for the same message."""
    publish_tiny()
    publish_life()
    world: Built = make_world()
    return open_award(world, "陈一"), open_award(world, "赵四", unit="西溪区文化馆")


def told() -> list[str]:
    return list(db.session.scalars(select(Message.key).order_by(Message.id)))


@pytest.mark.corrupts  # asked beside the diagram, so that the log knows nothing of it
class TestScopes:
    def test_the_scope_unit_reaches_the_unit_of_the_asking_case_alone(self, waiting: tuple[int, int]) -> None:
        first, second = waiting
        assert perform("release_waiting", second, {**LIST, "scope": "unit"}) == {"cases": 1}
        assert told() == [str(second)]
        assert perform("release_waiting", second, LIST) == {"cases": 1}
        assert told() == [str(second), str(first)]

    def test_of_the_unit_only_those_in_the_batch(self, waiting: tuple[int, int]) -> None:
        first, second = waiting
        about = db.session.get_one(Case, first).person_id
        unit = {**LIST, "scope": "unit"}
        assert perform("release_waiting", second, {**unit, "persons": [about]}) == {"cases": 0}
        assert perform("release_waiting", first, {**unit, "persons": []}) == {"cases": 0}
        assert perform("release_waiting", first, {**unit, "persons": [about]}) == {"cases": 1}
        assert told() == [str(first)]

    def test_an_unknown_scope_is_told_with_those_there_are(self, waiting: tuple[int, int]) -> None:
        with pytest.raises(EngineError, match="scheme 或 unit"):
            perform("release_waiting", waiting[0], {**LIST, "scope": "county"})
