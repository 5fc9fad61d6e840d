"""Commands for the proof of the record: roots, check codes, and the proofs of single cases."""

from __future__ import annotations

import json

import click

from app import clock
from app.cli.telling import Failed, Group, shown
from app.extensions import atomic
from app.operations.evidence import proof
from app.queries import proofs


@click.group("proof", cls=Group, help="存证：每小时的根、校验码、办件的证明。")
def proof_group() -> None:
    pass


COMMANDS = (proof_group,)


@proof_group.command("record")
def _record() -> None:
    """立即作本小时的存证（平时由定时进程每小时作一次）。"""
    with atomic():
        root = proof.record(clock.now())
    click.echo(f"已作第 {root.number} 次存证。" if root else "本小时已经作过存证。")


@proof_group.command("begin")
@click.option("--ground", required=True, metavar="依据", help="为什么重新开始，如恢复备份；写入存证文件。")
def _begin(ground: str) -> None:
    """按数据库的现状重新开始存证，仅在恢复备份或存证文件丢失之后使用。"""
    with atomic():
        root = proof.begin(ground, clock.now())
    click.echo(f"已重新开始，第 {root.number} 次存证，共 {root.cases} 件。以前的存证不再与数据库比对。")


@proof_group.command("show")
def _show() -> None:
    """显示最近一次存证，供打印、签字、存档。"""
    root = proof.root_file().newest()
    if root is None:
        raise Failed(f"存证文件 {proof.root_file().path} 里还没有存证。")
    digits = root.root.hex()
    click.echo(f"第 {root.number} 次存证  {shown(root.at)}（北京时间）  办件 {root.cases} 件")
    click.echo("根  " + " ".join(digits[place : place + 8] for place in range(0, len(digits), 8)))
    click.echo(f"密钥 {root.key_id}  本行摘要 {root.digest().hex()}")


@proof_group.command("export")
@click.option("--last", type=click.IntRange(min=1), metavar="次数", help="只要最近几次；不写则全部。")
def _export(last: int | None) -> None:
    """原样输出存证文件，每次存证一行，可保存到别处或发给他人。"""
    lines = list(proof.root_file().lines())
    for line in lines[-last:] if last else lines:
        click.echo(line.decode())


@proof_group.command("case")
@click.argument("case_id", metavar="办件编号", type=int)
def _case(case_id: int) -> None:
    """输出一个办件的证明（JSON），可用 tools/verify_proof.py 脱离本系统核对。"""
    found = proofs.inclusion(case_id)
    if found is None:
        raise Failed("该办件还没有存证；存证每小时一次，请稍后再取。")
    click.echo(json.dumps(found, ensure_ascii=False, indent=1))


@proof_group.command("check")
@click.argument("code", metavar="校验码")
def _check(code: str) -> None:
    """核对校验码：办件当时的状态是否就是记录下来的那一个；不相符时退出码为 1。"""
    checked = proofs.check(code)
    if checked.verdict != "intact":
        raise Failed(checked.told)
    click.echo(checked.told)
