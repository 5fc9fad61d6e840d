"""The cases of a demonstration, day by day: units open them, timers fire, messages go, people decide."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count, cycle
from random import Random
from typing import Any

from sqlalchemy import select

from app.content import Scheme
from app.content.identity import make_citizen_id
from app.demo.acting import Acting
from app.demo.script import Act, Known, Script, day_of, written
from app.demo.stage import LONG_AGO, Unit
from app.engine.civil import civil, start_of_day
from app.errors import DomainError
from app.extensions import db
from app.models import Case, Person
from app.operations import cases, messages, timers
from app.operations.actors import Actor
from app.operations.apart import savepoint
from app.operations.dates import overlays
from app.operations.offices import organisations
from app.operations.registers.people import id_number_of

LAST_WEEKS = timedelta(days=60)
"""Of what is played: cases about others begin only then."""


class ScriptRefused(DomainError):
    """演示的编排与方案不符。"""


@dataclass(order=True, slots=True)
class Due:
    """What is to be done next in a case, or with `case_id` None: what a unit opens, what is begun about an
    application of the status `about`, or, `onward`, how a case of that status and process goes on.
    """

    at: datetime
    number: int
    acts: Sequence[Act] = field(compare=False)
    known: Known = field(compare=False)
    case_id: int | None = field(compare=False, default=None)
    unit: Unit | None = field(compare=False, default=None)
    process: str = field(compare=False, default="")
    about: str = field(compare=False, default="")
    onward: bool = field(compare=False, default=False)
    chance: Random | None = field(compare=False, default=None)


class Play:
    """Plays a script on a stage that stands; everything is in the caller's transaction."""

    def __init__(
        self,
        script: Script,
        scheme: Scheme,
        value_sets: Mapping[str, Known],
        units: Sequence[Unit],
        actors: Mapping[int, Sequence[Actor]],
        examples: Sequence[Unit],
    ) -> None:
        self.script, self.scheme, self.actors = script, scheme, actors
        self.acting = Acting(script, scheme, value_sets, actors)
        self.units = {unit.id: unit for unit in (*units, *examples)}
        self.chance = Random(script.scheme)  # noqa: S311 - nothing here is secret
        self.numbers = count()
        self.agenda: list[Due] = []
        self.seen: set[int] = set()
        self.plans: dict[tuple[str, str], Iterator[Sequence[Act]]] = {
            (process, group): cycle(plans)
            for process, part in script.started.items()
            for group, plans in {"": part["plans"], **part.get("of_groups", {})}.items()
        }
        for opening in script.openings:
            plans = cycle(opening["plans"])
            for unit in units:
                if opening.get("group") and opening["group"] not in _unit_known(unit):
                    continue
                day = script.begins + timedelta(days=script.first_day_of(unit.name, opening))
                at = self._office_hour(day)
                self._put(at, next(plans), _unit_known(unit), None, unit, opening["process"])
        for opening in script.by_offices:
            self._plan_one(opening)
        self._plan_besides()
        self._plan_examples(examples)
        self.moves = sorted(script.moved, key=lambda move: day_of(move["at"]))

    def _plan_one(self, opening: Mapping[str, Any], chance: Random | None = None) -> None:
        office = self._operator(opening["office"])
        made_up = Unit(office.organisation_id or 0, opening["office"], office, ())
        place = self.units.get(made_up.id, made_up)
        at = self._office_hour(day_of(opening["at"]), chance)
        self._put(at, opening["acts"], _unit_known(place), None, place, opening["process"], chance)

    def _plan_besides(self) -> None:
        """What stands beside the year's course has chances of its own, so that it moves nothing else."""
        chance = Random(f"{self.script.scheme} besides")  # noqa: S311 - nothing here is secret
        here = {some[0].organisation_name for some in self.actors.values()}
        for opening in self.script.besides:
            if opening["office"] in here:  # a smaller demonstration does without some units
                self._plan_one(opening, chance)
        for one in self.script.about:
            at = self._office_hour(day_of(one["at"]), chance)
            process, about = one["process"], one["of"]
            due = Due(at, next(self.numbers), one["acts"], {}, process=process, about=about, chance=chance)
            heapq.heappush(self.agenda, due)
        self.spoken_of: set[int] = set()
        self.begun = 0
        self.first_birthday = date(self.script.born[1] + 1, 1, 1)

    def _plan_examples(self, examples: Sequence[Unit]) -> None:
        """What the units that stand aside do, and how single cases go on: by chances of their own, too."""
        self.aside = Random(f"{self.script.scheme} aside")  # noqa: S311 - nothing here is secret
        self.own: dict[int, Sequence[Act]] = {}
        for unit, facts in zip(examples, self.script.examples, strict=True):
            for applicant, plan in zip(unit.applicants, facts["people"], strict=True):
                self.own[applicant.person_id] = plan["acts"]
            for opening in facts.get("opens", ()):
                self._plan_one({"office": unit.name, **opening}, self.aside)
        for one in self.script.onward:
            at = self._office_hour(day_of(one["at"]), self.aside)
            due = Due(at, next(self.numbers), one["acts"], {}, process=one["process"], about=one["of"])
            due.onward, due.chance = True, self.aside
            heapq.heappush(self.agenda, due)

    def run(self, until: datetime, told: Callable[[date, int], None]) -> int:
        """Lets every day pass up to an instant; answers how many cases there are then."""
        day, self.until = civil(self.script.begins).date(), until
        while start_of_day(day) < until:
            self._let_pass(start_of_day(day) + timedelta(minutes=2))
            self._move_dates(start_of_day(day) + timedelta(hours=9))
            told(day, len(self.seen))
            day += timedelta(days=1)
            evening = min(start_of_day(day), until)
            while self.agenda and self.agenda[0].at < evening:
                self._do(heapq.heappop(self.agenda))
        self._let_pass(until)
        return len(self.seen)

    def _put(
        self,
        at: datetime,
        acts: Sequence[Act],
        known: Known,
        case_id: int | None,
        unit: Unit | None = None,
        process: str = "",
        chance: Random | None = None,
    ) -> None:
        due = Due(at, next(self.numbers), acts, known, case_id, unit, process, chance=chance)
        heapq.heappush(self.agenda, due)

    def _office_hour(self, day: datetime, chance: Random | None = None) -> datetime:
        """Some minute between 9 and 17 o'clock of the day, or of the Monday after a weekend."""
        local = civil(day).date()
        local += timedelta(days=max(0, 7 - local.weekday()) if local.weekday() > 4 else 0)
        minutes = (chance or self.chance).randrange(8 * 60)
        return start_of_day(local) + timedelta(hours=9, minutes=minutes)

    def _later(self, at: datetime, chance: Random | None = None) -> datetime:
        return self._office_hour(at + timedelta(days=(chance or self.chance).randint(1, 4)), chance)

    def _let_pass(self, now: datetime) -> None:
        timers.sweep(lambda scheme_id: now if scheme_id == self.scheme.id else LONG_AGO, savepoint)
        messages.deliver(savepoint)
        self._plan_new_cases(now)

    def _plan_new_cases(self, now: datetime) -> None:
        """Gives the cases that messages have started a plan of their own."""
        asked = select(Case.id, Case.process, Case.unit_id, Case.person_id)
        asked = asked.where(Case.scheme_id == self.scheme.id, Case.id.not_in(self.seen))
        for case in db.session.execute(asked.order_by(Case.id)).all():
            self.seen.add(case.id)
            unit = self.units[case.unit_id]
            applicant = next((one for one in unit.applicants if one.person_id == case.person_id), None)
            if applicant is None or case.process not in self.script.started:
                continue
            known = {**_unit_known(unit), **applicant.known}
            if applicant.person_id in self.own:
                acts, chance = self.own[applicant.person_id], self.aside
                self._put(self._later(now, chance), acts, known, case.id, chance=chance)
            else:
                group = (case.process, applicant.known.get("group", ""))
                acts = next(self.plans.get(group, self.plans[case.process, ""]))
                self._put(self._later(now), acts, known, case.id)

    def _do(self, due: Due) -> None:
        try:
            if due.onward:
                self._go_on(due)
            elif due.about:
                self._open_about(due)
            elif due.case_id is None:
                self._open(due)
            elif due.acts:
                self._act(due, due.case_id)
        except DomainError as refusal:
            fields = getattr(refusal, "fields", {})
            sentence = "；".join([refusal.message, *(text for texts in fields.values() for text in texts)])
            raise ScriptRefused(f"演示的编排与方案不符：{due.acts[:1]}，{sentence}") from refusal

    def _open_about(self, due: Due) -> None:
        """By whoever may begin it; nothing where no application stands so by that day.

        Nor in a year that goes on for long after it: what is open keeps the application from the archive.
        """
        if self.until - due.at > LAST_WEEKS:
            return
        asked = select(Case).where(Case.scheme_id == self.scheme.id, Case.person_id.is_not(None))
        asked = asked.where(Case.linked_case_id.is_(None), Case.id.not_in(self.spoken_of))
        found = db.session.scalars(asked.where(Case.status == due.about).order_by(Case.id)).all()
        for case in found:
            if self._begin(due.process, due.acts, case, due.at, due.chance):
                self.spoken_of.add(case.id)
                return

    def _begin(
        self, process: str, acts: Sequence[Act], about: Case, at: datetime, chance: Random | None
    ) -> bool:
        """Begins a case about an application, if somebody may, and plans what is done in it."""
        case_id = self.acting.begin(process, about, at)
        if case_id is None:
            return False
        self.seen.add(case_id)
        unit = self.units[about.unit_id]
        others = [one.person_id for one in unit.applicants if one.person_id != about.person_id]
        self.begun += 1
        born = self.first_birthday + timedelta(days=self.begun)
        numbers = {
            "other_number": make_citizen_id(self.script.born_in, born, 1, "male"),
            "taken_number": id_number_of(db.session.get_one(Person, others[0])) if others else "",
        }
        self._put(at + timedelta(minutes=20), acts, {**_unit_known(unit), **numbers}, case_id, chance=chance)
        return True

    def _go_on(self, due: Due) -> None:
        """In the first case that stands so with nothing else planned; nothing where none does by that day."""
        planned = {other.case_id for other in self.agenda if other.case_id and other.acts}
        asked = select(Case).where(Case.scheme_id == self.scheme.id, Case.process == due.process)
        asked = asked.where(Case.status == due.about, Case.id.not_in(self.spoken_of | planned))
        case = db.session.scalars(asked.order_by(Case.id)).first()
        if case is not None:
            self.spoken_of.add(case.id)
            self._put(due.at, due.acts, self._known_of(case), case.id, chance=due.chance)

    def _known_of(self, case: Case) -> Known:
        unit = self.units.get(case.unit_id)
        theirs = unit.applicants if unit else ()
        applicant = next((one for one in theirs if one.person_id == case.person_id), None)
        return {**(_unit_known(unit) if unit else {}), **(applicant.known if applicant else {})}

    def _open(self, due: Due) -> None:
        if due.unit is None:
            raise AssertionError("only a unit opens a case")
        unit = due.unit
        starter = self._starter(due.process, unit, due.at)
        case_id = cases.start(self.scheme.id, due.process, unit_id=unit.id, actor=starter, received_at=due.at)
        self.seen.add(case_id)
        self._put(due.at + timedelta(minutes=20), due.acts, due.known, case_id, chance=due.chance)

    def _starter(self, process: str, unit: Unit, at: datetime) -> Actor:
        """Who may start it about the unit: the unit itself, an office, or the department above (JD-04)."""
        role = self.scheme.roles[self.scheme.processes[process].start.role or ""]
        holder = organisations.resolve_role(role, unit.id, at) or unit.id
        return self.actors[holder][0]

    def _act(self, due: Due, case_id: int) -> None:
        act, *rest = due.acts
        if isinstance(act, list):
            for number, one in enumerate(act):
                at = due.at + number * timedelta(minutes=20)
                self._put(at, [one], due.known, case_id, chance=due.chance)
            self._put(self._later(due.at, due.chance), rest, due.known, case_id, chance=due.chance)
            return
        if isinstance(act, Mapping) and "until" in act:
            at = self._office_hour(max(due.at, day_of(act["until"])), due.chance)
            self._put(at, rest, due.known, case_id, chance=due.chance)
            return
        known = {**due.known, "today": written(civil(due.at).date())}
        if isinstance(act, str):
            self.acting.answer(case_id, act, known, due.at, draft=False)
        elif "message" in act:
            self.acting.say(case_id, act, known, due.at)
        elif "begin" in act:
            self._begin(act["begin"], act["acts"], db.session.get_one(Case, case_id), due.at, due.chance)
        else:
            self.acting.answer(case_id, act["draft"], known, due.at, draft=True)
        messages.deliver(savepoint)
        if rest:
            self._put(self._later(due.at, due.chance), rest, due.known, case_id, chance=due.chance)

    def _operator(self, organisation: str, number: int = 0) -> Actor:
        """One of the operators of an office, by its name."""
        of_office = next(some for some in self.actors.values() if some[0].organisation_name == organisation)
        return of_office[number]

    def _move_dates(self, now: datetime) -> None:
        """What offices fix by now, proposed by their first operator and approved by the second."""
        while self.moves and day_of(self.moves[0]["at"]) <= now:
            move = self.moves.pop(0)
            first, second = (self._operator(move["office"], number) for number in (0, 1))
            area, ground = str(move["area"]), move["ground"]
            proposed = overlays.propose(
                self.scheme.id, move["date"], move["day"], area=area, ground=ground, actor=first, now=now
            )
            overlays.approve(proposed, actor=second, now=now)
            overlays.carry_out(lambda scheme_id: now, savepoint)


def _unit_known(unit: Unit) -> dict[str, Any]:
    """What templates may say of a unit: its posts leave exactly as many places as people apply.

    People stand as `people`, and once more under their group, if they have one.
    """
    wanted = Counter(applicant.known["grade"] for applicant in unit.applicants)
    posts = [
        {"grade": grade, "approved": held + vacant, "held": held, "vacant": vacant}
        for held, (grade, vacant) in enumerate(sorted(wanted.items()), start=2)
    ]
    people = [applicant.known for applicant in unit.applicants]
    groups: dict[str, list[Known]] = {}
    for known in people:
        if "group" in known:
            groups.setdefault(known["group"], []).append(known)
    return {"unit": unit.name, "posts": posts, "people": people, "people_count": len(people), **groups}
