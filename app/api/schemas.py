"""What goes in and out of the API: marshmallow schemas; unknown fields are refused."""

from __future__ import annotations

from marshmallow import RAISE, Schema, fields, validate


class Body(Schema):
    """A request's body."""

    class Meta:
        unknown = RAISE


class SignIn(Body):
    login = fields.String(required=True, validate=validate.Length(1, 100))
    password = fields.String(required=True, validate=validate.Length(1, 200), load_only=True)


class Token(Schema):
    token = fields.String(required=True)
    must_change_password = fields.Boolean(required=True)


class PasswordChange(Body):
    old = fields.String(required=True, validate=validate.Length(1, 200))
    new = fields.String(required=True, validate=validate.Length(1, 200))


class Me(Schema):
    account_id = fields.Integer()
    name = fields.String()
    organisation_id = fields.Integer(allow_none=True)
    organisation_name = fields.String(allow_none=True)
    duties = fields.List(fields.String())


class UnitRegistration(Body):
    """CQ-26: a unit registers itself with its 统一社会信用代码."""

    code = fields.String(required=True, validate=validate.Length(1, 30))
    name = fields.String(required=True, validate=validate.Length(2, 100))
    region = fields.String(required=True, validate=validate.Regexp(r"^\d{6}\Z"))
    login = fields.String(required=True, validate=validate.Length(1, 100))
    password = fields.String(required=True, validate=validate.Length(1, 200))
    person_name = fields.String(required=True, validate=validate.Length(1, 50))
    telephone = fields.String(required=True, validate=validate.Length(1, 30))


class UnitProfile(Body):
    """What a unit's cases are routed by; `superior` null for a unit without one (无隶属)."""

    superior = fields.Integer(required=True, allow_none=True, strict=True)
    level = fields.String(required=True, validate=validate.Length(1, 30))
    system = fields.String(required=True, validate=validate.Length(1, 30))
    nature = fields.String(required=True, validate=validate.Length(1, 30))
    address = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))


class Department(Schema):
    id = fields.Integer()
    name = fields.String()
    region = fields.String()


class NewPerson(Body):
    name = fields.String(required=True, validate=validate.Length(1, 50))
    id_number = fields.String(required=True, validate=validate.Length(1, 30))
    telephone = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=30))
    ethnicity = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=30))


class PersonChange(Body):
    """What is left out stays; an empty text empties."""

    name = fields.String(validate=validate.Length(1, 50))
    telephone = fields.String(validate=validate.Length(max=30))
    ethnicity = fields.String(validate=validate.Length(max=30))


class Person(Schema):
    id = fields.Integer()
    name = fields.String()
    gender = fields.String()
    birth_date = fields.Date()
    telephone = fields.String(allow_none=True)
    ethnicity = fields.String(allow_none=True)
    id_number_masked = fields.String()


class Cursor(Body):
    """Keyset paging: `after` is the `next` of the page before."""

    after = fields.String(load_default=None, validate=validate.Length(max=60))


class PeopleQuery(Cursor):
    name = fields.String(load_default="")


class CaseQuery(Cursor):
    scheme = fields.String(load_default="")
    process = fields.String(load_default="")
    state = fields.String(load_default="", validate=validate.OneOf(["", "running", "ended", "cancelled"]))
    status = fields.String(load_default="")
    name = fields.String(load_default="")
    unit = fields.String(load_default="")


class Case(Schema):
    id = fields.Integer()
    scheme = fields.String()
    process = fields.String()
    unit = fields.String()
    person = fields.String(allow_none=True)
    id_number_masked = fields.String(allow_none=True)
    state = fields.String()
    status = fields.String()
    outcome = fields.String(allow_none=True)
    listed = fields.Dict()
    started_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(allow_none=True)


class NewCase(Body):
    scheme = fields.String(required=True)
    process = fields.String(required=True)


class Started(Schema):
    id = fields.Integer()


class CaseMessage(Body):
    """Something said to a case that waits for it, such as a deletion."""

    message = fields.String(required=True, validate=validate.Length(1, 100))


class Record(Body):
    kind = fields.String(required=True, validate=validate.Length(1, 100))
    values = fields.Dict(required=True)


class Status(Schema):
    case_id = fields.Integer()
    status = fields.String()


class Task(Schema):
    id = fields.Integer()
    case_id = fields.Integer()
    scheme = fields.String()
    element = fields.String()
    name = fields.String()
    unit = fields.String()
    person = fields.String(allow_none=True)
    bulk = fields.Boolean()
    opened_at = fields.AwareDateTime()
    closes_at = fields.AwareDateTime(allow_none=True)


class TaskDetail(Task):
    form = fields.Dict(allow_none=True, metadata={"description": "表单的 JSON Schema"})
    draft = fields.Dict(allow_none=True)


class Values(Body):
    values = fields.Dict(required=True)


class BulkCompletion(Body):
    """The same values for every task, or none to submit each task's own draft."""

    tasks = fields.List(fields.Integer(strict=True), required=True, validate=validate.Length(1, 200))
    values = fields.Dict(load_default=None, allow_none=True)


class ItemResult(Schema):
    task_id = fields.Integer()
    ok = fields.Boolean()
    message = fields.String()


class BulkResult(Schema):
    results = fields.List(fields.Nested(ItemResult))


class Step(Schema):
    seq = fields.Integer()
    call = fields.String()
    element = fields.String(allow_none=True)
    at = fields.AwareDateTime()
    actor = fields.String()
    office = fields.String(allow_none=True)
    happened = fields.List(fields.Dict())


class Upload(Schema):
    """Sent as multipart/form-data."""

    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class StoredFile(Schema):
    name = fields.String()
    title = fields.String()
    media_type = fields.String()
    size = fields.Integer()


class Scheme(Schema):
    id = fields.String()
    name = fields.String()
    notice = fields.String()
    year = fields.Integer()
    deployment = fields.Integer()
    processes = fields.Dict()


def page_of(item: type[Schema]) -> Schema:
    """The schema of a page of `item`s, with the cursor of the next one."""
    rows = fields.List(fields.Nested(item), required=True)
    following = fields.String(allow_none=True)
    return Schema.from_dict({"items": rows, "next": following}, name=f"{item.__name__}Page")()
