"""Whoever applies acts for themselves: their account, what is theirs to do, and what never is."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from support.applying import (
    ADDRESS,
    ROLE,
    applicant,
    applicant_files,
    hand_out,
    number_of,
    publish_applicants,
)
from support.world import (
    BUREAU,
    LIBRARY,
    OTHER_UNIT,
    SCHEME,
    at,
    case_row,
    complete,
    make_world,
    open_filing,
    register_posts,
    task_of,
    technician,
    upload,
)

from app.content.checks import check_scheme
from app.errors import Closed, Conflict, Invalid, NotFound, Refused
from app.extensions import atomic, db
from app.models import Account, Act, Activation, Person, Task, TaskDraft
from app.operations import cases, sayings, tasks
from app.operations.access import accounts, applicants
from app.operations.access.accounts import SignInRefused
from app.operations.access.applicants import ActivationRefused
from app.operations.actors import SYSTEM, Actor
from app.operations.capabilities import declarations
from app.operations.registers import people
from app.operations.trials.worlds import Built

TODAY = at("2021-06-10 09:00")
NEW = "Kite-orchard-81"


@pytest.fixture
def world(app: Flask) -> Built:
    publish_applicants()
    built = make_world()
    register_posts(built, {"technician": 1, "junior": 2})
    return built


def activate(
    world: Built,
    code: str,
    *,
    name: str = "陈一",
    number: str = "",
    now: datetime = TODAY,
    password: str = NEW,
) -> tuple[str, str]:
    with atomic():
        return applicants.activate(name, number or number_of(world), code, password, ADDRESS, now)


# The account


def test_a_person_sets_their_own_password_with_the_code_that_the_unit_gave(world: Built) -> None:
    opened = hand_out(world)
    token, login = activate(world, opened.code.lower().replace("-", " "))
    assert login == opened.login
    me = accounts.caller_of(token, TODAY).actor
    assert (me.person_id, me.organisation_id, me.duties) == (world.people["陈一"], None, {"applicant"})
    with atomic():
        assert accounts.sign_in(login, NEW, ADDRESS, TODAY)


def test_a_code_works_once(world: Built) -> None:
    opened = hand_out(world)
    activate(world, opened.code)
    with pytest.raises(ActivationRefused):
        activate(world, opened.code, password="Another-orchard-82")


@pytest.mark.parametrize(
    "wrong", [{"name": "李二"}, {"number": "11010119800101001X"}, {"code": "AAAA-BBBB-CCCC"}], ids=str
)
def test_name_number_and_code_must_all_be_right(world: Built, wrong: dict[str, str]) -> None:
    opened = hand_out(world)
    with pytest.raises(ActivationRefused):
        activate(world, **{"code": opened.code, **wrong})
    assert activate(world, opened.code)


def test_a_code_ends_after_thirty_days(world: Built) -> None:
    opened = hand_out(world)
    with pytest.raises(ActivationRefused):
        activate(world, opened.code, now=opened.until)


def test_somebody_elses_code_opens_nothing(world: Built) -> None:
    hand_out(world)
    theirs = hand_out(world, "李二")
    with pytest.raises(ActivationRefused):
        activate(world, theirs.code)


def test_wrong_codes_lock_the_account_as_wrong_passwords_do(world: Built) -> None:
    opened = hand_out(world)
    for _ in range(accounts.FREE_FAILURES):
        with pytest.raises(ActivationRefused):
            activate(world, "AAAA-BBBB-CCCC")
    with pytest.raises(ActivationRefused):
        activate(world, opened.code)
    assert activate(world, opened.code, now=TODAY + timedelta(minutes=2))


def test_a_weak_password_is_told_and_the_code_still_works(world: Built) -> None:
    opened = hand_out(world)
    with pytest.raises(Invalid):
        activate(world, opened.code, password="12345678")
    assert activate(world, opened.code)


def test_without_a_password_nobody_signs_in(world: Built) -> None:
    opened = hand_out(world)
    with atomic(), pytest.raises(SignInRefused):
        accounts.sign_in(opened.login, "", ADDRESS, TODAY)


def test_a_new_code_ends_the_old_password_and_the_sessions(world: Built) -> None:
    token, login = activate(world, hand_out(world).code)
    again = hand_out(world)
    assert again.login == login
    assert accounts.caller_of(token, TODAY) is None
    with atomic(), pytest.raises(SignInRefused):
        accounts.sign_in(login, NEW, ADDRESS, TODAY)
    assert activate(world, again.code, password="Another-orchard-82")


def test_a_unit_opens_accounts_for_its_own_people_alone(world: Built) -> None:
    with atomic(), pytest.raises(NotFound):
        applicants.open_account(world.people["陈一"], actor=world.actors[OTHER_UNIT], now=TODAY)


def test_many_are_opened_at_once_and_nobody_twice(world: Built) -> None:
    first = hand_out(world)
    with atomic():
        unit = world.organisations[LIBRARY]
        opened = applicants.open_missing(unit, actor=world.actors[LIBRARY], now=TODAY)
        people_of_unit = people_names(unit)
        again = applicants.open_missing(unit, actor=world.actors[LIBRARY], now=TODAY)
    assert {one.name for one in opened} == people_of_unit - {first.name}
    assert again == []


def people_names(unit_id: int) -> set[str]:
    return set(db.session.scalars(select(Person.name).where(Person.unit_id == unit_id)))


def test_who_leaves_the_unit_is_signed_out_for_good(world: Built) -> None:
    token, login = activate(world, hand_out(world).code)
    with atomic():
        people.leave(world.people["陈一"], actor=world.actors[LIBRARY], now=TODAY)
    assert accounts.caller_of(token, TODAY) is None
    with atomic(), pytest.raises(SignInRefused):
        accounts.sign_in(login, NEW, ADDRESS, TODAY)
    with atomic(), pytest.raises(Conflict):
        applicants.open_account(world.people["陈一"], actor=world.actors[LIBRARY], now=TODAY)


def test_an_officers_account_of_the_same_person_stays_apart(world: Built) -> None:
    """In the world each person has an operator's account of their unit, linked to them (ALL-04)."""
    officer, person = world.actors["陈一"], applicant(world)
    assert (officer.person_id, officer.has("applicant")) == (person.person_id, False)
    with atomic():
        people.leave(world.people["陈一"], actor=world.actors[LIBRARY], now=TODAY)
    disabled = select(Account.id).where(Account.disabled_at.is_not(None))
    assert db.session.scalars(disabled).all() == [person.account_id]


def test_other_duties_are_not_given_to_an_applicants_account(world: Built) -> None:
    person = applicant(world)
    with atomic(), pytest.raises(Conflict):
        accounts.set_duties(person.account_id, ["operator"], actor=SYSTEM, now=TODAY, ground="x")


def test_codes_and_numbers_are_in_no_log(world: Built) -> None:
    opened = hand_out(world)
    activate(world, opened.code)
    told = str([(act.kind, act.detail) for act in db.session.scalars(select(Act))])
    assert opened.code not in told
    assert number_of(world) not in told
    assert db.session.scalars(select(Activation)).all() == []


# What is theirs


def test_a_task_of_the_person_bears_them_and_an_offices_nobody(world: Built) -> None:
    case_id = open_filing(world)
    assert db.session.get_one(Task, task_of(case_id)).person_id == world.people["陈一"]
    complete(case_id, "fill", technician(world), world.actors[LIBRARY], "2021-06-10 10:00")
    assert db.session.get_one(Task, task_of(case_id, "first_review")).person_id is None


def test_the_person_fills_in_and_submits_and_the_log_names_them(world: Built) -> None:
    person, case_id = applicant(world), open_filing(world)
    task_id = task_of(case_id)
    with atomic():
        tasks.save_draft(task_id, {"grade": "junior"}, person, TODAY)
    assert db.session.get_one(TaskDraft, task_id).values == {"grade": "junior"}
    complete(case_id, "fill", {"grade": "junior", "summary": "扎实"}, person, "2021-06-10 10:00")
    task = db.session.get_one(Task, task_id)
    assert (task.completed_by, task.completed_for) == (person.account_id, None)
    assert case_row(case_id).status == "待区人社局审核"


def test_the_unit_may_do_it_just_as_well(world: Built) -> None:
    applicant(world)
    case_id = open_filing(world)
    complete(
        case_id, "fill", {"grade": "junior", "summary": "扎实"}, world.actors[LIBRARY], "2021-06-10 10:00"
    )
    assert case_row(case_id).status == "待区人社局审核"


def test_what_is_not_theirs_is_as_if_it_were_not_there(world: Built) -> None:
    other, case_id = applicant(world, "李二"), open_filing(world)
    with pytest.raises(NotFound):
        complete(case_id, "fill", {"grade": "junior", "summary": "扎实"}, other, "2021-06-10 10:00")
    with atomic(), pytest.raises(NotFound):
        tasks.save_draft(task_of(case_id), {}, other, TODAY)
    with atomic(), pytest.raises(NotFound):
        cases.message(case_id, "withdrawn", {}, other, TODAY)


def test_no_review_is_ever_the_persons(world: Built) -> None:
    person, case_id = applicant(world), open_filing(world)
    complete(case_id, "fill", {"grade": "junior", "summary": "扎实"}, person, "2021-06-10 10:00")
    with pytest.raises(NotFound):
        complete(case_id, "first_review", {"decision": "approve"}, person, "2021-06-10 11:00")


def test_deadlines_hold_for_the_person(world: Built) -> None:
    person, case_id = applicant(world), open_filing(world)
    with pytest.raises(Closed):
        complete(case_id, "fill", {"grade": "junior", "summary": "扎实"}, person, "2021-07-01 00:00:00")


def test_the_person_withdraws(world: Built) -> None:
    person, case_id = applicant(world), open_filing(world)
    assert [one.saying.message for one in sayings.sayable(case_row(case_id), person, TODAY)] == ["withdrawn"]
    with atomic():
        assert cases.message(case_id, "withdrawn", {}, person, TODAY) == "已撤回"
    with atomic(), pytest.raises(Conflict):
        cases.message(case_id, "withdrawn", {}, person, TODAY)


def test_what_the_person_uploaded_the_unit_submits_and_the_other_way_round(world: Built) -> None:
    for who, file_of in ((LIBRARY, None), (None, LIBRARY)):
        name = "陈一" if who else "李二"
        person, case_id = applicant(world, name), open_filing(world, name)
        certificate = upload(world.actors[file_of] if file_of else person)
        values = {"grade": "technician" if who else "junior", "summary": "扎实"}
        values |= {"certificate": certificate} if who else {}
        complete(case_id, "fill", values, world.actors[who] if who else person, "2021-06-10 10:00")
        assert case_row(case_id).status == "待区人社局审核"


def test_a_strangers_upload_is_not_taken(world: Built) -> None:
    person, case_id = applicant(world), open_filing(world)
    theirs = upload(world.actors[OTHER_UNIT])
    values = {"grade": "technician", "summary": "扎实", "certificate": theirs}
    with pytest.raises(Invalid):
        complete(case_id, "fill", values, person, "2021-06-10 10:00")


# What the unit submits


def test_where_the_unit_submits_the_person_only_fills_in(app: Flask) -> None:
    publish_applicants(ROLE + "    unit_submits: true\n")
    world = make_world()
    register_posts(world, {"junior": 1})
    person, case_id = applicant(world), open_filing(world)
    values = {"grade": "junior", "summary": "扎实"}
    with atomic():
        tasks.save_draft(task_of(case_id), values, person, TODAY)
    with pytest.raises(Refused, match="由单位核对后提交"):
        complete(case_id, "fill", values, person, "2021-06-10 10:00")
    complete(case_id, "fill", values, world.actors[LIBRARY], "2021-06-10 10:00")


# Beginning


def begin(world: Built, actor: Actor, person_id: int | None = None) -> int:
    with atomic():
        return cases.start(SCHEME, "filing", person_id=person_id, actor=actor, received_at=TODAY)


def test_a_person_begins_their_own_and_only_once(world: Built) -> None:
    person = applicant(world)
    case = case_row(begin(world, person))
    assert (case.person_id, case.unit_id) == (person.person_id, world.organisations[LIBRARY])
    assert db.session.get_one(Task, task_of(case.id)).person_id == person.person_id
    with pytest.raises(Conflict):
        begin(world, person)


def test_whoever_else_is_named_it_is_their_own(world: Built) -> None:
    person = applicant(world)
    assert case_row(begin(world, person, world.people["李二"])).person_id == person.person_id


def test_the_unit_begins_it_for_one_of_its_people(world: Built) -> None:
    case = case_row(begin(world, world.actors[LIBRARY], world.people["陈一"]))
    assert case.person_id == world.people["陈一"]
    for actor, person in ((LIBRARY, None), (OTHER_UNIT, "李二"), (BUREAU, "李二")):
        with pytest.raises(NotFound):
            begin(world, world.actors[actor], world.people[person] if person else None)


def test_an_applicant_begins_nothing_of_the_unit(world: Built) -> None:
    person = applicant(world)
    for process in ("posts", "roster", "nothing"):
        unit = world.organisations[LIBRARY]
        with atomic(), pytest.raises(NotFound):
            cases.start(SCHEME, process, unit_id=unit, actor=person, received_at=TODAY)


def test_nothing_is_begun_outside_the_window(world: Built) -> None:
    person = applicant(world)
    with atomic(), pytest.raises(Closed):
        cases.start(SCHEME, "filing", actor=person, received_at=at("2021-07-01 00:00"))


# The sheet


def test_the_checker_wants_a_unit_or_its_department_and_tells_of_half_a_role() -> None:
    files = applicant_files()
    path = f"bpmn/{SCHEME}/roles.yaml"
    for old, new, told in (
        (
            "    relation: unit\n    applicant: true",
            "    relation: jurisdiction\n    function: x\n    region: unit\n    applicant: true",
            "relation 应当是",
        ),
        (
            "    relation: unit\n    applicant: true",
            "    relation: unit\n    unit_submits: true",
            "applicant: true",
        ),
    ):
        changed = {**files, path: files[path].decode().replace(old, new).encode()}
        problems = check_scheme(changed, declarations())
        assert any(told in p.message for p in problems if p.severity == "error"), problems
