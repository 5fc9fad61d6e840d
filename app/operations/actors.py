"""Who acts: an account for an organisation, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import Forbidden

APPLICANT = "applicant"
"""The duty of who acts for no organisation, but for themselves."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does an operation and for which organisation, as every history row names them (ALL-03)."""

    account_id: int | None
    organisation_id: int | None
    organisation_name: str | None
    person_id: int | None
    name: str
    duties: frozenset[str] = frozenset()
    system: bool = False

    def has(self, duty: str) -> bool:
        return duty in self.duties

    def is_applicant(self, person_id: int | None) -> bool:
        """Whether this is the person, acting for nobody but themselves."""
        return person_id is not None and person_id == self.person_id and self.has(APPLICANT)

    @property
    def acts_for(self) -> int:
        """The organisation. Raises Forbidden for an account that acts for none."""
        if self.organisation_id is None:
            raise Forbidden("您的账号没有所属单位，不能办理业务；请使用单位或经办机构的账号。")
        return self.organisation_id


SYSTEM = Actor(None, None, None, None, "系统", system=True)
"""Timers and messages act under this name."""
