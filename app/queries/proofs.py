"""What a person takes along of a case: its check code, and the path to the newest root."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select

from app.extensions import db, settings
from app.models import Case, History
from app.operations.evidence import _check_codes, proof
from app.operations.evidence._leaves import Tree
from app.operations.evidence._roots import Root
from app.operations.evidence.replay import history_of
from app.operations.road._history import broken_links


@dataclass(frozen=True, slots=True)
class Checked:
    """What the record says to a check code.

    `unknown`: no such state was recorded; `damaged`: it was, but the case's record is not as it was written;
    `intact`: it was, at `recorded_at`, and `later` rows followed. `proved_at` is the newest root that covers
    it, None before the first.
    """

    case_id: int
    seq: int
    verdict: Literal["unknown", "damaged", "intact"]
    recorded_at: datetime | None = None
    later: int = 0
    proved_at: datetime | None = None

    @property
    def told(self) -> str:
        if self.recorded_at is None:
            return (
                "没有与该校验码相符的记录：校验码不是本系统给出的，或者记录在给出之后被改动、删除过。"
                "请持原件向经办机构核实。"
            )
        if self.verdict == "damaged":
            return (
                "有与该校验码相符的记录，但该办件的记录被改动过，不能作准。请管理员运行 flask verify 核验。"
            )
        recorded = proof.shown(self.recorded_at)
        since = f"其后又有 {self.later} 条记录" if self.later else "此后没有新的记录"
        proved = (
            f"{proof.shown(self.proved_at)} 的存证包含该记录"
            if self.proved_at
            else "存证每小时一次，该记录尚待下一次存证"
        )
        return (
            f"相符：办件 {self.case_id} 的第 {self.seq} 条记录（{recorded}）与给出时一致，{since}。{proved}。"
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case stands under the newest root."""

    root: Root
    tree: Tree
    index: int


def code_of(case: Case) -> str:
    """The check code of a case as it stands."""
    return str(_check_codes.of_head(case.id, case.seq, case.head))


def check(text: str) -> Checked:
    """Whether a state of a case is the one that was recorded, also when the case has gone on since.

    Raises Invalid, field `code`, for what is no check code.
    """
    code = _check_codes.read(text)
    rows = list(history_of(code.case_id))
    row = next((row for row in rows if row.seq == code.seq), None)
    if row is None or _check_codes.of_head(code.case_id, row.seq, row.mac) != code:
        return Checked(code.case_id, code.seq, "unknown")
    place = _place(code.case_id)
    proved = place is not None and place.tree.leaf(place.index).seq >= code.seq
    return Checked(
        code.case_id,
        code.seq,
        "intact" if _is_whole(code.case_id, rows, place) else "damaged",
        row.recorded_at,
        later=rows[-1].seq - code.seq,
        proved_at=place.root.at if place and proved else None,
    )


def inclusion(case_id: int) -> dict[str, Any] | None:
    """The audit path from a case's leaf to the newest root, as `tools/verify_proof.py` reads it.

    None before the first root that covers the case, and where no root file is at hand.
    """
    place = _place(case_id)
    if place is None:
        return None
    leaf = place.tree.leaf(place.index)
    return {
        "case": case_id,
        "seq": leaf.seq,
        "head": leaf.head.hex(),
        "code": str(_check_codes.of_head(*leaf)),
        "index": place.index,
        "path": [step.hex() for step in place.tree.path(place.index)],
        "root": place.root.plain(),
    }


def _place(case_id: int) -> Place | None:
    file = proof.root_file()
    newest = file.newest()
    tree = file.tree(newest) if newest else None
    if newest is None or tree is None:
        return None
    index = tree.find(case_id)
    return None if index is None else Place(newest, tree, index)


def _is_whole(case_id: int, rows: Sequence[Any], place: Place | None) -> bool:
    """Whether the case's chain hangs together, ends where the case says, and holds what was proved."""
    names = [column.name for column in History.__table__.c]
    links = ({name: getattr(row, name) for name in names} for row in rows)
    head = db.session.scalar(select(Case.head).where(Case.id == case_id))
    if head is None or broken_links(links, head, settings().history_keys):
        return False
    leaf = place.tree.leaf(place.index) if place else None
    return leaf is None or any((row.seq, row.mac) == (leaf.seq, leaf.head) for row in rows)
