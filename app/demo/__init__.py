"""The demonstration: a rehearsal database full of cases, made by nothing but operations."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, timedelta

from sqlalchemy import select

from app.config import PROJECT
from app.content import read_scenarios, read_scheme_folder
from app.demo.play import Play
from app.demo.script import Script, read_scripts
from app.demo.stage import PASSWORD, UNIT_LOGIN, Stage, Unit
from app.engine.civil import civil
from app.extensions import atomic, db
from app.models import Account, Organisation
from app.operations import clock as clocks
from app.operations import deployments, regions
from app.operations.accounts import DUTIES
from app.operations.actors import SYSTEM

__all__ = ["PASSWORD", "make"]

CASES_A_UNIT = 8
FEWEST_UNITS = 8
"""The first units of a script are of every kind."""
LAST_UNIT_SHOWN = f"{UNIT_LOGIN}{FEWEST_UNITS:02d}"

Told = Callable[[str], None]


def make(cases_wanted: int, now: datetime, told: Told, stage: str | None = None) -> None:
    """Makes every demonstration that is not there yet, each whole or not at all, and tells the accounts.

    `stage` is how far it is played, as the script names it. Raises Conflict in a real database.
    """
    with atomic():
        clocks.mark_database(True, now)
        regions.load_file(PROJECT / "bpmn" / "common" / "regions.yaml")
    for script in read_scripts():
        published = {scheme_id for _, scheme_id in deployments.latest()}
        db.session.rollback()
        if script.scheme not in published:
            _make(script, script.clock(stage), cases_wanted, now, told)
        _tell_accounts(script, told)


def _make(script: Script, until: datetime, cases_wanted: int, now: datetime, told: Told) -> None:
    files = read_scheme_folder(PROJECT, script.scheme)

    def progress(day: date, cases: int) -> None:
        if day.day % 10 == 0:
            told(f"    演到 {day:%m-%d}，办件 {cases} 件")

    with atomic():
        deployment_id = deployments.publish(files, SYSTEM, script.begins - timedelta(days=30))
        scheme = deployments.scheme(deployment_id)
        told(f"{scheme.name}：已发布，正在编造机构、人员和办件……")
        stage = Stage(script)
        stage.set_offices()
        units = _units(script, stage, cases_wanted)
        value_sets = read_scenarios(files).worlds[script.values_from].values
        made = Play(script, scheme, value_sets, units, stage.actors).run(until, progress)
        clocks.open_clock(scheme.id, script.begins, SYSTEM, now)
        clocks.set_clock(scheme.id, until, SYSTEM, now)
    told(f"    共有办件 {made} 件；演练时钟从 {civil(until):%Y-%m-%d %H:%M} 走起。")


def _units(script: Script, stage: Stage, cases_wanted: int) -> list[Unit]:
    """As many units as the cases need, with about as many people as make up the cases."""
    chosen = script.units[: max(FEWEST_UNITS, cases_wanted // CASES_A_UNIT)]
    in_time = [facts for facts in chosen if facts["name"] not in script.late["units"]]
    cases_to_make = cases_wanted - len(script.openings) * len(chosen)
    people_each = max(1, math.ceil(cases_to_make / len(in_time)))
    return [stage.set_unit(number, facts, people_each) for number, facts in enumerate(chosen, start=1)]


def _tell_accounts(script: Script, told: Told) -> None:
    """The offices one by one, of the units the first of each kind: all others sign in alike."""
    rows = db.session.execute(
        select(Account.login, Account.name, Account.duties, Account.must_change_password, Organisation.name)
        .join(Organisation, Organisation.id == Account.organisation_id)
        .order_by(Account.id)
    ).all()
    told(f"账号（密码都是 {PASSWORD}）：")
    shown = [row for row in rows if not row[0].startswith(UNIT_LOGIN) or row[0] <= LAST_UNIT_SHOWN]
    for login, name, duties, must_change, organisation in shown:
        what = "、".join(DUTIES[duty] for duty in duties)
        note = "，首次登录须更改密码" if must_change else ""
        told(f"    {login:<16} {organisation}，{name}（{what}{note}）")
    if len(shown) < len(rows):
        told(f"    {rows[-1][0]} 为止的其余 {len(rows) - len(shown)} 个单位账号同样登录。")
