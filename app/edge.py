"""The edge of a request: when its body was complete, how long its work may take, how often it may come, and
the messages that follow it.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import clock
from app.errors import Busy, DomainError
from app.extensions import SENT, atomic, db
from app.operations import messages

log = logging.getLogger(__name__)

LONGEST_REQUEST = 30.0
"""Seconds from the complete receipt to the commit. A timer fires 60 s after it is due, so none is beaten."""

AT_ONCE = 100
"""Messages that go before the answer: a second or two of work. The sweep takes what is left."""

LOOKUPS_A_MINUTE = 30


class TooManyLookups(DomainError):
    """查询过于频繁，请一分钟后再试。"""

    status = 429
    code = "too_many_lookups"


class Lookups:
    """Counts questions that nobody has to sign in for, by address and minute, in this process alone.

    Nothing is written for a stranger; with several processes the bound is so many times as high.
    """

    def __init__(self) -> None:
        self.minute = 0
        self.asked: Counter[str] = Counter()

    def count(self, address: str, now: datetime) -> None:
        """Raises TooManyLookups from the thirty-first of an address in one minute on."""
        minute = int(now.timestamp()) // 60
        if minute != self.minute:
            self.minute, self.asked = minute, Counter()
        self.asked[address] += 1
        if self.asked[address] > LOOKUPS_A_MINUTE:
            raise TooManyLookups(retry_after=60 - int(now.timestamp()) % 60)


def init_app(app: Flask) -> None:
    app.extensions["lookups"] = Lookups()
    app.before_request(_stamp)
    app.after_request(_deliver)


def count_lookup() -> None:
    """Counts the present request as a stranger's question; raises TooManyLookups."""
    lookups: Lookups = current_app.extensions["lookups"]
    lookups.count(request.remote_addr or "", received_at())


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
        if lock_not_available(error):
            raise Busy from error
        raise


class _TooLate(Exception):
    """Not a DomainError, so that the transaction is rolled back whole."""


def _stamp() -> None:
    request.get_data(cache=True, parse_form_data=True)
    g.received_at = clock.now()
    g.received_monotonic = time.monotonic()


def _deliver(response: Response) -> Response:
    """Takes what this request sent to its cases before the answer goes out, once, however many items it had.

    What was asked for is committed by now, so nothing that fails here may make an error of the answer.
    """
    if db.session.info.pop(SENT, False):
        try:
            messages.deliver(atomic, AT_ONCE)
        except Exception:
            log.exception("what a request sent is left to the next sweep")
    return response


def lock_not_available(error: OperationalError) -> bool:
    """Whether the database gave up waiting for a lock, or ended a deadlock: another try may have it."""
    return getattr(error.orig, "sqlstate", None) in ("55P03", "40P01")
