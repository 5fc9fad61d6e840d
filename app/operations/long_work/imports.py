"""Tables of values for many open tasks of one kind, such as scores: checked first, then imported (CQ-23).

Uploading checks and keeps; nothing is decided by it. Whoever uploaded then chooses. What was chosen is done
line by line, each in a transaction of its own, as of the instant of the choice.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import delete, func, insert, select, update

from app.errors import Busy, Conflict, DomainError, NotFound
from app.extensions import db
from app.models import Import, ImportRow, Task
from app.operations import tasks
from app.operations._administration import record
from app.operations.actors import Actor
from app.operations.long_work import _import_lines
from app.operations.road._road import PENDING_FOR
from app.operations.uploads._tables import read_table

KEPT = timedelta(days=1)
LONGEST_TITLE = 100
AT_MOST = 100
"""Lines that one request imports: far fewer than its 30 s allow. More are long work."""

TOO_LATE = "确认后一小时内没有导入完，这一行没有导入；请重新上传。"

Choice = Literal["all", "good"]
Transaction = Callable[[], AbstractContextManager[Any]]


class Lane(NamedTuple):
    """One of several workers' shares of the lines."""

    number: int
    of: int


ALL = Lane(0, 1)
"""One worker's, who has no other beside."""


class _Settled(Exception):
    """The line was settled meanwhile, so that what was just done is undone: cancelled, or done by another."""


def upload(kind: str, title: str, content: bytes, *, actor: Actor, now: datetime, at: datetime) -> int:
    """Checks a table for the open tasks of a kind ("scheme/element") and keeps it for the choice; its id.

    `now` is the real instant, `at` the scheme's. Raises NotFound for a kind that the actor's office has no
    open importable task of, and Invalid, field `file`, for a file that is no such table.
    """
    waiting = _import_lines.waiting_tasks(kind, actor)
    if not waiting:
        raise NotFound("没有这一环节的待办可以导入，请刷新页面。")
    lines = _import_lines.check(read_table(content), waiting, at)
    scheme_id, _, element = kind.partition("/")
    new = insert(Import).values(
        organisation_id=actor.organisation_id,
        account_id=actor.account_id,
        scheme_id=scheme_id,
        element=element,
        name=waiting[0].name,
        title=title[:LONGEST_TITLE],
        state="checked",
        uploaded_at=now,
    )
    import_id: int = db.session.execute(new.returning(Import.id)).scalar_one()
    db.session.execute(insert(ImportRow), [{"import_id": import_id, **line} for line in lines])
    return import_id


def confirm(import_id: int, choice: Choice, *, actor: Actor, at: datetime) -> Import:
    """Takes the choice, as of the scheme's instant `at`: every line, or the good ones; `go_on` imports them.

    Until they have had their turn the tasks are marked as pending, so that no timer due later beats them
    (decision 3). Raises Conflict where lines are wrong and all were chosen, or where none is good.
    """
    chosen = _own(import_id, actor, lock=True)
    if chosen.state != "checked":
        raise Conflict("这份表格已经确认过，请刷新页面查看结果。")
    found = counts(import_id)
    if choice == "all" and found.get("bad"):
        raise Conflict(f"有 {found['bad']} 行有误，不能全部导入；可以只导入正确的行，或放弃后改好再上传。")
    if not found.get("good"):
        raise Conflict("没有可以导入的行，请改好后重新上传。")
    chosen.state, chosen.received_at = "running", at
    tasks.mark_pending(_good_tasks(import_id), actor, at)
    detail = {"name": chosen.name, "file": chosen.title, "lines": found, "choice": choice}
    record("import.confirmed", import_id, actor, at, detail=detail)
    return chosen


def go_on(
    import_id: int,
    *,
    actor: Actor,
    at: datetime,
    transaction: Transaction,
    at_most: int = AT_MOST,
    lane: Lane = ALL,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Imports the next lines of a confirmed table, each in a `transaction`; how many are left in all.

    What was confirmed over an hour ago is imported no more, since timers no longer wait for it: told in its
    lines. Raises Conflict before the choice.
    """
    with transaction():
        found = _own(import_id, actor)
        state, received_at = found.state, found.received_at
        lines = _next_lines(import_id, at_most, lane)
    if received_at is None:
        raise Conflict("请先选择导入哪些行。")
    if state == "running" and at - received_at >= PENDING_FOR:
        with transaction():
            end(import_id, TOO_LATE)
        return 0
    for line in lines if state == "running" else ():
        if stopping() or not _import_line(import_id, *line, actor, received_at, transaction):
            break
    with transaction():
        left = counts(import_id).get("good", 0)
        if left == 0 and state == "running":
            _finish(import_id)
    return left


def drop(import_id: int, *, actor: Actor) -> None:
    """Forgets an uploaded table. Raises Conflict while it is being imported."""
    if _own(import_id, actor, lock=True).state == "running":
        raise Conflict("正在导入，不能放弃；已经导入的不会撤销。")
    db.session.execute(delete(Import).where(Import.id == import_id))


def clean_up(now: datetime) -> None:
    """Forgets what was uploaded over a day ago."""
    db.session.execute(delete(Import).where(Import.uploaded_at < now - KEPT))


def _own(import_id: int, actor: Actor, *, lock: bool = False) -> Import:
    """The actor's own upload; raises NotFound alike for none and for somebody else's."""
    mine = (Import.account_id == actor.account_id, Import.organisation_id == actor.organisation_id)
    query = select(Import).where(Import.id == import_id, *mine).execution_options(populate_existing=True)
    found = db.session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound()
    return found


def counts(import_id: int) -> dict[str, int]:
    """How many lines are in which state."""
    query = select(ImportRow.state, func.count()).where(ImportRow.import_id == import_id)
    return {state: count for state, count in db.session.execute(query.group_by(ImportRow.state))}


def _good_tasks(import_id: int) -> list[int]:
    query = select(ImportRow.task_id).where(ImportRow.import_id == import_id, ImportRow.state == "good")
    return [task_id for task_id in db.session.scalars(query) if task_id is not None]


def waiting(import_id: int, lane: Lane) -> bool:
    """Whether a line of the lane has not had its turn yet."""
    return bool(_next_lines(import_id, 1, lane))


def _next_lines(import_id: int, at_most: int, lane: Lane) -> list[tuple[int, int, dict[str, Any]]]:
    mine = (ImportRow.import_id == import_id, ImportRow.number % lane.of == lane.number)
    query = (
        select(ImportRow.number, ImportRow.task_id, ImportRow.values)
        .where(*mine, ImportRow.state == "good")
        .order_by(ImportRow.number)
        .limit(at_most)
    )
    return [(number, task_id or 0, values) for number, task_id, values in db.session.execute(query)]


def _import_line(
    import_id: int,
    number: int,
    task_id: int,
    values: dict[str, Any],
    actor: Actor,
    received_at: datetime,
    transaction: Transaction,
) -> bool:
    """Completes the task of a line and settles the line with it; False where it has to wait for its case."""
    try:
        with transaction():
            done = tasks.complete(task_id, values, actor, received_at)
            if not _settle(import_id, number, "done", done.status):
                raise _Settled
    except Busy:
        return False
    except _Settled:
        return True
    except DomainError as refusal:
        with transaction():
            _settle(import_id, number, "refused", tasks.told(refusal))
    return True


def _settle(import_id: int, number: int, state: str, message: str) -> bool:
    """False where it was settled before; what was entered is the case's now, or nobody's."""
    line = (ImportRow.import_id == import_id, ImportRow.number == number, ImportRow.state == "good")
    settled = update(ImportRow).where(*line).values(state=state, message=message, values={})
    return bool(db.session.execute(settled.returning(ImportRow.number)).first())


def end(import_id: int, message: str | None) -> None:
    """Settles the lines that had no turn as refused with the message, and ends the import."""
    left = (ImportRow.import_id == import_id, ImportRow.state == "good")
    db.session.execute(update(ImportRow).where(*left).values(state="refused", message=message, values={}))
    _finish(import_id)


def _finish(import_id: int) -> None:
    """Takes the marks off what could not be imported, so that its timers wait no longer."""
    chosen = db.session.get_one(Import, import_id)
    of_lines = select(ImportRow.task_id).where(ImportRow.import_id == import_id)
    marked = (Task.id.in_(of_lines), Task.pending_since == chosen.received_at)
    db.session.execute(update(Task).where(*marked).values(pending_since=None))
    chosen.state = "finished"
