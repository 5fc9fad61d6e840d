"""What has happened since an earlier task, and what of it keeps a case from going back before it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
    happened = (one for one in _told(_logged(case_id, task_id)) if one["element"] in elements)
    return _judged(scheme, happened, "再退回到这一步之前")


def caused(scheme: Scheme, happened: Iterable[Sequence[Mapping[str, Any]]]) -> Since:
    """What a few rows of a log, given by what happened in each, have led to, wherever that was."""
    return _judged(scheme, _told(happened), "撤回")


def _judged(scheme: Scheme, happened: Iterable[Mapping[str, Any]], deed: str) -> Since:
    undo: dict[str, None] = {}
    obstacle: str | None = None
    waited = False
    for happening in happened:
        match happening["kind"]:
            case "answered":
                declared = declarations()[happening["capability"]]
                if declared.undone_by is not None:
                    undo[declared.undone_by] = None
                elif not declared.repeatable:
                    obstacle = f"其间已{declared.title}，不能{deed}"
            case "sent":
                obstacle = f"其间已向其他办件发出消息，不能{deed}"
            case "completed":
                waited = waited or _kind(scheme, happening["element"]) in _WAITS
    return Since(tuple(undo), obstacle, waited)


def _logged(case_id: int, task_id: int) -> Iterable[Sequence[Mapping[str, Any]]]:
    begin = (
        select(History.seq)
        .where(History.case_id == case_id, History.task_id == task_id)
        .order_by(History.seq)
        .limit(1)
        .scalar_subquery()
    )
    rows = select(History.happened).where(History.case_id == case_id, History.seq >= begin)
    return db.session.scalars(rows.order_by(History.seq))


def _told(rows: Iterable[Sequence[Mapping[str, Any]]]) -> Iterator[Mapping[str, Any]]:
    """Everything that happened, in order; an answer with the capability that gave it."""
    asked: dict[int, str] = {}
    for happened in rows:
        for one in happened:
            if one["kind"] == "asked":
                asked[one["token"]] = one["detail"]["capability"]
            yield {**one, "capability": asked.get(one.get("token", 0), "")}


def _kind(scheme: Scheme, element: str) -> str:
    found = (p.elements[element].kind for p in scheme.definitions.processes.values() if element in p.elements)
    return next(found, "")
