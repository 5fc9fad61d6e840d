"""Scenarios (scenarios/*.yaml): tests of a scheme as data; one file serves the designer's button and CI."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from app.content.reading import read_record, short
from app.content.scenario_checks import check_scenario
from app.content.scenario_file import ScenarioFile
from app.content.scenario_parts import Scenario
from app.content.worlds import World, WorldFile, check_world
from app.engine.types import Problem

FOLDER = "scenarios/"


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
            faults = check_scenario(found, worlds)
            problems += [Problem(path, f"{short(path)}：{sentence}", row=row) for row, sentence in faults]
            scenarios[PurePosixPath(path).name] = _complete(found, worlds)
    return Scenarios(scenarios, worlds, tuple(problems))


def _complete(scenario: Scenario, worlds: Mapping[str, World]) -> Scenario:
    """The scenario with the world's values in the steps that use them."""
    known = worlds[scenario.world].values if scenario.world in worlds else {}
    steps = [
        replace(step, values={**known.get(step.use or "", {}), **step.values}) for step in scenario.steps
    ]
    return replace(scenario, steps=tuple(steps))
