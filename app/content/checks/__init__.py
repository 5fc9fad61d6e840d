"""Everything that can be wrong with a scheme before it runs, told to its designer."""

from collections.abc import Mapping

from app.content import calendar, roles
from app.content.calendar import check_calendar
from app.content.capabilities import CapabilityDeclaration
from app.content.catalogues import check_catalogue
from app.content.checks.clauses import check_clauses
from app.content.checks.deadlines import check_deadlines
from app.content.checks.diagrams import check_diagrams
from app.content.checks.expressions import check_expressions
from app.content.checks.imports import check_imports
from app.content.checks.messages import check_messages
from app.content.checks.returns import check_returns
from app.content.checks.scenarios import check_scenarios
from app.content.checks.sheet import check_sheet
from app.content.checks.subject import Subject
from app.content.checks.tables import check_tables
from app.content.checks.tasks import check_tasks
from app.content.checks.variables import check_variables
from app.content.diagram import read_diagrams
from app.content.roles import check_roles
from app.content.scenarios import read_scenarios
from app.content.scheme import Scheme, read_scheme, with_file_name
from app.engine import check_definitions
from app.engine.types import Problem

_CHECKS = (
    check_sheet,
    check_tasks,
    check_imports,
    check_diagrams,
    check_tables,
    check_expressions,
    check_deadlines,
    check_variables,
    check_messages,
    check_returns,
    check_clauses,
    check_scenarios,
)
"""In the order in which a designer mends: names first, then what refers to them."""


def check_scheme(
    files: Mapping[str, bytes], capabilities: Mapping[str, CapabilityDeclaration] | None = None
) -> list[Problem]:
    """All errors and warnings of a scheme's files, by file; errors keep it from being published.

    `capabilities` are those that the house offers; None leaves service tasks unchecked.
    """
    scheme, problems = read_scheme(files)
    if scheme is not None:
        problems += _check_files(scheme)
        drawn = {path: content for path, content in files.items() if path.endswith((".bpmn", ".dmn"))}
        problems += [with_file_name(p) for p in check_definitions(drawn) if p.severity == "warning"]
        subject = Subject(scheme, read_diagrams(files), read_scenarios(files), capabilities)
        problems += [problem for check in _CHECKS for problem in check(subject)]
    return sorted(dict.fromkeys(problems), key=lambda p: (p.severity, p.file))


def _check_files(scheme: Scheme) -> list[Problem]:
    """What can be said of each file by itself."""
    folder = scheme.folder
    problems = check_calendar(scheme.calendar, folder + calendar.FILE)
    problems += check_roles(scheme.roles, scheme.calendar.dates, folder + roles.FILE)
    for name, catalogue in scheme.catalogues.items():
        problems += check_catalogue(catalogue, f"{folder}catalogues/{name}.yaml")
    return problems
