"""Issue 5: people and cases are found by what one knows of them, and by nobody who may not see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    OTHER_BUREAU,
    OTHER_UNIT,
    SCHEME,
    at,
    make_world,
    open_filing,
    publish_tiny,
)

from app import clock
from app.content.identity import make_citizen_id
from app.content.searching import read_typed
from app.extensions import atomic, db
from app.models import Case, CaseKey, Organisation, OrganisationKey, Person, PersonKey
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.evidence import verify
from app.operations.evidence._search_checks import search_faults
from app.operations.offices import organisations
from app.operations.registers import people, register
from app.operations.trials.worlds import Built
from app.queries import search
from app.queries.paging import Page
from app.queries.visibility import sight_of

DEPARTMENT = "东溪区文化局"
NAMES = ["单雄信", "曾国藩", "仇英", "翟天临", "解晓东", "查良镛", "欧阳修", "吕布", "张伟", "张小伟", "魏张"]


BY_NAME = [
    ("张", ["张伟", "张小伟", "魏张"]),
    ("伟", ["张伟", "张小伟"]),
    ("小伟", ["张小伟"]),
    ("zhangwei", ["张伟"]),
    ("zhang wei", ["张伟"]),
    ("ＺｈāｎｇＷěｉ", ["张伟"]),
    ("zhang", ["张伟", "张小伟", "魏张"]),
    ("zw", ["张伟"]),
    ("Z X W", ["张小伟"]),
    ("xw", ["张小伟"]),
    ("张 wei", ["张伟", "张小伟", "魏张"]),
    ("张wei", ["张伟", "张小伟", "魏张"]),
    ("单", ["单雄信"]),
    ("shan", ["单雄信"]),
    ("danxiong", ["单雄信"]),
    ("zeng", ["曾国藩"]),
    ("ceng", ["曾国藩"]),
    ("qiuying", ["仇英"]),
    ("chouying", ["仇英"]),
    ("zhai", ["翟天临"]),
    ("di tian lin", ["翟天临"]),
    ("xie xiao dong", ["解晓东"]),
    ("jiexd", []),
    ("jxd", ["解晓东"]),
    ("zha", ["翟天临", "查良镛", "张伟", "张小伟", "魏张"]),
    ("cha", ["查良镛", "单雄信"]),
    ("ouyang", ["欧阳修"]),
    ("lvbu", ["吕布"]),
    ("lǚ bù", ["吕布"]),
    ("lyu", ["吕布"]),
    ("lü", ["吕布"]),
    ("张三", []),
    ("%", []),
    ("_", []),
    ("", []),
]


@dataclass
class Library:
    """The made-up jurisdiction, and more people in the library, each with a filing."""

    world: Built
    ids: dict[str, int]
    cases: dict[str, int]

    def asked(self, typed: str, name: str = LIBRARY, **more: str) -> search.Asked:
        organisation = db.session.get(Organisation, self.world.organisations[name])
        sight = sight_of(self.world.actors[name], organisation, clock.now())
        return search.Asked(read_typed(typed), sight, clock.now(), **more)

    def people(self, typed: str, name: str = LIBRARY) -> list[str]:
        page = search.people(self.asked(typed, name))
        assert page.next is None
        return [row.person.name for row in page.rows]

    def found(self, typed: str, name: str = LIBRARY, **more: str) -> list[int]:
        return [row.case.id for row in search.cases(self.asked(typed, name, **more)).rows]


def number(sequence: int) -> str:
    return make_citizen_id("510102", date(1990, 1, 2), sequence, "male")


@pytest.fixture
def library(app: Flask) -> Library:
    publish_tiny()
    with atomic():
        clocks.open_clock(SCHEME, at("2021-06-11 09:00"), SYSTEM, clock.now())
    world, ids = make_world(), {}
    with atomic():
        for sequence, name in enumerate(NAMES):
            unit = world.organisations[LIBRARY]
            ids[name] = people.add(unit, name, number(sequence), actor=SYSTEM, now=clock.now()).id
    world = Built(world.organisations, {**world.people, **ids}, world.actors)
    cases = {name: open_filing(world, name) for name in ("张伟", "魏张", "陈一")}
    return Library(world, ids, cases)


def test_people_by_name(library: Library) -> None:
    assert {typed: library.people(typed) for typed, _ in BY_NAME} == dict(BY_NAME)


def test_people_by_number(library: Library) -> None:
    whole = number(8)
    assert library.people(whole) == ["张伟"]
    assert library.people(f" {whole[:6]} {whole[6:14]}-{whole[14:].lower()} ") == ["张伟"]
    assert library.people("".join(chr(ord(sign) + 0xFEE0) for sign in whole)) == ["张伟"]
    assert library.people(whole[-4:]) == ["张伟"]
    assert library.people(f"510***********{whole[-4:]}") == ["张伟"]
    assert library.people(f"510102****{whole[-4:]}") == ["张伟"]
    assert "张伟" in library.people(f"510102***********{whole[-1]}")
    assert library.people(f"310***********{whole[-4:]}") == []
    assert library.people("510***********") == []
    assert library.people(number(400)) == []
    assert library.people(f"张 {whole[-4:]}") == ["张伟"]
    assert library.people(f"单 {whole[-4:]}") == []


def test_cases_by_person_number_and_unit(library: Library) -> None:
    cases = library.cases
    assert library.found("张") == [cases["张伟"], cases["魏张"]]
    assert library.found(number(8)) == [cases["张伟"]]
    assert library.found(str(cases["陈一"])) == [cases["陈一"]]
    assert library.found(f"#{cases['陈一']}") == [cases["陈一"]]
    everything = sorted(cases.values(), reverse=True)
    for typed in ("图书馆", "东溪", "dongxiqu", "tsg", "dxqtsg"):
        assert library.found(typed) == everything, typed
    assert library.found("图书馆 张伟") == [cases["张伟"]]
    assert library.found("图书馆", state="ended") == []
    assert library.found("图书馆", state="running", scheme_id=SCHEME) == everything
    assert library.found("图书馆", scheme_id="other-2021") == []


def test_people_of_a_unit_come_after_those_of_that_name(library: Library) -> None:
    assert set(library.people("tushuguan")) == {*NAMES, "陈一", "李二", "王三"}
    with atomic():
        named = people.add(
            library.world.organisations[OTHER_UNIT], "东溪", number(99), actor=SYSTEM, now=clock.now()
        )
    assert library.people("东溪", OFFICE)[0] == named.name


def test_who_finds_the_librarys_people_and_cases(library: Library) -> None:
    case_id, last = library.cases["张伟"], number(8)[-4:]
    for viewer in (LIBRARY, DEPARTMENT, BUREAU, OFFICE, OTHER_UNIT, OTHER_BUREAU):
        sees = viewer not in (OTHER_UNIT, OTHER_BUREAU)
        # A department sees of the cases those alone in which it had something to do.
        sees_case = sees and viewer != DEPARTMENT
        for typed in ("张伟", "zw", number(8), "图书馆"):
            assert ("张伟" in library.people(typed, viewer)) == sees, (viewer, typed)
            assert (case_id in library.found(typed, viewer)) == sees_case, (viewer, typed)
        assert (library.people(last, viewer) == ["张伟"]) == sees
        assert (library.found(str(case_id), viewer) == [case_id]) == sees_case


def test_an_account_of_no_organisation_finds_nothing(library: Library) -> None:
    sight = sight_of(SYSTEM, None, clock.now())
    for typed in ("张", "图书馆", number(8), str(library.cases["张伟"])):
        asked = search.Asked(read_typed(typed), sight, clock.now())
        assert search.people(asked).rows == search.cases(asked).rows == []


def test_who_has_left_is_found_by_the_case_alone(library: Library) -> None:
    with atomic():
        people.leave(library.ids["张伟"], actor=SYSTEM, now=clock.now())
    assert library.people("张伟") == []
    assert library.found("张伟") == [library.cases["张伟"]]


def test_a_new_unit_finds_whom_it_took_and_the_old_one_the_case(library: Library) -> None:
    with atomic():
        people.leave(library.ids["张伟"], actor=SYSTEM, now=clock.now())
        unit = library.world.organisations[OTHER_UNIT]
        people.add(unit, "张伟", number(8), actor=SYSTEM, now=clock.now())
    assert library.people("张伟") == []
    assert library.people("张伟", OTHER_UNIT) == library.people("zw", OFFICE) == ["张伟"]
    assert library.found("张伟") == library.found("张伟", OFFICE) == [library.cases["张伟"]]
    assert library.found("张伟", OTHER_UNIT) == []


def test_a_renamed_person_and_unit_are_found_by_what_they_are_called(library: Library) -> None:
    with atomic():
        people.edit(library.ids["张伟"], name="章炜", actor=SYSTEM, now=clock.now())
        organisations.rename(
            library.world.organisations[LIBRARY], "东溪区文献中心", clock.now(), ground="文件", actor=SYSTEM
        )
    assert library.people("章") == ["章炜"]
    assert "章炜" not in library.people("张")
    assert library.people("wenxian")
    assert library.people("图书馆"), "the name that it bore is known to people"


def test_a_successor_finds_all_that_it_took_over(library: Library) -> None:
    old, into = (library.world.organisations[name] for name in (LIBRARY, OTHER_UNIT))
    with atomic():
        organisations.merge(old, into, clock.now(), ground="文件", actor=SYSTEM)
    assert library.people("张伟", OTHER_UNIT) == ["张伟"]
    assert library.found("张伟", OTHER_UNIT) == [library.cases["张伟"]]
    assert library.people("张伟", OFFICE) == ["张伟"]
    assert library.found("张伟", OFFICE) == [library.cases["张伟"]]


def test_people_by_the_trade_that_they_hold(library: Library) -> None:
    with atomic():
        register.enter(library.ids["张伟"], "图书资料员", "senior", None, actor=SYSTEM, now=clock.now())
    assert library.people("图书资料") == ["张伟"]
    (row,) = search.people(library.asked("图书资料员")).rows
    assert [held.trade for held in row.held] == ["图书资料员"]
    assert row.newest is not None
    assert row.newest.id == library.cases["张伟"]


@pytest.mark.corrupts
def test_cases_by_trade_follow_the_case(library: Library) -> None:
    case_id, other = library.cases["张伟"], library.cases["魏张"]
    with atomic() as session:
        for one in (case_id, other):
            session.execute(update(Case).where(Case.id == one).values(listed={"trade": "管道工"}))
    assert library.found("管道工") == [other, case_id]
    with atomic() as session:
        session.execute(update(Case).where(Case.id == case_id).values(listed={"trade": "护理员"}))
        session.execute(update(Case).where(Case.id == other).values(listed={}))
    assert library.found("管道工") == []
    assert library.found("护理员") == library.found("护理员", BUREAU) == [case_id]
    assert library.found("护理员", OTHER_BUREAU) == []


def test_pages_hold_everybody_once_and_in_one_order(library: Library) -> None:
    with atomic():
        people.add(library.world.organisations[OTHER_UNIT], "张张", number(77), actor=SYSTEM, now=clock.now())
    for typed in ("zh", "张", "图书馆", "w", "张 wei", "东溪"):
        asked = library.asked(typed, OFFICE)
        for group in (search.people, search.cases):
            whole = group(asked).rows
            for size in (1, 2, 3):
                assert paged(group, asked, size) == whole, (typed, size)
            ids = [row.person.id if group is search.people else row.case.id for row in whole]
            assert len(ids) == len(set(ids)) > 0, typed


def paged(group: Callable[..., Page[Any]], asked: search.Asked, size: int) -> list[Any]:
    rows, after = [], None
    while True:
        page = group(asked, after, size)
        assert len(page.rows) <= size
        rows += page.rows
        after = page.next
        if after is None:
            return rows


def test_a_mangled_cursor_is_the_first_page(library: Library) -> None:
    asked = library.asked("张")
    for cursor in ("x", "9.1", "-1.1", "0.99999999999999999999", "0.", "1"):
        assert search.people(asked, cursor).rows == search.people(asked).rows


@pytest.mark.corrupts
def test_verify_finds_keys_that_are_not_as_they_should_be(library: Library) -> None:
    assert not list(verify.verify_all())
    person_id, case_id = library.ids["张伟"], library.cases["张伟"]
    broken = [
        delete(PersonKey).where(PersonKey.person_id == person_id, PersonKey.key == "zw"),
        update(PersonKey).where(PersonKey.person_id == person_id).values(region="990102"),
        delete(PersonKey).where(PersonKey.person_id == person_id),
        update(Person).where(Person.id == person_id).values(name="张炜"),
        update(OrganisationKey).where(OrganisationKey.key == "dxqtsg").values(key="x"),
        update(Case).where(Case.id == case_id).values(unit_id=library.world.organisations[OTHER_UNIT]),
    ]
    for statement in broken:
        db.session.execute(statement)
        assert len(list(search_faults())) == 1, str(statement)
        db.session.rollback()
    db.session.execute(update(Case).where(Case.id == case_id).values(listed={"trade": "甲"}))
    db.session.execute(update(CaseKey).values(trade="乙"))
    assert [where for where, _ in search_faults()] == [case_id]
    db.session.rollback()


def test_nothing_of_a_number_but_its_ends_is_in_the_keys(library: Library) -> None:
    keys = db.session.scalars(select(PersonKey.key).where(PersonKey.person_id == library.ids["张伟"])).all()
    digits = [key for key in keys if any(map(str.isdigit, key))]
    assert len(digits) == 3
    assert not any(number(8)[6:14] in key for key in digits)
