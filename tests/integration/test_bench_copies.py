"""Cases that the benches copy in bulk are whole: each has a chain of its own and can be gone on with."""

from __future__ import annotations

from sqlalchemy import func, select
from support.world import (
    BUREAU,
    LIBRARY,
    case_row,
    complete,
    make_world,
    open_filing,
    publish_tiny,
    register_posts,
)

from app.extensions import db
from app.models import Case, History
from app.operations.evidence import verify
from bench.chains import chained_copies


def test_copies_are_verified_and_go_on_each_by_itself(app) -> None:
    publish_tiny()
    world = make_world()
    register_posts(world, {"junior": 4})
    original = open_filing(world)
    first, second, third = chained_copies(original, 3)
    for case_id in (original, second):
        complete(
            case_id, "fill", {"grade": "junior", "summary": "扎实"}, world.actors[LIBRARY], "2021-06-11 09:00"
        )
    fourth, fifth = chained_copies(second, 2)
    complete(fifth, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-12 09:00")
    assert case_row(fifth).outcome == "passed"
    assert {case_row(case_id).status for case_id in (first, third)} == {"待提交"}
    heads = db.session.scalars(select(Case.head).where(Case.process == "filing")).all()
    assert len(heads) == len(set(heads)) == 6
    steps = db.session.execute(select(func.count()).where(History.case_id == fourth)).scalar_one()
    assert steps == case_row(fourth).seq
    assert list(verify.verify_all()) == []
