"""How the cases of a scenario begin: by somebody's hand, by a message, or by that of another case."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.content.scenario_parts import ScenarioCase
from app.content.worlds import THEMSELVES
from app.extensions import db
from app.models import Case, PostQuota
from app.operations import cases, deployments
from app.operations.actors import SYSTEM
from app.operations.capabilities import Request
from app.operations.registers.places import register_posts
from app.operations.road._projection import Changes
from app.operations.trials import worlds
from app.operations.trials._scenario_stage import Stage


def start(stage: Stage, case: ScenarioCase, at: datetime) -> int:
    """Begins a case that has an instant, by hand or by its message. Raises what `cases` does."""
    scheme, unit_id = stage.scheme, stage.built.organisations[case.unit]
    person_id = stage.built.people[case.person] if case.person else None
    if case.by is not None:
        if case.about is not None:
            about = stage.case(case.about)
            actor = stage.actor(case.by, about)
            return cases.start(scheme.id, case.process, linked_case_id=about, actor=actor, received_at=at)
        actor = worlds.applicant(person_id) if case.by == THEMSELVES and person_id else stage.actor(case.by)
        return cases.start(
            scheme.id,
            case.process,
            unit_id=unit_id,
            person_id=person_id,
            actor=actor,
            received_at=at,
        )
    deployment_id = deployments.current(scheme.id, at)
    process = scheme.processes[case.process]
    return cases.open_case(deployment_id, process, unit_id, person_id, case.payload, SYSTEM, at, case.message)


def found_started(stage: Stage, at: datetime) -> None:
    """Tells which declared cases are those that other cases' messages have started."""
    for name, case in stage.scenario.cases.items():
        if name in stage.cases or case.at is not None:
            continue
        asked = select(Case.id).where(
            Case.process == case.process,
            Case.unit_id == stage.built.organisations[case.unit],
            Case.id.not_in(stage.cases.values()),
        )
        if case.person:
            asked = asked.where(Case.person_id == stage.built.people[case.person])
        found = db.session.scalar(asked.order_by(Case.id).limit(1))
        if found is not None:
            begun(stage, name, found, at)


def begun(stage: Stage, name: str, case_id: int, at: datetime) -> None:
    """Keeps the case under its name; the world's register of posts is entered with the unit's first one."""
    stage.cases[name] = case_id
    unit = stage.scenario.cases[name].unit
    unit_id, posts = stage.built.organisations[unit], stage.world.posts.get(unit, {})
    if not posts or db.session.scalar(select(PostQuota.id).where(PostQuota.unit_id == unit_id).limit(1)):
        return
    rows = [
        {"grade": code, "approved": p.approved, "held": p.held, "special": p.special, "vacant": p.vacant}
        for code, p in posts.items()
    ]
    scheme = stage.scheme
    given = ({"posts": rows}, at, Changes())
    register_posts(Request(case_id, scheme.jurisdiction, scheme, unit_id, None, 0, "", *given))
