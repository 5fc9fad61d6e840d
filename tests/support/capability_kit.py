"""The conformance kit: how each capability is asked, once in every way that it may answer.

A new capability needs its cases here; `tests/integration/test_capabilities.py` does the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import text

from app.content.identity import make_citizen_id
from app.extensions import atomic, db
from app.models import Case
from app.operations import capabilities, deployments
from app.operations.access import accounts
from app.operations.actors import SYSTEM
from app.operations.capabilities import Request
from app.operations.road._projection import Changes
from app.operations.trials.worlds import Built
from support.life import certified, complete_life, open_award, start_about
from support.world import BUREAU, at, complete, open_filing, register_posts

NOON = at("2021-06-15 12:00")
LIBRARY, FIRST, SECOND = "东溪区图书馆", "陈一", "李二"
CERTIFICATE = {"trade": "图书资料业务员", "grade": "senior"}
GROUND = {"ground": "考风考纪规定"}
FILLED = {"grade": "senior", "summary": "近五年工作扎实。"}

Setting = Callable[[Built], int]
"""Makes what has to stand before; answers the case that asks."""


@dataclass(frozen=True)
class Asked:
    """One way to ask a capability: in which setting, with what, and the code that refuses it (None: done)."""

    setting: Setting
    inputs: Mapping[str, Any] = field(default_factory=dict)
    refused: str | None = None


def bare(world: Built) -> int:
    """A live case of a person, whose unit has filed no posts."""
    return open_filing(world, FIRST)


def with_posts(world: Built) -> int:
    register_posts(world, {"senior": 1, "junior": 1})
    return open_filing(world, FIRST)


def holding_a_place(world: Built) -> int:
    case_id = with_posts(world)
    complete(case_id, "fill", FILLED, world.actors[LIBRARY], "2021-06-11 10:00")
    return case_id


def with_the_last_place_taken(world: Built) -> int:
    holding_a_place(world)
    return open_filing(world, SECOND)


def share(pool: str = "高级技师/电工", limit: int = 1) -> dict[str, Any]:
    return {"pool": pool, "limit": limit, "ground": "本单位该工种现有技师 5 人"}


def holding_a_share(world: Built) -> int:
    case_id = bare(world)
    perform("reserve_share", case_id, share(), token=907)
    return case_id


def beside_one_that_holds_the_share(world: Built) -> int:
    holding_a_share(world)
    return open_filing(world, SECOND)


def awaiting(world: Built) -> int:
    """A case of the certificate's scheme that waits for the publication of a list."""
    return open_award(world, FIRST)


def holding_a_certificate(world: Built) -> int:
    return certified(world, FIRST)


def with_a_revoked_certificate(world: Built) -> int:
    case_id = certified(world, FIRST)
    perform("revoke_certificate", case_id, {"ground": "弄虚作假"}, token=901)
    return case_id


def owing(world: Built) -> int:
    case_id = bare(world)
    perform("request_payment", case_id, {"amount": 60}, token=903)
    return case_id


def having_paid(world: Built) -> int:
    case_id = owing(world)
    perform("record_payment", case_id, {"receipt": "No.1"}, token=904)
    return case_id


def owing_beside_a_receipt(world: Built) -> int:
    """A case that owes, beside one of another unit that has the receipt."""
    having_paid(world)
    other = open_filing(world, "赵四", unit="西溪区文化馆")
    perform("request_payment", other, {"amount": 60}, token=905)
    return other


def owed_back(world: Built) -> int:
    case_id = having_paid(world)
    perform("cancel_payment", case_id, GROUND, token=906)
    return case_id


def barred(world: Built) -> int:
    case_id = bare(world)
    perform("impose_bar", case_id, {"kind": "next_examination", "ground": "作弊"}, token=902)
    return case_id


def with_an_account(world: Built) -> int:
    """A case beside which an account of another unit bears the login."""
    other = world.organisations["西溪区文化馆"]
    accounts.allot(other, "xixi", "王管理", ["operator"], actor=SYSTEM, now=NOON)
    db.session.commit()
    return bare(world)


def disputed(world: Built) -> int:
    """A case about which a sanction is under way."""
    case_id = awaiting(world)
    start_about(world, "sanction", case_id, BUREAU, "2021-09-02 09:00")
    return case_id


def correcting(world: Built, number: str = make_citizen_id("110101", date(1980, 5, 1), 77, "male")) -> int:
    """A case in which a number was entered that is to be the person's."""
    case_id = start_about(world, "correction", awaiting(world), LIBRARY, "2021-09-02 09:00")
    complete_life(case_id, "enter", {"number": number}, world.actors[LIBRARY], at("2021-09-02 10:00"))
    return case_id


def correcting_to_anothers(world: Built) -> int:
    return correcting(world, make_citizen_id("110101", date(1978, 11, 20), 2, "female"))


def posts(**vacant: int) -> dict[str, Any]:
    return {"posts": [{"grade": g, "approved": n, "held": 0, "vacant": n} for g, n in vacant.items()]}


def place(grade: str, basis: str = "vacancy") -> dict[str, Any]:
    return {"grade": grade, "basis": basis}


CASES: dict[str, Sequence[Asked]] = {
    "notify": (Asked(bare, {"text": "请留意。"}),),
    "register_posts": (
        Asked(bare, posts(senior=2, junior=1)),
        Asked(holding_a_place, posts(senior=3)),
        Asked(holding_a_place, posts(senior=0), refused="below_claims"),
    ),
    "reserve_place": (
        Asked(with_posts, place("senior")),
        Asked(holding_a_place, place("junior")),
        Asked(with_the_last_place_taken, place("senior", "excellent")),
        Asked(bare, place("senior"), refused="no_post_register"),
        Asked(with_posts, place("technician"), refused="above_highest_grade"),
        Asked(with_the_last_place_taken, place("senior"), refused="no_vacancy"),
    ),
    "release_place": (Asked(holding_a_place), Asked(with_posts)),
    "reserve_share": (
        Asked(bare, share()),
        Asked(holding_a_share, share("高级技师/烹饪", 2)),
        Asked(beside_one_that_holds_the_share, share(limit=2)),
        Asked(beside_one_that_holds_the_share, share(), refused="share_full"),
        Asked(bare, share(limit=0), refused="share_full"),
    ),
    "release_share": (Asked(holding_a_share), Asked(bare)),
    "count_register": (Asked(bare, {"trade": "电工", "grade": "technician"}),),
    "register_history": (Asked(bare, {"trade": "电工", "grade": "technician", "pool": "高级技师/电工"}),),
    "issue_certificate": (
        Asked(awaiting, CERTIFICATE),
        Asked(holding_a_certificate, CERTIFICATE),
        Asked(with_a_revoked_certificate, CERTIFICATE),
        Asked(holding_a_certificate, {**CERTIFICATE, "grade": "technician"}, refused="other_certificate"),
    ),
    "revoke_certificate": (
        Asked(holding_a_certificate, GROUND),
        Asked(with_a_revoked_certificate, GROUND),
        Asked(bare, GROUND, refused="no_certificate"),
    ),
    "restore_certificate": (
        Asked(with_a_revoked_certificate, GROUND),
        Asked(holding_a_certificate, GROUND),
        Asked(bare, GROUND, refused="no_certificate"),
    ),
    "reissue_certificate": (
        Asked(holding_a_certificate, GROUND),
        Asked(with_a_revoked_certificate, GROUND, refused="revoked"),
        Asked(bare, GROUND, refused="no_certificate"),
    ),
    "impose_bar": (
        Asked(bare, {"kind": "until", "until": date(2023, 6, 15), **GROUND}),
        Asked(bare, {"kind": "until", "until": "2021-06-15", **GROUND}),
        Asked(bare, {"kind": "next_examination", **GROUND}),
        Asked(bare, {"kind": "until", "until": date(2021, 6, 14), **GROUND}, refused="no_term"),
        Asked(bare, {"kind": "until", **GROUND}, refused="no_term"),
    ),
    "lift_bar": (Asked(barred, GROUND), Asked(bare, GROUND)),
    "request_payment": (
        Asked(bare, {"amount": 60}),
        Asked(owing, {"amount": 80.5, "purpose": "考核费"}),
        Asked(having_paid, {"amount": 80}),
        Asked(bare, {"amount": None}, refused="no_amount"),
    ),
    "record_payment": (
        Asked(owing, {"receipt": "No.2"}),
        Asked(owing, {"receipt": "No.2", "purpose": "考核费"}),
        Asked(bare, {"receipt": "No.2"}, refused="nothing_due"),
        Asked(owing_beside_a_receipt, {"receipt": "No.1"}, refused="receipt_used"),
    ),
    "cancel_payment": (
        Asked(owing, GROUND),
        Asked(having_paid, GROUND),
        Asked(having_paid, {**GROUND, "refundable": False}),
        Asked(bare, GROUND),
    ),
    "record_refund": (
        Asked(owed_back, {"reference": "T1"}),
        Asked(having_paid, {"reference": "T1"}, refused="no_refund_due"),
    ),
    "archive_case": (
        Asked(awaiting, {"retention_years": 30}),
        Asked(disputed, {"retention_years": 30}, refused="disputed"),
    ),
    "release_waiting": (
        Asked(awaiting, {"message": "list_published"}),
        Asked(bare, {"message": "list_published"}),
        Asked(awaiting, {"message": "list_published", "scope": "unit"}),
    ),
    "unit_progress": (
        Asked(bare, {"process": "filing"}),
        Asked(holding_a_place, {"process": "filing", "statuses": ["待区县审核"]}),
    ),
    "allot_account": (
        Asked(bare, {"login": "dongxi", "name": "张管理"}),
        Asked(bare, {"login": "dongxi", "name": "张管理", "replace": True}),
        Asked(bare, {"login": "东溪", "name": "张管理"}, refused="login_refused"),
        Asked(with_an_account, {"login": "xixi", "name": "李管理"}, refused="login_refused"),
    ),
    "correct_id_number": (
        Asked(correcting, {"number": "110101***********5"}),
        Asked(correcting_to_anothers, {"number": "110101***********9"}, refused="duplicate"),
    ),
    "transfer_person": (
        Asked(awaiting, {"unit": "西溪区文化馆"}),
        Asked(awaiting, {"unit": "东溪区图书馆"}),
        Asked(awaiting, {"unit": "没有这个单位"}, refused="unknown_unit"),
        Asked(awaiting, {"unit": "东溪区人社局"}, refused="unknown_unit"),
    ),
}


class Watched(Mapping[str, Any]):
    """Inputs that remember which of them were looked at."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values_given = dict(values)
        self.seen: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.seen.add(key)
        return self.values_given[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_given)

    def __len__(self) -> int:
        return len(self.values_given)


def request(case_id: int, inputs: Mapping[str, Any], token: int = 7) -> Request:
    """What the road would give the capability for this case."""
    case = db.session.get_one(Case, case_id)
    scheme = deployments.scheme(case.deployment_id)
    given = (token, "asks", inputs, NOON, Changes())
    return Request(case_id, case.jurisdiction, scheme, case.unit_id, case.person_id, *given)


def perform(name: str, case_id: int, inputs: Mapping[str, Any], token: int = 7) -> dict[str, Any]:
    """Asks in a transaction of its own."""
    with atomic():
        return ask(name, case_id, inputs, token)


def ask(name: str, case_id: int, inputs: Mapping[str, Any], token: int = 7) -> dict[str, Any]:
    """Asks, and writes what is written together with the step."""
    asked = request(case_id, inputs, token)
    answer = capabilities.perform(name, asked)
    asked.changes.flush()
    return answer


def fingerprint() -> dict[str, str]:
    """A digest of every table's rows as this transaction sees them."""
    tables = db.metadata.tables.values()
    return {table.name: _digest(table.name) for table in tables}


def _digest(table: str) -> str:
    rows = db.session.execute(text(f'SELECT t::text FROM "{table}" t ORDER BY 1')).scalars()
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()
