"""The keys by which people and organisations are found: in signs, pinyin or initials, from any sign on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from pypinyin import Style, lazy_pinyin, pinyin
from sqlalchemy import delete, insert, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.content.searching import folded, signs
from app.extensions import db
from app.models import Holding, Organisation, OrganisationKey, OrganisationName, Person, PersonKey
from app.operations.finding._names import surname_readings

Key = tuple[bool, str]
"""Whether it begins inside the name, and the key. Marks that nobody can type tell what is no name."""

TRADE, WHOLE, TAIL, HEAD = "=", "!", "#", "@"
MOST_WAYS = 6
"""To read one name aloud; where signs have more readings together, the later ones have their commonest."""
INDEX_BYTES = 8
EITHER_IN_PLACES = "长重行乐朝都厦单解六蚌番"
"""Signs of places whose reading the ones beside them do not always tell: 市长寿区 is no mayor's."""
EITHER_SURNAME = "覃牟隗"
"""Surnames with two living readings; other surnames that one may misread have their own in `_names`."""


def person_keys(name: str, index: bytes, head: str, tail: str, trades: Iterable[str]) -> frozenset[Key]:
    """All keys of a person: the name, the ID number's blind index and what of it is in clear, the trades."""
    parts = signs(folded(name))
    number = [
        whole_number_key(index),
        f"{TAIL}{tail.lower()}{head}",
        f"{HEAD}{head}{tail.lower()[::-1]}",
    ]
    exact = [*number, *(TRADE + trade for trade in trades)]
    return frozenset(chain(_keys(parts, _ways(_readings(parts))), ((False, key) for key in exact)))


def organisation_keys(names: Iterable[str]) -> frozenset[Key]:
    """All keys of the names that an organisation bears and bore."""
    return frozenset(chain.from_iterable(_organisation(signs(folded(name))) for name in names))


def whole_number_key(index: bytes) -> str:
    """The beginning of a blind index: nobody in sight is told from nobody at all by one look into a range."""
    return WHOLE + index[:INDEX_BYTES].hex()


def follow_person(person_id: int) -> None:
    """Writes a person's keys anew, for the present unit and all in which they stand already."""
    db.session.flush()
    person = db.session.get_one(Person, person_id, populate_existing=True)
    known = select(PersonKey.unit_id).where(PersonKey.person_id == person_id).distinct()
    units = {*db.session.scalars(known), *([person.unit_id] if person.unit_id is not None else [])}
    db.session.execute(delete(PersonKey).where(PersonKey.person_id == person_id))
    held = select(Holding.trade).where(Holding.person_id == person_id, Holding.ended_at.is_(None))
    keys = keys_of(person, db.session.scalars(held))
    regions = db.session.execute(
        select(Organisation.id, Organisation.region).where(Organisation.id.in_(units))
    )
    rows = [
        {"person_id": person_id, "unit_id": unit_id, "region": region, "inside": inside, "key": key}
        for unit_id, region in regions
        for inside, key in keys
    ]
    if rows:
        db.session.execute(insert(PersonKey), rows)


def keys_of(person: Person, trades: Iterable[str]) -> frozenset[Key]:
    number = (person.id_number_index, person.id_number_head, person.id_number_tail)
    return person_keys(person.name, *number, trades)


def follow_organisation(organisation_id: int) -> None:
    """Writes an organisation's keys anew, from all names that it bore."""
    db.session.flush()
    names = select(OrganisationName.name).where(OrganisationName.organisation_id == organisation_id)
    region = db.session.scalar(select(Organisation.region).where(Organisation.id == organisation_id))
    db.session.execute(delete(OrganisationKey).where(OrganisationKey.organisation_id == organisation_id))
    rows = [
        {"organisation_id": organisation_id, "region": region, "inside": inside, "key": key}
        for inside, key in organisation_keys(db.session.scalars(names))
    ]
    db.session.execute(insert(OrganisationKey), rows)


def follow_merger(old_id: int, into_id: int) -> None:
    """Lets all whom one finds in the old organisation be found in its successor, too."""
    region = select(Organisation.region).where(Organisation.id == into_id).scalar_subquery()
    copied = select(PersonKey.person_id, literal(into_id), PersonKey.inside, PersonKey.key, region).where(
        PersonKey.unit_id == old_id
    )
    columns = ["person_id", "unit_id", "inside", "key", "region"]
    db.session.execute(upsert(PersonKey).from_select(columns, copied).on_conflict_do_nothing())


def _organisation(parts: Sequence[str]) -> Iterator[Key]:
    sounds = [
        [sound, *(_known(part)[:2] if part in EITHER_IN_PLACES else ())]
        for part, sound in zip(parts, _aloud(parts), strict=True)
    ]
    return _keys(parts, _ways(list(dict.fromkeys(found)) for found in sounds))


def _keys(parts: Sequence[str], ways: Iterable[Sequence[str]]) -> Iterator[Key]:
    """From each sign on: the signs, their pinyin, and the initials where there are several."""
    for begin in range(len(parts)):
        yield begin > 0, "".join(parts[begin:])
        for way in ways:
            rest = way[begin:]
            yield begin > 0, "".join(rest)
            if len(rest) > 1:
                yield begin > 0, "".join(sound[0] for sound in rest)


def _readings(parts: Sequence[str]) -> list[list[str]]:
    """How each sign of a person's name may be read, the commonest first."""
    surname = surname_readings("".join(parts))
    found = []
    for place, (part, aloud) in enumerate(zip(parts, _aloud(parts), strict=True)):
        known = _known(part)
        if place < len(surname):
            sounds = [surname[place], aloud, *known[:3]]
        elif place == 0 and part not in EITHER_SURNAME:
            sounds = [aloud, known[0]]
        else:
            sounds = [aloud, *known[:2]]
        found.append(list(dict.fromkeys(chain.from_iterable(map(_spelt, sounds)))))
    return found


def _known(part: str) -> Sequence[str]:
    """All readings of a sign, the commonest first."""
    return pinyin(part, heteronym=True, style=Style.NORMAL)[0]


def _spelt(sound: str) -> Sequence[str]:
    """As input methods write it, with v for ü, and as passports do."""
    return (sound, sound.replace("v", "yu")) if sound[:2] in ("lv", "nv") else (sound,)


def _aloud(parts: Sequence[str]) -> Sequence[str]:
    """How each sign is read beside the others: 银行 is yin hang."""
    together = lazy_pinyin("".join(parts))
    return together if len(together) == len(parts) else [lazy_pinyin(part)[0] for part in parts]


def _ways(readings: Iterable[Sequence[str]]) -> list[tuple[str, ...]]:
    ways: list[tuple[str, ...]] = [()]
    for sounds in readings:
        kept = sounds if len(ways) * len(sounds) <= MOST_WAYS else sounds[:1]
        ways = [(*way, sound) for way in ways for sound in kept]
    return ways
