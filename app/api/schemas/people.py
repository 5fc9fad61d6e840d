"""The people of a unit."""

from __future__ import annotations

from marshmallow import Schema, fields

from app.api.fields import text
from app.api.schemas.common import Body, Cursor


class NewPerson(Body):
    name = text(2, 50, required=True)
    id_number = text(1, 30, required=True)
    telephone = text(0, 30)
    ethnicity = text(0, 30)


class PersonChange(Body):
    """What is left out stays; an empty text empties."""

    name = text(2, 50)
    telephone = text(0, 30)
    ethnicity = text(0, 30)


class Person(Schema):
    id = fields.Integer()
    name = fields.String()
    gender = fields.String()
    birth_date = fields.Date()
    telephone = fields.String(allow_none=True)
    ethnicity = fields.String(allow_none=True)
    id_number_masked = fields.String()


class PeopleQuery(Cursor):
    name = text()
