"""What a provider of online payment has to offer, and the sandbox that stands in for one in rehearsals."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import date, datetime
from importlib import import_module
from typing import Protocol, cast

from app.config import ConfigError, Settings


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be paid: `amount` in fen, under a number of ours that no other order ever bears."""

    number: str
    amount: int
    purpose: str
    notify_url: str
    return_url: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a genuine callback says: that an order was paid, with the provider's own reference."""

    order_number: str
    reference: str
    amount: int
    paid_at: datetime


class Forged(Exception):
    """The callback does not bear the provider's signature, or an old one is played again."""


class Headers(Protocol):
    """Those of a callback, by names of any case."""

    def get(self, name: str, default: str, /) -> str: ...


class Provider(Protocol):
    """An adapter to one provider, in `APP_PAYMENT`; docs/payments.md tells how to write one."""

    name: str

    def checkout(self, order: Order) -> str:
        """The address at which to pay; asked again for the same order, it is the same order there."""

    def read(self, headers: Headers, body: bytes) -> Told:
        """What a callback says. Raises Forged for one that is not the provider's, ValueError for nonsense."""


SANDBOX = "sandbox"
SIGNATURE = "X-Sandbox-Signature"


class Sandbox:
    """Signs its callbacks by HMAC-SHA-256 over the body, as real ones do in one way or another."""

    name = SANDBOX

    def __init__(self, key: bytes) -> None:
        self._key = key

    def checkout(self, order: Order) -> str:
        return f"/sandbox-payment/{order.number}"

    def sign(self, body: bytes) -> str:
        return hmac.new(self._key, body, hashlib.sha256).hexdigest()

    def read(self, headers: Headers, body: bytes) -> Told:
        if not hmac.compare_digest(self.sign(body).encode(), headers.get(SIGNATURE, "").encode()):
            raise Forged
        told = json.loads(body)
        if not isinstance(told, dict):
            raise ValueError("not an object")
        try:
            paid_at = datetime.fromisoformat(told["paid_at"])
            number, reference, amount = told["order_number"], told["reference"], told["amount"]
        except (KeyError, TypeError) as error:
            raise ValueError("incomplete") from error
        if paid_at.tzinfo is None or not isinstance(amount, int):
            raise ValueError("odd")
        return Told(str(number), str(reference), amount, paid_at)

    def message(self, told: Told) -> bytes:
        """The body of a callback, to be signed."""
        content = {"order_number": told.order_number, "reference": told.reference, "amount": told.amount}
        return json.dumps({**content, "paid_at": told.paid_at.isoformat()}).encode()


def provider(settings: Settings, rehearsal: bool) -> Provider | None:
    """The configured provider; in a rehearsal database the sandbox alone, so that no real money moves."""
    if rehearsal:
        return Sandbox(hashlib.sha256(b"sandbox payments" + settings.secret_key.encode()).digest())
    if settings.payment is None:
        return None
    module, _, factory = settings.payment.partition(":")
    try:
        return cast(Provider, getattr(import_module(module), factory)())
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"APP_PAYMENT 指定的 {settings.payment} 无法载入。") from error


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One payment in a provider's statement 对账单 of a day; `amount` in fen."""

    order_number: str
    reference: str
    amount: int
    day: date
