"""Stories of organisations, people and accounts."""

from __future__ import annotations

from datetime import date, timedelta

import pyotp
from sqlalchemy import select

from app import clock
from app.extensions import atomic, db
from app.models import Account, Jurisdiction, Person
from app.operations.access import accounts, second_factor
from app.operations.actors import SYSTEM
from app.operations.offices import organisations
from app.operations.offices.organisations import Profile
from app.operations.registers import people, register, register_imports
from support.api import citizen_id, credit_code
from support.pages import PASSWORD
from support.second_factor import bind
from support.stories import Act, Stage, story
from support.stories.stage import FILED, FILLED, GROUND
from support.world import BUREAU, LIBRARY, OTHER_BUREAU, OTHER_UNIT, at, complete, open_filing, task_of


@story("organisations.create")
def an_office_is_made(stage: Stage) -> Act:
    profile = Profile(level="district", nature="agency")
    return lambda: organisations.create(
        "office", "南溪区人社局", "990101", actor=SYSTEM, now=FILED, profile=profile
    )


@story("organisations.amend")
def an_office_is_amended(stage: Stage) -> Act:
    office, profile = stage.organisations[BUREAU], Profile(contact="周审", telephone="010-12345678")
    return lambda: organisations.amend(office, profile, actor=SYSTEM, now=FILED)


@story("organisations.rename")
def an_office_is_renamed(stage: Stage) -> Act:
    office = stage.organisations[BUREAU]
    return lambda: organisations.rename(office, "东溪区人力社保局", FILED, ground=GROUND, actor=SYSTEM)


@story("organisations.assign_superior")
def a_unit_gets_another_superior(stage: Stage) -> Act:
    unit = stage.organisations[LIBRARY]
    return lambda: organisations.assign_superior(unit, None, FILED, actor=SYSTEM)


@story("organisations.grant_jurisdiction")
def an_office_gets_a_function(stage: Stage) -> Act:
    office = stage.organisations[OTHER_BUREAU]
    return lambda: organisations.grant_jurisdiction(office, "other", "990102", FILED, actor=SYSTEM)


@story("organisations.end_jurisdiction")
def an_office_loses_a_function(stage: Stage) -> Act:
    mine = Jurisdiction.office_id == stage.organisations[BUREAU]
    with atomic():
        (grant,) = db.session.scalars(select(Jurisdiction.id).where(mine))
    return lambda: organisations.end_jurisdiction(grant, FILED, actor=SYSTEM)


def _merged(stage: Stage) -> None:
    old, into = stage.organisations[BUREAU], stage.organisations[OTHER_BUREAU]
    organisations.merge(old, into, at("2021-06-12 09:00"), ground=GROUND, actor=SYSTEM)


@story("organisations.merge")
def two_offices_become_one(stage: Stage) -> Act:
    complete(open_filing(stage.built), "fill", FILLED, stage.actors[LIBRARY], "2021-06-11 10:00")
    return lambda: _merged(stage)


@story("organisations.take_over")
def what_began_meanwhile_moves_too(stage: Stage) -> Act:
    """A case that was routed to the old office in a transaction that ended after the merger."""
    case_id = open_filing(stage.built)
    complete(case_id, "fill", FILLED, stage.actors[LIBRARY], "2021-06-11 10:00")
    task_id, old = task_of(case_id), stage.organisations[BUREAU]
    with atomic():
        _merged(stage)
    stage.world.tables.connection.execute("UPDATE task SET office_id = %s WHERE id = %s", (old, task_id))
    return lambda: organisations.take_over(old, at=at("2021-06-12 10:00"), actor=SYSTEM)


@story("organisations.close")
def a_unit_is_closed(stage: Stage) -> Act:
    unit = stage.organisations[OTHER_UNIT]
    return lambda: organisations.close(unit, FILED, ground=GROUND, actor=SYSTEM)


@story("people.add")
def somebody_is_added(stage: Stage) -> Act:
    unit = stage.organisations[LIBRARY]
    return lambda: people.add(unit, "孙五", citizen_id(9), actor=stage.actors[LIBRARY], now=FILED)


@story("people.edit")
def somebody_is_edited(stage: Stage) -> Act:
    person, unit = stage.people["陈一"], stage.actors[LIBRARY]
    return lambda: people.edit(person, actor=unit, now=FILED, name="陈一一", telephone="13800000000")


@story("people.leave")
def somebody_leaves(stage: Stage) -> Act:
    return lambda: people.leave(stage.people["赵四"], actor=SYSTEM, now=FILED)


def _registered(stage: Stage) -> Account:
    return accounts.register_unit(
        code=credit_code(7),
        name="东溪区博物馆",
        region="990101",
        login="museum",
        password=PASSWORD,
        person_name="钱六",
        telephone="13800000001",
        now=FILED,
    )


@story("accounts.register_unit")
def a_unit_registers(stage: Stage) -> Act:
    return lambda: _registered(stage)


@story("accounts.count_registration")
def a_try_to_register_is_counted(stage: Stage) -> Act:
    return lambda: accounts.count_registration("10.0.0.1", credit_code(7), FILED)


@story("accounts.complete_unit_profile")
def a_unit_completes_its_profile(stage: Stage) -> Act:
    with atomic():
        actor = accounts.actor_for(_registered(stage))
    superior = stage.organisations["东溪区文化局"]
    profile = Profile(level="district", system="other", nature="institution")
    return lambda: accounts.complete_unit_profile(superior, profile, actor=actor, now=FILED)


def _allotted(stage: Stage) -> tuple[int, str]:
    with atomic():
        office = stage.organisations[BUREAU]
        made, password = accounts.allot(office, "newcomer", "郑七", {"operator"}, actor=SYSTEM, now=FILED)
        return made.id, password


@story("accounts.allot")
def an_account_is_allotted(stage: Stage) -> Act:
    office, number = stage.organisations[BUREAU], citizen_id(8)
    return lambda: accounts.allot(
        office, "newcomer", "郑七", {"operator"}, actor=SYSTEM, now=FILED, id_number=number
    )


@story("accounts.change_password")
def a_password_is_changed(stage: Stage) -> Act:
    account, password = _allotted(stage)
    return lambda: accounts.change_password(account, password, PASSWORD, FILED)


@story("accounts.reset_password")
def a_password_is_reset(stage: Stage) -> Act:
    account, _ = _allotted(stage)
    return lambda: accounts.reset_password(account, actor=SYSTEM, now=FILED)


@story("accounts.reset_second_factor", "second_factor.forget")
def a_lost_device_is_reset(stage: Stage) -> Act:
    account = stage.account(BUREAU)
    bind(account)
    return lambda: accounts.reset_second_factor(account, actor=SYSTEM, now=clock.now())


@story("accounts.set_duties")
def duties_are_given(stage: Stage) -> Act:
    account = stage.account(BUREAU)
    return lambda: accounts.set_duties(account, {"operator", "supervisor"}, actor=SYSTEM, now=FILED)


@story("accounts.disable")
def an_account_is_disabled(stage: Stage) -> Act:
    return lambda: accounts.disable(stage.account(BUREAU), actor=SYSTEM, now=FILED)


@story("accounts.sign_in")
def somebody_signs_in(stage: Stage) -> Act:
    _, password = _allotted(stage)
    return lambda: accounts.sign_in("newcomer", password, "10.0.0.1", FILED)


@story("accounts.sign_in_by_provider")
def somebody_signs_in_elsewhere(stage: Stage) -> Act:
    _allotted(stage)
    return lambda: accounts.sign_in_by_provider("newcomer", FILED)


@story("accounts.confirm", "second_factor.passes")
def a_code_confirms(stage: Stage) -> Act:
    device, _ = bind(stage.account(BUREAU))
    now = clock.now()
    with atomic() as session:
        login = session.get_one(Account, stage.account(BUREAU)).login
        token = accounts.sign_in_by_provider(login, now)
    return lambda: accounts.confirm(token, device.at(now), "10.0.0.1", now)


@story("accounts.sign_out", again=True)
def somebody_signs_out(stage: Stage) -> Act:
    token = stage.caller(BUREAU).token
    now = clock.now()
    return lambda: accounts.sign_out(token, now)


@story("accounts.seen", again=True)
def a_session_is_seen(stage: Stage) -> Act:
    token = stage.caller(BUREAU).token
    now = clock.now() + timedelta(minutes=2)
    return lambda: accounts.seen(token, now)


@story("second_factor.start")
def a_device_is_started(stage: Stage) -> Act:
    return lambda: second_factor.start(stage.account(BUREAU), FILED)


@story("second_factor.enrol")
def a_device_is_bound(stage: Stage) -> Act:
    with atomic():
        device = pyotp.TOTP(second_factor.start(stage.account(BUREAU), FILED).secret)
    return lambda: second_factor.enrol(device.at(FILED), actor=stage.actors[BUREAU], now=FILED)


@story("second_factor.renew_recovery_codes")
def recovery_codes_are_renewed(stage: Stage) -> Act:
    device, _ = bind(stage.account(BUREAU))
    now, actor = clock.now(), stage.actors[BUREAU]
    return lambda: second_factor.renew_recovery_codes(device.at(now), "10.0.0.1", actor=actor, now=now)


@story("second_factor.unbind")
def a_device_is_given_up(stage: Stage) -> Act:
    _, codes = bind(stage.account(BUREAU))
    now, actor = clock.now(), stage.actors[BUREAU]
    return lambda: second_factor.unbind(codes[0], "10.0.0.1", actor=actor, now=now)


@story("register.enter")
def a_holding_is_entered(stage: Stage) -> Act:
    person, unit = stage.people["陈一"], stage.actors[LIBRARY]
    day = date(2012, 6, 1)
    return lambda: register.enter(person, "图书资料业务员", "senior", day, actor=unit, now=FILED)


@story("register.enter_result")
def a_result_is_entered(stage: Stage) -> Act:
    person = stage.people["陈一"]
    with atomic():
        register.enter(person, "图书资料业务员", "senior", None, actor=SYSTEM, now=FILED)
    result = (2020, "图书资料业务员", "technician", True)

    def enter() -> None:
        known = db.session.get_one(Person, person)
        register.enter_result(known, *result, actor=SYSTEM, now=FILED)

    return enter


@story("register_imports.import_workers")
def workers_are_imported(stage: Stage) -> Act:
    known = f"{LIBRARY},孙五,{citizen_id(25)},图书资料业务员,senior,2012-06-01,"
    rows = [known, f"{LIBRARY},孙六,{citizen_id(26)},,,,"]
    table = "\n".join([",".join(register_imports.WORKERS), *rows]).encode()
    return lambda: register_imports.import_workers(table, "all", actor=stage.actors[LIBRARY], now=FILED)


@story("register_imports.import_results")
def results_are_imported(stage: Stage) -> Act:
    with atomic():
        person = people.add(stage.organisations[LIBRARY], "孙五", citizen_id(27), actor=SYSTEM, now=FILED)
        register.enter(person.id, "图书资料业务员", "senior", None, actor=SYSTEM, now=FILED)
    row = f"孙五,{citizen_id(27)},2020,图书资料业务员,technician,通过"
    table = "\n".join([",".join(register_imports.RESULTS), row]).encode()
    return lambda: register_imports.import_results(table, "all", actor=SYSTEM, now=FILED)
