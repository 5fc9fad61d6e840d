"""What a return 退回 and a recall 撤回 share: how the case would stand, what falls, what is undone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.engine import Instance, WayBack
from app.engine.types import Snapshot, TaskWait
from app.extensions import db
from app.models import Organisation, Task
from app.operations import capabilities
from app.operations.road._moving import Moving
from app.operations.road._plain import to_json


def instance_of(moving: Moving) -> Instance:
    if moving.instance is None:
        raise AssertionError("a locked case has an instance")
    return moving.instance


def stands_of(moving: Moving) -> Snapshot:
    if moving.stands is None:
        raise AssertionError("a locked case has a snapshot")
    return moving.stands


def tried(moving: Moving, back: WayBack, at: datetime) -> Snapshot:
    """How the case would stand, tried on a copy."""
    copy = Instance.load(moving.scheme.definitions, instance_of(moving).dump())
    copy.move(moving.context(at), cancel=back.cancel, start=back.start)
    return copy.snapshot()


def opened(after: Snapshot, process: str, element: str) -> TaskWait:
    """The task at which the case has come back."""
    place = (process, element)
    return max((t for t in after.tasks if (t.process, t.element) == place), key=lambda task: task.token)


def fallen_phases(back: WayBack, process: str) -> set[str]:
    """The called processes, perhaps phases, that are undone as a whole."""
    return {one for one, _ in back.between} - {process}


def held(case_id: int, tokens: set[int]) -> list[tuple[str, str | None]]:
    """The tasks of these tokens: name and office."""
    rows = select(Task.name, Organisation.name).outerjoin(Organisation, Organisation.id == Task.office_id)
    rows = rows.where(Task.case_id == case_id, Task.token.in_(tokens)).order_by(Task.token)
    return [(name, office) for name, office in db.session.execute(rows)]


def undo(
    moving: Moving, names: Iterable[str], token: int, element: str, at: datetime
) -> list[Mapping[str, Any]]:
    """Takes back what was caused; what the capabilities answered, for the log."""
    undone: list[Mapping[str, Any]] = []
    for name in names:
        request = capabilities.Request(
            case_id=moving.id,
            jurisdiction=moving.jurisdiction,
            scheme=moving.scheme,
            unit_id=moving.unit_id,
            person_id=moving.person_id,
            token=token,
            element=element,
            inputs={},
            at=at,
            changes=moving.changes,
        )
        undone.append({"capability": name, "result": to_json(capabilities.perform(name, request))})
    return undone
