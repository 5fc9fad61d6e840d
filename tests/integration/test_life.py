"""A case's life at random, beside a model of the tiny scheme's rules: same answers, same states."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

import hypothesis
import pytest
from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select
from support.soak import rounds
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    OTHER_BUREAU,
    at,
    case_row,
    make_world,
    open_filing,
    publish_tiny,
    register_posts,
    task_of,
)

from app.engine.civil import civil
from app.errors import Closed, Conflict, DomainError, NotFound, Refused
from app.extensions import atomic, db
from app.models import PlaceClaim
from app.operations import cases, messages, tasks, timers
from app.operations.actors import Actor
from app.operations.evidence import verify
from app.operations.trials.worlds import Built

OPENS, CLOSES, GRACE = at("2021-06-10 09:00"), at("2021-07-01 00:00"), timedelta(seconds=60)
VACANT = {"senior": 1, "junior": 2}
STATUS = {
    "fill": "待提交",
    "first_review": "待区人社局审核",
    "final_review": "待省考核办审核",
    "passed": "审核已通过",
    "failed": "审核未通过",
    "withdrawn": "已撤回",
    "lapsed": "逾期未提交",
}
OFFICE_OF = {"fill": LIBRARY, "first_review": BUREAU, "final_review": OFFICE}
PEOPLE = ("陈一", "李二", "王三")

people = st.sampled_from(PEOPLE)


@dataclass
class Filing:
    """What the rules say of a case: where it stands, and the grade whose place it holds."""

    case_id: int
    stands: str = "fill"
    place: str | None = None
    done: list[int] = field(default_factory=list)

    @property
    def live(self) -> bool:
        return self.stands in OFFICE_OF

    def end(self, outcome: str) -> None:
        self.stands = outcome
        self.place = self.place if outcome == "passed" else None


class Life(RuleBasedStateMachine):
    """Three people, three vacancies, one closing date."""

    clean: ClassVar[Any]

    @initialize()
    def set_up(self) -> None:
        db.session.rollback()
        self.clean()
        publish_tiny()
        self.world: Built = make_world()
        register_posts(self.world, VACANT)
        self.now = OPENS
        self.filings: dict[str, Filing] = {}
        self.past: list[Filing] = []

    # What happens

    @rule(hours=st.integers(1, 100))
    def pass_time(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @precondition(lambda self: self.now < CLOSES)
    @rule(step=st.sampled_from([-1_000_000, -1, 0, 1, 59_999_999, 60_000_000]))
    def come_to_the_closing(self, step: int) -> None:
        """To a microsecond around 24:00 or the end of the grace."""
        self.now = CLOSES + timedelta(microseconds=step)

    @rule()
    def sweep(self) -> None:
        timers.sweep(lambda scheme_id: self.now, atomic)
        messages.deliver(atomic)
        for filing in self.filings.values():
            self.overdue(filing)

    @rule(name=people)
    def file(self, name: str) -> None:
        filing = self.filings.get(name)
        when = f"{civil(self.now):%Y-%m-%d %H:%M:%S.%f}"
        if filing and filing.live:
            with pytest.raises(Conflict, match=f"办件 {filing.case_id}，"):
                open_filing(self.world, name, when=when)
            return
        if filing:
            self.past.append(filing)
        self.filings[name] = Filing(open_filing(self.world, name, when=when))

    @rule(name=people, grade=st.sampled_from(sorted(VACANT)))
    def submit(self, name: str, grade: str) -> None:
        filing = self.filings.get(name)
        if filing is None or filing.stands != "fill":
            return
        taken = sum(other.place == grade for other in self.everyone() if other is not filing)
        expected: type[DomainError] | None = None
        if self.now >= CLOSES:
            expected = Closed
        elif taken >= VACANT[grade]:
            expected = Refused
        if self.complete(filing, {"grade": grade, "summary": "好"}, expected):
            filing.stands, filing.place = "first_review", grade

    @rule(name=people, decision=st.sampled_from(["approve", "return", "reject"]))
    def review(self, name: str, decision: str) -> None:
        filing = self.filings.get(name)
        if filing is None or filing.stands != "first_review":
            return
        self.complete(filing, {"decision": decision, "opinion": "意见"[: 2 * (decision != "approve")]})
        if decision == "approve":
            filing.end("passed") if filing.place == "junior" else setattr(filing, "stands", "final_review")
        elif decision == "return":
            filing.stands = "fill"
        else:
            filing.end("failed")

    @rule(name=people, approve=st.booleans())
    def review_finally(self, name: str, approve: bool) -> None:
        filing = self.filings.get(name)
        if filing is None or filing.stands != "final_review":
            return
        decided = {"decision": "approve"} if approve else {"decision": "reject", "opinion": "意见"}
        self.complete(filing, decided)
        filing.end("passed" if approve else "failed")

    @rule(name=people)
    def withdraw(self, name: str) -> None:
        filing = self.filings.get(name)
        if filing is None:
            return
        allowed = filing.stands == "fill" and self.now < CLOSES
        try:
            with atomic():
                cases.message(filing.case_id, "withdrawn", {}, self.world.actors[LIBRARY], self.now)
        except Conflict:
            assert not allowed
            # What was overdue is caught up with, and stays so though the withdrawal is refused.
            self.overdue(filing)
        else:
            assert allowed
            filing.end("withdrawn")

    # What must not work

    @rule(name=people)
    def click_again(self, name: str) -> None:
        filing = self.filings.get(name)
        if filing is None or not filing.done:
            return
        task_id, actor = filing.done[0], self.world.actors[LIBRARY]
        with pytest.raises(Conflict), atomic():
            tasks.complete(task_id, {"grade": "junior", "summary": "又"}, actor, self.now)

    @rule(name=people, stranger=st.sampled_from([OTHER_BUREAU, OFFICE, LIBRARY, BUREAU]))
    def meddle(self, name: str, stranger: str) -> None:
        filing = self.filings.get(name)
        if filing is None or not filing.live or stranger == OFFICE_OF[filing.stands]:
            return
        task_id, actor = task_of(filing.case_id), self.world.actors[stranger]
        db.session.rollback()
        with pytest.raises(NotFound), atomic():
            tasks.complete(task_id, {"decision": "approve"}, actor, self.now)

    # How it stands

    @invariant()
    def every_case_stands_where_the_rules_say(self) -> None:
        if not hasattr(self, "filings"):
            return
        for filing in self.everyone():
            row = case_row(filing.case_id)
            assert row.status == STATUS[filing.stands]
            assert row.outcome == (None if filing.live else filing.stands)
        live = select(func.count()).where(PlaceClaim.released_at.is_(None))
        assert db.session.scalar(live) == sum(filing.place is not None for filing in self.everyone())
        db.session.rollback()

    def teardown(self) -> None:
        if hasattr(self, "filings"):
            assert list(verify.verify_all()) == []
            db.session.rollback()

    def everyone(self) -> list[Filing]:
        return [*self.filings.values(), *self.past]

    def overdue(self, filing: Filing) -> None:
        if filing.stands == "fill" and self.now - GRACE >= CLOSES:
            filing.end("lapsed")

    def complete(
        self, filing: Filing, values: dict[str, Any], expected: type[DomainError] | None = None
    ) -> bool:
        task_id, actor = task_of(filing.case_id), self.actor_of(filing)
        db.session.rollback()
        if expected is None:
            with atomic():
                tasks.complete(task_id, values, actor, self.now)
            if filing.stands == "fill":
                filing.done.append(task_id)
            return True
        with pytest.raises(expected), atomic():
            tasks.complete(task_id, values, actor, self.now)
        return False

    def actor_of(self, filing: Filing) -> Actor:
        return self.world.actors[OFFICE_OF[filing.stands]]


def live(app: Flask, request: pytest.FixtureRequest, examples: int, steps: int) -> None:
    Life.clean = staticmethod(request.getfixturevalue("_cleaner").clean)
    settings = hypothesis.settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    run_state_machine_as_test(Life, settings=settings)


def test_lives(app: Flask, request: pytest.FixtureRequest) -> None:
    live(app, request, examples=10, steps=25)


@pytest.mark.soak
def test_many_long_lives(app: Flask, request: pytest.FixtureRequest) -> None:
    for _ in rounds(20, seconds=240):
        live(app, request, examples=10, steps=60)
