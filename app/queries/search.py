"""People and cases by what somebody typed, within what the viewer may see; flat, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import defer

from app.content.searching import Typed, Word
from app.extensions import db
from app.models import Case, Holding, Organisation, Person
from app.queries import trades
from app.queries._search_steps import (
    Step,
    case_matches,
    numbered,
    person_matches,
    steps_by_number,
    steps_to_cases,
    steps_to_people,
)
from app.queries._search_walk import Walk, reached, to_cases, to_people
from app.queries.cases import ROWS, CaseRow
from app.queries.paging import PAGE_SIZE, Page, read_id_cursor
from app.queries.places import people_seen_by, places_of
from app.queries.visibility import Sight, seen_by

Matches = Callable[[Sequence[Step]], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, whose eyes look, and when; `scheme_id` and `state` narrow the cases, empty is any."""

    typed: Typed
    sight: Sight
    now: datetime
    scheme_id: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A person as the results show them, with the trades held now and the newest case in sight."""

    person: Person
    unit_name: str
    held: Sequence[Holding]
    newest: Case | None


def people(asked: Asked, after: str | None = None, size: int = PAGE_SIZE) -> Page[Found]:
    """A page of people: by name or number first, then those of units and trades of that name."""
    steps, others = _steps(asked, steps_to_people)
    seen = people_seen_by(asked.sight, asked.now)
    rules = [seen, *map(person_matches, others)]
    found = _page(asked, steps, to_people, person_matches, rules, after, size)
    return Page(_people(found.rows, asked.sight), found.next)


def cases(asked: Asked, after: str | None = None, size: int = PAGE_SIZE) -> Page[CaseRow]:
    """A page of cases: by number first, then by person, unit and trade; a subject's newest first."""
    steps, others = _steps(asked, steps_to_cases)
    if asked.typed.number:
        steps = [Step("number", number=asked.typed.number), *steps]
    rules = [seen_by(asked.sight), *map(case_matches, others)]
    exact = {Case.scheme_id: asked.scheme_id, Case.state: asked.state}
    rules += [column == text for column, text in exact.items() if text]
    found = _page(asked, steps, to_cases, case_matches, rules, after, size)
    return Page(_cases(found.rows), found.next)


def _steps(asked: Asked, steps_to: Callable[[Word, Any], list[Step]]) -> tuple[list[Step], list[list[Step]]]:
    """The steps of the word that tells most, and for each other word those of which one has to match too."""
    if asked.typed.number:
        return steps_by_number(asked.typed), []
    words = sorted(asked.typed.words, key=lambda word: not word.is_masked)
    first, *others = [steps_to(word, lambda text: trades.codes(text, asked.now)) for word in words] or [[]]
    return first, others


def _page(
    asked: Asked,
    steps: Sequence[Step],
    walk_to: Callable[[Step], Walk],
    matches: Matches,
    rules: Sequence[ColumnElement[bool]],
    after: str | None,
    size: int,
) -> Page[int]:
    """Ids step by step, until the page is full; whoever an earlier step finds does not come again."""
    places = places_of(asked.sight)
    begin, last = _read_cursor(after, len(steps))
    found: list[tuple[int, int]] = []
    for number, step in enumerate(steps[begin:] if places.values else [], start=begin):
        new = [~matches(steps[:number])] if number else []
        behind = last if number == begin else None
        wanted = size + 1 - len(found)
        if step.kind == "number":
            of_step = _numbered(step, [*rules, *new], behind, wanted)
        else:
            of_step = reached(walk_to(step), places, [*rules, *new], behind, wanted)
        found += [(number, row_id) for row_id in of_step]
        if len(found) > size:
            break
    kept = found[:size]
    return Page([row_id for _, row_id in kept], "{}.{}".format(*kept[-1]) if len(found) > size else None)


def _numbered(step: Step, rules: Sequence[ColumnElement[bool]], last: int | None, most: int) -> Sequence[int]:
    """The cases of that number, the newest first."""
    behind = [Case.id < last] if last is not None else []
    query = select(Case.id).where(numbered(step), *rules, *behind)
    return db.session.scalars(query.order_by(Case.id.desc()).limit(most)).all()


def _read_cursor(text: str | None, steps: int) -> tuple[int, int | None]:
    """The step and the row that a page begins behind; the first page for a mangled cursor."""
    number, _, row_id = (text or "").partition(".")
    last = read_id_cursor(row_id)
    if last is None or not number.isdecimal() or len(number) > 2 or int(number) >= steps:
        return 0, None
    return int(number), last


def _people(ids: Sequence[int], sight: Sight) -> list[Found]:
    rows = (
        select(Person, Organisation.name)
        .join(Organisation, Organisation.id == Person.unit_id)
        .where(Person.id.in_(ids))
    )
    found = {person.id: (person, unit_name) for person, unit_name in db.session.execute(rows)}
    held, newest = _holdings(ids), _newest_cases(ids, sight)
    return [Found(*found[one], held.get(one, ()), newest.get(one)) for one in ids if one in found]


def _holdings(ids: Iterable[int]) -> dict[int, list[Holding]]:
    found: dict[int, list[Holding]] = {}
    held = select(Holding).where(Holding.person_id.in_(ids), Holding.ended_at.is_(None))
    for holding in db.session.scalars(held.order_by(Holding.id)):
        found.setdefault(holding.person_id, []).append(holding)
    return found


def _newest_cases(ids: Sequence[int], sight: Sight) -> dict[int | None, Case]:
    newest = (
        select(Case)
        .where(Case.person_id.in_(ids), seen_by(sight))
        .distinct(Case.person_id)
        .order_by(Case.person_id, Case.id.desc())
        .options(defer(Case.engine_state, raiseload=True))
    )
    return {case.person_id: case for case in db.session.scalars(newest)}


def _cases(ids: Sequence[int]) -> list[CaseRow]:
    rows = [CaseRow(*row) for row in db.session.execute(ROWS.where(Case.id.in_(ids)))]
    order = {case_id: place for place, case_id in enumerate(ids)}
    return sorted(rows, key=lambda row: order[row.case.id])
