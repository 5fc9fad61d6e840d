"""The people of a unit, and what they hold by the workers' register; ID numbers come out masked (CQ-27).

A department keeps the registers of the units below it (JD-04).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response

from app import edge
from app.api import schemas
from app.api.auth import me, signed_in
from app.api.idempotency import PARAMETER, once
from app.api.reading import Room
from app.content.masking import DEFAULT_ID_MASK
from app.errors import NotFound
from app.models import Holding, Person
from app.operations import deployments
from app.operations.registers import people, register
from app.queries import people as person_queries
from app.queries import register as register_queries

blueprint = Room("api_people", __name__, "本单位人员")


@blueprint.get("/people")
@signed_in("operator")
@blueprint.arguments(schemas.PeopleQuery, location="query")
@blueprint.response(200, schemas.page_of(schemas.Person))
@blueprint.doc(responses={404: "NOT_FOUND"})
def listing(query: dict[str, Any]) -> dict[str, Any]:
    """本单位人员，按姓名拼音；主管部门给 unit_id 则是该下属单位的"""
    page = person_queries.of_unit(_kept(query.pop("unit_id", None)), **query)
    held = register_queries.held_now([person.id for person in page.rows])
    return {"items": [_row(person, held.get(person.id, ())) for person in page.rows], "next": page.next}


@blueprint.post("/people")
@signed_in("operator")
@blueprint.arguments(schemas.NewPerson)
@blueprint.response(201, schemas.Person)
@blueprint.doc(parameters=[PARAMETER])
def add(body: dict[str, Any]) -> Response:
    """登记一名人员；主管部门给 unit_id 则登记到该下属单位"""
    unit = _kept(body.pop("unit_id", None))

    def work() -> dict[str, Any]:
        return _row(people.add(unit, **body, actor=me().actor, now=edge.received_at()))

    return once(work, schemas.Person(), 201)


@blueprint.get("/people/<id:person_id>")
@signed_in("operator")
@blueprint.response(200, schemas.PersonDetail)
def one(person_id: int) -> dict[str, Any]:
    """一名人员：持有和曾经持有的工种等级，历年考评结果"""
    return _detail(_known(person_id))


@blueprint.patch("/people/<id:person_id>")
@signed_in("operator")
@blueprint.arguments(schemas.PersonChange)
@blueprint.response(200, schemas.Person)
def change(body: dict[str, Any], person_id: int) -> dict[str, Any]:
    """修改姓名、电话或民族；身份证号码须另行更正"""
    _known(person_id)
    with edge.transaction():
        return _row(people.edit(person_id, **body, actor=me().actor, now=edge.received_at()))


@blueprint.post("/people/<id:person_id>/departure")
@signed_in("operator")
@blueprint.response(204)
def leave(person_id: int) -> None:
    """登记调出：不再列入本单位名册"""
    _known(person_id)
    with edge.transaction():
        people.leave(person_id, actor=me().actor, now=edge.received_at())


@blueprint.post("/people/<id:person_id>/holdings")
@signed_in("operator")
@blueprint.arguments(schemas.NewHolding)
@blueprint.response(201, schemas.PersonDetail)
@blueprint.doc(parameters=[PARAMETER])
def enter(body: dict[str, Any], person_id: int) -> Response:
    """登记持有的工种等级：只登记一次，以后只随考评结果的导入更新"""
    person, held = _known(person_id), (body["trade"], body["grade"], body.get("issued_on"))

    def work() -> dict[str, Any]:
        register.enter(person_id, *held, actor=me().actor, now=edge.received_at())
        return _detail(person)

    return once(work, schemas.PersonDetail(), 201)


def _kept(unit: int | None) -> int:
    """The unit whose register is meant, or the own organisation. Raises NotFound for another's."""
    own = me().organisation_id
    if unit is not None and unit != own and unit not in register_queries.kept_by(own, edge.received_at()):
        raise NotFound
    return own if unit is None else unit


def _known(person_id: int) -> Person:
    own = me().organisation_id
    return person_queries.one(person_id, own, *register_queries.kept_by(own, edge.received_at()))


def masked_number(person: Person, deployment_id: int) -> str:
    """The ID number as lists of a scheme show it."""
    mask = deployments.scheme(deployment_id).mask.get("id_number", DEFAULT_ID_MASK)
    return people.masked(person, mask)


def _row(person: Person, held: Sequence[Holding] | None = None) -> dict[str, Any]:
    return {
        "id": person.id,
        "unit_id": person.unit_id,
        "name": person.name,
        "gender": person.gender,
        "birth_date": person.birth_date,
        "telephone": person.telephone,
        "ethnicity": person.ethnicity,
        "id_number_masked": people.masked(person),
        "holds": register_queries.held_now([person.id]).get(person.id, ()) if held is None else held,
    }


def _detail(person: Person) -> dict[str, Any]:
    return {
        **_row(person),
        "holdings": [
            {**_held(held), "entered_by": name, "entered_for": organisation}
            for held, name, organisation in register_queries.holdings(person.id)
        ],
        "results": register_queries.results(person.id),
    }


def _held(held: Holding) -> dict[str, Any]:
    names = ("trade", "grade", "issued_on", "source", "entered_at", "ended_at")
    return {name: getattr(held, name) for name in names}
