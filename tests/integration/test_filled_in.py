"""Telling the unit that a form is filled in: by the person it is of, where the unit submits it."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from support.applying import ROLE, applicant, publish_applicants
from support.world import LIBRARY, at, make_world, open_filing, register_posts, task_of

from app.errors import Refused
from app.extensions import atomic, db
from app.models import Notice
from app.operations.company import filled_in

NOW = at("2021-06-10 10:00")


@pytest.mark.parametrize("unit_submits", [True, False])
@pytest.mark.parametrize("by_person", [True, False])
def test_only_the_person_tells_and_only_where_the_unit_submits(
    app: Flask, unit_submits: bool, by_person: bool
) -> None:
    publish_applicants(ROLE + ("    unit_submits: true\n" if unit_submits else ""))
    world = make_world()
    register_posts(world, {"junior": 1})
    person, task_id = applicant(world), task_of(open_filing(world))
    actor = person if by_person else world.actors[LIBRARY]
    told = unit_submits and by_person
    if told:
        with atomic():
            filled_in.hand_to_unit(task_id, actor, NOW)
    else:
        with atomic(), pytest.raises(Refused, match="不用交单位核对"):
            filled_in.hand_to_unit(task_id, actor, NOW)
    texts = db.session.scalars(select(Notice.text).where(Notice.text.contains("已填好"))).all()
    assert len(texts) == told
