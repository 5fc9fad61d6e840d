"""The keys of a scenario's file, one record for each part of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from marshmallow import ValidationError, validate

from app.content.overlays import SCOPES
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
    region,
    texts,
)
from app.content.scenario_parts import Expect, Reorganisation, Scenario, ScenarioCase, ScenarioOverlay, Step

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
