"""Devices that show codes, and the settings that ask for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyotp
from flask import Flask
from sqlalchemy import update

from app import clock
from app.extensions import atomic
from app.models import Account, SecondFactor
from app.operations.access import accounts, second_factor

SECRET = re.compile(r'<code class="secret">([A-Z2-7 ]+)</code>')


@contextmanager
def settings_with(app: Flask, **changes: Any) -> Iterator[None]:
    """Other settings for a while."""
    before = app.extensions["settings"]
    app.extensions["settings"] = replace(before, **changes)
    yield
    app.extensions["settings"] = before


def device_on(page: str) -> pyotp.TOTP:
    """The device that was shown the page."""
    found = SECRET.search(page)
    assert found
    return pyotp.TOTP(found[1].replace(" ", ""))


def code_of(device: pyotp.TOTP) -> str:
    """What the device shows now; as if no code had been taken yet, so that no test waits for the next."""
    with atomic() as session:
        session.execute(update(SecondFactor).values(last_step=0))
    return device.at(clock.now())


def bind(account_id: int) -> tuple[pyotp.TOTP, list[str]]:
    """A device of the account, and the recovery codes."""
    now = clock.now() - timedelta(minutes=5)
    with atomic() as session:
        device = pyotp.TOTP(second_factor.start(account_id, now).secret)
        account = session.get_one(Account, account_id)
        enrolled = second_factor.enrol(device.at(now), actor=accounts.actor_for(account), now=now)
    return device, list(enrolled.recovery_codes)
