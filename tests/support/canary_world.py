"""The stage with something on every page, in which everybody has typed canaries wherever one can type."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO

from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.content.identity import make_citizen_id, make_credit_code
from app.extensions import atomic
from app.models import Account, Case, Incident, Organisation, Person, Task, WorkItem
from app.operations import deployments
from app.operations.access import _passwords
from app.operations.actors import SYSTEM
from app.operations.finding._search_keys import follow_person
from app.operations.paying import statements
from app.operations.registers import register_imports
from app.operations.telling import contacts, outbox
from support.applying import applicant, applicant_files
from support.colleagues import colleague
from support.crowd import FILLED, open_tasks
from support.everywhere import KEEPER, login_of, offered, set_every_stage
from support.hostile import CANARIES, tainted, tainted_name
from support.pages import PASSWORD, Browser, Stage
from support.phased import PHASED, add_people
from support.stories.tables import HEAD
from support.typing_hands import Hands
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    PUBLISHED,
    SCHEME,
    complete,
    open_filing,
    register_posts,
    task_of,
)

__all__ = ["LEFT", "PERSON", "CanaryWorld", "Visitor"]

PERSON, COLLEAGUE, SECOND = "李二", "钱七", "陈一（兼省考核办）"
REVIEWS = f"/inbox/?kind={SCHEME}/first_review"
ANYBODY = ("/sign-in", "/register", "/verify", "/proof/", "/activate")
LEFT = frozenset({"account.sign_out", "clocks.move", "second_factor.unbind"})
"""What would only end the walk."""
LAST = frozenset({
    "account.change_password",
    "administration.disable",
    "imports.drop",
    "inbox.bulk_submit",
    "many_recalls.submit",
    "many_returns.submit",
    "overlays.withdraw",
    "saved_filters.remove",
    "work.cancel",
    "administration.password",
    "assigning.cosign",
    "assigning.delegate",
    "assigning.transfer",
    "handovers.submit",
    "organisations.close",
    "organisations.merge",
    "returns.submit",
})  # fmt: skip
"""What takes something away from somebody: done with things of its own."""
SUBMITTED = frozenset({"tasks.submit", "applicant_form.submit", "rows.save", "imports.confirm"})
"""What leaves nothing to be done with a task: it comes once everything else was tried."""
KNOWN: Mapping[str, Callable[[int], str]] = {
    "login": "hostile{}".format,
    **dict.fromkeys(("password", "again", "current"), lambda _n: PASSWORD),
    "id_number": lambda n: make_citizen_id("110101", date(1991, 3, 1), n % 490, "male"),
    "code": lambda n: make_credit_code("990101", n),
    "telephone": lambda _n: "13800000000",
    "to": lambda _n: "2099-12-31",
    "day": lambda _n: "2021-07-20",
    "valid_from": lambda _n: clock.now().date().isoformat(),
    "valid_to": lambda _n: (clock.now() + timedelta(days=20)).date().isoformat(),
    "provider": lambda _n: "sandbox",
    "address": lambda _n: "hostile@example.cn",
}
"""What the controls take that take no text of one's own."""
EXPORTED = (
    (LIBRARY, f"/cases/?of={SCHEME}/filing", "exports.case_list"),
    (LIBRARY, "/inbox/", "exports.open_tasks"),
    (LIBRARY, "/inbox/done", "exports.done_tasks"),
    (OFFICE, f"/monitor/cases?scheme={SCHEME}", "exports.watched"),
)
"""Whole lists: those that the walk exports are narrowed to what it typed."""
HOSTILE = Account.login.like("hostile%")
"""Accounts that were made on the way."""


def table(*lines: Sequence[str]) -> bytes:
    written = StringIO()
    csv.writer(written).writerows(lines)
    return written.getvalue().encode()


TABLES = {
    "imports.upload": table(HEAD, [f"{PHASED}-1", *CANARIES[: len(HEAD) - 1]]),
    "payments.reconcile": table(statements.COLUMNS, [*CANARIES[:2], "60.50", "2021-06-11"]),
    "people.register.upload": table(
        register_imports.WORKERS, CANARIES[: len(register_imports.WORKERS)], CANARIES[-7:]
    ),
}


@dataclass(frozen=True)
class Visitor:
    """Somebody with a browser, by login; empty for anybody. `addresses`: where to begin."""

    login: str
    browser: Browser
    addresses: Sequence[str]
    account_id: int | None = None


@dataclass(frozen=True)
class CanaryWorld:
    stage: Stage
    visitors: Mapping[str, Visitor]
    hands: Hands

    @classmethod
    def of(cls, app: Flask, texts: Sequence[str] = CANARIES, *, whole: bool = True) -> CanaryWorld:
        """`whole`: also what takes something away from somebody."""
        stage = set_every_stage(app)
        reviews = _hostile_scheme(stage)
        made = cls(stage, _visitors(stage), Hands(app, KNOWN, (), texts, TABLES))
        taint_names()
        for left in (LEFT | LAST | SUBMITTED, LEFT | LAST) if whole else (LEFT | LAST,):
            made.hands.left = left
            for visitor in made.visitors.values():
                made.hands.work_through(visitor.browser, visitor.addresses)
        if whole:
            made.last(reviews)
        return made

    def last(self, reviews: Sequence[int]) -> None:
        """What takes something away from somebody, and what follows from that."""
        self.hands.left = LEFT
        fill, of = self.hands.fill_in, {name: one.browser for name, one in self.visitors.items()}
        self.hands.preferred = {str(self.visitors[COLLEAGUE].account_id)}
        for verb, task_id in zip(("cosign", "delegate", "transfer"), open_tasks("fill")[-3:], strict=True):
            fill(of[LIBRARY], f"/tasks/{task_id}/assigning", f"assigning.{verb}")
            for name, address in ((COLLEAGUE, "/inbox/asked"), (LIBRARY, "/inbox/delegated")):
                fill(of[name], address, "")
            self.hands.work_through(of[COLLEAGUE], [f"/tasks/{task_id}/assigning"])
        for task_id, address, endpoint in zip(
            reviews,
            ("/tasks/{}/return", "/inbox/bulk?task={}", "/inbox/return?task={}"),
            ("returns.submit", "inbox.bulk_submit", "many_returns.submit"),
            strict=False,
        ):
            fill(of[BUREAU], address.format(task_id), endpoint)
        fill(of[LIBRARY], f"/tasks/{_done_before(reviews[3])}/recall", "company.recall")
        for name in (LIBRARY, BUREAU, OFFICE):
            self.hands.work_through(of[name], ["/inbox/done", "/imports/", "/overlays/"])
        for name, address, endpoint in EXPORTED:
            fill(of[name], address, endpoint)
        self._of_the_keeper(of[KEEPER])
        self._of_the_newcomer()
        fill(of[COLLEAGUE], "/password", "account.change_password")

    def _of_the_keeper(self, keeper: Browser) -> None:
        """An account that is closed, an organisation that is merged into another, and that one closed."""
        self.hands.fill_in(keeper, "/administration/organisations/new", "organisations.create")
        newest = select(Organisation.id, Organisation.code).order_by(Organisation.id.desc())
        with atomic() as session:
            account = session.scalar(select(Account.id).where(HOSTILE).order_by(Account.id.desc()).limit(1))
            (other, into), (merged, _code) = session.execute(newest.limit(2)).all()
        self.hands.known = {**KNOWN, "into": lambda _n: into}
        for address, endpoint in (
            (f"accounts/{account}/password", "administration.password"),
            (f"accounts/{account}/closure", "administration.disable"),
            (f"organisations/{merged}/merger", "organisations.merge"),
            (f"organisations/{other}/closure", "organisations.close"),
        ):
            self.hands.fill_in(keeper, f"/administration/{address}", endpoint)

    def _of_the_newcomer(self) -> None:
        """A unit that has registered and fills in what its cases are routed by."""
        with atomic() as session:
            login = session.scalar(select(Account.login).where(HOSTILE).order_by(Account.id).limit(1))
        if login is not None:
            newcomer = self.stage.browser().sign_in(login)
            self.hands.fill_in(newcomer, "/unit", "account.complete_profile")


def taint_names() -> None:
    """Everybody's name and every organisation's begins with a canary, as if it had been typed so."""
    with atomic() as session:
        for kind in (Organisation, Person, Account):
            for row in session.scalars(select(kind)).all():
                row.name = tainted_name(row.id, row.name)
        session.flush()
        for person_id in session.scalars(select(Person.id)).all():
            follow_person(person_id)


def _done_before(task_id: int) -> int:
    """The task of the same case that was done before."""
    with atomic() as session:
        case_id = session.get_one(Task, task_id).case_id
        done = select(Task.id).where(Task.case_id == case_id, Task.state == "completed")
        return session.scalars(done).one()


def _hostile_scheme(stage: Stage) -> list[int]:
    """The scheme with canaries in its titles, and a document that is owed; reviews of cases that go by it."""
    files = {
        path: tainted(path, content)
        for path, content in applicant_files().items()
        if "/scenarios/" not in path
    }
    drawn, given = f"bpmn/{SCHEME}/filing.bpmn", "<spiffworkflow:properties>"
    head, fill, rest = files[drawn].decode().partition('<bpmn:userTask id="fill"')
    owed = f'{given}<spiffworkflow:property name="owed" value="ground" />'
    files[drawn] = (head + fill + rest.replace(given, owed, 1)).encode()
    with atomic():
        deployments.publish(files, SYSTEM, PUBLISHED)
    register_posts(stage.world, {"technician": 3, "senior": 3, "junior": 9}, when="2021-06-04 09:00")
    found = []
    for number, name in enumerate(add_people(stage.world, 6)):
        case_id = open_filing(stage.world, name)
        if number < 4:
            complete(case_id, "fill", FILLED, stage.world.actors[LIBRARY], "2021-06-11 08:00")
            found.append(task_of(case_id))
    return found


def _visitors(stage: Stage) -> dict[str, Visitor]:
    """Whoever applies comes first: the unit takes over what they leave."""
    begun = offered(stage) | {PERSON: ["/my/"]}
    begun[LIBRARY] += ["/unit"]
    actors = {PERSON: applicant(stage.world, PERSON)}
    actors |= {name: stage.world.actors[name] for name in (LIBRARY, OFFICE, SECOND, BUREAU, KEEPER)}
    actors[COLLEAGUE] = colleague(stage.world, COLLEAGUE, LIBRARY)
    stage.give(SECOND, "operator", "supervisor")
    _unwell(stage)
    with atomic() as session:
        session.execute(update(WorkItem).values(subject=CANARIES[1]))
        unset = Account.password_hash == "!"
        session.execute(update(Account).where(unset).values(password_hash=_passwords.hashed(PASSWORD)))
    found = {"": Visitor("", stage.browser(), ANYBODY)}
    for name, actor in actors.items():
        login = login_of(actor)
        addresses = ["/", *begun.get(name, [])]
        found[name] = Visitor(login, stage.browser().sign_in(login), addresses, actor.account_id)
    return found


def _unwell(stage: Stage) -> None:
    """An incident, and letters that went out or were refused."""
    now = clock.now()
    with atomic() as session:
        case_id = session.scalars(select(Case.id).order_by(Case.id.desc())).first()
        told = {"case_id": case_id, "kind": "timer", "element": "x", "message": CANARIES[0], "deadlines": []}
        session.add(Incident(**told, opened_at=stage.now()))
        for name, address in ((BUREAU, "chen@example.cn"), (OFFICE, "refused@example.cn")):
            contacts.choose("mail", address, contacts.KINDS, stage.world.actors[name], now)
            contacts.try_out("mail", stage.world.actors[name], now)
    outbox.deliver(atomic, now)
