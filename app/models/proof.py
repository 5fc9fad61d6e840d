"""The roots over all cases' heads, as they also stand in a file outside the database (decision 10)."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Code, Instant


class ProofRoot(Model):
    """A copy of one line of the root file, which alone is trusted; `at` is of the real clock.

    `root` is over `cases` leaves (RFC 6962), `previous` the digest of the line before, `mac` keyed with the
    history key `key_id`. `ground` says why the record was begun anew, where it was.
    """

    __tablename__ = "proof_root"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[Instant]
    cases: Mapped[int]
    root: Mapped[bytes]
    previous: Mapped[bytes]
    ground: Mapped[str | None]
    key_id: Mapped[Code]
    mac: Mapped[bytes]
