"""Runs a scheme's scenarios through the real operations, and tells what they leave uncovered."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from app.content import Scenarios, Scheme, read_scenarios
from app.errors import NotFound, SchemeInvalid
from app.operations import deployments
from app.operations.actors import SYSTEM
from app.operations.apart import apart, undone
from app.operations.trials import worlds
from app.operations.trials._performance import Failure, Performance
from app.operations.trials._scenario_coverage import Covered, Gap, covered, gaps
from app.operations.trials._scenario_stage import Stage

__all__ = ["Failure", "Gap", "ScenarioResult", "SchemeRun", "run_scenario", "run_scheme"]

PUBLISHED = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """What a scenario showed. `covered`: what its cases completed, and the flows that they took."""

    file: str
    title: str
    failures: tuple[Failure, ...]
    covered: Covered
    clauses: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.failures


@dataclass(frozen=True, slots=True)
class SchemeRun:
    results: tuple[ScenarioResult, ...]
    gaps: tuple[Gap, ...]

    @property
    def passed(self) -> bool:
        return all(result.passed for result in self.results)


def run_scheme(
    files: Mapping[str, bytes],
    *,
    only: Collection[str] | None = None,
    told: Callable[[ScenarioResult], None] = lambda result: None,
) -> SchemeRun:
    """Runs all scenarios in a scheme's files, or `only` those of these file names; nothing remains of it.

    Each is `told` as soon as it has run. Raises SchemeInvalid if the scheme cannot be published or a scenario
    file is wrong.
    """
    found = _read(files)
    chosen = [name for name in found.scenarios if only is None or name in only]
    results: dict[str, ScenarioResult] = {}
    with apart():
        deployment_id = deployments.publish(files, SYSTEM, PUBLISHED)
        scheme = deployments.scheme(deployment_id)
        for world in {found.scenarios[name].world: None for name in chosen}:
            for result in _run_in_world(scheme, found, world, chosen):
                results[result.file] = result
                told(result)
    in_order = tuple(results[name] for name in chosen)
    return SchemeRun(in_order, gaps(scheme, [result.covered for result in in_order]))


def run_scenario(files: Mapping[str, bytes], name: str) -> ScenarioResult:
    """Runs one scenario of a scheme's files, as `run_scheme`. Raises NotFound for an unknown file name."""
    results = run_scheme(files, only={name}).results
    if not results:
        raise NotFound(f"没有这个场景文件：{name}。")
    return results[0]


def _read(files: Mapping[str, bytes]) -> Scenarios:
    found = read_scenarios(files)
    if any(problem.severity == "error" for problem in found.problems):
        raise SchemeInvalid(found.problems)
    return found


def _run_in_world(
    scheme: Scheme, found: Scenarios, world: str, chosen: Collection[str]
) -> Iterator[ScenarioResult]:
    """The chosen scenarios of one world, which is built once and stands anew before each of them."""
    with undone():
        built = worlds.build(found.worlds[world])
        for name in chosen:
            scenario = found.scenarios[name]
            if scenario.world == world:
                yield _perform(name, Stage(scheme, scenario, found.worlds[world], built))


def _perform(name: str, stage: Stage) -> ScenarioResult:
    with undone():
        failures = Performance(stage).run()
        seen = covered(stage.scheme)
    scenario = stage.scenario
    return ScenarioResult(name, scenario.title, tuple(failures), seen, tuple(scenario.clauses))
