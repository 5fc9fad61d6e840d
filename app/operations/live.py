"""Who has a case of a process in progress already, and where it stands (LIFE-07)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import select

from app.content.head import Process
from app.content.scheme import Scheme
from app.errors import Conflict
from app.extensions import db
from app.models import Case, Organisation


@dataclass(frozen=True, slots=True)
class Live:
    """A case in progress of which its subject may have only one."""

    case_id: int
    unit: str
    status: str

    @property
    def where(self) -> str:
        return f"办件 {self.case_id}，{self.unit}，{self.status}"

    def told(self, process: Process) -> str:
        """The part of a sentence that says of somebody what they have."""
        return f"已有在办的“{process.title}”（{self.where}）"


class AlreadyLive(Conflict):
    """同一对象本年度已有在办的申报，不能重复申报。"""

    def __init__(self, live: Live | None) -> None:
        where = f"（{live.where}）" if live else ""
        super().__init__(f"同一对象本年度已有在办的申报{where}，不能重复申报。")
        self.live = live


def unique_key(process: Process, unit_id: int, person_id: int | None) -> str | None:
    """By what a case of the process is the only live one of its subject; None where it need not be."""
    return f"{process.id}:{person_id or f'unit-{unit_id}'}" if process.unique else None


def of_key(scheme: Scheme, key: str | None) -> Live | None:
    """The live case of that key, which may end before it is looked for."""
    return _of_keys(scheme, [key]).get(key) if key else None


def of_people(scheme: Scheme, process: Process, person_ids: Iterable[int]) -> dict[int, Live]:
    """By person, of those who have one, the live case of a process about people."""
    keys = {unique_key(process, 0, person_id): person_id for person_id in person_ids}
    found = _of_keys(scheme, [key for key in keys if key])
    return {keys[key]: live for key, live in found.items()}


def _of_keys(scheme: Scheme, keys: Collection[str]) -> dict[str, Live]:
    mine = (Case.jurisdiction == scheme.jurisdiction, Case.scheme_id == scheme.id, Case.ended_at.is_(None))
    query = (
        select(Case.unique_key, Case.id, Organisation.name, Case.status)
        .join(Organisation, Organisation.id == Case.unit_id)
        .where(*mine, Case.unique_key.in_(keys))
    )
    return {key: Live(*row) for key, *row in db.session.execute(query) if key}
