"""The demonstration: a rehearsal database full of cases, made by nothing but operations."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date, datetime, timedelta
from multiprocessing import get_context

from sqlalchemy import select

from app.config import PROJECT
from app.content import read_scenarios, read_scheme_folder
from app.demo import applicants
from app.demo.play import Play
from app.demo.script import Script, read_scripts
from app.demo.stage import PASSWORD, Stage, Unit
from app.engine.civil import civil
from app.errors import NotFound
from app.extensions import atomic, db
from app.models import Account, Organisation
from app.operations import deployments
from app.operations.access.accounts import DUTIES
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.offices import regions

__all__ = ["PASSWORD", "make"]

CASES_A_UNIT = 8
FEWEST_UNITS = 8
"""The first units of a script are of every kind."""

Told = Callable[[str], None]


def make(
    cases_wanted: int, now: datetime, told: Told, stage: str | None = None, only: str | None = None
) -> None:
    """Makes every demonstration that is not there yet, each whole or not at all, and tells the accounts.

    `stage` is how far it is played, as a script names it; `only` names the scheme of the one to make. Raises
    NotFound for a stage or a scheme that no script knows, and Conflict in a real database.
    """
    scripts = _chosen(stage, only)
    with atomic():
        clocks.mark_database(True, now)
        regions.load_file(PROJECT / "bpmn" / "common" / "regions.yaml")
    published = deployments.published()
    missing = [script for script in scripts if script.scheme not in published]
    _make_all([(script, script.clock(stage), _wanted(script, cases_wanted)) for script in missing], now, told)
    for script in scripts:
        _tell_accounts(script, told)


def _wanted(script: Script, cases_wanted: int) -> int:
    return min(cases_wanted, script.most or cases_wanted)


def _make_all(wanted: Sequence[tuple[Script, datetime, int]], now: datetime, told: Told) -> None:
    """Makes several side by side, each in a process of its own, as many at once as there are processors.

    They share nothing but the database; a connection must not be shared either, so none is left open here.
    """
    db.session.remove()
    if len(wanted) < 2:
        for script, until, cases in wanted:
            _make(script, until, cases, now, told)
        return
    db.engine.dispose()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("fork")) as pool:
        for under_way in [pool.submit(_make, *each, now, told) for each in wanted]:
            under_way.result()


def _chosen(stage: str | None, only: str | None) -> list[Script]:
    scripts = [script for script in read_scripts() if only in (None, script.scheme)]
    if not scripts:
        raise NotFound(f"没有方案 {only} 的演示。")
    stages = sorted({name for script in scripts for name in script.clocks})
    if stage is not None and stage not in stages:
        raise NotFound(f"演示没有阶段“{stage}”；有：{'、'.join(stages)}。")
    return scripts


def _make(script: Script, until: datetime, cases_wanted: int, now: datetime, told: Told) -> None:
    files = read_scheme_folder(PROJECT, script.scheme)

    def progress(day: date, cases: int) -> None:
        if day.day % 10 == 0:
            told(f"    {script.scheme} 演到 {day:%m-%d}，办件 {cases} 件")

    with atomic():
        deployment_id = deployments.publish(files, SYSTEM, script.begins - timedelta(days=30))
        scheme = deployments.scheme(deployment_id)
        told(f"{scheme.name}：已发布，正在编造机构、人员和办件……")
        stage = Stage(script)
        stage.set_offices()
        units = _units(script, stage, cases_wanted)
        numbered = enumerate(script.examples, start=1)
        examples = [stage.set_example(number, facts) for number, facts in numbered]
        value_sets = read_scenarios(files).worlds[script.values_from].values
        play = Play(script, scheme, value_sets, units, stage.actors, examples)
        made = play.run(until, progress)
        clocks.open_clock(scheme.id, script.begins, SYSTEM, now)
        clocks.set_clock(scheme.id, until, SYSTEM, now)
        applicants.open_two(scheme.id, now)
    told(f"    {script.scheme} 共有办件 {made} 件；演练时钟从 {civil(until):%Y-%m-%d %H:%M} 走起。")


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
    offices = {facts["login"] for facts in (*script.organisations.values(), *script.duties)}
    offices |= set(script.head_logins)
    named, last = {*offices, *script.example_logins}, script.login_of(FEWEST_UNITS)
    rows = [row for row in rows if row[0] in offices or row[0].startswith(script.unit_login)]
    told(f"账号（{script.scheme}，密码都是 {PASSWORD}）：")
    shown = [row for row in rows if row[0] in named or row[0] <= last]
    for login, name, duties, must_change, organisation in shown:
        what = "、".join(DUTIES[duty] for duty in duties)
        note = "，首次登录须更改密码" if must_change else ""
        told(f"    {login:<16} {organisation}，{name}（{what}{note}）")
    for login, name in applicants.told(script.scheme):
        told(f"    {login:<16} {name}（申报人本人）")
    if others := [row[0] for row in rows if row not in shown]:
        told(f"    {max(others)} 为止的其余 {len(others)} 个单位账号同样登录。")
