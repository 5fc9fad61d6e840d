"""Who of an office has a task: claiming 签收, releasing 放回, transferring 转办."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import update

from app.errors import Conflict, NotFound, Refused
from app.extensions import db
from app.models import Task
from app.operations.actors import Actor
from app.operations.company._records import LONGEST_TEXT, log_task_act, said, tell
from app.operations.road._assignee import acts_as, blocked, colleague, principal
from app.operations.road._deciding import AtHand, check_decider, check_participant, holding, taking_part

__all__ = [
    "LONGEST_TEXT",
    "acts_as",
    "claim",
    "demand_no_applicant",
    "entitled",
    "give",
    "hindrance",
    "holds",
    "named",
    "release",
    "transfer",
]


def claim(task_id: int, actor: Actor, received_at: datetime) -> None:
    """Takes a task of the office that nobody has taken: from now on its assignee alone completes it.

    Raises what completing it raises, and Conflict, naming who has it, for one that somebody has.
    """
    with holding(task_id, actor, received_at) as at_hand:
        if at_hand.task.assignee_id is not None:
            raise Conflict(f"“{at_hand.task.name}”已由{at_hand.holder.name}签收，不必再签收。")
        give(at_hand, actor)
        log_task_act(at_hand, "claimed", to=actor.account_id)


def release(task_id: int, actor: Actor, received_at: datetime) -> None:
    """Puts a task back that the actor, or their principal, has: anybody of the office may do it again."""
    with holding(task_id, actor, received_at) as at_hand:
        if at_hand.task.assignee_id is None:
            raise Conflict(f"“{at_hand.task.name}”没有人签收，不必放回。")
        if at_hand.task.delegated:
            raise Conflict(blocked(at_hand.task, actor.account_id, holds=True) or "")
        give(at_hand, None)
        log_task_act(at_hand, "released")


def transfer(task_id: int, to_id: int, ground: str, actor: Actor, received_at: datetime) -> None:
    """Gives a task to a colleague for good, with the ground; one that is delegated is delegated no more.

    Whoever has it, owns it, or could take it may, and the office's supervisor. Raises what completing it
    raises, and Invalid for who is no active operator of the office.
    """
    text = said(ground, "ground", "请写明转办的原因。")
    with entitled(task_id, actor, received_at) as at_hand:
        to = colleague(to_id, at_hand.task.office_id)
        if to.account_id == at_hand.task.assignee_id and not at_hand.task.delegated:
            raise Conflict(f"“{at_hand.task.name}”已经由{to.name}办理，不必转办。")
        check_participant(at_hand, to)
        give(at_hand, to)
        log_task_act(at_hand, "transferred", text, **named(to))
        tell(at_hand, to.account_id, f"转办给您。{text}")


def hindrance(task: Task, actor: Actor, at: datetime) -> str | None:
    """Why an actor of its office cannot complete an open task now, in a sentence (not for ALL-04)."""
    return blocked(task, actor.account_id, holds=holds(task, actor, at))


def holds(task: Task, actor: Actor, at: datetime) -> bool:
    """Whether nobody has the task, or the actor, or somebody for whom the actor acts."""
    return task.assignee_id is None or acts_as(task.assignee_id, task.scheme_id, actor, at)


@contextmanager
def entitled(task_id: int, actor: Actor, received_at: datetime) -> Iterator[AtHand]:
    """A task that the actor may give away: as its holder or owner, or as the supervisor of its office."""
    if actor.organisation_id is None:
        raise NotFound()
    supervises = actor.has("supervisor")
    with taking_part(task_id, actor, received_at, duty="supervisor" if supervises else "operator") as at_hand:
        if supervises:
            demand_no_applicant(at_hand)
            yield at_hand
            return
        check_decider(at_hand, actor)
        whose = at_hand.task.owner_id if at_hand.task.delegated else at_hand.task.assignee_id
        if whose is not None and not acts_as(whose, at_hand.moving.scheme.id, actor, received_at):
            raise Conflict(blocked(at_hand.task, actor.account_id) or "")
        yield at_hand.for_(principal(whose, actor))


def demand_no_applicant(at_hand: AtHand) -> None:
    """Raises Refused for who arranges who does their own case (ALL-04)."""
    person_id = at_hand.actor.person_id
    if person_id is not None and person_id == at_hand.moving.person_id:
        raise Refused("您是该办件的申报人，不能安排由谁办理。")


def give(at_hand: AtHand, to: Actor | None) -> None:
    """Makes somebody the assignee, for good; the caller logs it."""
    columns = {"assignee_id": to.account_id if to else None, "owner_id": None, "delegated": False}
    db.session.execute(update(Task).where(Task.id == at_hand.task.id).values(columns))


def named(to: Actor) -> dict[str, Any]:
    """How the log names to whom something was given, or of whom it was asked."""
    return {"to": to.account_id, "to_name": to.name}
