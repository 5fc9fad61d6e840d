"""What a person may file for: the schemes of their place, by whom one gets in, from when, until when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.content.head import Process
from app.content.messages import senders
from app.content.scheme import Scheme
from app.engine import ahead
from app.errors import DomainError
from app.operations.dates import windows
from app.operations.offices import organisations
from app.queries.applicants import OwnCase
from app.queries.organisations import name_of
from app.web.here import schemes_here
from app.web.schemes import now_of

Dates = dict[str, datetime | None]


@dataclass(frozen=True)
class WayIn:
    """How one gets onto the list: `office` begins `process`; until when it may be begun."""

    office: str
    process: Process
    opens: datetime | None
    closes: datetime | None


@dataclass(frozen=True)
class Opening:
    """A process about a person in a scheme that concerns their unit: how one files, and until when.

    `way_in`: where not the person but their unit, or its department, begins it.
    """

    scheme: Scheme
    process: Process
    closes: datetime | None
    opens: datetime | None
    now: datetime
    startable: bool
    running: OwnCase | None
    way_in: WayIn | None

    @property
    def over(self) -> bool:
        """Whether nobody new gets in; who is in has what stands on their case."""
        ends = self.way_in.closes if self.way_in and not self.running else self.closes
        return ends is not None and ends <= self.now

    @property
    def early(self) -> bool:
        return self.opens is not None and self.now < self.opens


def found(own: Sequence[OwnCase], unit_id: int | None) -> list[Opening]:
    """What one may file for; what is open before what is over, the nearest end first."""
    every = list(_offered(own, unit_id)) if unit_id is not None else []
    return sorted(every, key=lambda one: (one.over, one.closes is None, one.closes or one.now))


def running(own: Sequence[OwnCase], scheme_id: str, process: str) -> OwnCase | None:
    wanted = (scheme_id, process, "running")
    cases_of = (one for one in own if (one.case.scheme_id, one.case.process, one.case.state) == wanted)
    return next(cases_of, None)


def _offered(own: Sequence[OwnCase], unit_id: int) -> Iterator[Opening]:
    for scheme in schemes_here().values():
        now, dates = now_of(scheme.id), windows.dates_for(scheme, unit_id)
        for process in scheme.processes.values():
            if process.subject == "person" and process.start.about is None:
                yield _opening(scheme, process, unit_id, dates, now, running(own, scheme.id, process.id))


def _opening(
    scheme: Scheme, process: Process, unit_id: int, dates: Dates, now: datetime, own: OwnCase | None
) -> Opening:
    role = scheme.roles.get(process.start.role or "")
    startable = role is not None and role.applicant
    way_in = None if startable else _way_in(scheme, process, unit_id, dates, now)
    opens, closes = dates.get(process.start.opens or ""), dates.get(process.start.closes or "")
    return Opening(
        scheme,
        process,
        closes or _first_end(scheme, process, dates, now) or (way_in.closes if way_in else None),
        opens or (way_in.opens if way_in else None),
        now,
        startable,
        own,
        way_in,
    )


def _way_in(scheme: Scheme, process: Process, unit_id: int, dates: Dates, now: datetime) -> WayIn | None:
    """Who begins what lists people; None where the registers do not tell."""
    for sender in senders(scheme, process.start.message or ""):
        try:
            holder = organisations.resolve_role(scheme.roles[sender.start.role or ""], unit_id, now)
        except DomainError:
            continue
        if holder is not None:
            opens, closes = dates.get(sender.start.opens or ""), dates.get(sender.start.closes or "")
            return WayIn(name_of(holder), sender, opens, closes)
    return None


def _first_end(scheme: Scheme, process: Process, dates: Dates, now: datetime) -> datetime | None:
    """When the first form closes; of several ends, each for some, the next one."""
    drawn = scheme.definitions.processes[process.id]
    begins = [e.id for e in drawn.elements.values() if e.kind == "startEvent" and e.parent is None]
    for one in ahead(scheme.definitions, process.id, begins):
        ends = [at for at in (dates.get(name) for name in one.dates) if at is not None]
        if ends and one.steps == 1:
            return min((at for at in ends if at > now), default=max(ends))
    return None
