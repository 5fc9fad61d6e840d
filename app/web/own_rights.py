"""What a person may begin about their own case, such as a copy of a lost certificate, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.content.head import Process
from app.models import Case
from app.operations import cases
from app.operations.dates import windows
from app.web.schemes import newest_schemes
from app.web.session import signed_in


@dataclass(frozen=True)
class Right:
    """A process that the person may begin about a case; `closes` None: at any time."""

    process: Process
    closes: datetime | None


def of_case(case: Case, now: datetime) -> Sequence[Right]:
    found = cases.offered_about(case, signed_in().actor, now)
    scheme = newest_schemes()[case.scheme_id]
    return [Right(process, windows.window(scheme, process, case.unit_id)[1]) for process in found]
