"""Clauses (clauses.yaml): what the notice demands, in our own words, so that every element can cite it."""

from dataclasses import dataclass

from marshmallow import ValidationError, validate

from app.content.reading import MapOf, Part, Record, Text

FILE = "clauses.yaml"
KINDS = {
    "flow": "流程",
    "rule": "决策",
    "date": "日期",
    "form": "表单",
    "doc": "文书",
    "role": "角色",
    "data": "数据",
    "limit": "名额",
    "sanction": "处理",
}


@dataclass(frozen=True, slots=True)
class Clause:
    """One demand of the notice; `article` is its place there, `kind` where it lives (joined by +).

    `house` says how the program itself meets it, for every scheme: then it needs no home in this one.
    """

    kind: str
    article: str
    text: str
    id: str = ""
    house: str = ""
    note: str = ""


def _known_kinds(kind: str) -> None:
    unknown = [part for part in kind.split("+") if part not in KINDS]
    if unknown:
        raise ValidationError(f"“{unknown[0]}”不是条款类别；可用 {'、'.join(KINDS)}，几类用 + 连接")


class _Clause(Record):
    kind = Text(required=True, validate=_known_kinds)
    article = Text(required=True)
    text = Text(required=True)
    house = Text(load_default="")
    note = Text(load_default="")
    made = Clause


_ID = Text(validate=validate.Regexp(r"^[A-Z]+-[0-9]+[a-z]?\Z", error="条款编号写成 CQ-01 这样"))
CLAUSES_FILE = MapOf(keys=_ID, values=Part(_Clause), keyed="id")
