"""What the accounts of a demonstration have to do, and what each of them may answer to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from app import clock
from app.config import PROJECT
from app.content import Scheme, read_scenarios, read_scheme_folder
from app.content.roles import Role
from app.demo.script import Script, filled, read_scripts, written
from app.engine.civil import civil
from app.errors import DomainError
from app.extensions import atomic, db
from app.models import Account, Case, Organisation, Person, Task
from app.operations import tasks
from app.operations.access.accounts import actor_for
from app.operations.actors import APPLICANT
from app.operations.apart import undone
from app.operations.dates import clock as clocks
from app.operations.trials.made_up import filled_in

SCRIPTS: Mapping[str, Script] = {script.scheme: script for script in read_scripts()}

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Errand:
    """An open task, who does it, and with what; `own`: by the applicant whose case it is.

    `kind` is what the inbox's filter calls the step. Plain data: nothing is held open while a browser takes
    its time.
    """

    task_id: int
    case_id: int
    person_id: int | None
    step: str
    kind: str
    subject: str
    form: str
    values: Values
    login: str
    name: str
    own: bool


class Demonstration:
    """What stands in the database of a scheme's demonstration, read anew whenever it is asked."""

    def __init__(self, scheme_id: str) -> None:
        self.id = scheme_id
        self.script = SCRIPTS[scheme_id]
        files = read_scheme_folder(PROJECT, scheme_id)
        self.scheme = Scheme.from_files(files)
        self.scenarios = read_scenarios(files)

    @property
    def roles(self) -> list[Role]:
        """Those that have a user task in some diagram."""
        drawn = [e for p in self.scheme.definitions.processes.values() for e in p.elements.values()]
        named = {self.scheme.role_named(e.role or "").id for e in drawn if e.kind == "userTask"}
        return [role for role in self.scheme.roles.values() if role.id in named]

    @property
    def now(self) -> Any:
        return clocks.scheme_now(self.id, clock.now())

    def errand(self, *wanted: ColumnElement[bool]) -> Errand | None:
        """The first open task of such for which somebody has an answer that the system would take.

        An applicant's own task is theirs if they have an account, unless the unit submits it.
        """
        query = select(Task).where(Task.scheme_id == self.id, Task.state == "open", *wanted)
        tasks_open = db.session.scalars(query.order_by(Task.id)).all()
        tried = (
            self._errand(task, account, values)
            for task in tasks_open
            for account in self._holders(task)
            for values in self._answers(task)
            if self._taken(task, values, account)
        )
        found = next(tried, None)
        db.session.rollback()
        return found

    def own_errand(self, *wanted: ColumnElement[bool]) -> Errand | None:
        """The same of a task that is somebody's own who has an account."""
        own = select(Account.person_id).where(Account.duties.contains([APPLICANT]))
        return self.errand(*wanted, Task.person_id.in_(own))

    def steps_of(self, role: Role) -> Sequence[str]:
        """The names of the role's open tasks."""
        asked = select(Task.name).where(Task.state == "open", Task.role == role.id)
        found = db.session.scalars(asked.distinct().order_by(Task.name)).all()
        db.session.rollback()
        return found

    def own_login(self, errand: Errand) -> str:
        """The account of the person whom the errand is about."""
        return str(_one(select(Account.login).where(Account.person_id == errand.person_id)))

    def holding(self, duty: str) -> str:
        """The login of the first account with a duty."""
        asked = select(Account.login).where(Account.duties.contains([duty])).order_by(Account.id)
        return str(_one(asked.limit(1)))

    def office_with(self, *wanted: ColumnElement[bool]) -> str | None:
        """The organisation at which the first such task is open, whether anybody may do it or not."""
        asked = select(Organisation.name).join(Task, Task.office_id == Organisation.id)
        name = _one(asked.where(Task.state == "open", *wanted).order_by(Task.id).limit(1))
        return None if name is None else str(name)

    def status_of(self, errand: Errand) -> tuple[str, str]:
        """How its task and its case stand now."""
        asked = select(Task.state, Case.status).join(Case, Case.id == Task.case_id)
        state, status = db.session.execute(asked.where(Task.id == errand.task_id)).one()
        db.session.rollback()
        return state, status

    def _operators(self, *of: ColumnElement[bool]) -> Sequence[Account]:
        asked = select(Account).where(Account.duties.contains(["operator"]), *of)
        return db.session.scalars(asked.where(~Account.must_change_password).order_by(Account.id)).all()

    def _holders(self, task: Task) -> Sequence[Account]:
        office = self._operators(Account.organisation_id == task.office_id)
        if task.person_id is None or self.scheme.roles[task.role].unit_submits:
            return office
        own = select(Account).where(Account.person_id == task.person_id)
        return [*db.session.scalars(own.where(Account.duties.contains([APPLICANT]))), *office]

    def _errand(self, task: Task, account: Account, values: Values) -> Errand:
        case = db.session.get_one(Case, task.case_id)
        actor = actor_for(account)
        person = db.session.get(Person, case.person_id) if case.person_id else None
        return Errand(
            task.id,
            case.id,
            task.person_id,
            task.name,
            f"{task.scheme_id}/{task.element}",
            person.name if person else _name(case.unit_id),
            task.form or "",
            values,
            account.login,
            actor.name,
            actor.is_applicant(task.person_id),
        )

    def _taken(self, task: Task, values: Values, account: Account) -> bool:
        """Tries the answer, and undoes whatever it did."""
        actor, form = actor_for(account), self.scheme.form(task.form) if task.form else None
        with atomic(), undone():
            try:
                entered = filled_in(values, form, {}, actor, self.now)
                tasks.complete(task.id, entered, actor, self.now)
            except DomainError:
                return False
            return True

    # Answers

    def _answers(self, task: Task) -> Iterator[Values]:
        """The demonstration's own to such a form, then those of the scenarios to such a step."""
        case = db.session.get_one(Case, task.case_id)
        for template in self.script.answers.get(task.form or "", {}).values():
            for known in self._known(case):
                whole = {**template, **known["fields"]} if "use" in template else template
                try:
                    yield filled(whole, known, self.values)
                except KeyError:  # speaks of what this case does not have
                    continue
        for scenario in self.scenarios.scenarios.values():
            for step in scenario.steps:
                if step.task == task.name and step.refused is None:
                    yield step.values

    @cached_property
    def values(self) -> Mapping[str, Values]:
        return self.scenarios.worlds[self.script.values_from].values

    def _known(self, case: Case) -> Iterator[Values]:
        """What templates may say of the case, and of its person as each of the script's kinds in turn."""
        shared = {"unit": _name(case.unit_id), "today": written(civil(self.now).date()), "fields": {}}
        of_unit = select(Person).where(Person.unit_id == case.unit_id).order_by(Person.id)
        staff = db.session.scalars(of_unit).all()
        for kind in self.script.people:
            people = [_person(one) | kind for one in staff]
            mine = [one for one in people if one["person"] == case.person_id]
            groups = {"people": people, str(kind.get("group")): people}
            yield {**shared, **groups, **(mine[0] if mine else {})}


def _person(person: Person) -> dict[str, Any]:
    return {
        "person": person.id,
        "work_started": f"{person.birth_date.year + 20}-07",
        "retirement_kind": "male_60" if person.gender == "male" else "female_50",
    }


def _name(organisation_id: int) -> str:
    return db.session.get_one(Organisation, organisation_id).name


def _one(asked: Select[Any]) -> Any:
    """The value that is asked for, None for none; the transaction ends with it."""
    found = db.session.scalars(asked).one_or_none()
    db.session.rollback()
    return found
