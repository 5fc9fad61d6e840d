"""Cases that an account, or its organisation, has begun 我发起的."""

from __future__ import annotations

from sqlalchemy import ColumnElement, literal_column, select

from app.models import Case, History
from app.operations.actors import Actor
from app.queries import cases
from app.queries.cases import CaseFilter, CaseRow
from app.queries.paging import Page

FIRST: ColumnElement[int] = literal_column("1")
"""The row of the log that tells who began a case; a constant, for the index of these rows alone."""


def begun_by(actor: Actor, *, anybody: bool = False) -> ColumnElement[bool]:
    """Cases that the account began; with `anybody`, those that anyone of its organisation did."""
    who = History.office_id == actor.organisation_id if anybody else History.actor_id == actor.account_id
    return Case.id.in_(select(History.case_id).where(History.seq == FIRST, who))


def listing(
    actor: Actor, wanted: CaseFilter, before: str | None = None, *, anybody: bool = False
) -> Page[CaseRow]:
    """A page of them, the newest first."""
    return cases.listing(begun_by(actor, anybody=anybody), wanted, before)
