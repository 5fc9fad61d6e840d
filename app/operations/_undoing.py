"""What has happened since an earlier task, and what of it keeps a case from going back before it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.content.scheme import Scheme
from app.extensions import db
from app.models import History
from app.operations.capabilities import declarations

_WAITS = {"intermediateCatchEvent", "receiveTask"}


@dataclass(frozen=True, slots=True)
class Since:
    """`undo` names the capabilities that take effects back; `obstacle` tells why there is no going back.

    `waited`: a wait for a time or a message lies in between, which has to be waited for again.
    """

    undo: Sequence[str]
    obstacle: str | None
    waited: bool


def since(scheme: Scheme, case_id: int, task_id: int, elements: Collection[str]) -> Since:
    """What happened at these elements since a task was completed, that included, by the case's log."""
    undo: dict[str, None] = {}
    obstacle: str | None = None
    waited = False
    for happening in _happened(case_id, task_id):
        if happening["element"] not in elements:
            continue
        match happening["kind"]:
            case "answered":
                declared = declarations()[happening["capability"]]
                if declared.undone_by is not None:
                    undo[declared.undone_by] = None
                elif not declared.repeatable:
                    obstacle = f"其间已{declared.title}，不能再退回到这一步之前"
            case "sent":
                obstacle = "其间已向其他办件发出消息，不能再退回到这一步之前"
            case "completed":
                waited = waited or _kind(scheme, happening["element"]) in _WAITS
    return Since(tuple(undo), obstacle, waited)


def _happened(case_id: int, task_id: int) -> Iterator[Mapping[str, Any]]:
    """Everything that happened, in order; an answer with the capability that gave it."""
    begin = (
        select(History.seq)
        .where(History.case_id == case_id, History.task_id == task_id)
        .order_by(History.seq)
        .limit(1)
        .scalar_subquery()
    )
    rows = select(History.happened).where(History.case_id == case_id, History.seq >= begin)
    asked: dict[int, str] = {}
    for happened in db.session.scalars(rows.order_by(History.seq)):
        for one in happened:
            if one["kind"] == "asked":
                asked[one["token"]] = one["detail"]["capability"]
            yield {**one, "capability": asked.get(one.get("token", 0), "")}


def _kind(scheme: Scheme, element: str) -> str:
    found = (p.elements[element].kind for p in scheme.definitions.processes.values() if element in p.elements)
    return next(found, "")
