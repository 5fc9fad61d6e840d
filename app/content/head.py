"""The scheme's own sheet (scheme.yaml): its name, parameters, grades, processes and masks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from marshmallow import ValidationError, validate

from app.content.masking import Mask
from app.content.overlays import OverlayRule, OverlayRuleRecord
from app.content.reading import (
    Flag,
    ListOf,
    MapOf,
    Part,
    Plain,
    Record,
    Text,
    Whole,
    named,
    one_of,
    region,
    texts,
)

FILE = "scheme.yaml"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that the notice leaves to the scheme; None: required, and not supplied yet."""

    value: Any
    title: str
    clauses: Sequence[str] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Grade:
    """A worker grade; `rank` 1 is the highest."""

    code: str
    title: str
    rank: int


@dataclass(frozen=True, slots=True)
class Start:
    """How a case of the process begins: by `message`, by hand of `role` between two dates, or by both.

    `about` "case": by hand from another case, about that one's unit and person. `offered_with`: pages offer
    it on cases whose lists show a value of that variable, such as the number of the lost certificate.
    """

    message: str | None = None
    role: str | None = None
    opens: str | None = None
    closes: str | None = None
    about: Literal["case"] | None = None
    offered_with: str | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """A process of which cases are made; `listed` are the variables that lists show.

    `unique` "year": one live case per subject and scheme (LIFE-07).
    """

    title: str
    subject: Literal["person", "unit", "office"]
    id: str = ""
    start: Start = Start()
    listed: Sequence[str] = ()
    unique: Literal["year"] | None = None
    clauses: Sequence[str] = ()


def given(process: Process) -> set[str]:
    """The variables that the house gives to every case of the process at its start."""
    names = {"unit", "case"}
    if process.subject == "person":
        names |= {"person", "bars", "bars_elsewhere"}
    return names | {"linked"} if process.start.about else names


@dataclass(frozen=True, slots=True)
class RecordKind:
    """An entry that an office may log on a case, without effect on its way (such as CQ-29's paper set)."""

    title: str
    form: str
    roles: Sequence[str]
    id: str = ""
    clauses: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a case with lists and a status of its own: the called `process`, and its name for people."""

    process: str
    title: str
    clauses: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """What scheme.yaml says."""

    id: str
    name: str
    jurisdiction: str
    year: int
    notice: str = ""
    opens: str | None = None
    complete: bool = False
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    grades: Sequence[Grade] = ()
    processes: Mapping[str, Process] = field(default_factory=dict)
    phases: Sequence[Phase] = ()
    records: Mapping[str, RecordKind] = field(default_factory=dict)
    overlays: Mapping[str, OverlayRule] = field(default_factory=dict)
    mask: Mapping[str, Mask] = field(default_factory=dict)


def _simple(value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _simple(item)
    elif value is not None and type(value) not in (str, int, float, bool):
        raise ValidationError("参数的值应当是文字、数字、true/false，或它们的一列")


class _Parameter(Record):
    value = Plain(required=True, allow_none=True, validate=_simple)
    title = Text(required=True)
    clauses = texts()
    note = Text(load_default="")
    made = Parameter


class _Grade(Record):
    code = named("等级代号")
    title = Text(required=True)
    rank = Whole(required=True, validate=validate.Range(min=1, error="名次从 1（最高）起"))
    made = Grade


class _Start(Record):
    message = Text(load_default=None)
    role = Text(load_default=None)
    opens = Text(load_default=None, data_key="from")
    closes = Text(load_default=None, data_key="until")
    about = Text(load_default=None, validate=one_of("case"))
    offered_with = Text(load_default=None)
    made = Start


class _Process(Record):
    title = Text(required=True)
    subject = Text(required=True, validate=one_of("person", "unit", "office"))
    start = Part(_Start, load_default=Start())
    listed = texts(data_key="list")
    unique = Text(load_default=None, validate=one_of("year"))
    clauses = texts()
    made = Process


class _Phase(Record):
    process = Text(required=True)
    title = Text(required=True)
    clauses = texts()
    made = Phase


class _RecordKind(Record):
    title = Text(required=True)
    form = Text(required=True)
    roles = ListOf(Text(), required=True)
    clauses = texts()
    made = RecordKind


_LENGTH = validate.Range(min=0, max=18, error="应当是 0 到 18")


class _Mask(Record):
    head = Whole(required=True, validate=_LENGTH)
    tail = Whole(required=True, validate=_LENGTH)
    fill = Text(load_default="****", validate=validate.Length(min=1, error="不能为空"))
    clauses = texts()
    made = Mask


class HeadFile(Record):
    id = Text(
        required=True,
        validate=validate.Regexp(r"^[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z", error="写成 province-2021 这样"),
    )
    name = Text(required=True)
    jurisdiction = region(required=True)
    year = Whole(required=True, validate=validate.Range(2000, 2149, error="不是年份"))
    notice = Text(load_default="")
    opens = Text(load_default=None)
    complete = Flag(load_default=False)
    parameters = MapOf(keys=named("参数名"), values=Part(_Parameter), load_default=dict)
    grades = ListOf(Part(_Grade), required=True)
    processes = MapOf(keys=Text(), values=Part(_Process), required=True, keyed="id")
    phases = ListOf(Part(_Phase), load_default=list)
    records = MapOf(keys=named("登记项代号"), values=Part(_RecordKind), load_default=dict, keyed="id")
    overlays = MapOf(
        keys=named("日期名"), values=Part(OverlayRuleRecord), load_default=dict, keyed="date"
    )
    mask = MapOf(keys=Text(validate=one_of("id_number", "mobile")), values=Part(_Mask), load_default=dict)
    made = Head
