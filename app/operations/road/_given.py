"""The variables that the house gives to a case at its start: unit, person, the case itself, links, bars."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Row

from app.content.scheme import Scheme
from app.extensions import db
from app.models import Person
from app.operations.offices import organisations
from app.operations.registers import bars
from app.operations.road._plain import from_json


def given_variables(
    scheme: Scheme,
    case_id: int,
    unit_id: int,
    person_id: int | None,
    linked: Row[Any] | None,
    at: datetime,
) -> dict[str, Any]:
    """What a new case knows without anybody's telling, as plain values."""
    variables: dict[str, Any] = {
        "unit": organisations.facts(unit_id, at),
        "case": {"id": case_id, "number": case_number(scheme.id, case_id)},
    }
    if person_id is not None:
        variables["person"] = person_facts(person_id)
        here, elsewhere = bars.live(person_id, scheme.jurisdiction, scheme.year, at)
        variables |= {"bars": here, "bars_elsewhere": elsewhere}
    if linked is not None:
        variables["linked"] = _linked_facts(linked)
    return variables


def case_number(scheme_id: str, case_id: int) -> str:
    """The number by which people call a case."""
    return f"{scheme_id}-{case_id}"


def person_facts(person_id: int) -> dict[str, Any]:
    person = db.session.execute(
        select(Person.id, Person.name, Person.gender, Person.birth_date).where(Person.id == person_id)
    ).one()
    return {"id": person.id, "name": person.name, "gender": person.gender, "born": person.birth_date}


def _linked_facts(linked: Row[Any]) -> dict[str, Any]:
    """The linked case as it stands now, with the variables that lists show of it."""
    return {
        **{name: from_json(value) for name, value in linked.listed.items()},
        "id": linked.id,
        "number": case_number(linked.scheme_id, linked.id),
        "process": linked.process,
        "status": linked.status,
        "outcome": linked.outcome,
    }
