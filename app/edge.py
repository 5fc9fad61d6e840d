"""The edge of a request: when its body was complete, and how long its work may take (decision 3)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from flask import Flask, g, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import clock
from app.errors import Busy
from app.extensions import atomic

LONGEST_REQUEST = 30.0
"""Seconds from the complete receipt to the commit. A timer fires 60 s after it is due, so none is beaten."""


def init_app(app: Flask) -> None:
    app.before_request(_stamp)


def received_at() -> datetime:
    """The real instant at which the current request's body was complete."""
    stamped: datetime = g.received_at
    return stamped


@contextmanager
def transaction() -> Iterator[Session]:
    """`atomic()` for a request: gives up rather than commit after 30 s, and tells of a lock not had.

    Raises Busy; nothing is written then.
    """
    try:
        with atomic() as session:
            yield session
            if time.monotonic() - g.received_monotonic > LONGEST_REQUEST:
                raise _TooLate
    except _TooLate as late:
        raise Busy from late
    except OperationalError as error:
        if _lock_not_available(error):
            raise Busy from error
        raise


class _TooLate(Exception):
    """Not a DomainError, so that the transaction is rolled back whole."""


def _stamp() -> None:
    request.get_data(cache=True, parse_form_data=True)
    g.received_at = clock.now()
    g.received_monotonic = time.monotonic()


def _lock_not_available(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlstate", None) in ("55P03", "40P01")
