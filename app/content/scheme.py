"""A scheme: one jurisdiction's rules for one year, read from its files into plain, shared data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from app.content import calendar as calendars
from app.content import clauses as clause_files
from app.content import head as heads
from app.content import roles as role_files
from app.content.calendar import Calendar
from app.content.catalogues import Catalogue, CatalogueFile
from app.content.clauses import Clause
from app.content.form_fields import Option
from app.content.form_file import read_form
from app.content.forms import Form
from app.content.head import Grade, Head, Process, RecordKind
from app.content.reading import read_record
from app.content.roles import Role
from app.engine import Definitions, load_definitions
from app.engine.civil import civil, start_of_day
from app.engine.types import Problem
from app.errors import NotFound, SchemeInvalid

__all__ = ["Process", "RecordKind", "Scheme", "read_scheme", "with_file_name"]

OPENING_HOUR = 9
"""When offices open: a rehearsal's clock starts at 09:00 of the scheme's first day."""

_MARKING = ("endEvent", "intermediateCatchEvent")


@dataclass(frozen=True)
class Scheme(Head):
    """All of a deployment's content: the sheet and what stands beside it.

    Not to be changed: every case of the deployment shares it. `folder` is the path of its files.
    """

    folder: str = ""
    calendar: Calendar = field(default_factory=Calendar)
    roles: Mapping[str, Role] = field(default_factory=dict)
    clauses: Mapping[str, Clause] = field(default_factory=dict)
    catalogues: Mapping[str, Catalogue] = field(default_factory=dict)
    forms: Mapping[str, Form] = field(default_factory=dict)
    definitions: Definitions = field(default_factory=lambda: Definitions({}, {}))

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> "Scheme":
        """Read a scheme, paths as in `read_scheme_folder`. Raises SchemeInvalid with all that is wrong.

        This reads strictly but does not compare the files with each other: `check_scheme` does.
        """
        scheme, problems = read_scheme(files)
        if scheme is None or any(problem.severity == "error" for problem in problems):
            raise SchemeInvalid(problems)
        return scheme

    @property
    def parameter_values(self) -> dict[str, Any]:
        """The values alone, for the engine's context."""
        return {name: parameter.value for name, parameter in self.parameters.items()}

    @property
    def opens_at(self) -> datetime | None:
        """When a rehearsal's clock starts: 09:00 of the day on which the scheme opens, if it says."""
        opens = self.calendar.resolve().get(self.opens or "")
        return opens and start_of_day(civil(opens).date()) + timedelta(hours=OPENING_HOUR)

    @cached_property
    def phase_marks(self) -> dict[str, tuple[str, str]]:
        """By end event, or event that the phase waits for: its process, and its status from then on."""
        drawn = [self.definitions.processes[phase.process] for phase in self.phases]
        return {
            element.id: (process.id, element.properties["status"])
            for process in drawn
            for element in process.elements.values()
            if element.kind in _MARKING and "status" in element.properties
        }

    @cached_property
    def begun_by_lists(self) -> frozenset[str]:
        """The processes of which a form's list of people begins a case each (`x-begins`)."""
        fields = (field for form in self.forms.values() for field in form.fields.values())
        return frozenset(field.begins for field in fields if field.begins)

    def form(self, name: str) -> Form:
        """The form that an element calls `name`. Raises NotFound."""
        try:
            return self.forms[name]
        except KeyError:
            raise NotFound(f"方案里没有表单“{name}”") from None

    def role_named(self, name: str) -> Role:
        """The role of that id, or of that title as lanes have it. Raises NotFound."""
        for role in self.roles.values():
            if name in (role.id, role.title):
                return role
        raise NotFound(f"方案里没有角色“{name}”")

    def grade(self, code: str) -> Grade:
        """Raises NotFound."""
        for grade in self.grades:
            if grade.code == code:
                return grade
        raise NotFound(f"方案里没有等级“{code}”")

    def grade_rank(self, code: str) -> int:
        """1 is the highest. Raises NotFound."""
        return self.grade(code).rank

    def grade_title(self, code: str) -> str:
        """Raises NotFound."""
        return self.grade(code).title


def read_scheme(files: Mapping[str, bytes]) -> tuple[Scheme | None, list[Problem]]:
    """The scheme as far as it can be read, and what is wrong; None if there is no sheet to start from."""
    return _Reader(files).read()


class _Reader:
    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self.problems: list[Problem] = []
        self.folder = ""

    def read(self) -> tuple[Scheme | None, list[Problem]]:
        sheets = [path for path in self.files if PurePosixPath(path).match(f"bpmn/*/{heads.FILE}")]
        if len(sheets) != 1:
            what = "缺少 scheme.yaml" if not sheets else f"有 {len(sheets)} 个 scheme.yaml，只能有一个"
            return None, [Problem(heads.FILE, what)]
        self.folder = sheets[0].removesuffix(heads.FILE)
        head = self._record(heads.FILE, heads.HeadFile().load)
        if head is None:
            return None, self.problems
        catalogues = self._catalogues()
        return self._scheme(head, catalogues), self.problems

    def _scheme(self, head: Head, catalogues: Mapping[str, Catalogue]) -> Scheme:
        roles = self._record(role_files.FILE, role_files.RolesFile().load)
        return Scheme(
            **{part.name: getattr(head, part.name) for part in fields(head)},
            folder=self.folder,
            calendar=self._record(calendars.FILE, calendars.CalendarFile().load) or Calendar(),
            roles=roles["roles"] if roles else {},
            clauses=self._record(clause_files.FILE, clause_files.CLAUSES_FILE.deserialize, depth=0) or {},
            catalogues=catalogues,
            forms=self._forms(head, catalogues),
            definitions=self._definitions(),
        )

    def _record(self, name: str, load: Callable[[Any], Any], *, depth: int = 1) -> Any:
        path = self.folder + name
        if path not in self.files:
            self.problems.append(Problem(path, f"缺少文件 {name}"))
            return None
        return read_record(load, path, self.files[path], self.problems, depth=depth)

    def _catalogues(self) -> dict[str, Catalogue]:
        found = {}
        for path in self.files:
            if path.startswith(f"{self.folder}catalogues/") and path.endswith(".yaml"):
                catalogue = read_record(CatalogueFile().load, path, self.files[path], self.problems, depth=0)
                found[PurePosixPath(path).stem] = catalogue
        return {name: catalogue for name, catalogue in found.items() if catalogue}

    def _forms(self, head: Head, catalogues: Mapping[str, Catalogue]) -> dict[str, Form]:
        options = {name: _options(catalogue) for name, catalogue in catalogues.items()}
        options["grades"] = [Option(grade.code, grade.title) for grade in head.grades]
        own = f"forms/{PurePosixPath(self.folder).name}/"
        found = {}
        for path in self.files:
            if path.startswith("forms/") and path.endswith(".json"):
                form = read_form(path, self.files[path], options, self.problems)
                found[path.removeprefix(own).removeprefix("forms/")] = form
        return {name: form for name, form in found.items() if form}

    def _definitions(self) -> Definitions:
        drawn = {path: content for path, content in self.files.items() if path.endswith((".bpmn", ".dmn"))}
        try:
            return load_definitions(drawn)
        except SchemeInvalid as refusal:
            self.problems += [with_file_name(problem) for problem in refusal.problems]
            return Definitions({}, {})


def _options(catalogue: Catalogue) -> list[Option]:
    return [Option(entry.code, entry.title, entry.group) for entry in catalogue.entries]


def with_file_name(problem: Problem) -> Problem:
    """The engine's problem with its file in the sentence, as all others have it."""
    name = PurePosixPath(problem.file).name
    if problem.message.startswith(name):
        return problem
    return replace(problem, message=f"{name}：{problem.message}")
