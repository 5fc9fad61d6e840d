"""Long work 长任务: accepted whole, done item by item, each in its own transaction; it may be cancelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import delete, insert, select, update

from app.errors import Conflict, NotFound, Refused
from app.extensions import db
from app.models import Account, Work, WorkItem
from app.operations import tasks
from app.operations._administration import record
from app.operations.access._sign_in import actor_for
from app.operations.actors import Actor
from app.operations.company import handovers
from app.operations.long_work import imports
from app.operations.long_work._work_kinds import (
    DEFECT,
    Decisions,
    Exports,
    Handovers,
    ImportLines,
    Kind,
    Recalls,
    Returns,
    Turn,
)
from app.operations.road._beside import note_of
from app.operations.road._entered import without_id_numbers
from app.operations.road._road import PENDING_FOR

__all__ = [
    "CHUNK", "LIVE", "MOST_ITEMS", "Chosen", "Turn",
    "accept_decisions", "accept_export", "accept_handover", "accept_import", "accept_recalls", "begin",
    "cancel", "counts", "finish_export", "forget", "give_up", "go_on", "tell",
]  # fmt: skip

CHUNK = 50
"""Items that a worker does before other work has its turn: some seconds."""
MOST_LANES = 4
"""How many workers may share in one work at most; the others have theirs to do."""
MOST_ITEMS = 5_000
KEPT = timedelta(days=30)
LONGEST_TITLE = 100

LIVE = ("queued", "running")
TOO_LATE = "受理后一小时内没有办完，这一件没有办理；请重新提交。"
CANCELLED = "任务已取消，这一件没有办理。"

KINDS: Mapping[str, Kind] = {
    "decisions": Decisions(),
    "returns": Returns(),
    "recalls": Recalls(),
    "handover": Handovers(),
    "import": ImportLines(),
    "export": Exports(),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A task that is to be decided, its case, the name that people know it by, and values of its own."""

    task_id: int
    case_id: int
    subject: str
    values: Mapping[str, Any] | None = None


def accept_decisions(
    chosen: Sequence[Chosen],
    values: Mapping[str, Any],
    *,
    title: str,
    scheme_id: str,
    actor: Actor,
    at: datetime,
    now: datetime,
    kind: Literal["decisions", "returns"] = "decisions",
) -> Work:
    """Takes on the same decision on many tasks of a scheme, received at its instant `at`.

    Of returns 退回 the values are `element`, `opinion` and `then`. The tasks are marked as pending, so that
    no timer due later beats them (decision 3), until all is done, for an hour at most. Raises Refused for an
    ID number among the values, which no list of work may hold, and for more than 5,000 tasks.
    """
    given = [values, *(one.values for one in chosen if one.values is not None)]
    if any(without_id_numbers(one) != dict(one) for one in given):
        raise Refused("填写的内容里有身份证号，不能批量提交，请逐件办理。")
    _check_number(chosen)
    work = _accepted(
        kind, title, len(chosen), actor, now, scheme_id=scheme_id, received_at=at,
        asked={"values": dict(values)},
    )  # fmt: skip
    _add_items(work, chosen)
    tasks.mark_pending([one.task_id for one in chosen], actor, at)
    return work


def accept_recalls(chosen: Sequence[Chosen], ground: str, *, title: str, actor: Actor, now: datetime) -> Work:
    """Takes on taking back 撤回 what the actor has done at many tasks, each by the clock of its scheme.

    Raises Invalid for the ground, Refused for more than 5,000 tasks.
    """
    said = note_of(ground, "ground")
    _check_number(chosen)
    work = _accepted("recalls", title, len(chosen), actor, now, asked={"ground": said})
    _add_items(work, chosen)
    return work


def _check_number(chosen: Sequence[Chosen]) -> None:
    if len(chosen) > MOST_ITEMS:
        raise Refused(f"一次最多办理 {MOST_ITEMS} 件，请缩小筛选范围，分几次办理。")


def accept_handover(
    account_id: int, to_id: int, ground: str, *, title: str, actor: Actor, now: datetime
) -> Work:
    """Takes on giving a colleague all that an account has a part in, however much that is.

    Raises what `handovers.begin` raises.
    """
    text = handovers.begin(account_id, to_id, ground, actor=actor, now=now)
    chosen = [
        Chosen(item.task_id, item.case_id, item.subject, {"part": item.part, "scheme": item.scheme_id})
        for item in handovers.items(account_id)
    ]
    asked = {"from": account_id, "to": to_id, "ground": text}
    work = _accepted("handover", title, len(chosen), actor, now, asked=asked)
    _add_items(work, chosen)
    return work


def _add_items(work: Work, chosen: Sequence[Chosen]) -> None:
    rows = [
        {
            "work_id": work.id,
            "number": number,
            "task_id": one.task_id,
            "case_id": one.case_id,
            "subject": one.subject,
            "values": {"own": one.values} if one.values is not None else {},
            "state": "waiting",
        }
        for number, one in enumerate(chosen, 1)
    ]
    db.session.execute(insert(WorkItem), rows)


def accept_import(
    import_id: int, choice: imports.Choice, *, actor: Actor, at: datetime, now: datetime
) -> Work | None:
    """Takes the choice of what to import; as long work beyond what one request does, else None.

    Raises what `imports.confirm` raises.
    """
    table = imports.confirm(import_id, choice, actor=actor, at=at)
    total = imports.counts(import_id).get("good", 0)
    if total <= imports.AT_MOST:
        return None
    title = f"导入：{table.name}（{table.title}）"
    more = {"scheme_id": table.scheme_id, "received_at": at, "import_id": import_id}
    return _accepted("import", title, total, actor, now, **more)


def accept_export(title: str, asked: Mapping[str, Any], rows: int, *, actor: Actor, now: datetime) -> Work:
    """Takes on a list of so many rows that is to be written to a file; `asked` says which list."""
    return _accepted("export", title, rows, actor, now, asked=dict(asked), lanes=1)


def _accepted(kind: str, title: str, total: int, actor: Actor, now: datetime, **more: Any) -> Work:
    facts: dict[str, Any] = {
        "title": title[:LONGEST_TITLE],
        "organisation_id": actor.organisation_id,
        "account_id": actor.account_id,
        "asked": {},
        "lanes": max(1, min(MOST_LANES, total // CHUNK)),
        "state": "queued",
        "created_at": now,
    }
    work = Work(kind=kind, total=total, done=0, failed=0, **{**facts, **more})
    db.session.add(work)
    db.session.flush()
    record("work.accepted", work.id, actor, now, detail={"title": work.title, "items": total})
    return work


def go_on(turn: Turn, now: datetime, *, at_most: int = CHUNK) -> bool:
    """Does the next items of a lane; whether it has more for another turn.

    What was done by a turn that was killed in the middle stays done, and the rest is done by the next one.
    Errors of the database are raised, so that the turn comes again; a defect at an item is told in it.
    """
    with turn.transaction():
        work = begin(turn.work_id)
        if work is None:
            return False
        if work.received_at and turn.now(work.scheme_id or "") - work.received_at >= PENDING_FOR:
            _end(work, "done", "refused", TOO_LATE, now)
            return False
        actor = actor_for(db.session.get_one(Account, work.account_id))
        do = KINDS[work.kind].share(work, actor, turn, at_most)
    do()
    with turn.transaction():
        return _more(turn, now)


def begin(work_id: int) -> Work | None:
    """The work, now under way; None for one that is over, or gone."""
    work = _locked(work_id)
    if work is None or work.state not in LIVE:
        return None
    work.state = "running"
    db.session.flush()
    return work


def tell(work_id: int, done: int) -> bool:
    """Tells how many rows of an export are written; False where it was cancelled."""
    going = update(Work).where(Work.id == work_id, Work.state == "running").values(done=done)
    return bool(db.session.execute(going.returning(Work.id)).first())


def finish_export(work_id: int, digest: str, rows: int, now: datetime) -> None:
    """Ends an export with its file; nothing happens to one that was cancelled meanwhile."""
    work = _locked(work_id)
    if work is not None and work.state in LIVE:
        work.digest, work.done, work.total = digest, rows, rows
        _end(work, "done", "done", None, now)


def _locked(work_id: int) -> Work | None:
    query = select(Work).where(Work.id == work_id).with_for_update()
    return db.session.scalar(query.execution_options(populate_existing=True))


def _more(turn: Turn, now: datetime) -> bool:
    """Whether items of the lane wait; whoever finds none left at all ends the work."""
    work = _locked(turn.work_id)
    if work is None or work.state not in LIVE:
        return False
    if not counts(work).get("waiting"):
        _end(work, "done", "refused", None, now)
        return False
    return KINDS[work.kind].waits(work, turn.lane)


def counts(work: Work) -> dict[str, int]:
    """How many items of a work under way are waiting, done, refused, failed."""
    return KINDS[work.kind].counts(work)


def cancel(work_id: int, *, actor: Actor, now: datetime) -> None:
    """Ends a work of the actor's own before its next item; what is done stays done.

    Raises NotFound alike for none and for somebody else's, and Conflict for one that is over.
    """
    work = _locked(work_id)
    if work is None or (work.account_id, work.organisation_id) != (actor.account_id, actor.organisation_id):
        raise NotFound
    if work.state not in LIVE:
        raise Conflict("该任务已经结束，不能取消。")
    _end(work, "cancelled", "cancelled", CANCELLED, now)
    record("work.cancelled", work_id, actor, now, detail={"title": work.title, "done": work.done})


def give_up(work_id: int, now: datetime, message: str | None = None) -> None:
    """Ends a work that fails again and again, such as one that kills its worker; or for the reason given."""
    work = _locked(work_id)
    if work is not None and work.state in LIVE:
        work.message = message or "系统出现故障，任务没有办完；请联系系统管理员。"
        _end(work, "failed", "failed", DEFECT, now)


def _end(work: Work, state: str, items: str, message: str | None, now: datetime) -> None:
    """Settles the items that still wait as `items`, with the message, and keeps the counts."""
    KINDS[work.kind].end(work, items, message)
    found = counts(work)
    work.done, work.failed = found.get("done", 0), found.get("refused", 0) + found.get("failed", 0)
    work.state, work.finished_at, work.asked = state, now, {}
    db.session.flush()


def forget(now: datetime) -> None:
    """Forgets what was over a month ago."""
    db.session.execute(delete(Work).where(Work.finished_at < now - KEPT))
