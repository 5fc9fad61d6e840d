"""When a unit, or one of its people, may begin a case of a process."""

from __future__ import annotations

from datetime import datetime

from app.content.head import Process
from app.content.scheme import Scheme
from app.errors import Closed
from app.operations.dates import _overlays


def dates_for(scheme: Scheme, organisation_id: int) -> dict[str, datetime | None]:
    """The scheme's named dates as they hold by now for an organisation, moved ones included (decision 6)."""
    return scheme.calendar.resolve(
        _overlays.for_unit(scheme.id, organisation_id, scheme.calendar.dates).dates
    )


def window(scheme: Scheme, process: Process, unit_id: int) -> tuple[datetime | None, datetime | None]:
    """Between which instants a unit may begin the process; None: no limit, or not determined."""
    dates = dates_for(scheme, unit_id)
    return dates.get(process.start.opens or ""), dates.get(process.start.closes or "")


def check_window(scheme: Scheme, process: Process, unit_id: int, at: datetime) -> None:
    """Raises Closed before the window of a unit and from its end on."""
    opens, closes = window(scheme, process, unit_id)
    if opens is not None and at < opens:
        raise Closed(f"“{process.title}”尚未开始，请在开始之后办理。")
    if closes is not None and at >= closes:
        raise Closed(f"“{process.title}”已截止，不能再发起。")
