"""A scheme from disk: the tests that each has to pass, for a test class to inherit; its faults and holes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cached_property

from flask import Flask

from app.config import PROJECT
from app.content import World
from app.content.checks import check_scheme
from app.content.matrix import clause_matrix
from app.content.scenarios import Scenarios, read_scenarios
from app.content.scheme import Scheme
from app.content.sources import read_scheme_folder
from app.engine.types import Problem
from app.extensions import atomic
from app.operations.capabilities import declarations
from app.operations.deployments import holder_problems
from app.operations.trials import worlds
from app.operations.trials.scenarios import run_scheme


class OnDisk:
    """A scheme of the project: its files, and what they say, made when first asked for."""

    def __init__(self, scheme_id: str) -> None:
        self.id = scheme_id
        self.files = read_scheme_folder(PROJECT, scheme_id)

    @cached_property
    def scheme(self) -> Scheme:
        return Scheme.from_files(self.files)

    @cached_property
    def scenarios(self) -> Scenarios:
        return read_scenarios(self.files)

    @property
    def world(self) -> World:
        """The organisations of its scenarios."""
        return self.scenarios.worlds["organisations.yaml"]

    def problems(self) -> list[Problem]:
        """What the checker says to it."""
        return check_scheme(self.files, declarations())

    def path(self, name: str) -> str:
        """Of its only file of this name."""
        (path,) = [path for path in self.files if path.endswith(f"/{name}")]
        return path

    def faults(self, name: str, old: str, new: str) -> list[str]:
        """The errors that the checker finds with one text of a file changed."""
        path = self.path(name)
        content = self.files[path].decode()
        assert old in content
        changed = {**self.files, path: content.replace(old, new, 1).encode()}
        return [p.message for p in check_scheme(changed, declarations()) if p.severity == "error"]

    def holes(self, world: World, when: datetime) -> list[Problem]:
        """Builds the world; who is asked for in it and isn't there, or not alone."""
        with atomic():
            worlds.build(world)
        return holder_problems(self.scheme, when)


class SchemeAgrees:
    """Its files agree with each other and leave no clause of the year out.

    `own` are the clauses that a scenario has to drive, `otherwise` those that none can show; of the elements
    in `left` the checker speaks all the same.
    """

    on_disk: OnDisk
    own: Collection[str]
    left: Collection[str]
    otherwise: Collection[str] = ()

    def test_the_checker_finds_only_what_is_left(self) -> None:
        assert {problem.element for problem in self.on_disk.problems()} == set(self.left)

    def test_every_scenario_holds_and_together_they_go_everywhere(self, app: Flask) -> None:
        run = run_scheme(self.on_disk.files)
        failures = [(r.file, f.step, f.sentence) for r in run.results for f in r.failures]
        assert failures == []
        assert run.gaps == ()

    def test_each_clause_is_driven_by_a_scenario(self) -> None:
        matrix = clause_matrix(self.on_disk.scheme, self.on_disk.scenarios.scenarios)
        driven = {clause for clause, homes in matrix.items() if "scenario" in {home.kind for home in homes}}
        assert [clause for clause in self.own if clause not in driven] == []
        assert set(matrix) - driven == set(self.otherwise)

    def test_every_element_flow_row_and_field_cites_a_clause(self) -> None:
        scheme = self.on_disk.scheme
        bare = [
            part.id
            for process in scheme.definitions.processes.values()
            for part in [*process.elements.values(), *process.flows.values()]
            if not part.clauses
        ]
        tables = scheme.definitions.decisions.values()
        bare += [rule.ref.rule for table in tables for rule in table.rules if not rule.ref.clauses]
        bare += [name for form in scheme.forms.values() for name, f in form.fields.items() if not f.clauses]
        assert bare == []
