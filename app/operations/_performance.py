"""One scenario on its way: its cases begin, time passes, people act, and what stands is compared."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app.content import Form, Scenario, Scheme, World
from app.content.scenario_parts import Reorganisation, ScenarioCase, ScenarioOverlay, Step
from app.errors import DomainError
from app.extensions import db
from app.models import Account, Case, History, Incident, Message, PostQuota, Task, Timer
from app.operations import (
    accounts,
    cases,
    deployments,
    messages,
    online_payments,
    organisations,
    returns,
    sayings,
    tasks,
    timers,
    verify,
)
from app.operations._expectations import Stands, differences, happened_since, stands, told
from app.operations._road import GRACE
from app.operations._scenario_dates import move_date
from app.operations.actors import SYSTEM, Actor
from app.operations.apart import savepoint
from app.operations.capabilities import Request
from app.operations.made_up import filled_in
from app.operations.places import register_posts
from app.operations.worlds import Built

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """What went otherwise than the scenario says; `step` counts from 1, None: before or after the steps."""

    step: int | None
    sentence: str


class _Stopped(Exception):
    """The scenario cannot go on: what follows would only repeat this failure."""


@dataclass(slots=True)
class Performance:
    """A scenario being run; everything it does is in the caller's transaction."""

    scheme: Scheme
    scenario: Scenario
    world: World
    built: Built
    failures: list[Failure] = field(default_factory=list)
    cases: dict[str, int] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    step: int | None = None

    def run(self) -> list[Failure]:
        """Everything that went otherwise; nothing when the scenario holds."""
        try:
            for number, step in enumerate(self.scenario.steps, start=1):
                self.step = number
                self._take(step)
            self.step = None
            for finding in verify.verify_all():
                self._fail(f"核验：{finding.what}")
        except _Stopped:
            pass
        except Exception as error:
            # A defect of the program in one scenario must not hide what the others show.
            log.exception("scenario %s, step %s", self.scenario.title, self.step)
            self._fail(f"系统错误：{type(error).__name__}")
        return self.failures

    def covered(self) -> dict[str, frozenset[str]]:
        """Elements completed and flows taken, by process; ids that several processes bear count in each."""
        rows = db.session.execute(
            select(Case.process, History.happened).join(History, History.case_id == Case.id)
        )
        found: dict[str, set[str]] = defaultdict(set)
        for process_id, happened in rows:
            seen = {one["element"] for one in happened if one["kind"] in ("completed", "flow")}
            for called in self._reachable(process_id):
                process = self.scheme.definitions.processes[called]
                found[called] |= seen & (process.elements.keys() | process.flows.keys())
        return {process_id: frozenset(seen) for process_id, seen in found.items()}

    def _reachable(self, process_id: str) -> set[str]:
        reached, waiting = set[str](), [process_id]
        while waiting:
            one = waiting.pop()
            if one not in reached:
                reached.add(one)
                waiting += self.scheme.definitions.processes[one].called
        return reached

    def _fail(self, sentence: str) -> None:
        self.failures.append(Failure(self.step, sentence))

    # Time

    def _begin_cases(self, until: datetime) -> None:
        """Starts the cases whose time has come, each after what was due before it."""
        for name, case in self.scenario.cases.items():
            if case.at is not None and case.at <= until and name not in self.begun:
                self.begun.add(name)
                self._pass_time(case.at)
                if case.refused is not None:
                    self._expect_no_start(case, case.at)
                    continue
                with self._attempt(f"办件“{name or case.process}”没有开始"):
                    self.cases[name] = self._start(case, case.at)
                self._register_posts(case.unit, self.cases[name], case.at)
                self._deliver(case.at)

    def _pass_time(self, until: datetime) -> None:
        """What the scheduler would have done by now: one due instant after the other, messages in between."""
        while (due := _next_due(until - GRACE)) is not None:
            instant = due + GRACE
            swept = timers.sweep(lambda scheme_id, at=instant: at, savepoint)  # type: ignore[misc]
            if swept.parked:
                self._fail(f"定时器触发失败：{_parked_sentence()}")
                raise _Stopped
            self._deliver(due)

    def _deliver(self, at: datetime) -> None:
        messages.deliver(savepoint)
        self._find_started(at)
        failed = db.session.scalar(select(Message.failure).where(Message.failed_at.is_not(None)).limit(1))
        if failed:
            self._fail(f"消息没有送达：{failed}")
            raise _Stopped

    def _find_started(self, at: datetime) -> None:
        """Tells which declared cases are those that other cases' messages have started."""
        for name, case in self.scenario.cases.items():
            if name in self.cases or case.at is not None:
                continue
            asked = select(Case.id).where(
                Case.process == case.process,
                Case.unit_id == self.built.organisations[case.unit],
                Case.id.not_in(self.cases.values()),
            )
            if case.person:
                asked = asked.where(Case.person_id == self.built.people[case.person])
            found = db.session.scalar(asked.order_by(Case.id).limit(1))
            if found is not None:
                self.cases[name] = found
                self._register_posts(case.unit, found, at)

    # Acts

    def _start(self, case: ScenarioCase, at: datetime) -> int:
        unit_id = self.built.organisations[case.unit]
        if case.by is not None:
            actor = self._acting(case.by)
            if case.about is not None:
                return cases.start(
                    self.scheme.id,
                    case.process,
                    linked_case_id=self._named(case.about),
                    actor=actor,
                    received_at=at,
                )
            return cases.start(self.scheme.id, case.process, unit_id=unit_id, actor=actor, received_at=at)
        person_id = self.built.people[case.person] if case.person else None
        deployment_id = deployments.current(self.scheme.id, at)
        process = self.scheme.processes[case.process]
        return cases.open_case(
            deployment_id, process, unit_id, person_id, case.payload, SYSTEM, at, case.message
        )

    def _expect_no_start(self, case: ScenarioCase, at: datetime) -> None:
        try:
            with savepoint():
                self._start(case, at)
        except DomainError as refusal:
            self._compare_refusal(case.refused or "", refusal)
        else:
            self._fail(f"办件应当不能开始（{case.refused}），却开始了")
            raise _Stopped

    def _register_posts(self, unit: str, case_id: int, at: datetime) -> None:
        """The world's register of posts, entered with the unit's first case as its source."""
        unit_id = self.built.organisations[unit]
        posts = self.world.posts.get(unit, {})
        if not posts or db.session.scalar(select(PostQuota.id).where(PostQuota.unit_id == unit_id).limit(1)):
            return
        rows = [
            {"grade": code, "approved": p.approved, "held": p.held, "special": p.special, "vacant": p.vacant}
            for code, p in posts.items()
        ]
        jurisdiction = self.scheme.jurisdiction
        register_posts(Request(case_id, jurisdiction, self.scheme, unit_id, None, 0, "", {"posts": rows}, at))

    def _take(self, step: Step) -> None:
        acts = step.task or step.draft or step.message or step.overlay or step.reorganise
        acts = acts or step.give_back or step.paid
        since = {row.id: row.seq for row in db.session.execute(select(Case.id, Case.seq))}
        self._begin_cases(step.at)
        # Where nothing but time passes, what is due at that instant is seen as fired.
        self._pass_time(step.at if acts else step.at + GRACE)
        if step.overlay is not None and not self.cases:
            self._move_date_first(step.overlay, step)
            return
        case_id = self._case_of(step)
        before = stands(case_id, self.scheme)
        if step.refused is not None:
            self._expect_refusal(step, case_id, before)
        elif acts:
            with self._attempt("这一步没有办成"):
                self._act(step, case_id, before)
            self._deliver(step.at)
        after = stands(case_id, self.scheme)
        for sentence in differences(step.expect, after, happened_since(case_id, since.get(case_id, 0))):
            self._fail(sentence)

    def _case_of(self, step: Step) -> int:
        return self._named(step.case if step.case is not None else next(iter(self.scenario.cases)))

    def _named(self, name: str) -> int:
        if name not in self.cases:
            self._fail(f"办件“{name or self.scenario.cases[name].process}”此时还没有开始")
            raise _Stopped
        return self.cases[name]

    def _act(self, step: Step, case_id: int, before: Stands) -> None:
        if step.overlay is not None:
            self._move_date(step.overlay, step, case_id)
            return
        if step.reorganise is not None:
            self._reorganise(step.reorganise, step.at)
            return
        if step.paid is not None:
            online_payments.come_in(case_id, step.paid, step.at)
            return
        actor = self._acting(step.by or "")
        if step.give_back is not None:
            self._give_back(step.give_back, step, actor, before)
            return
        if step.message is not None:
            form = self._form_said(case_id, step.message)
            values = filled_in({**step.payload, **step.values}, form, self.built.people, actor, step.at)
            cases.message(case_id, step.message, values, actor, step.at)
            return
        task_id, form = self._task(step.task or step.draft or "", step, before)
        values = filled_in(step.values, form, self.built.people, actor, step.at)
        if step.draft is not None:
            tasks.save_draft(task_id, values, actor, step.at)
        else:
            tasks.complete(task_id, values, actor, step.at)

    def _give_back(self, name: str, step: Step, actor: Actor, before: Stands) -> None:
        task_id, _ = self._task(name, step, before)
        targets = (target.element for target in returns.targets(task_id) if target.done.name == step.to)
        element = next(targets, None) or self._element_named(step.to or "")
        returns.give_back(task_id, element, step.opinion, step.then, actor, step.at)

    def _element_named(self, name: str) -> str:
        processes = self.scheme.definitions.processes.values()
        elements = (element for process in processes for element in process.elements.values())
        return next((e.id for e in elements if e.name == name and e.kind == "userTask"), "")

    def _move_date(self, wanted: ScenarioOverlay, step: Step, case_id: int | None) -> None:
        approver = self._acting(wanted.approve) if wanted.approve else None
        move_date(self.scheme.id, wanted, self._acting(step.by or ""), approver, case_id, step.at)

    def _move_date_first(self, wanted: ScenarioOverlay, step: Step) -> None:
        """Before any case has begun there is none to be compared."""
        if step.refused is None:
            with self._attempt("这一步没有办成"):
                self._move_date(wanted, step, None)
            return
        try:
            with savepoint():
                self._move_date(wanted, step, None)
        except DomainError as refusal:
            self._compare_refusal(step.refused, refusal)
        else:
            self._fail(f"应当被拒绝（{step.refused}），却办成了")

    def _acting(self, name: str) -> Actor:
        """The actor of that name, for the organisation that the account is of today."""
        account = db.session.get_one(Account, self.built.actors[name].account_id, populate_existing=True)
        return accounts.actor_for(account)

    def _reorganise(self, change: Reorganisation, at: datetime) -> None:
        ids, ground = self.built.organisations, "场景"
        if change.merge is not None and change.into is not None:
            organisations.merge(ids[change.merge], ids[change.into], at, ground=ground, actor=SYSTEM)
        elif change.rename is not None and change.to is not None:
            organisations.rename(ids[change.rename], change.to, at, ground=ground, actor=SYSTEM)

    def _form_said(self, case_id: int, message: str) -> Form | None:
        case = db.session.get_one(Case, case_id)
        forms = (said.form for said in sayings.of_case(case) if said.message == message)
        name = next(forms, None)
        return self.scheme.form(name) if name else None

    def _task(self, name: str, step: Step, before: Stands) -> tuple[int, Any]:
        """The id of the task meant and its form; one that is no longer open is found, too, to be refused."""
        waits = [wait for wait in before.snapshot.tasks if wait.name == name]
        if step.item is not None:
            waits = [wait for wait in waits if wait.variables.get("loopCounter") == step.item]
        if len(waits) > 1:
            self._fail(f"有 {len(waits)} 个“{name}”待办，请用 item 写明是第几个（从 0 起）")
            raise _Stopped
        asked = select(Task.id, Task.form).where(Task.case_id == before.case_id, Task.name == name)
        if waits:
            asked = asked.where(Task.token == waits[0].token)
        found = db.session.execute(asked.order_by(Task.id.desc()).limit(1)).first()
        if found is None:
            self._fail(f"没有“{name}”这项待办；现有：{'、'.join(before.task_names) or '无'}")
            raise _Stopped
        return found.id, self.scheme.form(found.form) if found.form else None

    def _expect_refusal(self, step: Step, case_id: int, before: Stands) -> None:
        try:
            with savepoint():
                self._act(step, case_id, before)
        except DomainError as refusal:
            self._compare_refusal(step.refused or "", refusal)
            self._compare_fields(step, refusal)
        else:
            self._fail(f"应当被拒绝（{step.refused}），却办成了")
            raise _Stopped
        if stands(case_id, self.scheme).head != before.head:
            self._fail("被拒绝的步骤改变了办件")

    def _compare_refusal(self, wanted: str, refusal: DomainError) -> None:
        sentence = told(refusal)
        if wanted not in sentence:
            self._fail(f"拒绝的理由应当含有“{wanted}”，实际是：{sentence}")

    def _compare_fields(self, step: Step, refusal: DomainError) -> None:
        fields = getattr(refusal, "fields", {})
        for name, text in step.expect.errors.items():
            given = "；".join(fields.get(name, []))
            if text not in given:
                self._fail(f"字段 {name} 的提示应当含有“{text}”，实际是：{given or '没有提示'}")

    @contextmanager
    def _attempt(self, what: str) -> Iterator[None]:
        try:
            with savepoint():
                yield
        except DomainError as refusal:
            self._fail(f"{what}：{told(refusal)}")
            raise _Stopped from refusal


def _next_due(upto: datetime) -> datetime | None:
    """The earliest instant at which a timer is due."""
    waiting = select(func.min(Timer.due_at)).where(Timer.due_at <= upto, Timer.parked_at.is_(None))
    return db.session.scalar(waiting)


def _parked_sentence() -> str:
    newest = select(Incident.message).where(Incident.kind == "timer").order_by(Incident.id.desc()).limit(1)
    return db.session.scalar(newest) or ""
