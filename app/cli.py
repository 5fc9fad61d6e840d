"""The `flask` commands of operators and process designers."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from app import clock, scheduler
from app.content.scheme import check_scheme, read_scheme_folder
from app.engine.types import Problem
from app.errors import DomainError
from app.extensions import atomic, settings
from app.operations import clock as clocks
from app.operations import deployments, timers, verify
from app.operations.actors import SYSTEM
from app.operations.capabilities import declarations

CHINA = ZoneInfo("Asia/Shanghai")
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)

scheme_group = AppGroup("scheme", help="方案: 检查、发布、测试、条款。")
clock_group = AppGroup("clock", help="演练时钟。")


def register(app: Flask) -> None:
    """Adds the commands to the application."""
    app.cli.add_command(scheme_group)
    app.cli.add_command(clock_group)
    app.cli.add_command(_verify)
    app.cli.add_command(_scheduler)
    app.cli.add_command(_bootstrap)


def files_of(folder: Path) -> dict[str, bytes]:
    """The files of the scheme in `bpmn/<scheme>`, with its forms and the common parts that it calls."""
    return read_scheme_folder(folder.resolve().parents[1], folder.resolve().name)


def tell(problems: list[Problem]) -> bool:
    """Prints the problems; whether one of them is an error."""
    for problem in problems:
        place = "，".join(
            str(part)
            for part in (
                problem.file,
                problem.element,
                problem.row and f"第 {problem.row} 行",
                problem.column and f"列 {problem.column}",
            )
            if part
        )
        click.echo(f"{'错误' if problem.severity == 'error' else '提醒'}  {place}\n      {problem.message}")
    return any(problem.severity == "error" for problem in problems)


@scheme_group.command("check")
@click.argument("folder", type=FOLDER)
def _check(folder: Path) -> None:
    """检查方案目录 FOLDER; 有错误时退出码为 1。"""
    problems = check_scheme(files_of(folder), capabilities=declarations())
    if tell(problems):
        sys.exit(1)
    click.echo("检查通过。")


@scheme_group.command("publish")
@click.argument("folder", type=FOLDER)
def _publish(folder: Path) -> None:
    """发布方案目录 FOLDER (仅限新库引导和演练库)。"""
    try:
        with atomic():
            clocks.demand_rehearsal_or_empty()
            deployment_id = deployments.publish(files_of(folder), SYSTEM, clock.now())
    except DomainError as error:
        tell(list(error.details.get("problems", getattr(error, "problems", []))))
        raise click.ClickException(error.message) from error
    click.echo(f"已发布，发布版本 {deployment_id}。")


@clock_group.command("move")
@click.argument("scheme_id")
@click.argument("instant")
def _move_clock(scheme_id: str, instant: str) -> None:
    """把方案 SCHEME_ID 的演练时钟拨到 INSTANT (如 2021-07-23T23:59, 北京时间), 并触发其间到期的定时。"""
    to = datetime.fromisoformat(instant).replace(tzinfo=CHINA)
    try:
        with atomic():
            clocks.set_clock(scheme_id, to, SYSTEM, clock.now())
    except DomainError as error:
        raise click.ClickException(error.message) from error
    swept = timers.sweep(lambda moved: clocks.scheme_now(moved, clock.now()), atomic)
    click.echo(f"时钟已拨到 {to:%Y-%m-%d %H:%M}，触发定时 {swept.fired} 个，异常 {swept.parked} 个。")


@click.command("verify")
def _verify() -> None:
    """核验: 流程状态、登记与日志一致, 链条完整; 发现问题时退出码为 1。"""
    found = 0
    with atomic():
        for finding in verify.verify_all():
            click.echo(f"办件 {finding.case_id or '—'}：{finding.what}")
            found += 1
    if found:
        click.echo(f"共发现 {found} 个问题。")
        sys.exit(1)
    click.echo("核验通过。")


@click.command("scheduler")
def _scheduler() -> None:
    """单独运行定时进程, 与任意多个网页进程并存。"""
    scheduler.run_forever(current_app._get_current_object())  # type: ignore[attr-defined]


@click.command("bootstrap")
def _bootstrap() -> None:
    """标记新库: APP_REHEARSAL=on 时为演练库, 否则为正式库。之后不能更改。"""
    with atomic():
        clocks.mark_database(settings().rehearsal, clock.now())
    click.echo("演练库已就绪。" if settings().rehearsal else "正式库已就绪。")


