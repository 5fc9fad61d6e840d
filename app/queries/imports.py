"""Uploaded tables as their owner sees them, and the open tasks that a template is made for (CQ-23)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from app.content.forms import Form
from app.errors import NotFound
from app.extensions import db
from app.models import Case, Import, ImportRow, Task
from app.operations import deployments
from app.operations.actors import Actor
from app.operations.long_work._import_lines import importable
from app.operations.uploads._tables import MOST_LINES
from app.queries.inbox import ROWS, TaskKind, TaskRow

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class ImportKind(TaskKind):
    """A step whose values may be imported, and how many tasks of it are open."""

    count: int


@dataclass(frozen=True, slots=True)
class Standing:
    """An upload: how many lines are in which state, and the first of those that need telling."""

    table: Import
    counts: Mapping[str, int]
    told: Sequence[ImportRow]

    def count(self, state: str) -> int:
        return self.counts.get(state, 0)

    @property
    def lines(self) -> int:
        """How many lines have something to import, or had."""
        return sum(self.counts.values()) - self.count("blank")

    @property
    def settled(self) -> int:
        return self.count("done") + self.count("refused")


def kinds(organisation_id: int) -> list[ImportKind]:
    """The steps that the organisation has open tasks of and whose diagram lets values be imported."""
    step = (Task.scheme_id, Task.process, Task.element, Task.name)
    query = (
        select(*step, Case.deployment_id, func.count())
        .join(Case, Case.id == Task.case_id)
        .where(Task.state == "open", Task.office_id == organisation_id)
        .group_by(*step, Case.deployment_id)
        .order_by(Task.scheme_id, Task.name, Case.deployment_id)
    )
    found: dict[str, ImportKind] = {}
    for scheme_id, process, element, name, deployment_id, count in db.session.execute(query):
        if importable(deployment_id, process, element):
            key = f"{scheme_id}/{element}"
            before = found[key].count if key in found else 0
            found[key] = ImportKind(key, scheme_id, name, before + count)
    return list(found.values())


def template(kind: str, organisation_id: int) -> tuple[Form, Iterator[TaskRow]]:
    """The form of a kind's open tasks, and as many of them as one table may hold, by unit and name.

    Raises NotFound for a kind that is not among `kinds`.
    """
    if kind not in {known.key for known in kinds(organisation_id)}:
        raise NotFound
    scheme_id, _, element = kind.partition("/")
    query = ROWS.where(Task.state == "open", Task.office_id == organisation_id).where(
        Task.scheme_id == scheme_id, Task.element == element
    )
    newest = query.with_only_columns(Task.form, Case.deployment_id, maintain_column_froms=True)
    form, deployment_id = db.session.execute(newest.order_by(Case.deployment_id.desc()).limit(1)).one()
    rows = query.order_by(Case.unit_id, Task.opened_at, Task.id).limit(MOST_LINES)
    return (
        deployments.scheme(deployment_id).form(form),
        (TaskRow(*row) for row in db.session.execute(rows)),
    )


def recent(actor: Actor) -> Sequence[Import]:
    """The actor's own uploads, the newest first."""
    mine = (Import.account_id == actor.account_id, Import.organisation_id == actor.organisation_id)
    return db.session.scalars(select(Import).where(*mine).order_by(Import.id.desc())).all()


def one(import_id: int, actor: Actor) -> Standing:
    """One of the actor's own uploads; raises NotFound alike for none and for somebody else's."""
    mine = (Import.account_id == actor.account_id, Import.organisation_id == actor.organisation_id)
    table = db.session.scalar(select(Import).where(Import.id == import_id, *mine))
    if table is None:
        raise NotFound
    of_table = ImportRow.import_id == import_id
    counts = select(ImportRow.state, func.count()).where(of_table).group_by(ImportRow.state)
    told = select(ImportRow).where(of_table, ImportRow.state.in_(("bad", "refused")))
    return Standing(
        table,
        {state: count for state, count in db.session.execute(counts)},
        db.session.scalars(told.order_by(ImportRow.number).limit(MOST_SHOWN)).all(),
    )
