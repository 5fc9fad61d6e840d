"""How a dry run is printed."""

from __future__ import annotations

import click

from app.cli.telling import shown, tell
from app.content import Scheme
from app.content.dry_run_words import told_end, told_steps
from app.engine.dry_run import DryRun


def tell_run(run: DryRun, scheme: Scheme) -> bool:
    """Prints the way; whether a problem stopped it."""
    for step in told_steps(run, scheme):
        click.echo(f"{step.heading}  {shown(step.at)}")
        for line in step.lines:
            click.echo(f"    {line}")
    if (end := told_end(run)) is not None:
        click.echo(end)
    return tell(run.problems)
