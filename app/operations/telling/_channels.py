"""The channels by which people can be told outside of the house, as settings and database have them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from app.config import Settings
from app.operations.telling._letters import Channel
from app.operations.telling._mail import Mail
from app.operations.telling._sandbox_post import Sandbox
from app.operations.telling._sms import Sms

MAIL, SMS = "mail", "sms"


def channels(settings: Settings, *, rehearsal: bool) -> Mapping[str, Channel]:
    """Those that are set up; in a rehearsal the sandbox alone, so that nobody outside hears of it."""
    if rehearsal:
        return {name: Sandbox(sandbox_folder(settings), name) for name in (MAIL, SMS)}
    found: dict[str, Channel] = {}
    if settings.smtp is not None:
        found[MAIL] = Mail(settings.smtp)
    if settings.sms is not None:
        found[SMS] = Sms(settings.sms)
    return found


def sandbox_folder(settings: Settings) -> Path:
    return settings.data_folder / "sandbox-post"
