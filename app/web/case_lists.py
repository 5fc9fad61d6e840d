"""Which list of cases a page shows: its process and phase (CQ-21, CQ-23), its columns, its filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from flask_babel import gettext as _
from sqlalchemy import ColumnElement

from app.content.form_fields import Field
from app.content.head import Phase
from app.content.phases import phases_of, statuses_of
from app.content.scheme import Scheme
from app.models import Case
from app.operations.offices.regions import prefix
from app.queries import cases, organisations
from app.queries.cases import CaseFilter
from app.queries.visibility import seen_by
from app.web.listing import asked, asked_days
from app.web.schemes import field_labels, known_fields, newest_schemes, process_title
from app.web.session import SignedIn, signed_in


@dataclass(frozen=True)
class Column:
    """A variable that lists show, with options where a form gives it some; `exact`: no part is looked for."""

    name: str
    label: str
    options: Sequence[tuple[str, str]] = ()
    exact: bool = False

    @classmethod
    def of(cls, name: str, label: str, field: Field | None) -> Column:
        if field is None:
            return cls(name, label)
        if field.type == "boolean":
            return cls(name, label, [("true", _("是")), ("false", _("否"))], exact=True)
        options = [(str(option.value), option.label) for option in field.options or ()]
        return cls(name, label, options, exact=bool(options) or field.type in ("integer", "number"))


@dataclass(frozen=True)
class CaseList:
    """The cases of one process of a scheme, or those of them that have come to one of its phases."""

    scheme: Scheme
    process: str
    phase: Phase | None
    scope: ColumnElement[bool]

    @property
    def key(self) -> str:
        return f"{self.scheme.id}/{self.process}"

    @property
    def title(self) -> str:
        return self.phase.title if self.phase else process_title(self.scheme, self.process)

    @cached_property
    def phases(self) -> Sequence[Phase]:
        return phases_of(self.scheme, self.process)

    @property
    def _is_first(self) -> bool:
        """Whether the list also holds what is yet to come to its first phase, such as drafts (CQ-11)."""
        return self.phase is not None and self.phase == self.phases[0]

    @cached_property
    def columns(self) -> Sequence[Column]:
        declared = self.scheme.processes.get(self.process)
        fields, labels = known_fields(self.scheme), field_labels(self.scheme)
        listed = declared.listed if declared else ()
        return [Column.of(name, labels.get(name, name), fields.get(name)) for name in listed]

    def statuses(self) -> Sequence[str]:
        if self.phase:
            before = statuses_of(self.scheme, self.process) if self._is_first else []
            return [*before, *statuses_of(self.scheme, self.phase.process)]
        return cases.statuses(self.scope, self.scheme.id, self.process)

    def status_of(self, case: Case) -> str:
        """The status of the list's phase, which stands while the case has gone on to the next."""
        return case.phases.get(self.phase.process, case.status) if self.phase else case.status

    def wanted(self) -> CaseFilter:
        """What the address narrows the list to."""
        begin, end = asked_days("from", "to")
        return CaseFilter(
            scheme_id=self.scheme.id,
            process=self.process,
            phase=self.phase.process if self.phase else "",
            phase_status=asked("status") if self.phase else "",
            first_phase=self._is_first,
            status="" if self.phase else asked("status"),
            name=asked("name"),
            unit=asked("unit"),
            region=asked("region"),
            started_from=begin,
            started_before=end,
            listed={column.name: asked(f"v-{column.name}") for column in self.columns if column.exact},
            listed_text={
                column.name: asked(f"v-{column.name}") for column in self.columns if not column.exact
            },
        )


def scope_of(me: SignedIn) -> ColumnElement[bool]:
    """What an operator's lists are of: a unit's own cases, an office's tasks and areas."""
    return Case.unit_id == me.organisation_id if me.is_unit else seen_by(me.sight)


def kinds(scope: ColumnElement[bool]) -> list[tuple[str, str]]:
    """Scheme and process of the cases in sight."""
    return [pair for pair in cases.processes(scope) if pair[0] in newest_schemes()]


def asked_list(scope: ColumnElement[bool], choices: Sequence[tuple[str, str]]) -> CaseList | None:
    """The list that the address names by `of` and `phase`, or else the first; None where there is no case."""
    scheme_id, _slash, process = asked("of").partition("/")
    if (scheme_id, process) not in choices:
        if not choices:
            return None
        scheme_id, process = choices[0]
    scheme = newest_schemes()[scheme_id]
    phase = next((p for p in phases_of(scheme, process) if p.process == asked("phase")), None)
    return CaseList(scheme, process, phase, scope)


def regions() -> list[tuple[str, str]]:
    """The divisions that an office's lists may be narrowed to: those of the region that it lies in."""
    office = signed_in().organisation
    if office is None or office.kind == "unit":
        return []
    inside = prefix(office.region)
    return [(found.code, found.name) for found in organisations.regions() if found.code.startswith(inside)]


def tabs(
    choices: Sequence[tuple[str, str]], scheme_id: str
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The address and name of each scheme with cases in sight, and of each kind of case in the shown one."""
    firsts = {scheme: process for scheme, process in reversed(choices)}
    schemes = [(f"{name}/{firsts[name]}", newest_schemes()[name].name) for name in dict(choices)]
    kinds = [process for name, process in choices if name == scheme_id]
    scheme = newest_schemes().get(scheme_id)
    return schemes, [(f"{scheme_id}/{kind}", process_title(scheme, kind)) for kind in kinds] if scheme else []
