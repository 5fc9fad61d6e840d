"""Accounts that a case allots to its unit, on a registration form of the unit's administrator (HN-13)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.content.capabilities import CapabilityDeclaration
from app.errors import Conflict, Invalid
from app.extensions import db
from app.models import Account
from app.operations.access import accounts
from app.operations.access._sign_in import normal_login
from app.operations.actors import SYSTEM
from app.operations.capabilities import CapabilityRefused, Request, Values, capability

ALLOT_ACCOUNT = CapabilityDeclaration(
    "allot_account",
    "发放单位账号",
    inputs={
        "login": "登录名",
        "name": "管理人员姓名",
        "replace": "true：停用单位原有的账号（变更管理人员）",
    },
    optional=frozenset({"replace"}),
    outputs={"login": "登录名"},
    refusals={"login_refused": "登录名已被使用，或写法不对"},
)


@capability(ALLOT_ACCOUNT, simulate=lambda inputs: {"login": str(inputs["login"])})
def allot_account(request: Request) -> Values:
    """Gives the case's unit an account for the person named; asked again it is the same account.

    Nobody knows its password: a case's log is no place for one. An administrator hands over a first password
    (`accounts.reset_password`), which has to be changed.
    """
    login, name = normal_login(str(request.inputs["login"])), str(request.inputs["name"])
    replace = request.inputs.get("replace") is True
    live = _live_accounts(request.unit_id)
    if all((account.login, account.name) != (login, name) for account in live):
        ground = f"办件 {request.case_id}"
        _allot(request, login, name, ground)
        for account in live if replace else []:
            accounts.disable(account.id, actor=SYSTEM, now=request.at, ground=ground)
    return {"login": login}


def _live_accounts(unit_id: int) -> list[Any]:
    found = select(Account.id, Account.login, Account.name).where(
        Account.organisation_id == unit_id, Account.disabled_at.is_(None)
    )
    return list(db.session.execute(found.order_by(Account.id)))


def _allot(request: Request, login: str, name: str, ground: str) -> None:
    try:
        accounts.allot(
            request.unit_id, login, name, ["operator"], actor=SYSTEM, now=request.at, ground=ground
        )
    except Invalid as wrong:
        sentence = "；".join(text for texts in wrong.fields.values() for text in texts)
        raise CapabilityRefused("login_refused", sentence) from wrong
    except Conflict as taken:
        raise CapabilityRefused("login_refused", taken.message) from taken
