"""The people of a unit, and the workers' register: what they hold, tables for it, shares."""

from __future__ import annotations

from marshmallow import Schema, fields

from app.api.fields import choice, day, number, query_number, text
from app.api.schemas.common import Body, Cursor

UNIT = {"description": "下属单位的编号，见 GET /register/units；不给则是本单位"}


class NewPerson(Body):
    unit_id = number(metadata=UNIT)
    name = text(2, 50, required=True)
    id_number = text(1, 30, required=True)
    telephone = text(0, 30)
    ethnicity = text(0, 30)


class PersonChange(Body):
    """What is left out stays; an empty text empties."""

    name = text(2, 50)
    telephone = text(0, 30)
    ethnicity = text(0, 30)


class NewHolding(Body):
    trade = text(1, 60, required=True)
    grade = text(1, required=True, metadata={"description": "等级的代号或名称"})
    issued_on = day(metadata={"description": "取得日期"})


class Held(Schema):
    trade = fields.String()
    grade = fields.String(metadata={"description": "等级的代号，如 technician"})
    issued_on = fields.Date(allow_none=True)


class Holding(Held):
    source = fields.String(metadata={"description": "entered 录入，imported 考评结果导入"})
    entered_at = fields.AwareDateTime()
    entered_by = fields.String(allow_none=True)
    entered_for = fields.String(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True, metadata={"description": "被新的等级取代的时刻"})


class AssessmentResult(Schema):
    year = fields.Integer()
    trade = fields.String()
    grade = fields.String()
    passed = fields.Boolean()


class Person(Schema):
    id = fields.Integer()
    unit_id = fields.Integer(allow_none=True)
    name = fields.String()
    gender = fields.String()
    birth_date = fields.Date()
    telephone = fields.String(allow_none=True)
    ethnicity = fields.String(allow_none=True)
    id_number_masked = fields.String()
    holds = fields.List(fields.Nested(Held), metadata={"description": "现在持有的工种等级"})


class PersonDetail(Person):
    holdings = fields.List(fields.Nested(Holding), metadata={"description": "持有和曾经持有的，新的在前"})
    results = fields.List(fields.Nested(AssessmentResult), metadata={"description": "历年考评结果"})


class PeopleQuery(Cursor):
    unit_id = query_number(metadata=UNIT)
    name = text()
    trade = text(metadata={"description": "现在持有的工种，或它的一部分"})
    grade = text(metadata={"description": "现在持有的等级的代号"})


class RegisterUnit(Schema):
    id = fields.Integer()
    name = fields.String()


class RegisterUnits(Schema):
    items = fields.List(fields.Nested(RegisterUnit))


class Strength(Schema):
    unit_id = fields.Integer()
    trade = fields.String()
    grade = fields.String()
    count = fields.Integer(metadata={"description": "在册人员中现在持有的人数，申报指标按它计算"})


class Strengths(Schema):
    items = fields.List(fields.Nested(Strength))


class StrengthQuery(Body):
    unit_id = query_number(metadata=UNIT)


class SharesQuery(Cursor):
    scheme = text()


class ShareHolder(Schema):
    case_id = fields.Integer()
    person = fields.String(allow_none=True)
    status = fields.String()
    claimed_at = fields.AwareDateTime()


class Shares(Schema):
    id = fields.Integer()
    scheme = fields.String(attribute="scheme_id")
    year = fields.Integer()
    unit = fields.String()
    pool = fields.String(metadata={"description": "指标的名目，如等级和工种"})
    limit = fields.Integer(metadata={"description": "可以申报几人，按最近一次占用时的规则"})
    left = fields.Integer(metadata={"description": "还可以申报几人"})
    holders = fields.List(fields.Nested(ShareHolder), metadata={"description": "占用着指标的办件"})


class RegisterTable(Schema):
    kind = fields.String(metadata={"description": "workers 人员，results 考评结果"})
    columns = fields.List(fields.String())


class RegisterTables(Schema):
    items = fields.List(fields.Nested(RegisterTable))
    most_lines = fields.Integer()


class RegisterImportQuery(Body):
    lines = choice(
        "none",
        "all",
        "good",
        required=True,
        metadata={"description": "none 只检查，all 全部正确才导入，good 只导入正确的行"},
    )


class LineFault(Schema):
    number = fields.Integer(metadata={"description": "在表格里是第几行"})
    message = fields.String(attribute="sentence")


class RegisterImported(Schema):
    lines = fields.Integer(metadata={"description": "表格里有几行"})
    done = fields.Integer(metadata={"description": "导入了几行；只检查的是 0"})
    faults = fields.List(fields.Nested(LineFault))
