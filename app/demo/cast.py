"""Who plays in the demonstrations that are there, for whoever wants to sign in as one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import func, or_, select

from app.demo.script import Script, read_scripts
from app.extensions import db
from app.models import Account, Case, Organisation, Person
from app.operations.access.accounts import DUTIES
from app.operations.actors import APPLICANT
from app.operations.dates import clock

WORDS = {**DUTIES, APPLICANT: "申报人本人"}
UNITS = 8
"""The first units of a script are of every kind; all others sign in alike."""


@dataclass(frozen=True, slots=True)
class Player:
    """An account of a demonstration, and what it may do."""

    login: str
    name: str
    organisation: str
    duties: Sequence[str]


def shown() -> list[str]:
    """The schemes whose demonstrations are in this database; none in a real one."""
    if not clock.is_rehearsal():
        return []
    first = {_logins(script)[0]: script.scheme for script in _scripts()}
    there = set(db.session.scalars(select(Account.login).where(Account.login.in_(first))))
    return [scheme_id for login, scheme_id in first.items() if login in there]


def players(scheme_id: str) -> list[Player]:
    """The offices' accounts, those of the first units, and the applicants that sign in themselves."""
    script = next(script for script in _scripts() if script.scheme == scheme_id)
    theirs = Account.person_id.in_(select(Case.person_id).where(Case.scheme_id == scheme_id))
    applicants = Account.duties.contains([APPLICANT]) & theirs
    query = (
        select(Account.login, Account.name, Account.duties, Organisation.name)
        .outerjoin(Person, Person.id == Account.person_id)
        .outerjoin(Organisation, Organisation.id == func.coalesce(Account.organisation_id, Person.unit_id))
        .where(Account.disabled_at.is_(None), or_(Account.login.in_(_logins(script)), applicants))
    )
    return [
        Player(login, name, organisation or "", [WORDS[duty] for duty in duties])
        for login, name, duties, organisation in db.session.execute(query.order_by(Account.id))
    ]


@cache
def _scripts() -> tuple[Script, ...]:
    return tuple(read_scripts())


def _logins(script: Script) -> list[str]:
    offices = [facts["login"] for facts in (*script.organisations.values(), *script.duties)]
    units = [script.login_of(number) for number in range(1, UNITS + 1)]
    return [*offices, *units, *script.example_logins, *script.head_logins]
