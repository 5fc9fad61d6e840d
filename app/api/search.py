"""The search 搜索: people and cases in sight by what one knows of them; a whole ID number in a body alone."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates

from app import edge
from app.api import schemas
from app.api.auth import me, signed_in
from app.api.cases import row_of
from app.api.fields import choice, pattern, text
from app.api.reading import Room
from app.content.searching import LONGEST, is_private, read_typed
from app.operations.finding import lookups
from app.operations.registers import people
from app.queries import search

blueprint = Room("api_search", __name__, "搜索")

CURSOR = (r"[0-9]{1,2}\.[0-9]{1,18}", "应为上一页给出的 next。")
WHAT = "姓名、拼音、首字母、身份证号码的两头或后四位、单位、工种、办件编号、证书编号；几样用空格隔开"


class Wanted(schemas.Body):
    q = text(1, LONGEST, required=True, metadata={"description": WHAT})
    scheme = text(metadata={"description": "只要这个方案的办件"})
    state = choice("running", "ended", "cancelled", metadata={"description": "只要这样的办件"})
    people_after = pattern(*CURSOR)
    cases_after = pattern(*CURSOR)


class SearchQuery(Wanted):
    """An address may not hold what may be an ID number."""

    @validates("q")
    def _is_no_number(self, value: str, **_: Any) -> None:
        if is_private(value):
            raise ValidationError("身份证号码不能写在网址里，请用 POST 发送。")


class NewestCase(Schema):
    id = fields.Integer()
    process = fields.String()
    status = fields.String()


class FoundPerson(Schema):
    id = fields.Integer()
    name = fields.String()
    id_number_masked = fields.String()
    unit = fields.String()
    unit_id = fields.Integer()
    trades = fields.List(fields.String(), metadata={"description": "现在持有的工种"})
    newest_case = fields.Nested(NewestCase, allow_none=True, metadata={"description": "看得到的最近一件办件"})


class Results(Schema):
    people = fields.Nested(schemas.page_of(FoundPerson))
    cases = fields.Nested(schemas.page_of(schemas.Case))


@blueprint.get("/search")
@signed_in("operator", "supervisor")
@blueprint.arguments(SearchQuery, location="query")
@blueprint.response(200, Results)
def by_address(query: dict[str, Any]) -> dict[str, Any]:
    """看得到的人员和办件，各一页；整个身份证号码须用 POST"""
    return _results(query)


@blueprint.post("/search")
@signed_in("operator", "supervisor")
@blueprint.arguments(Wanted)
@blueprint.response(200, Results)
def by_body(body: dict[str, Any]) -> dict[str, Any]:
    """同上，条件写在请求体里；按身份证号码的查找记入日志（不记号码），每个账号 10 分钟最多 30 次"""
    number = read_typed(body["q"]).number
    if number:
        with edge.transaction():
            lookups.look_up(number, actor=me().actor, now=edge.received_at())
    return _results(body)


def _results(wanted: dict[str, Any]) -> dict[str, Any]:
    narrowed = {"scheme_id": wanted.get("scheme", ""), "state": wanted.get("state", "")}
    asked = search.Asked(read_typed(wanted["q"]), me().sight, edge.received_at(), **narrowed)
    found = search.people(asked, wanted.get("people_after"))
    cases = search.cases(asked, wanted.get("cases_after"))
    return {
        "people": {"items": [_person(row) for row in found.rows], "next": found.next},
        "cases": {"items": [row_of(row) for row in cases.rows], "next": cases.next},
    }


def _person(row: search.Found) -> dict[str, Any]:
    newest = row.newest
    return {
        "id": row.person.id,
        "name": row.person.name,
        "id_number_masked": people.masked(row.person),
        "unit": row.unit_name,
        "unit_id": row.person.unit_id,
        "trades": [held.trade for held in row.held],
        "newest_case": newest and {"id": newest.id, "process": newest.process, "status": newest.status},
    }
