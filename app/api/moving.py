"""What all requests that move cases share: the instant that counts, and the messages that follow."""

from __future__ import annotations

from datetime import datetime

from app import edge
from app.extensions import atomic
from app.operations import messages
from app.operations.clock import scheme_now


def receipt(scheme_id: str) -> datetime:
    """When this request was received, by the scheme's clock (decisions 3 and 13)."""
    return scheme_now(scheme_id, edge.received_at())


def deliver() -> None:
    """Takes what was sent to its cases before the answer goes out; the scheduler takes what is left."""
    messages.deliver(atomic)
