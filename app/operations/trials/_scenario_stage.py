"""Where a scenario plays: its scheme and world, who acts in it, and the cases that have begun."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import select

from app.content import Scenario, Scheme, World
from app.content.worlds import THEMSELVES
from app.extensions import db
from app.models import Account, Case
from app.operations.access import accounts
from app.operations.actors import Actor
from app.operations.trials import worlds
from app.operations.trials.worlds import Built


class Stopped(Exception):
    """The scenario cannot go on, for the reason told: what follows would only repeat this failure."""


@dataclass(frozen=True, slots=True)
class Stage:
    """`world` is what the scenario's files say, `built` the rows made of it; `cases` grows as they begin."""

    scheme: Scheme
    scenario: Scenario
    world: World
    built: Built
    cases: dict[str, int] = field(default_factory=dict)

    def case(self, name: str) -> int:
        """The case of that name. Raises Stopped before it has begun."""
        if name not in self.cases:
            raise Stopped(f"办件“{name or self.scenario.cases[name].process}”此时还没有开始")
        return self.cases[name]

    def actor(self, name: str, case_id: int | None = None) -> Actor:
        """The actor of that name, for the organisation that the account is of today.

        Or the case's own person; raises Stopped where it is not about one.
        """
        if name == THEMSELVES:
            return self.themselves(case_id)
        account = db.session.get_one(Account, self.built.actors[name].account_id, populate_existing=True)
        return accounts.actor_for(account)

    def themselves(self, case_id: int | None) -> Actor:
        person_id = db.session.scalar(select(Case.person_id).where(Case.id == case_id))
        if person_id is None:
            raise Stopped(f"这件办件不是关于一个人的，不能由{THEMSELVES}办理")
        return worlds.applicant(person_id)
