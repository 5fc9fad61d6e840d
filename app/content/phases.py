"""The phases of a process as lists show them: which, with what statuses, and why a value is not there yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.content.forms import Form
from app.content.head import Phase
from app.content.mapping import read_mapping
from app.content.scheme import Scheme
from app.engine.definitions import Element

_TASKS = ("userTask", "manualTask")


def phases_of(scheme: Scheme, process: str) -> list[Phase]:
    """The phases that a case of the process may come to, in the scheme's order."""
    drawn = scheme.definitions.processes
    met: set[str] = set()
    ahead = [process]
    while ahead:
        name = ahead.pop()
        if name not in met and name in drawn:
            met.add(name)
            ahead += drawn[name].called
    return [phase for phase in scheme.phases if phase.process in met and phase.process != process]


def statuses_of(scheme: Scheme, phase: str) -> list[str]:
    """The statuses that a phase may show, in the diagram's order (CQ-19, CQ-21)."""
    elements = scheme.definitions.processes[phase].elements.values()
    tasks = [_status(scheme, element) for element in elements if element.kind in _TASKS]
    marks = [status for process, status in scheme.phase_marks.values() if process == phase]
    return list(dict.fromkeys(status for status in [*tasks, *marks] if status))


def _status(scheme: Scheme, element: Element) -> str | None:
    status = element.properties.get("status")
    return status and status.replace("{role}", scheme.role_named(element.role or "").title)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Where a variable is entered: as `field` of the phase's form; `outputs` are (variable, field)."""

    phase: Phase
    form: Form
    field: str
    outputs: Sequence[tuple[str, str]]


class Blanks:
    """Why a listed variable has no value in a case (CQ-23); made once for many cases of one scheme."""

    def __init__(self, scheme: Scheme) -> None:
        self._asked: dict[str, _Asked] = {}
        for phase in scheme.phases:
            for element in scheme.definitions.processes[phase.process].elements.values():
                form = scheme.forms.get(element.form or "")
                if element.kind == "userTask" and form is not None:
                    self._learn(phase, form, read_mapping(element.properties.get("outputs", "")))

    def _learn(self, phase: Phase, form: Form, outputs: Sequence[tuple[str, str]]) -> None:
        for variable, field in outputs:
            self._asked.setdefault(variable, _Asked(phase, form, field, outputs))

    def reason(
        self, variable: str, listed: Mapping[str, Any], phases: Mapping[str, str], *, over: bool = False
    ) -> str:
        """The answer that made the field superfluous (缺考), else how its phase stands (待录入成绩).

        Empty for a variable that no phase asks for, and once the case is `over` without coming to it or
        with its value taken back: nothing is still to come.
        """
        asked = self._asked.get(variable)
        if asked is None:
            return ""
        answered = {field: listed.get(name) for name, field in asked.outputs}
        spared = _spared_by(asked.form, asked.field, answered)
        status = phases.get(asked.phase.process)
        taken_back = over and variable in listed
        return spared or ("" if taken_back else status) or ("" if over else f"未到{asked.phase.title}")


def _spared_by(form: Form, name: str, values: Mapping[str, Any]) -> str:
    """The answers that hide the field, as people read them."""
    if form.conditions.visible(name, values):
        return ""
    tests = [test for condition in form.conditions.governed(name) for test in condition.tests]
    given = {test.field for test in tests if values.get(test.field) is not None}
    return "，".join(_answer(form, field, values[field]) for field in form.fields if field in given)


def _answer(form: Form, name: str, value: Any) -> str:
    field = form.fields[name]
    if value is True:
        return field.title
    options = {option.value: option.label for option in field.options or ()}
    return f"{field.title}：{options.get(value, '否' if value is False else value)}"
