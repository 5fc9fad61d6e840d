"""What a dry run begins with: as its file says, else as the first scenario about such a case does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from marshmallow import ValidationError

from app.content.head import Start
from app.content.reading import (
    Flag,
    ListOf,
    MapOf,
    Moment,
    Part,
    Plain,
    Record,
    Text,
    form_values,
    read_record,
)
from app.content.samples import sample_variables
from app.content.scenario_parts import ScenarioCase
from app.content.scenarios import Scenarios
from app.content.scheme import Scheme
from app.content.worlds import World, WorldOrganisation
from app.engine.civil import civil
from app.engine.dry_run import Move, Setting
from app.engine.types import Problem
from app.errors import NotFound, SchemeInvalid


@dataclass(frozen=True, slots=True)
class DryRunScript:
    """A dry run as its designer wants it; `moves` None: it goes by itself.

    `unit` and `person` are names of a scenario's world, `payload` is what the case begins with beside them,
    `answers` are the results of capabilities: variables, or the code of a refusal.
    """

    at: datetime | None = None
    unit: str | None = None
    person: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)
    moves: Sequence[Move] | None = None


class _Move(Record):
    complete = Text(load_default=None)
    receive = Text(load_default=None)
    fire = Text(load_default=None)
    passes = Flag(load_default=False, data_key="pass")
    variables = form_values(load_default=dict)

    @staticmethod
    def made(variables: dict[str, Any], passes: bool, **targets: str | None) -> Move:
        made = [Move(kind, target, variables) for kind, target in targets.items() if target is not None]  # type: ignore[arg-type]  # the fields bear the kinds' names
        made += [Move("pass")] if passes else []
        if len(made) != 1:
            raise ValidationError("每一步正好写 complete、receive、fire、pass 中的一个")
        return made[0]


class _Answer(Plain):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str | dict):
            raise ValidationError("应当是“变量: 值”的形式，或拒绝的代号")
        return value


class _DryRunFile(Record):
    at = Moment(load_default=None)
    unit = Text(load_default=None)
    person = Text(load_default=None)
    payload = form_values(load_default=dict)
    answers = MapOf(keys=Text(), values=_Answer(), load_default=dict)
    moves = ListOf(Part(_Move), load_default=None)
    made = DryRunScript


def read_script(file: str, content: bytes) -> DryRunScript:
    """The file of a dry run. Raises SchemeInvalid with all that is wrong."""
    problems: list[Problem] = []
    script: DryRunScript | None = read_record(_DryRunFile().load, file, content, problems)
    if script is None:
        raise SchemeInvalid(problems)
    return script


def setting_for(
    scheme: Scheme, scenarios: Scenarios, process_id: str, script: DryRunScript, now: datetime
) -> Setting:
    """What a case of the process begins with; `now` counts where nothing says when that is.

    Raises NotFound for a unit or a person that is in no world.
    """
    process = scheme.processes.get(process_id)
    start = process.start if process else Start()
    case, world = _model(scenarios, process_id, start)
    at = script.at or case.at or scheme.opens_at or now
    variables = {**case.payload, **script.payload, "unit": _unit(world, script.unit or case.unit)}
    variables["case"] = {"id": 1, "number": f"{scheme.id}-1"}
    if process is None or process.subject == "person":
        variables["person"] = _person(world, script.person or case.person)
        variables |= {"bars": [], "bars_elsewhere": []}
    if start.about is not None:
        linked = {"id": 1, "number": f"{scheme.id}-1", "process": "", "status": "", "outcome": None}
        variables["linked"] = {**linked, **script.payload.get("linked", {})}
    return Setting(
        now=at,
        variables=variables,
        message=None if case.by else case.message or start.message,
        dates=scheme.calendar.resolve(),
        parameters=scheme.parameter_values,
        answers=script.answers,
        samples=sample_variables(scheme, civil(at).date()),
    )


def _model(scenarios: Scenarios, process_id: str, start: Start) -> tuple[ScenarioCase, World]:
    """The first case of the process in a scenario, with its world; else one made up."""
    for scenario in scenarios.scenarios.values():
        for case in scenario.cases.values():
            if case.process == process_id and scenario.world in scenarios.worlds:
                return case, scenarios.world_of(scenario)
    world = next(iter(scenarios.worlds.values()), _NO_WORLD)
    units = [name for name, found in world.organisations.items() if found.kind == "unit"]
    return ScenarioCase(process_id, next(iter(units), ""), by=start.role), world


_NO_WORLD = World({"样例单位": WorldOrganisation("990101", "district", "样例单位")})


def _unit(world: World, name: str) -> dict[str, Any]:
    """The facts of a unit as a case knows them."""
    if name not in world.organisations:
        raise NotFound(f"场景的世界里没有单位“{name}”。")
    found = world.organisations[name]
    superior = next((above.superior for above in world.subordinations if above.unit == name), None)
    return {
        "id": list(world.organisations).index(name) + 1,
        "name": name,
        "region": found.region,
        "region_name": found.region,
        "level": found.level,
        "system": found.system,
        "nature": found.nature,
        "has_superior": superior is not None,
        "superior_name": superior,
    }


def _person(world: World, name: str | None) -> dict[str, Any]:
    """The facts of a person; without a name, the first."""
    name = name or next(iter(world.people), None)
    if name is None:
        return {"id": 1, "name": "样例人员", "gender": "male", "born": date(1980, 1, 1)}
    if name not in world.people:
        raise NotFound(f"场景的世界里没有申报人“{name}”。")
    found = world.people[name]
    number = list(world.people).index(name) + 1
    return {"id": number, "name": name, "gender": found.gender, "born": found.born}
