"""Long work 长任务 as whoever asked for it sees it: how far it is, and the result of each item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select

from app.errors import NotFound
from app.extensions import db
from app.models import Work, WorkItem
from app.operations.actors import Actor
from app.operations.long_work import work as operations
from app.queries.paging import Page, cut, limited, read_id_cursor

FILE_KEPT = timedelta(days=1)
UNSUCCESSFUL = ("refused", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Standing:
    """A work and how far it is: items, or rows of an export."""

    work: Work
    done: int
    failed: int

    @property
    def live(self) -> bool:
        return self.work.state in operations.LIVE

    @property
    def settled(self) -> int:
        return self.done + self.failed

    @property
    def tag(self) -> str:
        """Changes whenever it has gone on."""
        return f"{self.work.state}-{self.done}-{self.failed}"

    def has_file(self, now: datetime) -> bool:
        """Whether an export's file may still be had."""
        ended = self.work.finished_at
        return self.work.digest is not None and ended is not None and now - ended < FILE_KEPT


def recent(actor: Actor, after: str | None = None) -> Page[Standing]:
    """A page of what the actor asked for, the newest first."""
    query = select(Work).where(*_own(actor)).order_by(Work.id.desc())
    last = read_id_cursor(after)
    rows = db.session.scalars(limited(query.where(Work.id < last) if last is not None else query)).all()
    page = cut(rows, lambda row: str(row.id))
    return Page([standing(row) for row in page.rows], page.next)


def one(work_id: int, actor: Actor) -> Standing:
    """One of the actor's own; raises NotFound alike for none and for somebody else's."""
    found = db.session.scalar(select(Work).where(Work.id == work_id, *_own(actor)))
    if found is None:
        raise NotFound
    return standing(found)


def of_import(import_id: int) -> int | None:
    """The work that imports a table, if it is long."""
    return db.session.scalar(select(Work.id).where(Work.import_id == import_id))


def standing(work: Work) -> Standing:
    if work.state not in operations.LIVE or work.kind == "export":
        return Standing(work, work.done, work.failed)
    found = operations.counts(work)
    return Standing(work, found.get("done", 0), sum(found.get(state, 0) for state in UNSUCCESSFUL))


def items(work: Work, after: str | None = None, *, only_unsuccessful: bool = False) -> Page[WorkItem]:
    """A page of the items in their order."""
    query = select(WorkItem).where(WorkItem.work_id == work.id).order_by(WorkItem.number)
    if only_unsuccessful:
        query = query.where(WorkItem.state.in_(UNSUCCESSFUL))
    last = read_id_cursor(after)
    rows: Sequence[WorkItem] = db.session.scalars(
        limited(query.where(WorkItem.number > last) if last is not None else query)
    ).all()
    return cut(rows, lambda row: str(row.number))


def _own(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return Work.account_id == actor.account_id, Work.organisation_id == actor.organisation_id
