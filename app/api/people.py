"""The people of a unit; ID numbers go in whole and come out masked (CQ-27)."""

from __future__ import annotations

from typing import Any

from flask import Response

from app import edge
from app.api import schemas
from app.api.auth import me, signed_in
from app.api.idempotency import PARAMETER, once
from app.api.reading import Room
from app.content.masking import DEFAULT_ID_MASK
from app.models import Person
from app.operations import deployments, people
from app.queries import people as person_queries

blueprint = Room("api_people", __name__, "本单位人员")


@blueprint.get("/people")
@signed_in("operator")
@blueprint.arguments(schemas.PeopleQuery, location="query")
@blueprint.response(200, schemas.page_of(schemas.Person))
def listing(query: dict[str, Any]) -> dict[str, Any]:
    """本单位人员，按姓名拼音"""
    page = person_queries.of_unit(me().organisation_id, **query)
    return {"items": [_row(person) for person in page.rows], "next": page.next}


@blueprint.post("/people")
@signed_in("operator")
@blueprint.arguments(schemas.NewPerson)
@blueprint.response(201, schemas.Person)
@blueprint.doc(parameters=[PARAMETER])
def add(body: dict[str, Any]) -> Response:
    """登记一名人员"""

    def work() -> dict[str, Any]:
        return _row(people.add(me().organisation_id, **body, actor=me().actor, now=edge.received_at()))

    return once(work, schemas.Person(), 201)


@blueprint.get("/people/<id:person_id>")
@signed_in("operator")
@blueprint.response(200, schemas.Person)
def one(person_id: int) -> dict[str, Any]:
    """一名人员"""
    return _row(person_queries.one(person_id, me().organisation_id))


@blueprint.patch("/people/<id:person_id>")
@signed_in("operator")
@blueprint.arguments(schemas.PersonChange)
@blueprint.response(200, schemas.Person)
def change(body: dict[str, Any], person_id: int) -> dict[str, Any]:
    """修改姓名、电话或民族；身份证号码须另行更正"""
    person_queries.one(person_id, me().organisation_id)
    with edge.transaction():
        return _row(people.edit(person_id, **body, actor=me().actor, now=edge.received_at()))


@blueprint.post("/people/<id:person_id>/departure")
@signed_in("operator")
@blueprint.response(204)
def leave(person_id: int) -> None:
    """登记调出：不再列入本单位名册"""
    person_queries.one(person_id, me().organisation_id)
    with edge.transaction():
        people.leave(person_id, actor=me().actor, now=edge.received_at())


def masked_number(person: Person, deployment_id: int) -> str:
    """The ID number as lists of a scheme show it."""
    mask = deployments.scheme(deployment_id).mask.get("id_number", DEFAULT_ID_MASK)
    return people.masked(person, mask)


def _row(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "gender": person.gender,
        "birth_date": person.birth_date,
        "telephone": person.telephone,
        "ethnicity": person.ethnicity,
        "id_number_masked": people.masked(person),
    }
