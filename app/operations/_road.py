"""The one road by which a case moves: lock, catch up, step, project, log (decision 3, journeys 1 and 2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select
from sqlalchemy.engine import Row

from app import clock
from app.content.roles import NOW, START, Role
from app.content.scheme import Scheme
from app.engine import RELEASE, Instance
from app.engine.types import WORKDAYS, Context, Snapshot, TaskWait, TimerWait, Workdays
from app.errors import DomainError, NotFound, Refused, UncaughtBpmnError
from app.extensions import KEEP_ON_REFUSAL, db
from app.models import Case, Deployment, Holiday, Message, MessageWait, Task, Timer
from app.operations import _history, _overlays, capabilities, deployments, organisations, workdays
from app.operations._overlays import Moved
from app.operations._plain import from_json, to_json
from app.operations._prepared import Prepared
from app.operations._projection import Changes, Completion, OfficeOf, project
from app.operations._standing import phases, standing
from app.operations.actors import SYSTEM, Actor
from app.operations.capabilities import CapabilityRefused

GRACE = timedelta(seconds=60)
"""A timer fires this long after it is due: a request received in time has had its chance (decision 3)."""

_DONE_BY = {"complete": "completed", "move": "returned"}
"""What becomes of the task whose token a call of that kind names."""

PENDING_FOR = timedelta(hours=1)
"""So long a bulk request may hold timers up: one that was killed on its way leaves its marks behind."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the engine as data, so that doing it and replaying it are the same code.

    `arguments` is plain and impersonal; `payload` holds what people entered. Instants and dates are tagged.
    """

    kind: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    payload: Mapping[str, Any] = field(default_factory=dict)


def apply(scheme: Scheme, instance: Instance | None, call: Call, context: Context) -> Instance:
    """Makes the call; `start` makes the instance."""
    arguments, payload = call.arguments, from_json(dict(call.payload))
    if call.kind == "start":
        return Instance.start(
            scheme.definitions,
            arguments["process"],
            payload["variables"],
            context,
            message=arguments.get("message"),
        )
    if instance is None:
        raise ValueError("a case begins with a start")
    match call.kind:
        case "complete":
            instance.complete(arguments["token"], payload["variables"], context)
        case "fire":
            instance.fire(arguments["token"], context)
        case "receive":
            instance.receive(arguments["token"], payload["message"], context)
        case "move":
            instance.move(context, cancel=arguments["cancel"], start=arguments["start"])
        case "retime":
            instance.retime(context, arguments["names"])
        case "cancel":
            instance.cancel(context)
        case "record":
            pass
        case kind:
            raise ValueError(f"unknown call {kind}")
    return instance


@dataclass(slots=True)
class Moving:
    """A locked case on its way through one transaction; what it changed waits in `changes` until flushed.

    `behind` are the dates, and WORKDAYS, that its timers were computed from and that changed since.
    """

    id: int
    scheme: Scheme
    jurisdiction: str
    unit_id: int
    person_id: int | None
    process: str
    status: str
    phases: dict[str, str]
    engine: str
    seq: int
    head: bytes
    instance: Instance | None
    stands: Snapshot | None
    workdays: Workdays
    workdays_version: int
    parked: frozenset[int]
    pending_since: datetime | None
    message_since: datetime | None
    started_at: datetime
    moved: Moved = field(default_factory=Moved)
    behind: frozenset[str] = frozenset()
    changes: Changes = field(default_factory=Changes)
    offices: dict[tuple[str, str], int | None] = field(default_factory=dict)

    def step(
        self,
        call: Call,
        at: datetime,
        actor: Actor,
        *,
        element: str | None = None,
        task_id: int | None = None,
    ) -> Snapshot:
        """Makes a call of the engine as of `at`, performs the capabilities it asks for, and gathers the rows.

        Raises Refused when a capability refuses and no boundary event catches it.
        """
        context = self.context(at)
        unit_before = self.unit_id if self.instance else None
        instance = apply(self.scheme, self.instance, call, context)
        answers = self._perform_capabilities(instance, context)
        after = instance.snapshot()
        resolved: dict[str, Any] = {"offices": {}}
        if self.unit_id != unit_before:
            resolved["unit"] = self.unit_id
            self._hand_over(after, resolved["offices"])
        completion = None
        if call.kind in _DONE_BY and "token" in call.arguments:
            by = (actor.account_id, actor.organisation_id)
            completion = Completion(call.arguments["token"], *by, _DONE_BY[call.kind])
        office_of = self._office_of(at, resolved["offices"])
        project(self.changes, self.id, self.scheme.id, self.stands, after, at, office_of, completion)
        self._send(after, at)
        canonical = instance.canonical()
        digest = _history.digest(canonical)
        self._log(call, at, actor, answers, resolved, after, digest, element, task_id)
        self.instance, self.stands = instance, after
        self._case_row(at, canonical)
        return after

    def context(self, at: datetime) -> Context:
        return Context(
            now=at,
            dates=self.scheme.calendar.resolve(self.moved.dates),
            workdays=self.workdays,
            parameters=self.scheme.parameter_values,
        )

    def due(self, upto: datetime) -> list[TimerWait]:
        """Timers due at or before `upto`, in due order.

        Parked ones wait for a person; one due after a bulk request was received, or after a message was sent
        that is on its way to the case, waits for its turn.
        """
        if self.message_since is not None:
            upto = min(upto, self.message_since)
        if self.pending_since is not None and upto - self.pending_since < PENDING_FOR:
            upto = min(upto, self.pending_since)
        timers = self.stands.timers if self.stands else ()
        found = [
            timer
            for timer in timers
            if timer.due_at is not None and timer.due_at <= upto and timer.token not in self.parked
        ]
        return sorted(found, key=lambda timer: (timer.due_at, timer.token))

    def renew(self, at: datetime) -> int:
        """Computes the timers anew whose dates were moved, or whose working days corrected, since they were.

        What was due when a date was moved stays due, and fires first, however late the scheduler was; a
        deadline in working days always lay where the right calendar has it. Answers how many fired.
        """
        if not self.behind or self.instance is None:
            return 0
        names, self.behind = self.behind, frozenset()
        decided = [self.moved.decided[name] for name in names & self.moved.decided.keys()]
        fired = self._fire(min(*decided, at - GRACE)) if decided else 0
        stood = self.instance.canonical()
        self.instance.retime(self.context(at), names)
        if self.instance.canonical() != stood:
            self.step(Call("retime", {"names": sorted(names)}), at, SYSTEM)
        self.changes.flush()
        return fired

    def fire_due(self, upto: datetime) -> int:
        """Fires everything due at or before `upto`, in due order, each as of its own due instant."""
        return self.renew(upto + GRACE) + self._fire(upto)

    def _fire(self, upto: datetime) -> int:
        fired = 0
        while due := self.due(upto):
            timer = due[0]
            if timer.due_at is None:
                raise AssertionError("an undetermined timer is never due")
            self.step(Call("fire", {"token": timer.token}), timer.due_at, SYSTEM, element=timer.element)
            fired += 1
        return fired

    def as_of(self, role: Role, at: datetime) -> datetime:
        """The instant whose relations decide who holds a role."""
        if role.as_of == NOW:
            return at
        if role.as_of == START:
            return self.started_at
        return self.scheme.calendar.resolve(self.moved.dates)[role.as_of] or at

    def task(self, token: int) -> TaskWait | None:
        tasks = self.stands.tasks if self.stands else ()
        return next((task for task in tasks if task.token == token), None)

    def _perform_capabilities(self, instance: Instance, context: Context) -> list[dict[str, Any]]:
        answers = []
        while asks := instance.asks:
            ask = asks[0]
            request = capabilities.Request(
                case_id=self.id,
                jurisdiction=self.jurisdiction,
                scheme=self.scheme,
                unit_id=self.unit_id,
                person_id=self.person_id,
                token=ask.token,
                element=ask.element,
                inputs=ask.inputs,
                at=context.now,
            )
            answer: dict[str, Any] = {"token": ask.token, "capability": ask.capability}
            try:
                result = capabilities.perform(ask.capability, request)
                self._follow(ask.capability, result)
                instance.answer(ask.token, result, context)
                answer["result"] = to_json(result)
            except CapabilityRefused as refusal:
                _answer_refusal(instance, ask.token, refusal, context)
                answer["refused"] = refusal.code
            answers.append(answer)
        return answers

    def _follow(self, capability: str, result: Mapping[str, Any]) -> None:
        """To another unit, where the capability gave the case to one."""
        if capabilities.declarations()[capability].changes_unit:
            self.unit_id = result["unit"]["id"]
            self.offices.clear()

    def _hand_over(self, after: Snapshot, offices: dict[str, int | None]) -> None:
        """Gives the tasks that were open before for the case's own unit to its new one."""
        for wait in self.stands.tasks if self.stands else ():
            own = self.scheme.role_named(wait.role or "").relation == "unit"
            if own and any(wait.token == open_one.token for open_one in after.tasks):
                offices[str(wait.token)] = self.unit_id
                key = {"of_case": self.id, "of_token": wait.token}
                self.changes.tasks_handed.append({**key, "office_id": self.unit_id})

    def _office_of(self, at: datetime, offices: dict[str, int | None]) -> OfficeOf:
        """How a new task gets its office; `offices` collects them for the log."""

        def office_of(wait: TaskWait) -> tuple[str, str, int | None]:
            role = self.scheme.role_named(wait.role or "")
            office_id = offices[str(wait.token)] = self._resolve(role, wait, at)
            return role.id, role.title, office_id

        return office_of

    def _resolve(self, role: Role, wait: TaskWait, at: datetime) -> int | None:
        as_of = self.as_of(role, at)
        key = (role.id, as_of.isoformat())
        if key not in self.offices:
            try:
                self.offices[key] = organisations.resolve_role(role, self.unit_id, as_of)
                if self.offices[key] is None:
                    raise organisations.RoleUnresolved
            except DomainError as hole:
                self.offices[key] = None
                self._incident("role", wait.element, hole.message, at)
        return self.offices[key]

    def _incident(self, kind: str, element: str, message: str, at: datetime) -> None:
        deadlines = [
            {"element": timer.element, "due_at": timer.due_at.isoformat()}
            for timer in (self.stands.timers if self.stands else ())
            if timer.due_at
        ]
        row = {"case_id": self.id, "kind": kind, "element": element, "message": message}
        self.changes.incidents.append({**row, "deadlines": deadlines, "opened_at": at})

    def _send(self, after: Snapshot, at: datetime) -> None:
        for sent in after.sent:
            row = {"scheme_id": self.scheme.id, "message": sent.message, "key": sent.key}
            origin = {"from_case_id": self.id, "from_element": sent.element, "from_seq": self.seq + 1}
            self.changes.messages.append({**row, **origin, "payload": to_json(sent.payload), "sent_at": at})

    def _log(
        self,
        call: Call,
        at: datetime,
        actor: Actor,
        answers: list[dict[str, Any]],
        resolved: dict[str, Any],
        after: Snapshot,
        state_digest: bytes,
        element: str | None,
        task_id: int | None,
    ) -> None:
        resolved["overlays"] = self.moved.plain
        if self.engine != RELEASE:
            self.engine = resolved["engine"] = RELEASE
        entry = _history.Entry(
            call=call.kind,
            at=at,
            recorded_at=clock.now(),
            actor=actor,
            arguments={
                **call.arguments,
                "answers": answers,
                "workdays": self.workdays_version,
                **{name: value for name, value in resolved.items() if value},
            },
            payload=call.payload,
            happened=after.happened,
            state_digest=state_digest,
            element=element,
            task_id=task_id,
        )
        row, payload = _history.rows_for(self.id, self.seq + 1, self.head, entry)
        self.seq, self.head = row["seq"], row["mac"]
        self.changes.history.append({**row, **payload})

    def _case_row(self, at: datetime, canonical: bytes) -> None:
        stands, instance = self.stands, self.instance
        if stands is None or instance is None:
            raise AssertionError("a step leaves a snapshot and an instance")
        columns = standing(self.scheme, self.process, self.status, instance, stands)
        self.status = columns["status"]
        self.phases = phases(self.scheme, self.phases, stands)
        self.changes.cases[self.id] = {
            **columns,
            "phases": self.phases,
            "of_case": self.id,
            "engine_state": instance.dump(canonical),
            "engine": self.engine,
            "overlays": self.moved.plain,
            "workdays": self.workdays_version,
            "seq": self.seq,
            "head": self.head,
            "updated_at": at,
            "ended_at": at if instance.is_over else None,
        }


def _answer_refusal(instance: Instance, token: int, refusal: CapabilityRefused, context: Context) -> None:
    try:
        instance.answer(token, None, context, refused=refusal.code)
    except UncaughtBpmnError as uncaught:
        raise Refused(refusal.message, refusal=refusal.code) from uncaught


def lock_case(case_id: int) -> Moving:
    """Locks a case and loads it. Raises NotFound."""
    return _loaded(_LOCKED_BY_ID, case_id)


def lock_case_of(task_id: int) -> Moving:
    """Locks the case of a task and loads it. Raises NotFound."""
    return _loaded(_LOCKED_BY_TASK, task_id)


def look_at_case_of(task_id: int) -> Moving:
    """The case of a task as it stands, to look at and not to move: it is not locked. Raises NotFound."""
    return _loaded(_SEEN_BY_TASK, task_id)


def _loaded(statement: Prepared, wanted: int) -> Moving:
    row = statement.run({"wanted": wanted}).first()
    if row is None:
        raise NotFound()
    return load(row)


def load(row: Row[Any]) -> Moving:
    """A locked row as a moving case."""
    scheme = deployments.pinned(row.deployment_id, row.deployment_hash)
    instance = Instance.load(scheme.definitions, row.engine_state)
    calendar, version = workdays.load(row.workdays_version)
    moved, stands = _overlays.read(row.moved, scheme.calendar.dates), instance.snapshot()
    return Moving(
        id=row.id,
        scheme=scheme,
        jurisdiction=row.jurisdiction,
        unit_id=row.unit_id,
        person_id=row.person_id,
        process=row.process,
        status=row.status,
        phases=row.phases,
        engine=row.engine,
        seq=row.seq,
        head=row.head,
        instance=instance,
        stands=stands,
        workdays=calendar,
        workdays_version=version,
        parked=frozenset(row.parked or ()),
        pending_since=row.pending_since,
        message_since=row.message_since,
        started_at=row.started_at,
        moved=moved,
        behind=_behind(row, moved, stands),
    )


def _behind(row: Row[Any], moved: Moved, stands: Snapshot) -> frozenset[str]:
    """What changed since the case's newest step, of what its timers were computed from."""
    before, now = row.overlays, moved.plain
    changed = {name for name in before.keys() | now.keys() if before.get(name, "") != now.get(name, "")}
    if row.workdays != row.workdays_version:
        changed.add(WORKDAYS)
    return frozenset(name for timer in stands.timers for name in timer.dates if name in changed)


def locked_cases() -> Select[Any]:
    """The select that `load` understands, locking the case rows alone."""
    return _LOCKED


_MESSAGE, _WAIT = Message.__table__.c, MessageWait.__table__.c


def on_its_way() -> ColumnElement[bool]:
    """Joins a message that has not been delivered with the wait of the case that it is for."""
    return and_(
        _MESSAGE.scheme_id == _WAIT.scheme_id,
        _MESSAGE.message == _WAIT.message,
        _MESSAGE.key.is_not_distinct_from(_WAIT.key),
        _MESSAGE.delivered_at.is_(None),
        _MESSAGE.failed_at.is_(None),
    )


# Statements of this path are made once: to make one costs more than to run it.
_CASE, _TASK, _TIMER, _HOLIDAY = Case.__table__.c, Task.__table__.c, Timer.__table__.c, Holiday.__table__.c
_DEPLOYMENT = Deployment.__table__

_SEEN = select(
    _CASE.id,
    _CASE.jurisdiction,
    _CASE.deployment_id,
    _DEPLOYMENT.c.hash.label("deployment_hash"),
    _CASE.unit_id,
    _CASE.person_id,
    _CASE.process,
    _CASE.started_at,
    _CASE.status,
    _CASE.phases,
    _CASE.engine,
    _CASE.overlays,
    _CASE.workdays,
    _CASE.seq,
    _CASE.head,
    _CASE.engine_state,
    select(func.coalesce(func.max(_HOLIDAY.version), 0)).scalar_subquery().label("workdays_version"),
    _overlays.in_force(_CASE.scheme_id, _overlays.region_of(_CASE.unit_id), _CASE.id).label("moved"),
    select(func.array_agg(_TIMER.token))
    .where(_TIMER.case_id == _CASE.id, _TIMER.parked_at.is_not(None))
    .correlate(Case.__table__)
    .scalar_subquery()
    .label("parked"),
    select(func.min(_TASK.pending_since))
    .where(_TASK.case_id == _CASE.id, _TASK.state == "open", _TASK.pending_since.is_not(None))
    .correlate(Case.__table__)
    .scalar_subquery()
    .label("pending_since"),
    select(func.min(_MESSAGE.sent_at))
    .where(_WAIT.case_id == _CASE.id, on_its_way())
    .correlate(Case.__table__)
    .scalar_subquery()
    .label("message_since"),
).join(_DEPLOYMENT, _DEPLOYMENT.c.id == _CASE.deployment_id)
_LOCKED = _SEEN.with_for_update(of=Case.__table__)
_LOCKED_BY_ID = Prepared(_LOCKED.where(_CASE.id == bindparam("wanted")))
_OF_TASK = _CASE.id == select(_TASK.case_id).where(_TASK.id == bindparam("wanted")).scalar_subquery()
_LOCKED_BY_TASK = Prepared(_LOCKED.where(_OF_TASK))
_SEEN_BY_TASK = Prepared(_SEEN.where(_OF_TASK))


@contextmanager
def caught_up(moving: Moving, received_at: datetime) -> Iterator[None]:
    """Fires what is overdue, then lets the body act under a savepoint.

    A refusal (409, 422) in the body undoes the body and keeps the catching up: the edge commits it
    (`app.extensions.atomic`). Any other error undoes all.
    """
    before = moving.seq
    moving.fire_due(received_at - GRACE)
    if moving.seq == before:
        yield
        return
    moving.changes.flush()
    db.session.info[KEEP_ON_REFUSAL] = True
    with db.session.begin_nested():
        yield
