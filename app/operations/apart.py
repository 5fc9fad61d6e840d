"""A place apart for trials: empty tables of their own in the same database, gone with the transaction.

Nothing that a trial does can meet a real row: no lock, no number taken, no timer fired, no name in use.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.errors import DomainError
from app.extensions import KEEP_ON_REFUSAL, db


class NoRoomApart(DomainError):
    """数据库账号无权建立临时的表，不能运行场景。请让数据库管理员授予该账号在本库 CREATE 的权限。"""

    code = "no_room_apart"


@contextmanager
def apart() -> Iterator[Session]:
    """A transaction of its own on empty tables, always rolled back; the caller's own is left alone."""
    with current_app.app_context():  # brings a session of its own
        session = db.session()
        session.info["atomic"] = True
        try:
            _own_tables(session)
            yield session
        finally:
            session.rollback()


@contextmanager
def savepoint() -> Iterator[None]:
    """What `atomic` is to a request: kept on success, undone on an error but for the catching up before."""
    nested = db.session.begin_nested()
    try:
        yield
    except DomainError:
        if db.session.info.pop(KEEP_ON_REFUSAL, False):
            nested.commit()
        else:
            nested.rollback()
        raise
    except BaseException:
        nested.rollback()
        raise
    nested.commit()


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside is undone at the end."""
    nested = db.session.begin_nested()
    try:
        yield
    finally:
        nested.rollback()


def _own_tables(session: Session) -> None:
    """The search path names the new schema alone: a table missing there is an error, never a real one."""
    name = f"apart_{secrets.token_hex(8)}"
    try:
        session.execute(text(f"CREATE SCHEMA {name}"))
    except ProgrammingError as refusal:
        raise NoRoomApart from refusal
    session.execute(text(f"SET LOCAL search_path TO {name}"))
    db.metadata.create_all(session.connection(), checkfirst=False)
