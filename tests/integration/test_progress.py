"""How far the cases of one unit have come, as a diagram asks it."""

from __future__ import annotations

import pytest
from support.capability_kit import FIRST, LIBRARY, SECOND, perform, with_posts
from support.life import publish_life
from support.world import complete, make_world, open_filing, publish_tiny

from app.errors import EngineError
from app.extensions import db
from app.models import Case
from app.operations.trials.worlds import Built

FILLED = {"grade": "senior", "summary": "近五年工作扎实。"}


@pytest.fixture
def world(app) -> Built:
    publish_tiny()
    publish_life()
    return make_world()


@pytest.mark.corrupts  # asked beside the diagram, so that the log knows nothing of it
def test_it_counts_the_units_own_live_cases_by_status(world: Built) -> None:
    first = with_posts(world)
    second = open_filing(world, SECOND)
    waiting = db.session.get_one(Case, second).status
    asked = {"process": "filing", "statuses": [waiting]}
    assert perform("unit_progress", first, asked) == {"total": 2, "running": 2, "matching": 2}
    complete(first, "fill", FILLED, world.actors[LIBRARY], "2021-06-11 10:00")
    assert perform("unit_progress", first, asked) == {"total": 2, "running": 2, "matching": 1}
    assert perform("unit_progress", first, {"process": "posts"}) == {"total": 1, "running": 0, "matching": 0}


@pytest.mark.corrupts
def test_another_units_cases_do_not_count(world: Built) -> None:
    first = open_filing(world, FIRST)
    other = open_filing(world, "赵四", unit="西溪区文化馆")
    assert perform("unit_progress", other, {"process": "filing"})["total"] == 1
    assert perform("unit_progress", first, {"process": "filing", "statuses": []})["matching"] == 0


@pytest.mark.corrupts
def test_an_unknown_process_is_told(world: Built) -> None:
    with pytest.raises(EngineError, match="没有名为“nothing”的流程"):
        perform("unit_progress", open_filing(world, FIRST), {"process": "nothing"})
