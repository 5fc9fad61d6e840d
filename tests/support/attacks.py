"""Damage done to the database on purpose, and what `verify` says of it."""

from __future__ import annotations

from collections.abc import Callable

from app.extensions import db
from app.operations.evidence import verify

Attack = Callable[..., None]
"""A statement and its values, run as the database's owner: the fixture `attack`."""


def findings() -> list[verify.Finding]:
    """What all cases together are found to be wrong in, as the database has them now."""
    try:
        return list(verify.verify_all())
    finally:
        db.session.rollback()
        db.session.expire_all()
