"""The made-up world in which scenarios run: organisations, their relations, people, posts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from marshmallow import validate

from app.content.identity import Gender, make_citizen_id, make_credit_code
from app.content.reading import (
    Day,
    Flag,
    ListOf,
    MapOf,
    Part,
    Record,
    Text,
    Whole,
    form_values,
    named,
    one_of,
    region,
    short,
)
from app.engine.types import Problem


@dataclass(frozen=True, slots=True)
class WorldOrganisation:
    """`code` is the 统一社会信用代码, made up where the file gives none."""

    region: str
    level: str
    name: str = ""
    kind: str = "unit"
    system: str = "other"
    nature: str = "institution"
    credit_code: str | None = None


@dataclass(frozen=True, slots=True)
class WorldSubordination:
    unit: str
    superior: str
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class WorldJurisdiction:
    """`level` and `system` None: any."""

    office: str
    function: str
    region: str
    level: str | None = None
    system: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    grade: str
    trade: str
    issued: date | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What the assessment of an earlier year gave somebody."""

    year: int
    grade: str
    trade: str
    passed: bool


@dataclass(frozen=True, slots=True)
class WorldPerson:
    """A made-up person; the ID number follows from region, birth and sequence."""

    unit: str
    gender: Gender
    born: date
    region: str
    seq: int
    name: str = ""
    mobile: str | None = None
    holds: Sequence[Certificate] = ()
    results: Sequence[Result] = ()

    @property
    def id_number(self) -> str:
        return make_citizen_id(self.region, self.born, self.seq, self.gender)


@dataclass(frozen=True, slots=True)
class WorldOfficer:
    """Somebody who acts for an organisation, and may be in the register of persons, too (ALL-04)."""

    organisation: str
    name: str = ""
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Posts:
    """Posts of one grade in a unit (附件4); vacant is approved less held less special."""

    approved: int
    held: int = 0
    special: int = 0

    @property
    def vacant(self) -> int:
        return self.approved - self.held - self.special


THEMSELVES = "本人"
"""In a scenario's `by`: the case's own person, by an applicant's account; their name is an officer's."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything by its name; names are unique over organisations, people and officers.

    `values` are sets of form values that the steps of several scenarios use.
    """

    organisations: Mapping[str, WorldOrganisation]
    subordinations: Sequence[WorldSubordination] = ()
    jurisdictions: Sequence[WorldJurisdiction] = ()
    people: Mapping[str, WorldPerson] = field(default_factory=dict)
    officers: Mapping[str, WorldOfficer] = field(default_factory=dict)
    posts: Mapping[str, Mapping[str, Posts]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def credit_code(self, name: str) -> str:
        """The organisation's own code, or one made up from its region and place in the file."""
        organisation = self.organisations[name]
        place = list(self.organisations).index(name) + 1
        return organisation.credit_code or make_credit_code(organisation.region, place)

    def actors(self) -> set[str]:
        """Every name that a scenario's `by` may give."""
        return {*self.organisations, *self.officers, *self.people, THEMSELVES}


class _Organisation(Record):
    region = region(required=True)
    level = Text(required=True)
    kind = Text(load_default="unit", validate=one_of("unit", "department", "office"))
    system = Text(load_default="other")
    nature = Text(load_default="institution", validate=one_of("agency", "institution", "enterprise"))
    credit_code = Text(load_default=None)
    made = WorldOrganisation


class _Dated(Record):
    valid_from = Day(load_default=None, data_key="from", allow_none=True)
    valid_to = Day(load_default=None, data_key="to", allow_none=True)


class _Subordination(_Dated):
    unit = Text(required=True)
    superior = Text(required=True)
    made = WorldSubordination


class _Jurisdiction(_Dated):
    office = Text(required=True)
    function = Text(required=True)
    region = region(required=True)
    level = Text(load_default=None)
    system = Text(load_default=None)
    made = WorldJurisdiction


class _Certificate(Record):
    grade = Text(required=True)
    trade = Text(required=True)
    issued = Day(load_default=None)
    made = Certificate


class _Result(Record):
    year = Whole(required=True, validate=validate.Range(1949, 2199, error="应当是四位年份"))
    grade = Text(required=True)
    trade = Text(required=True)
    passed = Flag(required=True)
    made = Result


class _Person(Record):
    unit = Text(required=True)
    gender = Text(required=True, validate=one_of("male", "female"))
    born = Day(required=True)
    region = region(required=True)
    seq = Whole(required=True, validate=validate.Range(0, 499, error="应当是 0 到 499"))
    mobile = Text(load_default=None)
    holds = ListOf(Part(_Certificate), load_default=())
    results = ListOf(Part(_Result), load_default=())
    made = WorldPerson


class _Officer(Record):
    organisation = Text(required=True)
    person = Text(load_default=None)
    made = WorldOfficer


_COUNT = validate.Range(min=0, error="不能小于零")


class _Posts(Record):
    approved = Whole(required=True, validate=_COUNT)
    held = Whole(load_default=0, validate=_COUNT)
    special = Whole(load_default=0, validate=_COUNT)
    made = Posts


class WorldFile(Record):
    organisations = MapOf(keys=Text(), values=Part(_Organisation), required=True, keyed="name")
    subordinations = ListOf(Part(_Subordination), load_default=())
    jurisdictions = ListOf(Part(_Jurisdiction), load_default=())
    people = MapOf(keys=Text(), values=Part(_Person), load_default=dict, keyed="name")
    officers = MapOf(keys=Text(), values=Part(_Officer), load_default=dict, keyed="name")
    posts = MapOf(keys=Text(), values=MapOf(keys=named("等级代号"), values=Part(_Posts)), load_default=dict)
    values = MapOf(keys=Text(), values=form_values(), load_default=dict)
    made = World


def check_world(world: World, file: str) -> list[Problem]:
    """Names that nothing bears, names borne twice, ID numbers borne twice."""
    told = [(name, f"“{place}”提到的{what}“{name}”不在世界里") for name, what, place in _strays(world)]
    names = [*world.organisations, *world.people, *world.officers]
    for name in sorted({name for name in names if names.count(name) > 1}):
        told.append((name, f"名称“{name}”用了两次；单位、申报人、经办人员不能同名"))
    numbers: dict[str, str] = {}
    for name, person in world.people.items():
        first = numbers.setdefault(person.id_number, name)
        if first != name:
            told.append((name, f"“{name}”与“{first}”的证件号码相同；请换一个 seq"))
    return [Problem(file, f"{short(file)}：{sentence}", element=name) for name, sentence in told]


def _strays(world: World) -> list[tuple[str, str, str]]:
    """(name, what it should be, where it stands) of each name that nothing bears."""
    mentioned = [
        *((s.unit, "单位", "subordinations") for s in world.subordinations),
        *((s.superior, "单位", "subordinations") for s in world.subordinations),
        *((j.office, "机构", "jurisdictions") for j in world.jurisdictions),
        *((p.unit, "单位", f"people 的 {p.name}") for p in world.people.values()),
        *((o.organisation, "单位", f"officers 的 {o.name}") for o in world.officers.values()),
        *((unit, "单位", "posts") for unit in world.posts),
    ]
    strays = [found for found in mentioned if found[0] not in world.organisations]
    people = [(o.person, "申报人", f"officers 的 {o.name}") for o in world.officers.values() if o.person]
    return strays + [found for found in people if found[0] not in world.people]
