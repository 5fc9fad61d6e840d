"""The mark of the database and the rehearsal clocks: a scheme's own time, in a rehearsal database alone."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, exists, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.errors import Conflict, Forbidden, NotFound
from app.extensions import db
from app.models import Account, Case, DatabaseMark, SchemeClock, Task
from app.operations._administration import record
from app.operations._prepared import Prepared
from app.operations.actors import Actor

LAST_YEAR = 2200
"""Beyond it the sums of dates and durations would leave what the calendar can hold."""


def mark_database(rehearsal: bool, now: datetime) -> None:
    """Marks a new database as a rehearsal's or a real one, once and for ever (decision 13).

    The same mark again changes nothing. Raises Conflict for the other mark, and for a database that has
    been in use without one, which is a real one.
    """
    marked = db.session.scalar(select(DatabaseMark.rehearsal))
    if marked is None:
        if rehearsal and _in_use():
            raise Conflict("该数据库已有业务数据，是正式库，不能改作演练库；演练请另建数据库。")
        db.session.add(DatabaseMark(id=1, rehearsal=rehearsal, created_at=now))
        db.session.flush()
    elif marked != rehearsal:
        kinds = ("演练库", "正式库") if marked else ("正式库", "演练库")
        raise Conflict("该数据库建立时标记为{}，不能改作{}；请另建数据库。".format(*kinds))


def is_rehearsal() -> bool:
    """Whether this is a rehearsal database 演练库; one without a mark is real."""
    return bool(db.session.scalar(select(DatabaseMark.rehearsal)))


def demand_rehearsal_or_empty() -> None:
    """Raises Forbidden in a real database that is in use: what needs two persons there needs them."""
    if not is_rehearsal() and _in_use():
        raise Forbidden("正式库已投入使用，请在系统中按流程发布，由另一人复核。")


def scheme_now(scheme_id: str, real_now: datetime) -> datetime:
    """The instant of a scheme's clock: shifted in a rehearsal database, in a real one `real_now`."""
    offset = db.session.scalar(
        select(SchemeClock.offset).where(SchemeClock.scheme_id == scheme_id, _in_a_rehearsal())
    )
    return real_now + offset if offset is not None else real_now


def real_of(scheme_id: str, at: datetime) -> datetime:
    """The real instant that a scheme's clock shows as `at`."""
    return at - (scheme_now(scheme_id, at) - at)


def task_now(task_id: int, office_id: int, real_now: datetime) -> datetime:
    """`scheme_now` for the scheme of a task that the office holds. Raises NotFound, alike for another's."""
    row = _OFFSET_OF_TASK.run({"task": task_id, "office": office_id}).first()
    if row is None:
        raise NotFound
    return real_now + row.offset if row.offset is not None else real_now


def offsets() -> dict[str, timedelta]:
    """By how much each scheme's clock is shifted; nothing in a real database."""
    query = select(SchemeClock.scheme_id, SchemeClock.offset).where(_in_a_rehearsal())
    return {scheme_id: offset for scheme_id, offset in db.session.execute(query)}


def open_clock(scheme_id: str, opens_at: datetime | None, actor: Actor, real_now: datetime) -> None:
    """Starts a scheme's rehearsal clock at the instant when the scheme opens; one that runs stays as it is.

    In a real database, and for a scheme without such an instant, nothing happens.
    """
    if opens_at is None or not is_rehearsal():
        return
    row = {"scheme_id": scheme_id, "offset": opens_at - real_now}
    started = upsert(SchemeClock).values(row).on_conflict_do_nothing().returning(SchemeClock.scheme_id)
    if db.session.execute(started).first():
        record("clock.opened", scheme_id, actor, real_now, detail={"at": opens_at.isoformat()})


def set_clock(scheme_id: str, to: datetime, actor: Actor, real_now: datetime) -> None:
    """Moves a scheme's clock forward to an instant, from where it ticks on; after the commit, let time pass.

    Raises Forbidden in a real database, and Conflict for an instant that the clock has passed.
    """
    if not is_rehearsal():
        raise Forbidden("这是正式库，时钟不能调整；只有演练库可以。")
    if to.year > LAST_YEAR:
        raise Conflict(f"演练时钟最晚拨到 {LAST_YEAR} 年。")
    start = upsert(SchemeClock).values(scheme_id=scheme_id, offset=timedelta(0))
    db.session.execute(start.on_conflict_do_nothing())
    clock = db.session.scalars(
        select(SchemeClock)
        .where(SchemeClock.scheme_id == scheme_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    before = real_now + clock.offset
    if to < before:
        raise Conflict("演练时钟只能向前拨，不能倒回；要重来请新建演练库。")
    clock.offset = to - real_now
    detail = {"from": before.isoformat(), "to": to.isoformat()}
    record("clock.moved", scheme_id, actor, real_now, detail=detail)


def _in_a_rehearsal() -> ColumnElement[bool]:
    return exists().where(DatabaseMark.rehearsal)


_TASK, _CLOCK = Task.__table__.c, SchemeClock.__table__.c
_OFFSET_OF_TASK = Prepared(
    select(_CLOCK.offset)
    .select_from(
        Task.__table__.outerjoin(
            SchemeClock.__table__, (_CLOCK.scheme_id == _TASK.scheme_id) & _in_a_rehearsal()
        )
    )
    .where(_TASK.id == bindparam("task"), _TASK.office_id == bindparam("office"))
)


def _in_use() -> bool:
    return bool(db.session.scalar(select(exists().where(Account.id > 0) | exists().where(Case.id > 0))))
