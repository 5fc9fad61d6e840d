"""Who acts: an account for an organisation, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass

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


SYSTEM = Actor(None, None, None, None, "系统", system=True)
"""Timers and messages act under this name."""
