"""Commands for who runs the system: a new database, clocks, accounts, holidays, verification, timers."""

from __future__ import annotations

import logging
from datetime import date, datetime

import click
from flask import current_app
from sqlalchemy import select

from app import clock, demo, scheduler, worker
from app.cli.telling import INSTANT, Command, Failed, Group, shown
from app.config import PROJECT
from app.extensions import atomic, db, settings
from app.models import Account
from app.operations import deployments, timers
from app.operations.access import accounts
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.dates import rehearsal, workdays
from app.operations.evidence import verify
from app.operations.offices import organisations, regions

REGIONS = PROJECT / "bpmn" / "common" / "regions.yaml"


@click.group("clock", cls=Group, help="演练时钟：查看、向前拨。")
def clock_group() -> None:
    pass


@click.group("account", cls=Group, help="账号：重置密码、重置两步验证。")
def account_group() -> None:
    pass


@click.group("holidays", cls=Group, help="节假日和调休：系统内置国务院通知，这里作补充和更正。")
def holidays_group() -> None:
    pass


@click.command("bootstrap", cls=Command)
@click.option("--office", metavar="名称", help="第一个经办机构的全称；给出时建立它和它的系统管理员账号。")
@click.option("--region", metavar="代码", help="该机构所在地区的六位行政区划代码。")
@click.option("--login", metavar="登录名", default="admin", show_default=True, help="系统管理员的登录名。")
@click.option("--name", metavar="姓名", default="系统管理员", show_default=True, help="系统管理员的姓名。")
def bootstrap(office: str | None, region: str | None, login: str, name: str) -> None:
    """标记新库并载入行政区划：APP_REHEARSAL=on 时为演练库，否则为正式库，之后不能更改。"""
    if office and not region:
        raise Failed("请用 --region 写明机构所在地区的六位行政区划代码。")
    rehearsal, now = settings().rehearsal, clock.now()
    with atomic():
        clocks.mark_database(rehearsal, now)
        regions.load_file(REGIONS)
        password = _first_administrator(office, region, login, name, now) if office and region else None
    click.echo("演练库已就绪。" if rehearsal else "正式库已就绪。")
    if password:
        click.echo(f"系统管理员账号 {login}，初始密码 {password}（首次登录须更改，此处只显示一次）。")


def _first_administrator(office: str, region: str, login: str, name: str, now: datetime) -> str:
    if db.session.scalar(select(Account.id).where(Account.duties.contains(["administrator"])).limit(1)):
        raise Failed("已经有系统管理员账号，其他账号请登录系统后分配。")
    made = organisations.create(
        "office", office, region, actor=SYSTEM, now=now, profile=organisations.Profile()
    )
    _, password = accounts.allot(made.id, login, name, {"administrator", "operator"}, actor=SYSTEM, now=now)
    return password


@clock_group.command("show")
def _show_clocks() -> None:
    """列出每个方案的当前时刻（正式库都是真实时间）。"""
    real_now = clock.now()
    click.echo(f"真实时间  {shown(real_now)}")
    for scheme_id in deployments.published():
        click.echo(f"{scheme_id}  {shown(clocks.scheme_now(scheme_id, real_now))}")


@clock_group.command("move")
@click.argument("scheme_id", metavar="方案")
@click.argument("instant", metavar="时刻", type=INSTANT)
def _move_clock(scheme_id: str, instant: datetime) -> None:
    """把方案的演练时钟拨到某一时刻（如 2021-07-24T00:00，北京时间），并立即触发到该时刻为止到期的定时。

    只能向前拨。定时按到期的时刻记账。
    """
    if scheme_id not in deployments.published():
        raise Failed(f"没有发布过方案“{scheme_id}”。")
    real_now = clock.now()
    with atomic():
        clocks.set_clock(scheme_id, instant, SYSTEM, real_now)
    swept = rehearsal.let_pass(scheme_id, real_now, atomic)
    click.echo(f"时钟已拨到 {shown(instant)}，触发定时 {swept.fired} 个，异常 {swept.parked} 个。")


@account_group.command("reset-password")
@click.argument("login", metavar="登录名")
def _reset_password(login: str) -> None:
    """给忘记密码的账号一个新的初始密码，解除锁定，并结束它的所有登录。"""
    with atomic():
        password = accounts.reset_password(_account_id(login), actor=SYSTEM, now=clock.now())
    click.echo(f"账号 {login} 的新密码是 {password}（首次登录须更改，此处只显示一次）。")


@account_group.command("reset-second-factor")
@click.argument("login", metavar="登录名")
def _reset_second_factor(login: str) -> None:
    """解除账号绑定的验证器，并结束它的所有登录：设备和恢复码都丢失、又没有其他管理员时使用。"""
    with atomic():
        accounts.reset_second_factor(_account_id(login), actor=SYSTEM, now=clock.now())
    click.echo(f"账号 {login} 的验证器已解除绑定。")


def _account_id(login: str) -> int:
    found = db.session.scalar(select(Account.id).where(Account.login == login.strip().casefold()))
    if found is None:
        raise Failed(f"没有登录名为“{login}”的账号。")
    return found


_DAYS = click.DateTime(["%Y-%m-%d"])
_off = click.option("--off", multiple=True, type=_DAYS, metavar="日期", help="放假的日子，可写多次。")
_work = click.option("--work", multiple=True, type=_DAYS, metavar="日期", help="上班的日子，可写多次。")
_ground = click.option("--ground", required=True, metavar="依据", help="文号等依据。")


@holidays_group.command("set")
@_off
@_work
@_ground
def _set_days(off: tuple[datetime, ...], work: tuple[datetime, ...], ground: str) -> None:
    """更正个别日子，如 --off 2027-02-11 --work 2027-02-07 --ground "国办发明电〔2026〕x号"。"""
    days = dict.fromkeys(_dates(off), False)
    if both := days.keys() & _dates(work):
        raise Failed(f"{min(both)} 既写了放假又写了上班。")
    with atomic():
        version = workdays.set_days(
            days | dict.fromkeys(_dates(work), True), ground=ground, actor=SYSTEM, now=clock.now()
        )
    click.echo(f"已登记，节假日表第 {version} 版。")
    _retime()


@holidays_group.command("year")
@click.argument("year", metavar="年份", type=int)
@_off
@_work
@_ground
def _set_year(year: int, off: tuple[datetime, ...], work: tuple[datetime, ...], ground: str) -> None:
    """公布系统还不知道的一整年：--off 是放假的工作日，--work 是上班的周末，其余按星期。"""
    with atomic():
        version = workdays.set_year(
            year, _dates(off), _dates(work), ground=ground, actor=SYSTEM, now=clock.now()
        )
    click.echo(f"已公布 {year} 年，节假日表第 {version} 版。")
    _retime()


def _retime() -> None:
    """What was undetermined, since nobody knew the year's holidays, gets its due instant."""
    real_now = clock.now()
    changed = timers.retime(lambda scheme_id: clocks.scheme_now(scheme_id, real_now), atomic)
    click.echo(f"重新计算了 {changed} 件办件的期限。")


def _dates(given: tuple[datetime, ...]) -> set[date]:
    return {day.date() for day in given}


@click.command("verify", cls=Command)
def verify_all() -> None:
    """核验：流程状态、登记与日志一致，链条完整；发现问题时退出码为 1。"""
    found = 0
    with atomic():
        for finding in verify.verify_all():
            click.echo(f"办件 {finding.case_id or '—'}：{finding.what}")
            found += 1
    if found:
        raise Failed(f"共发现 {found} 个问题。")
    click.echo("核验通过。")


@click.command("scheduler", cls=Command)
def run_scheduler() -> None:
    """单独运行定时进程，与任意多个网页进程并存。"""
    logging.basicConfig(level=logging.INFO, format=scheduler.LOG_FORMAT)
    scheduler.run_forever(current_app._get_current_object())  # type: ignore[attr-defined]  # of its proxy


@click.command("worker", cls=Command)
def run_worker() -> None:
    """单独办理长任务（批量办理、导入、导出），与任意多个网页进程并存。"""
    logging.basicConfig(level=logging.INFO, format=scheduler.LOG_FORMAT)
    worker.run_forever(current_app._get_current_object())  # type: ignore[attr-defined]  # of its proxy


@click.command("demo", cls=Command)
@click.option("--cases", "wanted", default=200, show_default=True, metavar="件数", help="办件的件数。")
@click.option("--stage", metavar="阶段", help="演到哪里为止，如 certificates；不写时停在申报期间。")
@click.option("--only", metavar="方案", help="只建立这一个方案的演示，写方案的编号。")
def make_demo(wanted: int, stage: str | None, only: str | None) -> None:
    """建立演示环境：发布方案，编造机构、人员和办件，列出账号；已经建立的只列出账号。"""
    demo.make(wanted, clock.now(), click.echo, stage, only)


COMMANDS = (
    bootstrap,
    clock_group,
    account_group,
    holidays_group,
    verify_all,
    run_scheduler,
    run_worker,
    make_demo,
)
