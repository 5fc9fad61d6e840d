"""The people of a unit; ID numbers go in whole and come out masked (CQ-27)."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from app import edge
from app.api import schemas
from app.api.auth import current_actor, own_organisation, signed_in
from app.api.idempotency import PARAMETER, once
from app.content.masking import DEFAULT_ID_MASK
from app.models import Person
from app.operations import deployments, people
from app.queries import people as people_queries

blueprint = Blueprint("api_people", __name__, description="本单位人员")


@blueprint.get("/people")
@signed_in
@blueprint.arguments(schemas.PeopleQuery, location="query")
@blueprint.response(200, schemas.page_of(schemas.Person))
def listing(query: dict[str, Any]) -> dict[str, Any]:
    """本单位人员，按姓名拼音"""
    page = people_queries.of_unit(own_organisation(), query["name"], query["after"])
    return {"items": [_row(person) for person in page.rows], "next": page.next}


@blueprint.post("/people")
@signed_in
@blueprint.arguments(schemas.NewPerson)
@blueprint.response(201, schemas.Person)
@blueprint.doc(parameters=[PARAMETER])
def add(body: dict[str, Any]) -> Any:
    """登记一名人员"""

    def work() -> tuple[dict[str, Any], int]:
        actor, now = current_actor(), edge.received_at()
        person = people.add(own_organisation(), actor=actor, now=now, **body)
        return schemas.Person().dump(_row(person)), 201

    return once(work)


@blueprint.get("/people/<int:person_id>")
@signed_in
@blueprint.response(200, schemas.Person)
def one(person_id: int) -> dict[str, Any]:
    """一名人员"""
    return _row(people_queries.one(person_id, own_organisation()))


@blueprint.patch("/people/<int:person_id>")
@signed_in
@blueprint.arguments(schemas.PersonChange)
@blueprint.response(200, schemas.Person)
def change(body: dict[str, Any], person_id: int) -> dict[str, Any]:
    """修改姓名、电话或民族；身份证号码须另行更正"""
    with edge.transaction():
        return _row(people.edit(person_id, actor=current_actor(), now=edge.received_at(), **body))


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
