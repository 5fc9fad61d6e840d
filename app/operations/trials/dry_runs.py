"""Dry runs of a scheme that need no database: neither published nor a single row read or written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from app.content import Scheme, read_scenarios
from app.content.dry_runs import DryRunScript, setting_for
from app.engine import demand_bounded, dry_run_in_child
from app.engine.dry_run import DryRun
from app.operations.capabilities import simulated
from app.operations.dates.workdays import StatutoryCalendar

_DAYS_KNOWN = timedelta(days=731)


def dry_run(files: Mapping[str, bytes], process_id: str, script: DryRunScript, now: datetime) -> DryRun:
    """Walks a case of the process through a scheme's diagrams, with simulated capabilities.

    Working days are those that the built-in calendar knows, without an administrator's corrections. Raises
    SchemeInvalid if the scheme cannot be read, NotFound for a unit or person of no scenario's world.
    """
    demand_bounded(files)
    scheme = Scheme.from_files(files)
    setting = setting_for(scheme, read_scenarios(files), process_id, script, now)
    answers = {**simulated(), **setting.answers}
    drawn = {path: content for path, content in files.items() if path.endswith((".bpmn", ".dmn"))}
    setting = replace(setting, answers=answers, days=_days(setting.now.date()))
    return dry_run_in_child(drawn, process_id, script.moves, setting)


def _days(first: date) -> dict[str, bool | None]:
    """The days of the next two years that go against their weekday, or of which nobody knows."""
    calendar = StatutoryCalendar(0)
    days = (first + timedelta(days=number) for number in range(_DAYS_KNOWN.days))
    known = {day: calendar.is_workday(day) for day in days}
    return {day.isoformat(): works for day, works in known.items() if works != (day.weekday() < 5)}
