"""Random lives of a task among colleagues beside a small model: who has it, who is asked, who may do what."""

from __future__ import annotations

from dataclasses import dataclass, field

import hypothesis
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlalchemy import select
from support.colleagues import SUPERVISOR, colleague
from support.waits import open_wait, publish_waits
from support.world import LIBRARY, at, make_world, publish_tiny, task_of

from app.errors import DomainError
from app.extensions import atomic, db
from app.models import Task
from app.operations import tasks
from app.operations.actors import Actor
from app.operations.company import assignments, cosigning, delegations
from app.operations.trials.worlds import Built

WHEN = at("2021-06-12 10:00")
CHIEF = 3
PEOPLE = st.sampled_from([0, 1, 2])
VERBS = ("claim", "release", "transfer", "delegate", "resolve", "ask", "answer", "remove", "complete")
STEPS = st.lists(
    st.tuples(st.sampled_from(VERBS), st.sampled_from([0, 1, 2, CHIEF]), PEOPLE), min_size=1, max_size=14
)


@dataclass
class Model:
    """A task as the rules have it: people are 0, 1, 2, and their supervisor, who is no operator."""

    holder: int | None = None
    owner: int | None = None
    asked: set[int] = field(default_factory=set)
    done: bool = False

    @property
    def delegated(self) -> bool:
        return self.owner is not None

    def own(self, who: int) -> bool:
        """Whether somebody may dispose of it: it is theirs, or nobody's, and not with a delegate."""
        return who != CHIEF and not self.delegated and self.holder in (None, who)

    def arranges(self, who: int) -> bool:
        return who == CHIEF or self.own(who) or (self.delegated and self.owner == who)

    def does(self, verb: str, who: int, to: int) -> bool:
        """Whether it is allowed; if so, what becomes of the task."""
        if self.done or not getattr(self, f"may_{verb}")(who, to):
            return False
        match verb:
            case "claim":
                self.holder = who
            case "release":
                self.holder = None
            case "transfer":
                self.holder, self.owner = to, None
            case "delegate":
                self.holder, self.owner = to, who
            case "resolve":
                self.holder, self.owner = self.owner, None
            case "ask":
                self.asked.add(to)
            case "answer":
                self.asked.remove(who)
            case "remove":
                self.asked.remove(to)
            case "complete":
                self.done = True
        return True

    def may_claim(self, who: int, to: int) -> bool:
        return self.own(who) and self.holder is None

    def may_release(self, who: int, to: int) -> bool:
        return self.own(who) and self.holder == who

    def may_transfer(self, who: int, to: int) -> bool:
        return self.arranges(who) and (self.delegated or self.holder != to)

    def may_delegate(self, who: int, to: int) -> bool:
        return self.own(who) and who != to

    def may_resolve(self, who: int, to: int) -> bool:
        return self.delegated and self.holder == who

    def may_ask(self, who: int, to: int) -> bool:
        return self.own(who) and who != to and to not in self.asked

    def may_answer(self, who: int, to: int) -> bool:
        return who in self.asked

    def may_remove(self, who: int, to: int) -> bool:
        return self.arranges(who) and to in self.asked

    def may_complete(self, who: int, to: int) -> bool:
        return self.own(who) and not self.asked


def act(verb: str, task: int, who: Actor, to: int) -> None:
    match verb:
        case "claim":
            assignments.claim(task, who, WHEN)
        case "release":
            assignments.release(task, who, WHEN)
        case "transfer":
            assignments.transfer(task, to, "分工", who, WHEN)
        case "delegate":
            delegations.delegate(task, to, "请看", who, WHEN)
        case "resolve":
            delegations.resolve(task, "看过", who, WHEN)
        case "ask":
            cosigning.ask(task, [to], "是否同意", who, WHEN)
        case "answer":
            cosigning.answer(task, "agree", "同意", who, WHEN)
        case "remove":
            cosigning.remove(task, to, "不必了", who, WHEN)
        case "complete":
            tasks.complete(task, {"text": "办结"}, who, WHEN)


@pytest.fixture
def world(app) -> Built:
    publish_tiny()
    publish_waits()
    return make_world()


@hypothesis.settings(
    max_examples=max(15, hypothesis.settings().max_examples // 5),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_a_task_goes_as_the_rules_say(
    world: Built, office: list[Actor], steps: list[tuple[str, int, int]]
) -> None:
    task, model = task_of(open_wait(world, "nested", at("2021-06-11 09:00"))), Model()
    for verb, who, to in steps:
        allowed, stood = model.does(verb, who, to), held(task)
        try:
            with atomic():
                act(verb, task, office[who], office[to].account_id or 0)
            assert allowed, (verb, who, to)
        except DomainError:
            assert not allowed, (verb, who, to)
            assert held(task) == stood
        ids = {None: None, **{place: actor.account_id for place, actor in enumerate(office)}}
        assert held(task) == (ids[model.holder], ids[model.owner], model.delegated, len(model.asked))


def held(task: int) -> tuple[int | None, int | None, bool, int]:
    columns = (Task.assignee_id, Task.owner_id, Task.delegated, Task.awaits)
    found = tuple(db.session.execute(select(*columns).where(Task.id == task)).one())
    db.session.rollback()
    return found


@pytest.fixture
def office(world: Built) -> list[Actor]:
    people = [colleague(world, name, LIBRARY) for name in ("李四", "王五", "赵六")]
    return [*people, colleague(world, "钱科长", LIBRARY, SUPERVISOR)]
