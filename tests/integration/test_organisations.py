"""Organisations: their relations, who holds a role for whom, and what a merger moves (CQ-26, LIFE-04)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from app.content.identity import make_credit_code
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.extensions import atomic, db
from app.models import Act, Jurisdiction, Organisation, OrganisationName
from app.operations.actors import SYSTEM, Actor
from app.operations.offices import organisations
from app.operations.offices.organisations import Profile, RoleUnresolved

pytestmark = pytest.mark.usefixtures("all_regions")

LONG_AGO = datetime(2010, 1, 1, tzinfo=UTC)
NOW = datetime(2021, 6, 21, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
OPERATOR = Actor(None, None, None, None, "经办", frozenset({"operator"}))


@dataclass(frozen=True)
class Role:
    """A role as a scheme states it."""

    title: str = "区县人力社保局"
    relation: str = "jurisdiction"
    function: str | None = "review"
    region: str | None = "unit"
    level: str | None = None
    system: str | None = None
    optional: bool = False


def make(name: str, kind="unit", region="500101", **profile) -> int:
    with atomic():
        made = organisations.create(
            kind, name, region, actor=SYSTEM, now=LONG_AGO, profile=Profile(**profile)
        )
        return made.id


def grant(office: int, region="500101", function="review", at=LONG_AGO, **scope) -> int:
    with atomic():
        return organisations.grant_jurisdiction(office, function, region, at, actor=SYSTEM, **scope).id


def put_under(unit: int, superior: int | None, at=LONG_AGO) -> None:
    with atomic():
        organisations.assign_superior(unit, superior, at, actor=SYSTEM)


def merge(old: int, into: int, at=NOW) -> list[int]:
    with atomic():
        return organisations.merge(old, into, at, ground="渝委编〔2021〕9号", actor=SYSTEM)


@contextmanager
def counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_c, _cursor, statement, *_rest) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@pytest.fixture
def library() -> int:
    return make("万州区图书馆", level="district", system="other", nature="institution")


@pytest.fixture
def bureau() -> int:
    return make("万州区人力资源和社会保障局", "office")


class TestResolution:
    def test_the_unit_itself(self, library) -> None:
        assert organisations.resolve_role(Role(relation="unit"), library, NOW) == library

    def test_the_office_of_the_county_comes_before_the_citys(self, library, bureau) -> None:
        city = make("市人力社保局", "office", "500000")
        grant(city, "500000")
        assert organisations.resolve_role(Role(), library, NOW) == city
        grant(bureau)
        assert organisations.resolve_role(Role(), library, NOW) == bureau

    def test_a_fixed_region_is_asked_whatever_the_units_is(self, library, bureau) -> None:
        city = make("市工考办", "office", "500000")
        grant(bureau)
        grant(city, "500000")
        assert organisations.resolve_role(Role(region="500000"), library, NOW) == city

    def test_level_and_system_of_a_grant_must_fit(self, bureau) -> None:
        party_unit = make("万州区委党校", system="party", level="district")
        grant(bureau, level="district")
        cadre = make("区委组织部干部科", "office")
        grant(cadre, system="party", level="district")
        assert organisations.resolve_role(Role(system="unit"), party_unit, NOW) == cadre
        assert organisations.resolve_role(Role(system="other"), party_unit, NOW) == bureau
        with pytest.raises(RoleUnresolved):
            organisations.resolve_role(Role(level="municipal"), party_unit, NOW)

    def test_a_hole_names_role_and_unit(self, library) -> None:
        with pytest.raises(RoleUnresolved, match=r"区县人力社保局.*万州区图书馆.*核对机构管辖"):
            organisations.resolve_role(Role(), library, NOW)
        assert organisations.resolve_role(Role(optional=True), library, NOW) is None

    def test_a_tie_is_never_decided_by_chance(self, library, bureau) -> None:
        other = make("万州区委组织部", "office")
        grant(bureau, level="district")
        grant(other, system="other")
        for optional in (False, True):
            with pytest.raises(RoleUnresolved, match=r"万州区人力资源和社会保障局.*同时管辖|万州区委组织部"):
                organisations.resolve_role(
                    Role(level="district", system="other", optional=optional), library, NOW
                )

    def test_grants_count_from_their_day_to_the_next_ones(self, library, bureau) -> None:
        other = make("万州区技能中心", "office")
        grant(bureau)
        grant(other, at=NOW)
        assert organisations.resolve_role(Role(), library, NOW - timedelta(microseconds=1)) == bureau
        assert organisations.resolve_role(Role(), library, NOW) == other

    def test_the_superior_is_the_one_of_that_day(self, library) -> None:
        first = make("万州区文化委", "department")
        second = make("万州区文旅委", "department")
        role = Role(relation="superior", title="主管部门")
        with pytest.raises(RoleUnresolved, match=r"主管部门.*万州区图书馆"):
            organisations.resolve_role(role, library, NOW)
        assert organisations.resolve_role(Role(relation="superior", optional=True), library, NOW) is None
        put_under(library, first)
        put_under(library, second, at=NOW)
        assert organisations.resolve_role(role, library, NOW - timedelta(days=1)) == first
        assert organisations.resolve_role(role, library, NOW) == second
        put_under(library, None, at=LATER)
        assert organisations.resolve_role(Role(relation="superior", optional=True), library, LATER) is None

    def test_it_takes_two_statements(self, library, bureau) -> None:
        grant(bureau)
        put_under(library, make("万州区文化委", "department"))
        for role in (Role(), Role(relation="superior"), Role(relation="unit")):
            with counted() as statements:
                organisations.resolve_role(role, library, NOW)
            assert len(statements) <= 2

    def test_nobody_knows_the_unit(self) -> None:
        with pytest.raises(NotFound):
            organisations.resolve_role(Role(), 12345, NOW)

    def test_gaps_name_the_areas_without_an_office_or_with_two(self, bureau) -> None:
        grant(bureau)
        grant(bureau, "500102", level="district")
        grant(make("涪陵区另一机构", "office", "500102"), "500102", system="other")
        areas = ["500101", "500102", "500103"]
        assert organisations.office_gaps(Role(), areas, NOW) == {"500102": 2, "500103": 0}
        assert organisations.office_gaps(Role(region="500101"), areas, NOW) == {}


class TestRelations:
    def test_no_circle(self) -> None:
        above, below = make("甲部门", "department"), make("乙部门", "department")
        put_under(below, above)
        with pytest.raises(Conflict, match="成环"):
            put_under(above, below)
        with pytest.raises(Conflict, match="成环"):
            put_under(above, above)

    def test_a_unit_is_nobodys_superior_and_performs_no_function(self, library) -> None:
        with pytest.raises(Invalid):
            put_under(make("乙单位"), library)
        with pytest.raises(Invalid):
            grant(library)

    def test_a_relation_does_not_begin_before_a_later_one(self, library) -> None:
        department = make("甲部门", "department")
        put_under(library, department, at=NOW)
        with pytest.raises(Conflict, match="更晚"):
            put_under(library, department, at=NOW - timedelta(days=1))

    def test_an_ended_grant_no_longer_counts(self, library, bureau) -> None:
        granted = grant(bureau)
        with atomic():
            organisations.end_jurisdiction(granted, NOW, ground="职责划转", actor=SYSTEM)
        assert organisations.resolve_role(Role(), library, NOW - timedelta(days=1)) == bureau
        with pytest.raises(RoleUnresolved):
            organisations.resolve_role(Role(), library, NOW)

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(days=st.lists(st.integers(0, 400), min_size=1, max_size=6))
    def test_at_no_instant_do_two_superiors_hold(self, days: list[int]) -> None:
        """Whatever order they are entered in, refused or not."""
        unit = make("甲单位")
        superiors = [make(f"主管部门{number}", "department") for number in range(len(days))]
        for superior, day in zip(superiors, days, strict=True):
            try:
                put_under(unit, superior, at=LONG_AGO + timedelta(days=day))
            except Conflict:
                db.session.rollback()
        rows = db.session.execute(
            db.text("SELECT * FROM subordination WHERE organisation_id = :unit ORDER BY valid_from"),
            {"unit": unit},
        ).all()
        assert rows[-1].valid_to is None
        assert all(row.valid_from < row.valid_to for row in rows[:-1])
        assert all(a.valid_to == b.valid_from for a, b in pairwise(rows))


class TestRegistration:
    def test_a_credit_code_is_used_once(self) -> None:
        code = make_credit_code("500101", 7)
        with atomic():
            organisations.create("unit", "甲单位", "500101", code=code, actor=SYSTEM, now=NOW)
        with pytest.raises(Conflict, match="原有的账号"), atomic():
            organisations.create("unit", "乙单位", "500101", code=code, actor=SYSTEM, now=NOW)

    def test_only_an_administrator_makes_and_changes_organisations(self, library) -> None:
        with pytest.raises(Forbidden), atomic():
            organisations.create("unit", "甲单位", "500101", actor=OPERATOR, now=NOW)
        with pytest.raises(Forbidden), atomic():
            organisations.rename(library, "万州图书馆", NOW, ground="批复", actor=OPERATOR)
        with pytest.raises(Forbidden), atomic():
            organisations.close(library, NOW, ground="批复", actor=OPERATOR)

    def test_an_unknown_region_is_told(self) -> None:
        with pytest.raises(Invalid) as refusal:
            make("甲单位", region="999999")
        assert refusal.value.fields["region"]

    def test_facts_for_a_case(self, library) -> None:
        assert organisations.facts(library, NOW) == {
            "id": library,
            "name": "万州区图书馆",
            "region": "500101",
            "region_name": "万州区",
            "level": "district",
            "system": "other",
            "nature": "institution",
            "has_superior": False,
            "superior_name": None,
        }
        put_under(library, make("万州区文化委", "department"))
        facts = organisations.facts(library, NOW)
        assert (facts["has_superior"], facts["superior_name"]) == (True, "万州区文化委")


class TestReorganisation:
    """Of organisations without work in hand; with cases: test_reorganisation."""

    def test_the_successor_takes_the_grants(self, library, bureau) -> None:
        into = make("万州区人社和编制局", "office")
        grant(bureau)
        grant(bureau, "500102", until=LATER)
        merge(bureau, into)
        assert organisations.resolve_role(Role(), library, NOW) == into
        assert db.session.get(Organisation, bureau).name == "万州区人力资源和社会保障局"
        ends = select(Jurisdiction.region, Jurisdiction.valid_to).where(Jurisdiction.office_id == into)
        assert dict(db.session.execute(ends).tuples().all()) == {"500101": None, "500102": LATER}

    def test_a_merged_unit_is_its_successor(self, library, bureau) -> None:
        department, new = make("万州区文化委", "department"), make("万州区文化馆", region="500102")
        put_under(new, department)
        grant(bureau, "500102")
        merge(library, new)
        assert organisations.resolve_role(Role(relation="unit"), library, NOW) == new
        assert organisations.resolve_role(Role(), library, NOW) == bureau
        assert organisations.resolve_role(Role(relation="superior"), library, NOW) == department
        assert organisations.facts(library, NOW)["name"] == "万州区文化馆"
        assert sorted(organisations.line_of(new)) == sorted([library, new])

    def test_a_rename_keeps_the_old_name(self, library) -> None:
        with atomic():
            organisations.rename(library, "万州区公共图书馆", NOW, ground="批复", actor=SYSTEM)
        names = db.session.execute(
            select(OrganisationName.name, OrganisationName.valid_to).order_by(OrganisationName.valid_from)
        ).all()
        assert names == [("万州区图书馆", NOW), ("万州区公共图书馆", None)]
        assert db.session.get(Organisation, library).name == "万州区公共图书馆"
        assert organisations.facts(library, NOW)["name"] == "万州区公共图书馆"

    def test_every_change_states_its_ground(self, library) -> None:
        with pytest.raises(Invalid), atomic():
            organisations.rename(library, "万州区公共图书馆", NOW, ground=" ", actor=SYSTEM)

    def test_a_date_before_the_merger_leads_to_todays_office(self, library, bureau) -> None:
        """A role as of 2020-12-31 is resolved in 2021 to the office's successor, not to a closed one."""
        middle, last = make("过渡机构", "office"), make("万州区人社和编制局", "office")
        grant(bureau)
        merge(bureau, middle, NOW)
        merge(middle, last, LATER)
        assert organisations.resolve_role(Role(), library, LONG_AGO + timedelta(days=1)) == last

    def test_units_below_a_merged_department_follow(self, library) -> None:
        old, new = make("万州区文化委", "department"), make("万州区文旅委", "department")
        put_under(library, old)
        merge(old, new)
        role = Role(relation="superior")
        assert organisations.resolve_role(role, library, NOW) == new
        assert organisations.resolve_role(role, library, NOW - timedelta(days=1)) == new

    def test_a_successor_with_the_same_grant_gets_no_second_one(self, library, bureau) -> None:
        into = make("市人社局", "office", "500000")
        grant(bureau, level="district")
        grant(into, function="other_function")
        merge(bureau, into)
        live = db.session.scalars(select(Jurisdiction.function).where(Jurisdiction.valid_to.is_(None))).all()
        assert sorted(live) == ["other_function", "review"]

    def test_a_unit_is_not_merged_into_an_office_nor_into_itself_nor_twice(self, library, bureau) -> None:
        for into in (bureau, library):
            with pytest.raises(Conflict):
                merge(library, into)
        other = make("乙单位")
        merge(library, other)
        with pytest.raises(Conflict, match="已经撤销"):
            merge(library, other)
        with pytest.raises(Conflict, match="已经撤销"):
            merge(other, library)

    def test_a_closed_office_holds_nothing(self, library, bureau) -> None:
        grant(bureau)
        with atomic():
            organisations.close(bureau, NOW, ground="撤销", actor=SYSTEM)
        for as_of in (NOW - timedelta(days=1), NOW):
            with pytest.raises(RoleUnresolved):
                organisations.resolve_role(Role(), library, as_of)


ADMINISTRATOR = Actor(None, None, None, None, "管理员", frozenset({"administrator"}))
GROUND = "渝人社〔2021〕7号"


class TestAdministration:
    """ALL-03: each act of an administrator has its ground, and the log keeps it."""

    def test_what_an_organisation_is_known_by_is_amended(self, library) -> None:
        said = Profile(level="municipal", contact="", telephone="023-63000000")
        with atomic():
            organisations.amend(library, said, actor=ADMINISTRATOR, now=NOW, ground=GROUND)
        facts = organisations.facts(library, NOW)
        assert (facts["level"], facts["system"]) == ("municipal", "other"), "what is left out stays"
        logged = db.session.scalars(select(Act).where(Act.kind == "organisation.amended")).one()
        assert logged.detail == {"level": ["district", "municipal"], "telephone": [None, "023-63000000"]}
        with pytest.raises(Invalid, match="没有需要更改"), atomic():
            organisations.amend(library, said, actor=ADMINISTRATOR, now=NOW, ground=GROUND)
        with pytest.raises(Forbidden), atomic():
            organisations.amend(library, said, actor=OPERATOR, now=NOW, ground=GROUND)

    def test_without_a_ground_nothing_is_done(self, library, bureau) -> None:
        granted, department = grant(bureau), make("甲部门", "department")
        who = {"actor": ADMINISTRATOR}
        for act in (
            lambda: organisations.create("office", "乙处", "500101", now=NOW, profile=Profile(), **who),
            lambda: organisations.amend(library, Profile(level="municipal"), now=NOW, **who),
            lambda: organisations.assign_superior(library, department, NOW, **who),
            lambda: organisations.grant_jurisdiction(bureau, "final_review", "500101", NOW, **who),
            lambda: organisations.end_jurisdiction(granted, NOW, **who),
            lambda: organisations.rename(library, "万州图书馆", NOW, ground=" ", **who),
        ):
            with pytest.raises(Invalid) as refusal, atomic():
                act()
            assert list(refusal.value.fields) == ["ground"]

    def test_nobody_closes_their_own_organisation(self, bureau) -> None:
        own = Actor(None, bureau, None, None, "管理员", frozenset({"administrator"}))
        with pytest.raises(Conflict, match="自己所在的机构"), atomic():
            organisations.close(bureau, NOW, ground=GROUND, actor=own)

    def test_the_log_tells_when_it_was_decided_and_since_when_it_counts(self, library, bureau) -> None:
        who = {"actor": ADMINISTRATOR, "ground": GROUND, "told_at": NOW}
        department = make("甲部门", "department")
        with atomic():
            row = organisations.grant_jurisdiction(bureau, "review", "500101", LATER, **who)
            organisations.end_jurisdiction(row.id, LATER + timedelta(days=1), **who)
            organisations.assign_superior(library, department, LATER, **who)
        for kind in ("jurisdiction.granted", "jurisdiction.ended", "organisation.subordinated"):
            logged = db.session.scalars(select(Act).where(Act.kind == kind, Act.actor_name == "管理员")).one()
            assert (logged.at, logged.ground) == (NOW, GROUND)
            assert LATER.date().isoformat()[:7] in str(logged.detail)
