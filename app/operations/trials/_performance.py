"""One scenario on its way: its cases begin, time passes, steps are taken, and what stands is compared."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select

from app.content.scenario_parts import ScenarioCase, ScenarioOverlay, Step
from app.errors import DomainError
from app.extensions import db
from app.models import Case, Incident, Message, Timer
from app.operations import messages, timers
from app.operations.apart import savepoint
from app.operations.evidence import verify
from app.operations.road._road import GRACE
from app.operations.trials._expectations import (
    Stands,
    differences,
    field_differences,
    happened_since,
    stands,
    told,
)
from app.operations.trials._scenario_acts import act, move_named_date
from app.operations.trials._scenario_cases import begun, found_started, start
from app.operations.trials._scenario_stage import Stage, Stopped

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """What went otherwise than the scenario says; `step` counts from 1, None: before or after the steps."""

    step: int | None
    sentence: str


@dataclass(slots=True)
class Performance:
    """A scenario being run; everything it does is in the caller's transaction."""

    stage: Stage
    failures: list[Failure] = field(default_factory=list)
    tried: set[str] = field(default_factory=set)
    step: int | None = None

    def run(self) -> list[Failure]:
        """Everything that went otherwise; nothing when the scenario holds."""
        try:
            for number, step in enumerate(self.stage.scenario.steps, start=1):
                self.step = number
                self._take(step)
            self.step = None
            for finding in verify.verify_all():
                self._fail(f"核验：{finding.what}")
        except Stopped as reason:
            self._fail(str(reason))
        except Exception as error:
            # A defect of the program in one scenario must not hide what the others show.
            log.exception("scenario %s, step %s", self.stage.scenario.title, self.step)
            self._fail(f"系统错误：{type(error).__name__}")
        return self.failures

    def _fail(self, sentence: str) -> None:
        self.failures.append(Failure(self.step, sentence))

    # Time

    def _begin_cases(self, until: datetime) -> None:
        """Starts the cases whose time has come, each after what was due before it."""
        for name, case in self.stage.scenario.cases.items():
            if case.at is not None and case.at <= until and name not in self.tried:
                self.tried.add(name)
                self._pass_time(case.at)
                if case.refused is not None:
                    self._expect_no_start(case, case.refused, case.at)
                    continue
                with self._attempt(f"办件“{name or case.process}”没有开始"):
                    case_id = start(self.stage, case, case.at)
                begun(self.stage, name, case_id, case.at)
                self._deliver(case.at)

    def _pass_time(self, until: datetime) -> None:
        """What the scheduler would have done by now: one due instant after the other, messages in between."""
        while (due := _next_due(until - GRACE)) is not None:
            swept = timers.sweep(_standing_at(due + GRACE), savepoint)
            if swept.parked:
                raise Stopped(f"定时器触发失败：{_parked_sentence()}")
            self._deliver(due)

    def _deliver(self, at: datetime) -> None:
        messages.deliver(savepoint)
        found_started(self.stage, at)
        failed = db.session.scalar(select(Message.failure).where(Message.failed_at.is_not(None)).limit(1))
        if failed:
            raise Stopped(f"消息没有送达：{failed}")

    # Steps

    def _take(self, step: Step) -> None:
        since = {row.id: row.seq for row in db.session.execute(select(Case.id, Case.seq))}
        self._begin_cases(step.at)
        # Where nothing but time passes, what is due at that instant is seen as fired.
        self._pass_time(step.at if step.acts else step.at + GRACE)
        if step.overlay is not None and not self.stage.cases:
            self._move_date_first(step.overlay, step)
            return
        case_id = self.stage.case(
            step.case if step.case is not None else next(iter(self.stage.scenario.cases))
        )
        before = stands(case_id, self.stage.scheme)
        if step.refused is not None:
            self._expect_refusal(step, step.refused, before)
        elif step.acts:
            with self._attempt("这一步没有办成"):
                act(self.stage, step, before)
            self._deliver(step.at)
        after = stands(case_id, self.stage.scheme)
        for sentence in differences(step.expect, after, happened_since(case_id, since.get(case_id, 0))):
            self._fail(sentence)

    def _move_date_first(self, wanted: ScenarioOverlay, step: Step) -> None:
        """Before any case has begun there is none to be compared."""

        def move() -> None:
            move_named_date(self.stage, wanted, step, None)

        if step.refused is None:
            with self._attempt("这一步没有办成"):
                move()
        elif self._refusal(step.refused, move) is None:
            self._fail(f"应当被拒绝（{step.refused}），却办成了")

    # What goes well, and what must be refused

    @contextmanager
    def _attempt(self, what: str) -> Iterator[None]:
        try:
            with savepoint():
                yield
        except DomainError as refusal:
            raise Stopped(f"{what}：{told(refusal)}") from refusal

    def _expect_no_start(self, case: ScenarioCase, wanted: str, at: datetime) -> None:
        if self._refusal(wanted, lambda: start(self.stage, case, at)) is None:
            raise Stopped(f"办件应当不能开始（{wanted}），却开始了")

    def _expect_refusal(self, step: Step, wanted: str, before: Stands) -> None:
        refusal = self._refusal(wanted, lambda: act(self.stage, step, before))
        if refusal is None:
            raise Stopped(f"应当被拒绝（{wanted}），却办成了")
        for sentence in field_differences(step.expect.errors, refusal):
            self._fail(sentence)
        if stands(before.case_id, self.stage.scheme).head != before.head:
            self._fail("被拒绝的步骤改变了办件")

    def _refusal(self, wanted: str, do: Callable[[], object]) -> DomainError | None:
        """The refusal of what is tried, its sentence compared; None where it is done all the same."""
        try:
            with savepoint():
                do()
        except DomainError as refusal:
            sentence = told(refusal)
            if wanted not in sentence:
                self._fail(f"拒绝的理由应当含有“{wanted}”，实际是：{sentence}")
            return refusal
        return None


def _standing_at(instant: datetime) -> Callable[[str], datetime]:
    """The clock of every scheme."""
    return lambda scheme_id: instant


def _next_due(upto: datetime) -> datetime | None:
    """The earliest instant at which a timer is due."""
    waiting = select(func.min(Timer.due_at)).where(Timer.due_at <= upto, Timer.parked_at.is_(None))
    return db.session.scalar(waiting)


def _parked_sentence() -> str:
    newest = select(Incident.message).where(Incident.kind == "timer").order_by(Incident.id.desc()).limit(1)
    return db.session.scalar(newest) or ""
