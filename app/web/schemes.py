"""What pages know of schemes: the pinned one of a case, the newest of each, their clocks and titles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from flask import g

from app import clock, edge
from app.content.form_fields import Field
from app.content.mapping import read_mapping
from app.content.masking import DEFAULT_ID_MASK
from app.content.phases import Blanks
from app.content.scheme import Scheme
from app.engine.definitions import Element
from app.models import Case, Person
from app.operations import deployments
from app.operations.dates.clock import scheme_now
from app.operations.registers import people
from app.operations.road._plain import from_json
from app.web.filters import ISO_DAY, day, instant

BRIEFLY = 3
"""How many of the listed variables a row of the inbox has room for."""


def scheme_of(deployment_id: int) -> Scheme:
    """The scheme of a deployment, looked up once a request."""
    if "schemes" not in g:
        g.schemes = {}
    known: dict[int, Scheme] = g.schemes
    if deployment_id not in known:
        known[deployment_id] = deployments.scheme(deployment_id)
    return known[deployment_id]


def newest_schemes() -> dict[str, Scheme]:
    """The newest deployment in force of every scheme, by scheme id."""
    if "newest_schemes" not in g:
        in_force = deployments.latest(real_now())
        g.newest_schemes = {name: scheme_of(deployment_id) for deployment_id, name in in_force}
    found: dict[str, Scheme] = g.newest_schemes
    return found


def now_of(scheme_id: str) -> datetime:
    """The scheme's present instant; in a rehearsal its own clock's (decision 13). Asked once a request."""
    if "scheme_nows" not in g:
        g.scheme_nows = {}
    known: dict[str, datetime] = g.scheme_nows
    if scheme_id not in known:
        known[scheme_id] = scheme_now(scheme_id, real_now())
    return known[scheme_id]


def real_now() -> datetime:
    """When the request was received; the present, for the page of one that broke off before."""
    return edge.received_at() if "received_at" in g else clock.now()


def masked(person: Person | None, scheme: Scheme | None = None) -> str:
    """The ID number as lists show it, by the scheme's own way or the default (CQ-27)."""
    if person is None:
        return ""
    return people.masked(person, scheme.mask.get("id_number", DEFAULT_ID_MASK) if scheme else DEFAULT_ID_MASK)


def process_title(scheme: Scheme, process: str) -> str:
    found = scheme.processes.get(process)
    return found.title if found else process


def role_title(scheme: Scheme, role: str) -> str:
    found = scheme.roles.get(role)
    return found.title if found else role


def known_fields(scheme: Scheme) -> dict[str, Field]:
    """The fields of the scheme's forms, columns of tables too, by the variables that they fill.

    Of several for one variable the first that has options wins: it tells most about the values. Without
    options the one that a case meets first: a score is a score, and its correction comes later.
    """
    found: dict[str, Field] = {}
    for name, known in _filled(scheme):
        if name not in found or (known.options and not found[name].options):
            found[name] = known
    return found


def _filled(scheme: Scheme) -> Iterator[tuple[str, Field]]:
    """Variables with the fields whose values they take; a field that no task maps goes by its own name."""
    for element in _on_the_way(scheme):
        form = scheme.forms.get(element.form or "")
        if form is None:
            continue
        outputs = read_mapping(element.properties.get("outputs", ""))
        yield from ((variable, form.fields[field]) for variable, field in outputs if field in form.fields)
    for form in scheme.forms.values():
        for part in form.fields.values():
            yield from ((known.name, known) for known in (part, *part.columns))


def _on_the_way(scheme: Scheme) -> Iterator[Element]:
    """The elements of each process that the scheme declares, and of those that it calls, in its order."""
    drawn, ahead = scheme.definitions.processes, list(scheme.processes)
    met: set[str] = set()
    while ahead:
        process = ahead.pop(0)
        if process in drawn and process not in met:
            met.add(process)
            ahead = [*sorted(drawn[process].called), *ahead]
            yield from drawn[process].elements.values()


def field_labels(scheme: Scheme) -> dict[str, str]:
    """The names that people know variables by: of forms, and else of the decisions that give them."""
    tables = scheme.definitions.decisions.values()
    given = {output.name: output.label for table in tables for output in table.outputs if output.label}
    return given | {name: known.title for name, known in known_fields(scheme).items() if known.title}


def listed_text(scheme: Scheme, value: Any, name: str = "") -> str:
    """A variable for people: a grade by its title, days as notices write them, lists and rows joined.

    With its name, what was chosen from a form's options by the option's title.
    """
    value = from_json(value)
    if value is None:
        return ""
    if isinstance(value, dict):
        return "，".join(filter(None, (listed_text(scheme, item) for item in value.values())))
    if isinstance(value, list):
        return "；".join(filter(None, (listed_text(scheme, item) for item in value)))
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, str) and ISO_DAY.fullmatch(value):
        return day(value)
    chosen = _option_titles(scheme).get((name, str(value)))
    titles = {grade.code: grade.title for grade in scheme.grades}
    return chosen or titles.get(str(value), str(value))


def listed_briefly(scheme: Scheme, case: Case) -> str:
    """The first of what a case's list shows; numbers, days and yes or no with what they are."""
    labels, told = field_labels(scheme), []
    for name in scheme.processes[case.process].listed:
        text = listed_text(scheme, case.listed.get(name), name)
        speaks = isinstance(case.listed.get(name), str) and not ISO_DAY.fullmatch(case.listed[name])
        if text:
            told.append(text if speaks else f"{labels.get(name, name)} {text}")
    return " · ".join(told[:BRIEFLY])


def _option_titles(scheme: Scheme) -> dict[tuple[str, str], str]:
    """(variable, value) → the title of the option; made once a request."""
    if "option_titles" not in g:
        g.option_titles = {}
    known: dict[int, dict[tuple[str, str], str]] = g.option_titles
    if id(scheme) not in known:
        known[id(scheme)] = {
            (name, str(option.value)): option.label
            for name, found in known_fields(scheme).items()
            for option in found.options or ()
        }
    return known[id(scheme)]


def blank_reason(case: Case, variable: str) -> str:
    """Why a case has no value of a variable that lists show (CQ-23); made once a deployment and request."""
    if "blanks" not in g:
        g.blanks = {}
    known: dict[int, Blanks] = g.blanks
    if case.deployment_id not in known:
        known[case.deployment_id] = Blanks(scheme_of(case.deployment_id))
    over = case.state != "running"
    return known[case.deployment_id].reason(variable, case.listed, case.phases, over=over)
