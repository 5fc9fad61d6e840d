"""The real clock; read at the edge only. A rehearsal database shifts it per scheme (`operations.clock`)."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, aware, UTC."""
    return datetime.now(UTC)
