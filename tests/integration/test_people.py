"""The register of persons: checked, encrypted, masked, found again (CQ-27, ALL-02, LIFE-05)."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from app.content.identity import make_citizen_id
from app.content.masking import Mask
from app.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from app.extensions import atomic, db
from app.models import Act, Person
from app.operations.actors import SYSTEM, Actor
from app.operations.finding._id_numbers import Unreadable, seal
from app.operations.offices import organisations
from app.operations.offices.organisations import Profile
from app.operations.registers import people

pytestmark = pytest.mark.usefixtures("all_regions")

NOW = datetime(2021, 6, 21, 2, tzinfo=UTC)
NUMBER = make_citizen_id("500101", date(1980, 5, 1), 12, "male")
OTHER_NUMBER = make_citizen_id("500101", date(1978, 11, 20), 7, "female")


def unit(name: str) -> Actor:
    """An operator of a new unit."""
    with atomic():
        made = organisations.create("unit", name, "500101", actor=SYSTEM, now=NOW, profile=Profile())
        return Actor(None, made.id, name, None, "经办", frozenset({"operator"}))


@pytest.fixture
def library() -> Actor:
    return unit("万州区图书馆")


def add(actor: Actor, name="陈志强", number=NUMBER, **more) -> Person:
    with atomic():
        return people.add(actor.organisation_id, name, number, actor=actor, now=NOW, **more)


def test_what_the_number_says_is_taken_from_it(library) -> None:
    person = add(library, telephone=" 138 0013 8000 ", number=f" {NUMBER[:6]} {NUMBER[6:].lower()}")
    assert (person.gender, person.birth_date, person.telephone) == ("male", date(1980, 5, 1), "13800138000")
    assert people.id_number_of(person) == NUMBER
    assert people.find(NUMBER).id == person.id
    assert people.find(OTHER_NUMBER) is None


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (NUMBER[:-1] + ("0" if NUMBER[-1] != "0" else "1"), "校验位"),
        ("50010180050112", "18 位"),
        ("500101800501123", "15 位"),
        (make_citizen_id("500101", date(2021, 6, 22), 1, "male"), "出生日期"),
    ],
)
def test_a_wrong_number_is_told_and_not_repeated(library, number: str, told: str) -> None:
    with pytest.raises(Invalid) as refusal:
        add(library, number=number)
    sentence = refusal.value.fields["id_number"][0]
    assert told in sentence
    assert number not in sentence


def test_someone_born_today_in_china_is_possible(library) -> None:
    """At 02:00 UTC it is already the day in Shanghai; at 17:00 UTC it is the next one."""
    tomorrow = make_citizen_id("500101", date(2021, 6, 22), 1, "male")
    with atomic():
        evening = datetime(2021, 6, 21, 17, tzinfo=UTC)
        people.add(library.organisation_id, "陈小宝", tomorrow, actor=library, now=evening)


def test_nothing_readable_lies_in_the_database_or_the_log(library, caplog) -> None:
    with caplog.at_level(logging.DEBUG):
        add(library)
        with pytest.raises(Conflict):
            add(library)
    kept = ""
    for table in db.metadata.tables:
        rows = db.session.execute(text(f'SELECT t::text FROM "{table}" t')).scalars()
        kept += "".join(rows)
    for canary in (NUMBER, NUMBER.encode().hex(), NUMBER[6:14]):
        assert canary not in kept + caplog.text


@pytest.mark.usefixtures("app")
def test_equal_numbers_have_one_index_and_unequal_ciphers() -> None:
    one, two = seal(NUMBER), seal(NUMBER)
    assert one.index == two.index
    assert one.cipher != two.cipher


def test_swapped_or_broken_ciphers_are_found(library) -> None:
    one, two = add(library), add(library, "李桂芳", OTHER_NUMBER)
    with atomic() as session:
        session.execute(
            update(Person).where(Person.id == one.id).values(id_number_cipher=two.id_number_cipher)
        )
    db.session.expire_all()
    with pytest.raises(Unreadable):
        people.id_number_of(db.session.get(Person, one.id))
    two.id_number_key_id = "00000000"
    with pytest.raises(Unreadable, match="密钥"):
        people.id_number_of(two)
    db.session.rollback()


@pytest.mark.parametrize(
    ("mask", "shown"),
    [
        (Mask(head=6, tail=4), f"{NUMBER[:6]}****{NUMBER[-4:]}"),
        (Mask(head=3, tail=1, fill="***"), f"500***{NUMBER[-1]}"),
        (Mask(head=10, tail=6, fill=""), f"{NUMBER[:6]}******{NUMBER[-4:]}"),
    ],
)
def test_a_mask_is_the_schemes_and_never_shows_more_than_is_kept(library, mask: Mask, shown: str) -> None:
    assert people.masked(add(library), mask) == shown


def test_by_default_neither_birth_date_nor_sequence_shows(library) -> None:
    masked = people.masked(add(library))
    assert len(masked) == 18
    assert masked[:6] == NUMBER[:6]
    assert set(masked[6:17]) == {"*"}


def test_a_duplicate_in_the_unit_names_the_person(library) -> None:
    add(library)
    with pytest.raises(Conflict, match="已在本单位名册中（陈志强）"):
        add(library, "陈强")


def test_a_duplicate_elsewhere_betrays_nobody(library) -> None:
    add(library)
    museum = unit("万州区博物馆")
    with pytest.raises(Conflict) as refusal:
        add(museum, "陈志强")
    assert "万州区图书馆" not in refusal.value.message
    assert "陈" not in refusal.value.message
    assert "原单位" in refusal.value.message


def test_who_left_joins_another_unit_under_the_same_name(library) -> None:
    person, museum = add(library), unit("万州区博物馆")
    with atomic():
        people.leave(person.id, actor=library, now=NOW)
    with pytest.raises(Conflict):
        add(museum, "另一人")
    assert add(museum).id == person.id
    assert db.session.get(Person, person.id).unit_id == museum.organisation_id
    with pytest.raises(NotFound), atomic():
        people.edit(person.id, telephone="", actor=library, now=NOW)


def test_a_person_is_edited_by_the_own_unit_alone(library) -> None:
    person, museum = add(library), unit("万州区博物馆")
    with atomic():
        people.edit(person.id, name="单志强", ethnicity="土家族", actor=library, now=NOW)
    edited = db.session.get(Person, person.id)
    assert (edited.name, edited.ethnicity, edited.name_key[:5]) == ("单志强", "土家族", "shan4")
    for act in (
        lambda: people.edit(person.id, name="某人", actor=museum, now=NOW),
        lambda: people.leave(person.id, actor=museum, now=NOW),
    ):
        with pytest.raises(NotFound), atomic():
            act()
    with pytest.raises(Forbidden), atomic():
        people.add(library.organisation_id, "某人", OTHER_NUMBER, actor=museum, now=NOW)


def test_the_log_says_what_changed_and_no_value(library) -> None:
    person = add(library)
    with atomic():
        people.edit(person.id, telephone="13800138000", actor=library, now=NOW)
    acts = db.session.scalars(select(Act).where(Act.kind.startswith("person.")).order_by(Act.id)).all()
    assert [(act.kind, act.detail) for act in acts] == [
        ("person.added", {"unit": library.organisation_id}),
        ("person.edited", {"fields": ["telephone"]}),
    ]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=st.text(alphabet="0123456789Xx \u3000０１", max_size=24), name=st.text(max_size=60))
def test_any_input_is_taken_or_told_at_its_field(library, number: str, name: str) -> None:
    told: set[str] = set()
    try:
        add(library, name, number)
    except DomainError as refusal:
        told = set(getattr(refusal, "fields", {}))
    assert told <= {"name", "id_number"}
