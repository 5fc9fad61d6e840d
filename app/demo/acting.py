"""What is done in one case of a demonstration: forms filled in, messages said, cases begun about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.content import Scheme
from app.demo.script import Known, Script, filled
from app.errors import Refused
from app.extensions import db
from app.models import Case, Task
from app.operations import cases, sayings, tasks
from app.operations.actors import Actor
from app.operations.apart import savepoint
from app.operations.offices import organisations
from app.operations.trials.made_up import filled_in


class Acting:
    """Acts by a script's answers, as whichever of the actors may; `actors` are each organisation's."""

    def __init__(
        self,
        script: Script,
        scheme: Scheme,
        value_sets: Mapping[str, Known],
        actors: Mapping[int, Sequence[Actor]],
    ) -> None:
        self.script, self.scheme, self.values, self.actors = script, scheme, value_sets, actors

    def begin(self, process: str, about: Case, at: datetime) -> int | None:
        """Begins a case about another, by the first who may; its id, or None where nobody may."""
        for actors in self.actors.values():
            for actor in actors:
                if process in [one.id for one in cases.startable_about(about, actor, at)]:
                    return cases.start(
                        self.scheme.id,
                        process,
                        unit_id=None,
                        linked_case_id=about.id,
                        actor=actor,
                        received_at=at,
                    )
        return None

    def say(self, case_id: int, act: Mapping[str, Any], known: Known, at: datetime) -> None:
        """Says a message for the case's unit, its department or an office, if it still can be said."""
        case = db.session.get_one(Case, case_id)
        for actor in self._concerned(case, at):
            for said in sayings.sayable(case, actor, at):
                if said.saying.message == act["message"]:
                    form = said.saying.form
                    template = self.script.answers[form][act["answer"]] if form else {}
                    values = filled(template, known, self.values)
                    entered = filled_in(values, self.scheme.form(form) if form else None, {}, actor, at)
                    cases.message(case_id, act["message"], entered, actor, at)
                    return

    def _concerned(self, case: Case, at: datetime) -> list[Actor]:
        """The first operator of each who has a role in the case: the unit, those above it, then offices."""
        near: set[int] = set()
        far: set[int] = set()
        for role in self.scheme.roles.values():
            holder = organisations.resolve_role(replace(role, optional=True), case.unit_id, at)
            if holder:
                (far if role.relation == "jurisdiction" else near).add(holder)
        return [self.actors[holder][0] for holder in (*sorted(near), *sorted(far - near))]

    def answer(self, case_id: int, answer: str, known: Known, at: datetime, *, draft: bool) -> None:
        """Fills in the first open task that has such an answer; not every case comes to each step."""
        asked = select(Task.id, Task.form, Task.office_id).where(Task.case_id == case_id)
        for task in db.session.execute(asked.where(Task.state == "open").order_by(Task.id)).all():
            template = self.script.answers.get(task.form, {}).get(answer)
            if template is None:
                continue
            # A set of values is somebody's, so what is particular to the person goes over it.
            whole = {**template, **known["fields"]} if "use" in template else template
            values = filled(whole, known, self.values)
            self._fill_in(task, values, at, draft=draft)
            return

    def _fill_in(self, task: Any, values: Known, at: datetime, *, draft: bool) -> None:
        """By the first of the office's operators who may: nobody decides at two levels of a case (ALL-04)."""
        *others, last = self.actors[task.office_id]
        for actor in (*others, last):
            entered = filled_in(values, self.scheme.form(task.form), {}, actor, at)
            try:
                with savepoint():
                    (tasks.save_draft if draft else tasks.complete)(task.id, entered, actor, at)
                return
            except Refused:
                if actor is last:
                    raise
