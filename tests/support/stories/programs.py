"""Stories of programs that send a request again under the same Idempotency-Key."""

from __future__ import annotations

from typing import Any

from support.api import citizen_id
from support.killed import World
from support.stories import Act, Stage, story
from support.stories.stage import FILLED, GROUND
from support.world import LIBRARY, OFFICE, SCHEME, open_filing, task_of


def _older_claims(world: World) -> None:
    """Whoever claimed a key and died is given up after two minutes."""
    world.tables.connection.execute(
        "UPDATE idempotency_key SET created_at = created_at - interval '3 minutes'"
    )


def keyed(*verbs: str, **how: Any) -> Any:
    return story(*verbs, again=True, opens=True, **how)


@keyed("cases.start")
def a_program_starts_a_case(stage: Stage) -> Act:
    unit = stage.caller(LIBRARY)
    return lambda: unit.done("POST", "/cases", {"scheme": SCHEME, "process": "roster"}, key="k")


@keyed("cases.message")
def a_program_withdraws(stage: Stage) -> Act:
    unit, case_id = stage.caller(LIBRARY), open_filing(stage.built)
    return lambda: unit.done("POST", f"/cases/{case_id}/messages", {"message": "withdrawn"}, key="k")


@keyed("tasks.complete")
def a_program_completes_a_task(stage: Stage) -> Act:
    unit, task_id = stage.caller(LIBRARY), task_of(open_filing(stage.built))
    return lambda: unit.done("POST", f"/tasks/{task_id}/completion", {"values": FILLED}, key="k")


@keyed("people.add")
def a_program_adds_somebody(stage: Stage) -> Act:
    unit, told = stage.caller(LIBRARY), {"name": "孙五", "id_number": citizen_id(9)}
    return lambda: unit.done("POST", "/people", told, key="k")


@keyed("organisations.create")
def a_program_makes_an_office(stage: Stage) -> Act:
    administrator = stage.caller(OFFICE, "administrator")
    told = {"kind": "office", "name": "南溪区人社局", "region": "990101", "ground": GROUND}
    return lambda: administrator.done("POST", "/organisations", told, key="k")


@story(
    "tasks.complete_many",
    parts=True,
    # The answer tells of a task that was done by the first try that it was done before.
    differs=frozenset({"idempotency_key.body"}),
    meanwhile=_older_claims,
)
def a_program_completes_many(stage: Stage) -> Act:
    unit = stage.caller(LIBRARY)
    ids = [task_of(open_filing(stage.built, name)) for name in ("陈一", "李二")]
    told = {"tasks": ids, "values": {"grade": "junior", "summary": "好"}}
    return lambda: unit.done("POST", "/tasks/completions", told, key="k")
