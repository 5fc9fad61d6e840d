"""Roles (roles.yaml): what a lane names, and by which relation it resolves to an organisation."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from marshmallow import validate

from app.content.reading import Code, Flag, MapOf, Part, Record, Text, named, one_of, short, texts
from app.engine.types import Problem

FILE = "roles.yaml"
NOW, START = "now", "start"
_BY_JURISDICTION = ("function", "region", "level", "system")


@dataclass(frozen=True, slots=True)
class Role:
    """Who acts. `unit`: the case's own unit; `superior`: its 主管部门; `jurisdiction`: the office that
    performs `function` for `region` at `level` and for `system` (each: asked only if stated).

    `other_than` names roles: whoever acted in one of them for a case does not act in this one for it.
    `region` is a code of GB/T 2260 or "unit", `level` and `system` are stated or "unit": then the unit's own
    counts. `as_of` is "now", "start" (of the case: who had it keeps it) or a named date. Where `optional`,
    a unit without such an organisation is no hole.

    `applicant`: besides the unit, or the department where that files for its units, the case's own person
    may do what the role does, by an account of their own; where `unit_submits`, they fill in and the unit,
    having checked it, submits.
    """

    title: str
    relation: Literal["unit", "superior", "jurisdiction"]
    id: str = ""
    function: str | None = None
    region: str | None = None
    level: str | None = None
    system: str | None = None
    as_of: str = NOW
    optional: bool = False
    other_than: Sequence[str] = ()
    applicant: bool = False
    unit_submits: bool = False
    clauses: Sequence[str] = ()
    note: str = ""


class _Role(Record):
    title = Text(required=True)
    relation = Text(required=True, validate=one_of("unit", "superior", "jurisdiction"))
    function = Text(load_default=None)
    region = Code(
        load_default=None,
        validate=validate.Regexp(r"^(?:unit|[1-9][0-9]{5})\Z", error="应当是 unit 或六位行政区划代码"),
    )
    level = Text(load_default=None)
    system = Text(load_default=None)
    as_of = Text(load_default=NOW)
    optional = Flag(load_default=False)
    other_than = texts()
    applicant = Flag(load_default=False)
    unit_submits = Flag(load_default=False)
    clauses = texts()
    note = Text(load_default="")
    made = Role


class RolesFile(Record):
    roles = MapOf(keys=named("角色代号"), values=Part(_Role), required=True, keyed="id")

    made = dict


def check_roles(roles: Mapping[str, Role], dates: Collection[str], file: str) -> list[Problem]:
    """Fields that do not go with the relation, titles used twice, unknown dates."""
    problems = [p for role in roles.values() for p in _check_role(role, dates, file)]
    problems += [
        _problem(file, role, "other_than", f"other_than 提到的角色“{name}”不在这里")
        for role in roles.values()
        for name in role.other_than
        if name not in roles
    ]
    titles: dict[str, str] = {}
    for role in roles.values():
        first = titles.setdefault(role.title, role.id)
        if first != role.id:
            problems.append(
                _problem(file, role, "title", f"名称“{role.title}”与角色“{first}”相同，泳道无法分辨；请改名")
            )
    return problems


def _check_role(role: Role, dates: Collection[str], file: str) -> list[Problem]:
    problems = []
    if role.relation == "jurisdiction":
        problems += [
            _problem(file, role, key, f"按管辖确定的角色要写明 {key}（{what}）")
            for key, what in (("function", "职责代号"), ("region", "地区：unit 或六位代码"))
            if getattr(role, key) is None
        ]
    else:
        problems += [
            _problem(file, role, key, f"relation 是 {role.relation}，不能写 {key}；只有 jurisdiction 才用它")
            for key in _BY_JURISDICTION
            if getattr(role, key) is not None
        ]
    if role.applicant and role.relation == "jurisdiction":
        sentence = "写了 applicant: true（本人也能办理）的角色，relation 应当是 unit 或 superior"
        problems.append(_problem(file, role, "applicant", sentence))
    if role.unit_submits and not role.applicant:
        sentence = "写了 unit_submits（本人填写、单位提交）的角色，要同时写 applicant: true"
        problems.append(_problem(file, role, "unit_submits", sentence))
    if role.as_of not in (NOW, START) and role.as_of not in dates:
        sentence = f"as_of 写的日期“{role.as_of}”不在 calendar.yaml 里；应当是 now、start 或日期名"
        problems.append(_problem(file, role, "as_of", sentence))
    return problems


def _problem(file: str, role: Role, key: str, sentence: str) -> Problem:
    return Problem(
        file, f"{short(file)}：角色“{role.id}”：{sentence}", element=role.id, name=role.title, column=key
    )


def check_holders(
    roles: Iterable[Role],
    areas: Iterable[tuple[str, str]],
    holders: Callable[[Role, str], int],
    file: str = FILE,
) -> list[Problem]:
    """Roles that nobody, or more than one office, holds for a unit of some area (a hole or a tie).

    `areas` are (key, name) pairs, such as one for each kind of unit and region; `holders` says how many
    organisations a role resolves to there, by the registers of organisations that content cannot see.
    """
    asked = [role for role in roles if role.relation == "jurisdiction"]
    problems = []
    for key, name in areas:
        for role in asked:
            count = holders(role, key)
            if count > 1 or (count == 0 and not role.optional):
                what = "没有机构行使" if count == 0 else f"有 {count} 个机构同时行使"
                sentence = f"在“{name}”，“{role.title}”的职责（{role.function}）{what}；请核对机构管辖"
                problems.append(_problem(file, role, "function", sentence))
    return problems
