"""What people may say to a case: the messages of boundary events that no other case sends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.content.messages import Saying, between_cases, saying_of
from app.content.scheme import Scheme
from app.errors import Conflict, DomainError, NotFound, Refused
from app.extensions import db
from app.models import Case, MessageWait
from app.operations import deployments
from app.operations.actors import Actor
from app.operations.offices import organisations
from app.operations.road._moving import Moving


@dataclass(frozen=True, slots=True)
class Sayable:
    """A message that somebody may say now, and until when."""

    saying: Saying
    closes_at: datetime | None


def of_case(case: Case) -> Iterator[Saying]:
    """What may be said to a case as it stands, by whomever."""
    return (found.saying for found in _sayable(case))


def sayable(case: Case, actor: Actor, at: datetime) -> list[Sayable]:
    """What the actor may say to a case as it stands."""
    scheme = deployments.scheme(case.deployment_id)
    return [
        found
        for found in _sayable(case)
        if found.closes_at is None or at < found.closes_at
        if _may_say(scheme, found.saying, case.unit_id, case.person_id, actor, at)
    ]


def demand(moving: Moving, message: str, actor: Actor, at: datetime) -> tuple[Saying, str | None]:
    """How the actor says the message to a locked case, and the key that it waits with.

    Raises NotFound, Conflict for the case's own unit or person where the case does not wait for it, Refused
    for an officer's own case (ALL-04).
    """
    if message in between_cases(moving.scheme):
        raise NotFound()
    for said, key in _said(moving, message):
        if _may_say(moving.scheme, said, moving.unit_id, moving.person_id, actor, at):
            if said.role is not None and moving.scheme.roles[said.role].relation != "unit":
                demand_impartial(actor, moving.person_id)
            return said, key
    own = moving.unit_id == actor.organisation_id and actor.has("operator")
    if (own or actor.is_applicant(moving.person_id)) and not _waits(moving, message):
        raise Conflict("办件当前的状态不允许此项操作，请刷新页面查看。")
    raise NotFound()


def demand_impartial(actor: Actor, person_id: int | None) -> None:
    """Raises Refused where an officer would act on their own case (ALL-04)."""
    if actor.is_applicant(person_id):
        return
    if person_id is not None and actor.person_id == person_id:
        raise Refused("您是该办件的申报人，不能办理自己的事项，请由本机构其他经办人办理。")


def _sayable(case: Case) -> Iterator[Sayable]:
    scheme = deployments.scheme(case.deployment_id)
    waits = select(MessageWait).where(MessageWait.case_id == case.id).order_by(MessageWait.token)
    for wait in db.session.scalars(waits):
        said = saying_of(scheme, case.process, wait.element, wait.message)
        if said is not None:
            yield Sayable(said, wait.closes_at)


def _waits(moving: Moving, message: str) -> bool:
    return any(wait.message == message for wait in (moving.stands.messages if moving.stands else ()))


def _said(moving: Moving, message: str) -> Iterator[tuple[Saying, str | None]]:
    for wait in moving.stands.messages if moving.stands else ():
        said = saying_of(moving.scheme, moving.process, wait.element, message)
        if wait.message == message and said is not None:
            yield said, wait.key


def _may_say(
    scheme: Scheme, said: Saying, unit_id: int, person_id: int | None, actor: Actor, at: datetime
) -> bool:
    role = scheme.roles[said.role] if said.role else None
    if role and role.applicant and actor.is_applicant(person_id):
        return True
    if not actor.has("operator"):
        return False
    if role is None:
        return unit_id == actor.organisation_id
    try:
        return organisations.resolve_role(role, unit_id, at) == actor.organisation_id
    except DomainError:  # nobody holds it for this unit
        return False
