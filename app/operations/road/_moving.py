"""A case on its way through one transaction, and its steps: a call of the engine, projected and logged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select

from app import clock
from app.content.roles import NOW, START, Role
from app.content.scheme import Scheme
from app.engine import RELEASE, Instance
from app.engine.types import Context, Snapshot, TaskWait, Workdays
from app.errors import DomainError, Refused, UncaughtBpmnError
from app.extensions import db
from app.models import Account
from app.operations import capabilities
from app.operations.actors import Actor
from app.operations.capabilities import CapabilityRefused, Together
from app.operations.dates._overlays import Moved
from app.operations.offices import organisations
from app.operations.road import _history
from app.operations.road._calls import Call, apply
from app.operations.road._plain import to_json
from app.operations.road._projection import Changes, Completion, OfficeOf, project
from app.operations.road._standing import phases, standing

_DONE_BY = {"complete": "completed", "move": "returned"}
"""What becomes of the task whose token a call of that kind names."""


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
    together: Together = field(default_factory=Together)
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
        resolved: dict[str, Any] = {"offices": {}, "assignees": {}}
        if self.unit_id != unit_before:
            resolved["unit"] = self.unit_id
            self._hand_over(after, resolved["offices"], at)
        completion = None
        if call.kind in _DONE_BY and "token" in call.arguments:
            by = (actor.account_id, actor.organisation_id)
            completion = Completion(call.arguments["token"], *by, _DONE_BY[call.kind])
        office_of = self._office_of(at, resolved["offices"], resolved["assignees"])
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
                changes=self.changes,
                together=self.together,
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

    def _hand_over(self, after: Snapshot, offices: dict[str, int | None], at: datetime) -> None:
        """Gives the tasks that were open before for the case's own unit to its new one."""
        for wait in self.stands.tasks if self.stands else ():
            own = self.scheme.role_named(wait.role or "").relation == "unit"
            if own and any(wait.token == open_one.token for open_one in after.tasks):
                offices[str(wait.token)] = self.unit_id
                key = {"of_case": self.id, "of_token": wait.token}
                self.changes.tasks_handed.append({**key, "office_id": self.unit_id, "at": at})

    def _office_of(
        self, at: datetime, offices: dict[str, int | None], assignees: dict[str, int | None]
    ) -> OfficeOf:
        """How a new task gets its office, and who has it; both are collected for the log."""

        def office_of(wait: TaskWait) -> tuple[str, str, int | None, int | None, int | None]:
            role = self.scheme.role_named(wait.role or "")
            office_id = offices[str(wait.token)] = self._resolve(role, wait, at)
            assignee_id = self._assignee(wait, office_id, at) if wait.assignee is not None else None
            if assignee_id is not None:
                assignees[str(wait.token)] = assignee_id
            return role.id, role.title, office_id, self.person_id if role.applicant else None, assignee_id

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

    def _assignee(self, wait: TaskWait, office_id: int | None, at: datetime) -> int | None:
        """The account that the diagram names, if it is an active operator's of the office; else nobody's."""
        active = (Account.organisation_id == office_id, Account.disabled_at.is_(None))
        known = exists().where(Account.id == wait.assignee, Account.duties.contains(["operator"]), *active)
        if office_id is not None and db.session.scalar(select(known)):
            return wait.assignee
        self._incident("assignee", wait.element, "流程指定的办理人不是该机构在用的经办账号。", at)
        return None

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
