"""Scenarios (scenarios/*.yaml): tests of a scheme as data; one file serves the designer's button and CI."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Literal

from marshmallow import ValidationError, validate

from app.content.overlays import SCOPES, Scope
from app.content.reading import (
    ListOf,
    MapOf,
    Moment,
    Part,
    Plain,
    Record,
    Text,
    Whole,
    form_values,
    one_of,
    read_record,
    region,
    short,
    texts,
)
from app.content.worlds import World, WorldFile, check_world
from app.engine.types import Problem

FOLDER = "scenarios/"
_ACTIONS = {
    **{name: name for name in ("task", "draft", "message", "overlay", "reorganise", "paid")},
    "give_back": "return",
}
"""What a step may do: its attribute, and the key in the file."""

_BY_SOMEBODY = {"task", "draft", "message", "overlay", "give_back"}


@dataclass(frozen=True, slots=True)
class ScenarioCase:
    """A case of the scenario; it begins with `message`, by hand of `by`, or else by another case.

    `about` names the case of the scenario that this one is about: then `unit` and `person` are that one's.
    `refused`: a text in the refusal to begin it.
    """

    process: str
    unit: str = ""
    name: str = ""
    person: str | None = None
    message: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    by: str | None = None
    at: datetime | None = None
    about: str | None = None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Expect:
    """What should stand after a step; only the parts in `asked`, which the file states, are compared."""

    asked: frozenset[str] = frozenset()
    status: str | None = None
    outcome: str | None = None
    tasks: Mapping[str, str | None] | Sequence[str] = ()
    decided: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    timers: Mapping[str, datetime | None] = field(default_factory=dict)
    capabilities: Sequence[str] = ()
    sent: Sequence[str] = ()
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScenarioOverlay:
    """A named date moved 延期 by the step's person, and approved by `approve` at once, if anybody.

    `day` as `app.content.overlays.moved` reads it. `area` None: the region of the proposer's organisation.
    """

    date: str
    day: str | None
    scope: Scope = "scheme"
    area: str | None = None
    approve: str | None = None
    ground: str = ""


@dataclass(frozen=True, slots=True)
class Reorganisation:
    """An organisation that is merged `into` another, or renamed; by administrators, who are in no world."""

    merge: str | None = None
    into: str | None = None
    rename: str | None = None
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One act at an instant, or, without one, only time that passes. `refused`: a text in the refusal.

    `use` names the world's values that `values` complete and override; read scenarios have them in `values`.
    `paid` is the reference of an online payment that comes in.
    `give_back` (in the file: return) is the task from which the case is given back, `to` an earlier one.
    """

    at: datetime
    case: str | None = None
    by: str | None = None
    task: str | None = None
    item: int | None = None
    draft: str | None = None
    message: str | None = None
    overlay: ScenarioOverlay | None = None
    reorganise: Reorganisation | None = None
    paid: str | None = None
    give_back: str | None = None
    to: str | None = None
    then: Literal["on", "back"] = "on"
    opinion: str = "请补正"
    use: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    payload: Mapping[str, Any] = field(default_factory=dict)
    refused: str | None = None
    expect: Expect = Expect()


@dataclass(frozen=True, slots=True)
class Scenario:
    title: str
    world: str
    cases: Mapping[str, ScenarioCase]
    steps: Sequence[Step]
    clauses: Sequence[str] = ()
    note: str = ""


_NOT_EMPTY = validate.Length(min=1, error="不能为空")


class _Case(Record):
    process = Text(required=True)
    unit = Text(load_default="")
    person = Text(load_default=None)
    message = Text(load_default=None)
    payload = form_values(load_default=dict)
    by = Text(load_default=None)
    at = Moment(load_default=None)
    about = Text(load_default=None)
    refused = Text(load_default=None, validate=_NOT_EMPTY)
    made = ScenarioCase


class _Tasks(Plain):
    """A list of names, or names with their offices."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, list):
            return ListOf(Text()).deserialize(value)
        return MapOf(keys=Text(), values=Text(allow_none=True)).deserialize(value)


class _Expect(Record):
    status = Text()
    outcome = Text(allow_none=True)
    tasks = _Tasks()
    decided = MapOf(keys=Text(), values=Text())
    variables = form_values()
    timers = MapOf(keys=Text(), values=Moment(allow_none=True))
    capabilities = ListOf(Text())
    sent = ListOf(Text())
    errors = MapOf(keys=Text(), values=Text())

    @staticmethod
    def made(**stated: Any) -> Expect:
        return Expect(asked=frozenset(stated), **stated)


class _Overlay(Record):
    date = Text(required=True)
    day = Text(required=True, allow_none=True)
    scope = Text(load_default="scheme", validate=one_of(*SCOPES))
    area = region(load_default=None)
    approve = Text(load_default=None)
    ground = Text(load_default="场景")
    made = ScenarioOverlay


class _Reorganisation(Record):
    merge = Text(load_default=None)
    into = Text(load_default=None)
    rename = Text(load_default=None)
    to = Text(load_default=None)

    @staticmethod
    def made(**stated: str | None) -> Reorganisation:
        if {name for name, value in stated.items() if value} not in ({"merge", "into"}, {"rename", "to"}):
            raise ValidationError("写 merge 和 into，或者 rename 和 to")
        return Reorganisation(**stated)


class _Step(Record):
    at = Moment(required=True)
    case = Text(load_default=None)
    by = Text(load_default=None)
    task = Text(load_default=None)
    item = Whole(load_default=None)
    draft = Text(load_default=None)
    message = Text(load_default=None)
    overlay = Part(_Overlay, load_default=None)
    reorganise = Part(_Reorganisation, load_default=None)
    paid = Text(load_default=None)
    give_back = Text(load_default=None, data_key="return")
    to = Text(load_default=None)
    then = Text(load_default="on", validate=one_of("on", "back"))
    opinion = Text(load_default="请补正")
    use = Text(load_default=None)
    values = form_values(load_default=dict)
    payload = form_values(load_default=dict)
    refused = Text(load_default=None, validate=_NOT_EMPTY)
    expect = Part(_Expect, load_default=Expect())
    made = Step


class ScenarioFile(Record):
    title = Text(required=True)
    world = Text(required=True)
    case = Part(_Case, load_default=None)
    cases = MapOf(keys=Text(), values=Part(_Case), load_default=dict, keyed="name")
    steps = ListOf(Part(_Step), required=True)
    clauses = texts()
    note = Text(load_default="")

    @staticmethod
    def made(case: ScenarioCase | None, cases: dict[str, ScenarioCase], **rest: Any) -> Scenario:
        """`case` is short for a single one without a name."""
        named = {"": case, **cases} if case else cases
        return Scenario(cases={name: _about(one, named) for name, one in named.items()}, **rest)


def _about(case: ScenarioCase, cases: Mapping[str, ScenarioCase]) -> ScenarioCase:
    """The case with the unit and the person of the one that it is about, however far off that says them."""
    told, seen = case, {case.name}
    while told.about is not None and told.about in cases and told.about not in seen:
        seen.add(told.about)
        told = cases[told.about]
    return replace(case, unit=case.unit or told.unit, person=case.person or told.person)


@dataclass(frozen=True, slots=True)
class Scenarios:
    """The scenarios and worlds of a scheme, by file name; `problems` tells what is wrong with them."""

    scenarios: Mapping[str, Scenario]
    worlds: Mapping[str, World]
    problems: Sequence[Problem]

    def world_of(self, scenario: Scenario) -> World:
        return self.worlds[scenario.world]


def read_scenarios(files: Mapping[str, bytes]) -> Scenarios:
    """All scenarios and worlds in a scheme's files; a file with `organisations` at its top is a world."""
    problems: list[Problem] = []
    scenarios: dict[str, Scenario] = {}
    worlds: dict[str, World] = {}
    paths = [path for path in files if f"/{FOLDER}" in path and path.endswith(".yaml")]
    for path in sorted(paths):
        name = PurePosixPath(path).name
        if b"\norganisations:" in b"\n" + files[path]:
            world = read_record(WorldFile().load, path, files[path], problems)
            if world:
                worlds[name] = world
                problems += check_world(world, path)
        else:
            scenario = read_record(ScenarioFile().load, path, files[path], problems)
            if scenario:
                scenarios[name] = scenario
    for path in paths:
        if (found := scenarios.get(PurePosixPath(path).name)) is not None:
            problems += [Problem(path, f"{short(path)}：{s}", row=row) for row, s in _check(found, worlds)]
            scenarios[PurePosixPath(path).name] = _complete(found, worlds)
    return Scenarios(scenarios, worlds, tuple(problems))


def _complete(scenario: Scenario, worlds: Mapping[str, World]) -> Scenario:
    """The scenario with the world's values in the steps that use them."""
    known = worlds[scenario.world].values if scenario.world in worlds else {}
    steps = [
        replace(step, values={**known.get(step.use or "", {}), **step.values}) for step in scenario.steps
    ]
    return replace(scenario, steps=tuple(steps))


def _check(scenario: Scenario, worlds: Mapping[str, World]) -> list[tuple[int | None, str]]:
    """(step counted from 1 or None, sentence) of each fault."""
    world = worlds.get(scenario.world)
    if world is None:
        return [(None, f"world 写的“{scenario.world}”不存在或有错误")]
    faults: list[tuple[int | None, str]] = []
    if not scenario.cases:
        faults.append((None, "没有写明办件（case 或 cases）"))
    for case in scenario.cases.values():
        faults += [(None, sentence) for sentence in _check_case(case, scenario, world)]
    before: datetime | None = None
    for row, step in enumerate(scenario.steps, start=1):
        if before and step.at < before:
            faults.append((row, f"第 {row} 步的时刻早于上一步"))
        before = step.at
        faults += [(row, f"第 {row} 步：{sentence}") for sentence in _check_step(step, scenario, world)]
    return faults


def _check_case(case: ScenarioCase, scenario: Scenario, world: World) -> list[str]:
    faults = []
    if case.about is not None and case.about not in scenario.cases:
        faults.append(f"about 写的办件“{case.about}”不在 cases 里")
    if case.about is not None and case.by is None:
        faults.append("写了 about 的办件由人发起，要写明 by")
    if case.unit not in world.organisations:
        faults.append(f"办件的单位“{case.unit}”不在世界里")
    if case.person is not None and case.person not in world.people:
        faults.append(f"申报人“{case.person}”不在世界里")
    if case.message and case.by:
        faults.append("办件由 message 开始，就不能再写 by")
    if (case.message or case.by) and case.at is None:
        faults.append("办件要写明开始的时刻 at")
    if case.refused and not (case.message or case.by):
        faults.append("由别的办件开始的办件不能写 refused")
    if case.by is not None and case.by not in world.actors():
        faults.append(f"发起人“{case.by}”不在世界里")
    return faults


def _check_step(step: Step, scenario: Scenario, world: World) -> list[str]:
    faults = []
    acts = [action for action in _ACTIONS if getattr(step, action) is not None]
    if len(acts) > 1:
        faults.append(f"{' 和 '.join(_ACTIONS[action] for action in acts)} 只能写一个")
    if (step.give_back is None) != (step.to is None):
        faults.append("return 和 to 要一起写：从哪项待办退回到哪个环节")
    if step.by is None and _BY_SOMEBODY.intersection(acts):
        faults.append("要写明由谁办理（by）")
    if step.by is not None and step.by not in world.actors():
        faults.append(f"“{step.by}”不在世界里")
    if step.overlay is not None and step.overlay.approve not in (None, *world.actors()):
        faults.append(f"批准人“{step.overlay.approve}”不在世界里")
    if (change := step.reorganise) is not None:
        named = filter(None, (change.merge, change.into, change.rename))
        faults += [f"机构“{name}”不在世界里" for name in named if name not in world.organisations]
    if step.case is not None and step.case not in scenario.cases:
        faults.append(f"没有名为“{step.case}”的办件")
    if (step.values or step.use) and not (step.task or step.draft or step.message):
        faults.append("values 和 use 要和 task、draft 或 message 一起用")
    if step.use is not None and step.use not in world.values:
        faults.append(f"世界的 values 里没有“{step.use}”")
    if step.refused and not acts:
        faults.append("refused 要和动作一起用")
    return faults
