"""The inbox 待办 and what was done 已办: tasks of an organisation, straight from the projection.

What is open for an account lies in parts that share no task: what nobody of its office has taken, what it has
itself, what each of those has whose deputy it is. Each part is an index in the page's order, so that a page
reads a few dozen rows, however many are open.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    func,
    literal,
    or_,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased, defer

from app.errors import Forbidden
from app.extensions import db
from app.models import Account, Case, Cosigner, Organisation, Person, Task
from app.operations.actors import Actor
from app.operations.company.deputies import principals_of
from app.queries.paging import (
    COUNT_CAP,
    PAGE_SIZE,
    Page,
    Rows,
    all_rows,
    at_cursor,
    capped_count,
    cut,
    limited,
    read_at_cursor,
    read_id_cursor,
)

By = Literal["opened", "due"]

_ASSIGNEE = aliased(Account)
ROWS = (
    select(Task, Case, Organisation.name, Person, _ASSIGNEE.name)
    .join(Case, Case.id == Task.case_id)
    .join(Organisation, Organisation.id == Case.unit_id)
    .outerjoin(Person, Person.id == Case.person_id)
    .outerjoin(_ASSIGNEE, _ASSIGNEE.id == Task.assignee_id)
    # A list never needs an instance of the engine.
    .options(defer(Case.engine_state, raiseload=True))
)


@dataclass(frozen=True)
class TaskRow:
    """A task with what a list says of its case, and the name of who has taken it."""

    task: Task
    case: Case
    unit_name: str
    person: Person | None
    assignee: str | None

    @property
    def subject(self) -> str:
        """Whom or what it is about, by name."""
        return self.person.name if self.person else self.unit_name


@dataclass(frozen=True)
class AskedRow:
    """A task on which an account was asked for its opinion, what for and by whom."""

    row: TaskRow
    cosigner: Cosigner
    asked_by: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Whose open tasks: an account's own, or all of its office; made by `desk_of`.

    `principals`: for whom the account is a deputy, each with the scheme that this is limited to, or None.
    """

    organisation_id: int
    account_id: int | None
    principals: tuple[tuple[int, str | None], ...] = ()
    office_wide: bool = False


def desk_of(actor: Actor, now: datetime, *, office_wide: bool = False) -> Desk:
    """What is open for somebody at an instant of the real clock. Raises Forbidden without an organisation."""
    if actor.organisation_id is None:
        raise Forbidden("您的账号没有所属单位，没有待办列表。")
    principals = principals_of(actor.account_id, now) if actor.account_id is not None else ()
    return Desk(actor.organisation_id, actor.account_id, tuple(principals), office_wide)


@dataclass(frozen=True)
class TaskFilter:
    """What a list is narrowed to; empty text means any. `kind` is "scheme/element", `deployment` an id."""

    kind: str = ""
    unit: str = ""
    name: str = ""
    opened_from: datetime | None = None
    opened_before: datetime | None = None
    deployment: int | None = None


@dataclass(frozen=True)
class TaskKind:
    """A step that the inbox holds tasks of, for the filter's list of choices."""

    key: str
    scheme_id: str
    name: str


def open_tasks(desk: Desk, wanted: TaskFilter, after: str | None = None, by: By = "opened") -> Page[TaskRow]:
    """A page of the open tasks, the oldest first, or those that are due first."""
    key, place = KEYS[by], read_place(after, by)
    parts = []
    for part in _parts(desk):
        query = _narrowed(_ids(wanted, key).where(part), wanted).order_by(key, Task.id)
        parts.append(query if place is None else query.where(tuple_(key, Task.id) > place))
    ids = _first(parts, PAGE_SIZE + 1)
    query = ROWS.join(ids, ids.c.id == Task.id).order_by(ids.c.at, ids.c.id)
    return cut(_fetch(limited(query)), lambda row: place_of(row.task, by))


def every_open(desk: Desk, wanted: TaskFilter, *, long: bool = False, by: By = "opened") -> Rows[TaskRow]:
    """All open tasks, in the order of `open_tasks`. Raises TooMany."""
    query = _narrowed(ROWS.where(or_(*_parts(desk))), wanted).order_by(KEYS[by], Task.id)
    return all_rows(query, TaskRow, long=long)


def every_done(organisation_id: int, wanted: TaskFilter, *, long: bool = False) -> Rows[TaskRow]:
    """All that the organisation completed, the newest first. Raises TooMany."""
    query = _narrowed(_done(organisation_id), wanted, Task.completed_at)
    query = query.order_by(Task.completed_at.desc(), Task.id.desc())
    return all_rows(query, TaskRow, long=long)


def count_open(desk: Desk, wanted: TaskFilter | None = None) -> tuple[int, bool]:
    wanted = wanted or TaskFilter()
    parts = [_narrowed(_ids(wanted).where(part), wanted) for part in _parts(desk)]
    if wanted == TaskFilter():  # along the index alone
        parts = [part.order_by(Task.opened_at, Task.id) for part in parts]
    return capped_count(select(_first(parts, COUNT_CAP + 1).c.id))


def kinds(organisation_id: int) -> Sequence[TaskKind]:
    """The steps of which the organisation has open tasks, each found by one look at the index."""
    found = db.session.execute(_KINDS, {"office": organisation_id})
    return [TaskKind(f"{scheme}/{element}", scheme, name) for scheme, element, name in found]


_KINDS = text("""
    WITH RECURSIVE kind AS (
        (SELECT scheme_id, element, name FROM task WHERE state = 'open' AND office_id = :office
         ORDER BY scheme_id, element, name LIMIT 1)
        UNION ALL
        SELECT later.* FROM kind, LATERAL (
            SELECT scheme_id, element, name FROM task WHERE state = 'open' AND office_id = :office
            AND (scheme_id, element, name) > (kind.scheme_id, kind.element, kind.name)
            ORDER BY scheme_id, element, name LIMIT 1
        ) later
    )
    SELECT scheme_id, element, name FROM kind ORDER BY scheme_id, name
""")


def deployments(desk: Desk, kind: str) -> Sequence[int]:
    """The deployments by which the open tasks of a kind are done, the oldest first."""
    wanted = TaskFilter(kind)
    query = _narrowed(select(Case.deployment_id).join(Task, Task.case_id == Case.id), wanted)
    query = query.where(or_(*_parts(desk))).distinct().order_by(Case.deployment_id)
    return db.session.scalars(query).all()


def newest_open(desk: Desk) -> int:
    """The id of the newest open task, 0 for none: changes when something new came."""
    parts = [_ids().where(part).order_by(Task.id.desc()) for part in _parts(desk)]
    return db.session.scalar(select(func.max(_first(parts, 1).c.id))) or 0


def tag(desk: Desk) -> str:
    """Changes when something new has come to a desk: a task, one that was handed over, a question."""
    own = select(func.count(), func.max(Task.id)).where(or_(*_taken(desk)))
    asked = select(func.count(), func.max(Cosigner.id)).where(asked_of(desk))
    found = (newest_open(desk), *db.session.execute(own).one(), *db.session.execute(asked).one())
    return ".".join(str(number or 0) for number in found)


def asked(desk: Desk, after: str | None = None) -> Page[AskedRow]:
    """A page of the opinions that an account, or who it acts for, was asked for; the oldest first."""
    asker = aliased(Account)
    query = (
        ROWS.add_columns(Cosigner, asker.name)
        .join(Cosigner, Cosigner.task_id == Task.id)
        .join(asker, asker.id == Cosigner.asked_by)
        .where(Task.state == "open", asked_of(desk))
        .order_by(Cosigner.id)
    )
    last = read_id_cursor(after)
    if last is not None:
        query = query.where(Cosigner.id > last)
    rows = [AskedRow(TaskRow(*row[:-2]), row[-2], row[-1]) for row in db.session.execute(limited(query))]
    return cut(rows, lambda row: str(row.cosigner.id))


def asked_of(desk: Desk) -> ColumnElement[bool]:
    """Questions that wait for the account's answer, or for that of somebody for whom it acts."""
    accounts = [account_id for account_id, _ in ((desk.account_id, None), *desk.principals)]
    waits = (Cosigner.given_at.is_(None), Cosigner.removed_at.is_(None))
    return and_(Cosigner.account_id.in_(accounts), *waits)


def done_tasks(organisation_id: int, wanted: TaskFilter, after: str | None = None) -> Page[TaskRow]:
    """A page of what the organisation completed, the newest first; `opened_*` then means completed."""
    query = _narrowed(_done(organisation_id), wanted, Task.completed_at)
    query = query.order_by(Task.completed_at.desc(), Task.id.desc())
    place = read_at_cursor(after)
    if place:
        query = query.where(tuple_(Task.completed_at, Task.id) < place)
    return cut(
        _fetch(limited(query)),
        lambda row: at_cursor(row.task.completed_at or row.task.opened_at, row.task.id),
    )


def chosen(task_ids: Collection[int], desk: Desk) -> Sequence[TaskRow]:
    """The ticked tasks that are open for the account itself, in the inbox's order."""
    query = ROWS.where(or_(_free(desk), *_taken(desk)), Task.id.in_(task_ids))
    return _fetch(query.order_by(Task.opened_at, Task.id))


def all_of_kind(desk: Desk, wanted: TaskFilter, upto: int, most: int) -> Sequence[TaskRow]:
    """Up to `most` of an account's tasks of a kind that are decided in bulk, none newer than `upto`."""
    query = _narrowed(ROWS.where(or_(_free(desk), *_taken(desk))), wanted)
    query = query.where(Task.bulk, Task.id <= upto).order_by(Task.opened_at, Task.id)
    return _fetch(query.limit(most)) if wanted.kind else []


# The parts of a desk


def _free(desk: Desk) -> ColumnElement[bool]:
    office = Task.office_id == desk.organisation_id
    return and_(Task.state == "open", office, Task.assignee_id.is_(None))


def _taken(desk: Desk) -> list[ColumnElement[bool]]:
    """What the account has, and what those have for whom it acts."""
    return [
        and_(
            Task.state == "open",
            Task.assignee_id == account_id,
            Task.office_id == desk.organisation_id,
            *([Task.scheme_id == scheme_id] if scheme_id else []),
        )
        for account_id, scheme_id in ((desk.account_id, None), *desk.principals)
        if account_id is not None
    ]


def _parts(desk: Desk) -> list[ColumnElement[bool]]:
    if not desk.office_wide:
        return [_free(desk), *_taken(desk)]
    office = Task.office_id == desk.organisation_id
    return [_free(desk), and_(Task.state == "open", office, Task.assignee_id.is_not(None))]


KEYS: dict[By, Any] = {
    "opened": Task.opened_at,
    "due": func.coalesce(Task.due_at, text("'infinity'::timestamptz")),
}


def _ids(wanted: TaskFilter | None = None, key: Any = Task.opened_at) -> Select[Any]:
    """Task ids with the page's key; joined with what the filter reads alone."""
    query = select(Task.id.label("id"), key.label("at"))
    if wanted and (wanted.unit or wanted.name or wanted.deployment):
        query = query.join(Case, Case.id == Task.case_id)
        query = query.join(Organisation, Organisation.id == Case.unit_id)
        query = query.outerjoin(Person, Person.id == Case.person_id)
    return query


def _first(parts: Sequence[Select[Any]], most: int) -> Subquery:
    """The first of each part, together; the caller orders them."""
    return union_all(*(part.limit(most).subquery().select() for part in parts)).subquery()


def place_of(task: Task, by: By) -> str:
    """The cursor behind a task; one that is never due is told by its id alone."""
    at = task.opened_at if by == "opened" else task.due_at
    return at_cursor(at, task.id) if at is not None else str(task.id)


def read_place(text_: str | None, by: By) -> Any:
    if by == "due" and (last := read_id_cursor(text_)) is not None:
        return tuple_(text("'infinity'::timestamptz"), literal(last))
    return read_at_cursor(text_)


def _done(organisation_id: int) -> Select[Any]:
    """What it completed or gave back."""
    return ROWS.where(Task.completed_for == organisation_id)


def _narrowed(query: Select[Any], wanted: TaskFilter, at: Any = Task.opened_at) -> Select[Any]:
    scheme_id, _, element = wanted.kind.partition("/")
    if element:
        query = query.where(Task.scheme_id == scheme_id, Task.element == element)
    if wanted.opened_from:
        query = query.where(at >= wanted.opened_from)
    if wanted.opened_before:
        query = query.where(at < wanted.opened_before)
    if wanted.deployment:
        query = query.where(Case.deployment_id == wanted.deployment)
    if wanted.unit:
        query = query.where(Organisation.name.contains(wanted.unit, autoescape=True))
    if wanted.name:
        query = query.where(Person.name.contains(wanted.name, autoescape=True))
    return query


def _fetch(query: Select[Any]) -> Sequence[TaskRow]:
    return [TaskRow(*row) for row in db.session.execute(query)]
