"""What the accounts of a demonstration have to do, and what each of them may answer to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, select

from app import clock
from app.config import PROJECT
from app.content import Scheme, read_scenarios, read_scheme_folder
from app.content.roles import Role
from app.demo.script import Script, filled, read_scripts, written
from app.engine.civil import civil
from app.errors import DomainError
from app.extensions import atomic, db
from app.models import Account, Case, Organisation, Person, Task
from app.operations import clock as clocks
from app.operations import tasks
from app.operations.accounts import actor_for
from app.operations.actors import APPLICANT
from app.operations.apart import undone
from app.operations.made_up import filled_in

SCRIPTS: Mapping[str, Script] = {script.scheme: script for script in read_scripts()}

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Errand:
    """An open task, who does it, and with what; `own`: by the applicant whose case it is."""

    login: str
    name: str
    task: Task
    case: Case
    subject: str
    form: str
    values: Values
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
        db.session.rollback()
        query = select(Task).where(Task.scheme_id == self.id, Task.state == "open", *wanted)
        for task in db.session.scalars(query.order_by(Task.id)).all():
            for account in self._holders(task):
                for values in self._answers(task):
                    if self._taken(task, values, account):
                        return self._errand(task, account, values)
        return None

    def own_errand(self, *wanted: ColumnElement[bool]) -> Errand | None:
        """The same of a task that is somebody's own who has an account."""
        own = select(Account.person_id).where(Account.duties.contains([APPLICANT]))
        return self.errand(*wanted, Task.person_id.in_(own))

    def steps_of(self, role: Role) -> Sequence[str]:
        """The names of the role's open tasks."""
        asked = select(Task.name).where(Task.state == "open", Task.role == role.id)
        return db.session.scalars(asked.distinct().order_by(Task.name)).all()

    def own_login(self, errand: Errand) -> str:
        """The account of the person whom the errand is about."""
        return db.session.scalars(
            select(Account.login).where(Account.person_id == errand.task.person_id)
        ).one()

    def holding(self, duty: str) -> Account:
        """The first account with a duty."""
        asked = select(Account).where(Account.duties.contains([duty])).order_by(Account.id)
        return db.session.scalars(asked.limit(1)).one()

    def open_task(self, *wanted: ColumnElement[bool]) -> Task | None:
        """The first open task of such, whether anybody may do it or not."""
        asked = select(Task).where(Task.state == "open", *wanted).order_by(Task.id).limit(1)
        return db.session.scalars(asked).one_or_none()

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
        subject = person.name if person else name_of(case.unit_id)
        own = actor.is_applicant(task.person_id)
        return Errand(account.login, actor.name, task, case, subject, task.form or "", values, own)

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
        shared = {"unit": name_of(case.unit_id), "today": written(civil(self.now).date()), "fields": {}}
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


def name_of(organisation_id: int) -> str:
    return db.session.get_one(Organisation, organisation_id).name
