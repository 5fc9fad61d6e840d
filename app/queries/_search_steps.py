"""Where a typed word is looked for: one kind of key after the other, each a few ranges of an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from app.content.searching import Typed, Word
from app.models import Case, CaseKey, Certificate, OrganisationKey, Person, PersonKey
from app.operations._id_numbers import index_of
from app.operations._search_keys import HEAD, TAIL, TRADE, whole_number_key

Kind = Literal["person", "unit", "trade", "number"]
TradesOf = Callable[[str], Sequence[str]]
"""The codes of the trades that a word may mean."""

BEHIND_ALL = "\U0010ffff"
LONGEST_ID = 18
FEWEST_SIGNS_OF_TRADE = 2


@dataclass(frozen=True, slots=True)
class Step:
    """Half-open ranges of keys of one kind; `inside`: those that begin inside a name.

    Of a number there are no keys: it is a case's own, or that of its certificate.
    """

    kind: Kind
    ranges: Sequence[tuple[str, str]] = ()
    inside: bool = False
    number: str = ""


@dataclass(frozen=True)
class Keys:
    """The table of a kind's keys under a name of its own; `place`: the columns of unit and region."""

    table: Any
    key: Any
    owner: Any
    inside: Any
    place: Mapping[str, Any]

    def within(self, step: Step) -> ColumnElement[bool]:
        """The keys of the step."""
        ranges = or_(*(and_(self.key >= low, self.key < high) for low, high in step.ranges))
        return ranges if self.inside is None else and_(self.inside.is_(step.inside), ranges)


def keys_of(kind: Kind) -> Keys:
    if kind == "person":
        row = aliased(PersonKey)
        places = {"unit": row.unit_id, "region": row.region}
        return Keys(row, row.key, row.person_id, row.inside, places)
    if kind == "unit":
        org = aliased(OrganisationKey)
        places = {"unit": org.organisation_id, "region": org.region}
        return Keys(org, org.key, org.organisation_id, org.inside, places)
    trade = aliased(CaseKey)
    return Keys(trade, trade.trade, trade.case_id, None, {"unit": trade.unit_id, "region": trade.region})


def steps_to_people(word: Word, trades_of: TradesOf) -> list[Step]:
    """By name or number, by unit, by trade: in this order people are shown."""
    return [*_by_person(word), *_by_unit(word), *_by_trade("person", TRADE, word, trades_of)]


def steps_to_cases(word: Word, trades_of: TradesOf) -> list[Step]:
    """By the case's number or its certificate's, by person, by unit, by trade."""
    number = [Step("number", number=word.text)] if any(map(str.isdigit, word.text)) else []
    return [*number, *_by_person(word), *_by_unit(word), *_by_trade("trade", "", word, trades_of)]


def steps_by_number(typed: Typed) -> list[Step]:
    """By eighteen signs: the same look into a range, whoever bears that ID number, or nobody."""
    number = typed.number or ""
    return [Step("person", [_exactly(whole_number_key(index_of(number)))])]


def numbered(step: Step) -> ColumnElement[bool]:
    """The case of that number, and that of the certificate of that number."""
    number = step.number.upper()
    ways: list[ColumnElement[bool]] = [
        exists().where(Certificate.case_id == Case.id, Certificate.number == number)
    ]
    if number.isascii() and number.isdecimal() and len(number) <= LONGEST_ID:
        ways.append(Case.id == int(number))
    return or_(*ways)


def person_matches(step: Step) -> ColumnElement[bool]:
    """Whether a person is found by a step."""
    keys = keys_of(step.kind)
    owner = Person.unit_id if step.kind == "unit" else Person.id
    own_place = [keys.place["unit"] == Person.unit_id] if step.kind == "person" else []
    return exists(select(1).where(keys.owner == owner, *own_place, keys.within(step)))


def case_matches(step: Step) -> ColumnElement[bool]:
    """Whether a case is found by a step."""
    if step.kind == "number":
        return numbered(step)
    keys = keys_of(step.kind)
    owner = {"person": Case.person_id, "unit": Case.unit_id, "trade": Case.id}[step.kind]
    return exists(select(1).where(keys.owner == owner, keys.within(step)))


def first_of(keys: Keys, step: Step) -> ColumnElement[bool]:
    """Whoever is found by several keys of a step is shown where the first of them stands."""
    others = keys_of(step.kind)
    first = select(func.min(others.key)).where(others.owner == keys.owner, others.within(step))
    met: ColumnElement[bool] = keys.key == first.scalar_subquery()
    return met


def _by_person(word: Word) -> Iterator[Step]:
    if word.text and not word.text.isdecimal():
        yield from (Step("person", [_beginning(word.text)], inside) for inside in (False, True))
    if word.is_masked and len(word.tail) == 4:
        yield Step("person", [_beginning(f"{TAIL}{word.tail}{word.head}")])
    elif word.is_masked:
        yield Step("person", [_beginning(f"{HEAD}{word.head}{word.tail[::-1]}")])


def _by_unit(word: Word) -> Iterator[Step]:
    if word.text:
        yield from (Step("unit", [_beginning(word.text)], inside) for inside in (False, True))


def _by_trade(kind: Kind, mark: str, word: Word, trades_of: TradesOf) -> Iterator[Step]:
    """By the trades of the catalogues, or else by what was typed: a register may hold others."""
    if len(word.text) >= FEWEST_SIGNS_OF_TRADE:
        codes = [_exactly(mark + code) for code in trades_of(word.text)]
        yield Step(kind, codes or [_beginning(mark + word.text)])


def _beginning(text: str) -> tuple[str, str]:
    return text, text + BEHIND_ALL


def _exactly(text: str) -> tuple[str, str]:
    return text, text + "\x01"
