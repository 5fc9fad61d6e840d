"""How a command speaks: a refusal is one sentence on the error channel and exit code 1."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import IO, Any

import click

from app.content.instants import parse_local_instant
from app.engine.civil import civil
from app.engine.types import Problem
from app.errors import DomainError, SchemeInvalid


class Failed(click.ClickException):
    """Ends the command with a sentence instead of a traceback."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"错误：{self.message}", file=file, err=file is None)


class Command(click.Command):
    """A command whose refusals are told, with all of a scheme's problems where it has any."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DomainError as refusal:
            if isinstance(refusal, SchemeInvalid):
                tell(refusal.problems)
            fields = getattr(refusal, "fields", {})
            sentences = [text for texts in fields.values() for text in texts]
            raise Failed("".join(sentences) or refusal.message) from refusal


class Group(click.Group):
    """Commands under one name."""

    command_class = Command


class Instant(click.ParamType[datetime]):
    """A moment in Asia/Shanghai."""

    name = "时刻"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return parse_local_instant(value)
        except ValueError as error:
            raise Failed(f"{error}。") from None


INSTANT = Instant()


def shown(instant: datetime) -> str:
    return f"{civil(instant):%Y-%m-%d %H:%M:%S}"


def tell(problems: Iterable[Problem]) -> bool:
    """Prints the problems; whether one of them is an error."""
    found = list(problems)
    for problem in found:
        click.echo(f"{'错误' if problem.severity == 'error' else '提醒'}  {problem.message}")
        place = "，".join(_place(problem))
        if place:
            click.echo(f"      {place}")
    return any(problem.severity == "error" for problem in found)


def _place(problem: Problem) -> list[str]:
    parts = [problem.file, problem.element]
    parts += [f"第 {problem.row} 行" if problem.row else None]
    parts += [f"列 {problem.column}" if problem.column else None]
    return [part for part in parts if part]
