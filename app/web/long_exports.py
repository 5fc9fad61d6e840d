"""Lists that are too long for one request, written to a file in the background (CQ-25)."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from urllib.parse import urlencode

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.exc import InterfaceError, OperationalError

from app import clock
from app.documents import workbooks
from app.documents.workbooks import Cell
from app.errors import DomainError, Forbidden, NotFound
from app.extensions import atomic
from app.models import Work
from app.operations.actors import Actor
from app.operations.long_work import exports, work
from app.operations.uploads import files
from app.web.exports import LISTINGS, Listing
from app.web.listing import filters
from app.web.session import act_as, signed_in

log = logging.getLogger(__name__)

TOLD_EVERY = 500
"""Rows after which the progress is told, and a cancelled export noticed."""


class _Stopped(Exception):
    """The worker has to go, or the export was cancelled."""


def accept(name: str, narrowed_to: Mapping[str, str], *, actor: Actor, now: datetime) -> Work:
    """Takes on a list as its page would be narrowed by these words of its address, however long it is.

    Raises Forbidden without the duty that it takes, NotFound for no such list, TooMany.
    """
    address = f"/?{urlencode(narrowed_to)}"
    with current_app.test_request_context(address):
        act_as(actor.account_id or 0)
        listing = _listing(name)
        title, rows = _("导出：%(title)s", title=listing.title), listing.rows(long=True).count
    return work.accept_export(title, {"list": name, "address": address}, rows, actor=actor, now=now)


def write_out(work_id: int, stopping: Callable[[], bool]) -> bool:
    """Writes the file of an export, as its account sees the list now; whether it has to begin anew.

    A worker that is stopped or killed leaves nothing behind but rows told. Errors of the database are raised,
    so that it is tried again; whatever else is told ends it.
    """
    with atomic():
        begun = work.begin(work_id)
        asked = (begun.asked["list"], begun.asked["address"], begun.account_id) if begun else None
    if asked is None:
        return False
    name, address, account_id = asked
    try:
        with current_app.test_request_context(address):
            act_as(account_id)
            _write(work_id, name, stopping)
    except _Stopped:
        return stopping()
    except DomainError as refusal:
        _fail(work_id, refusal.message)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("work %d", work_id)
        _fail(work_id, None)
    return False


def _write(work_id: int, name: str, stopping: Callable[[], bool]) -> None:
    listing = _listing(name)
    with tempfile.TemporaryFile() as stream:
        with atomic():
            lines = _telling(listing.lines(True), work_id, stopping)
            count = workbooks.write(stream, listing.title, listing.head, lines)
        stream.seek(0)
        digest = files.keep_for_a_day(stream.read())
    with atomic():
        work.finish_export(work_id, digest, count, clock.now())
        exports.log(listing.title, filters(), count, actor=signed_in().actor, now=clock.now())


def _listing(name: str) -> Listing:
    """As the account sees it that acts in this context."""
    duty, listing_of = LISTINGS[name]
    if not signed_in().has(duty):
        raise Forbidden
    listing = listing_of()
    if listing is None:
        raise NotFound(_("没有这个列表，或已经没有符合条件的内容。"))
    return listing


def _telling(lines: Iterable[list[Cell]], work_id: int, stopping: Callable[[], bool]) -> Iterator[list[Cell]]:
    """The lines; every now and then tells how many there were. Raises _Stopped."""
    for number, line in enumerate(lines):
        if number % TOLD_EVERY == 0:
            # A session of its own: the list is still being read by the other.
            with current_app.app_context(), atomic():
                if stopping() or not work.tell(work_id, number):
                    raise _Stopped
        yield line


def _fail(work_id: int, message: str | None) -> None:
    with atomic():
        work.give_up(work_id, clock.now(), message)
