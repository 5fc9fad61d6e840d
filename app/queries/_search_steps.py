"""Where a typed word is looked for: one kind of key after the other, each a range of an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, exists, false, or_, select
from sqlalchemy.orm import aliased

from app.content.searching import Typed, Word
from app.extensions import db
from app.models import Case, CaseKey, Certificate, OrganisationKey, Person, PersonKey
from app.operations.finding._id_numbers import index_of
from app.operations.finding._search_keys import HEAD, TAIL, TRADE, whole_number_key

Kind = Literal["person", "unit", "trade", "number"]
TradesOf = Callable[[str], Sequence[str]]
"""The codes of the trades that a word may mean."""

BEHIND_ALL = "\U0010ffff"
LONGEST_ID = 18
FEWEST_SIGNS_OF_TRADE = 2


@dataclass(frozen=True, slots=True)
class Step:
    """Keys of one kind from `low` on and before `high`, or the one key `low`; `inside`: inside a name.

    Of a number there are no keys: it is a case's own, or that of its certificate.
    """

    kind: Kind
    low: str = ""
    high: str = ""
    inside: bool = False
    number: str = ""

    @classmethod
    def beginning(cls, kind: Kind, text: str, inside: bool = False) -> Step:
        return cls(kind, text, text + BEHIND_ALL, inside)

    @classmethod
    def exactly(cls, kind: Kind, key: str) -> Step:
        return cls(kind, key)


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
        found = and_(self.key >= step.low, self.key < step.high) if step.high else self.key == step.low
        return found if self.inside is None else and_(self.inside == step.inside, found)


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
    return [Step.exactly("person", whole_number_key(index_of(number)))]


def numbered(step: Step) -> ColumnElement[bool]:
    """The case of that number, and those of the certificate of that number."""
    number = step.number.upper()
    ids = [*db.session.scalars(select(Certificate.case_id).where(Certificate.number == number))]
    if number.isascii() and number.isdecimal() and len(number) <= LONGEST_ID:
        ids.append(int(number))
    return Case.id.in_(ids)


def person_matches(steps: Sequence[Step]) -> ColumnElement[bool]:
    """Whether a person is found by any of the steps."""
    ways = []
    for keys, those in _by_kind(steps):
        of_unit = those[0].kind == "unit"
        same = [keys.place["unit"] == Person.unit_id, *([] if of_unit else [keys.owner == Person.id])]
        ways.append(exists(select(1).where(*same, or_(*map(keys.within, those)))))
    return or_(false(), *ways)


def case_matches(steps: Sequence[Step]) -> ColumnElement[bool]:
    """Whether a case is found by any of the steps."""
    ways = [numbered(step) for step in steps if step.kind == "number"]
    for keys, those in _by_kind([step for step in steps if step.kind != "number"]):
        owner = {"person": Case.person_id, "unit": Case.unit_id, "trade": Case.id}[those[0].kind]
        ways.append(exists(select(1).where(keys.owner == owner, or_(*map(keys.within, those)))))
    return or_(false(), *ways)


def _by_kind(steps: Sequence[Step]) -> Iterator[tuple[Keys, list[Step]]]:
    for kind in dict.fromkeys(step.kind for step in steps):
        yield keys_of(kind), [step for step in steps if step.kind == kind]


def _by_person(word: Word) -> Iterator[Step]:
    if word.text and not word.text.isdecimal():
        yield from (Step.beginning("person", word.text, inside) for inside in (False, True))
    if word.is_masked and len(word.tail) == 4:
        yield Step.beginning("person", f"{TAIL}{word.tail}{word.head}")
    elif word.is_masked:
        yield Step.beginning("person", f"{HEAD}{word.head}{word.tail[::-1]}")


def _by_unit(word: Word) -> Iterator[Step]:
    if word.text:
        yield from (Step.beginning("unit", word.text, inside) for inside in (False, True))


def _by_trade(kind: Kind, mark: str, word: Word, trades_of: TradesOf) -> Iterator[Step]:
    """By each trade of the catalogues, or else by what was typed: a register may hold others."""
    if len(word.text) >= FEWEST_SIGNS_OF_TRADE:
        codes = trades_of(word.text)
        yield from (Step.exactly(kind, mark + code) for code in codes)
        if not codes:
            yield Step.beginning(kind, mark + word.text)
