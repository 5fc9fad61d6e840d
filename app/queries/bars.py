"""Bars 禁考、不得申报 on a person, whatever scheme imposed them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from app.extensions import db
from app.models import Bar, Person


def of_person(person_id: int) -> Sequence[Bar]:
    """A person's bars, lifted and past ones too, the newest first."""
    index = select(Person.id_number_index).where(Person.id == person_id).scalar_subquery()
    return db.session.scalars(select(Bar).where(Bar.id_number_index == index).order_by(Bar.id.desc())).all()
