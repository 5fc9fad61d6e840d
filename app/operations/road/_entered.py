"""What was entered in a form, on its way into the log: files become the case's, ID numbers are sealed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from app.content.forms import Form
from app.content.identity import READS_LIKE_CITIZEN_ID, clean_citizen_id
from app.content.masking import DEFAULT_ID_MASK
from app.content.scheme import Scheme
from app.engine.civil import civil
from app.errors import Invalid
from app.extensions import db
from app.models import EnteredIdNumber, Person
from app.operations import live
from app.operations.actors import Actor
from app.operations.finding._id_numbers import seal
from app.operations.road._assignee import colleague
from app.operations.road._moving import Moving
from app.operations.uploads import files


def take_in(
    moving: Moving, form: Form, values: Mapping[str, Any], actor: Actor, at: datetime
) -> dict[str, Any]:
    """The values of a form as they may be stored: uploads part of the case, ID numbers sealed and masked.

    Raises Invalid with a sentence a field.
    """
    taken = form.load(values)
    _check_people(form, taken, moving.unit_id)
    _check_filed(form, taken, moving.scheme)
    _check_colleagues(form, taken, actor.organisation_id)
    for name, value in list(taken.items()):
        try:
            ids = form.file_ids({name: value})
            if ids:
                files.attach(ids, moving.id, actor)
            if form.fields[name].format == "id_number":
                taken[name] = _sealed(moving, value, at)
        except Invalid as refusal:
            raise Invalid({name: [text for texts in refusal.fields.values() for text in texts]}) from refusal
    return taken


def _check_people(form: Form, taken: Mapping[str, Any], unit_id: int) -> None:
    """Raises Invalid at the field that names somebody who is not one of the case's unit."""
    asked = {name: form.person_ids({name: value}) for name, value in taken.items()}
    wanted = {person_id for ids in asked.values() for person_id in ids}
    if not wanted:
        return
    own = select(Person.id).where(Person.id.in_(wanted), Person.unit_id == unit_id, Person.left_at.is_(None))
    strangers = wanted - set(db.session.execute(own).scalars())
    if strangers:
        told = ["所选人员不在本单位的人员名册中，请重新选择。"]
        raise Invalid({name: told for name, ids in asked.items() if strangers.intersection(ids)})


def _check_filed(form: Form, taken: Mapping[str, Any], scheme: Scheme) -> None:
    """Raises Invalid at the field that is to begin a case for somebody who has one (LIFE-07)."""
    told: dict[str, list[str]] = {}
    for name, value in taken.items():
        process = scheme.processes.get(form.fields[name].begins)
        found = live.of_people(scheme, process, form.person_ids({name: value})) if process else {}
        if process and found:
            people = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(found)))
            told[name] = [f"{who}{found[one].told(process)}，请去掉后再提交。" for one, who in people]
    if told:
        raise Invalid(told)


def _check_colleagues(form: Form, taken: Mapping[str, Any], office_id: int | None) -> None:
    """Raises Invalid at the field that names somebody who is no active operator of the actor's office."""
    for name, value in taken.items():
        for account_id in form.colleague_ids({name: value}):
            colleague(account_id, office_id, name)


def without_id_numbers(values: Mapping[str, Any]) -> dict[str, Any]:
    """What may be kept of a draft: an ID number has to be typed again."""
    return {
        name: value
        for name, value in values.items()
        if not (isinstance(value, str) and READS_LIKE_CITIZEN_ID.fullmatch(value.strip()))
    }


def _sealed(moving: Moving, text: str, at: datetime) -> str:
    try:
        number = clean_citizen_id(text, civil(at).date())
    except ValueError as error:
        raise Invalid({"": [f"{error}。"]}) from None
    sealed = seal(number)
    shown = moving.scheme.mask.get("id_number", DEFAULT_ID_MASK).apply(number)
    db.session.execute(
        insert(EnteredIdNumber).values(
            case_id=moving.id,
            shown=shown,
            cipher=sealed.cipher,
            key_id=sealed.key_id,
            index=sealed.index,
            former=False,
            entered_at=at,
        )
    )
    return shown
