"""Where in a scheme each clause of the notice lives."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.content import calendar, clauses, head, roles
from app.content.scenario_parts import Scenario
from app.content.scenarios import FOLDER
from app.content.scheme import Scheme

KINDS = {
    "element": "环节",
    "flow": "流向",
    "row": "决策行",
    "date": "日期",
    "parameter": "参数",
    "process": "流程",
    "record": "登记项",
    "form": "表单",
    "field": "字段",
    "role": "角色",
    "catalogue": "目录",
    "overlay": "可调整的日期",
    "mask": "遮盖方式",
    "house": "系统功能",
    "scenario": "场景",
}

SHARED = ("bpmn/common/", "forms/common/")


@dataclass(frozen=True, slots=True)
class Home:
    """A place that carries a clause; `kind` is a key of KINDS, `row` counts a table's rows from 1."""

    kind: str
    file: str
    element: str
    title: str
    row: int | None = None

    @property
    def told(self) -> str:
        return f"{KINDS[self.kind]}“{self.title or self.element}”"


def clause_matrix(scheme: Scheme, scenarios: Mapping[str, Scenario]) -> dict[str, list[Home]]:
    """The homes of every clause, those without any included; `scenarios` by file name."""
    matrix: dict[str, list[Home]] = {clause: [] for clause in scheme.clauses}
    for clause, home in homes(scheme, scenarios):
        matrix.setdefault(clause, []).append(home)
    return matrix


def homes(scheme: Scheme, scenarios: Mapping[str, Scenario]) -> Iterator[tuple[str, Home]]:
    """Every citation of a clause, in the order diagrams, tables, sheets, forms, scenarios.

    A shared part cites the clauses of all schemes that use it; those of the others are passed over.
    """
    for found, home in _citations(scheme, scenarios):
        shared = home.file.startswith(SHARED)
        yield from ((clause, home) for clause in found if not shared or clause in scheme.clauses)


_Citations = Iterator[tuple[Sequence[str], Home]]


def _citations(scheme: Scheme, scenarios: Mapping[str, Scenario]) -> _Citations:
    yield from _drawn(scheme)
    yield from _stated(scheme)
    for form in scheme.forms.values():
        for name, found in form.clauses.items():
            kind, title = ("field", form.fields[name].title) if name else ("form", form.title)
            yield found, Home(kind, form.file, name, title)
    for name, scenario in scenarios.items():
        yield scenario.clauses, Home("scenario", f"{scheme.folder}{FOLDER}{name}", name, scenario.title)


def _drawn(scheme: Scheme) -> _Citations:
    for process in scheme.definitions.processes.values():
        for element in process.elements.values():
            yield element.clauses, Home("element", process.file, element.id, element.name)
        for flow in process.flows.values():
            yield flow.clauses, Home("flow", process.file, flow.id, flow.name)
    for table in scheme.definitions.decisions.values():
        for rule in table.rules:
            title = f"{table.name}第 {rule.ref.row} 行"
            yield rule.ref.clauses, Home("row", table.file, table.id, title, rule.ref.row)


def _stated(scheme: Scheme) -> _Citations:
    sheet = scheme.folder + head.FILE
    for named_date in scheme.calendar.dates.values():
        home = Home("date", scheme.folder + calendar.FILE, named_date.name, named_date.title)
        yield named_date.clauses, home
    for name, parameter in scheme.parameters.items():
        yield parameter.clauses, Home("parameter", sheet, name, parameter.title)
    for process in scheme.processes.values():
        yield process.clauses, Home("process", sheet, process.id, process.title)
    for record in scheme.records.values():
        yield record.clauses, Home("record", sheet, record.id, record.title)
    for name, rule in scheme.overlays.items():
        yield rule.clauses, Home("overlay", sheet, name, name)
    for name, mask in scheme.mask.items():
        yield mask.clauses, Home("mask", sheet, name, name)
    for clause in scheme.clauses.values():
        if clause.house:
            yield (clause.id,), Home("house", scheme.folder + clauses.FILE, clause.id, clause.house)
    for role in scheme.roles.values():
        yield role.clauses, Home("role", scheme.folder + roles.FILE, role.id, role.title)
    for name, catalogue in scheme.catalogues.items():
        file = f"{scheme.folder}catalogues/{name}.yaml"
        yield catalogue.clauses, Home("catalogue", file, name, catalogue.title)
