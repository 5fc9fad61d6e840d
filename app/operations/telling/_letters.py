"""What goes out of the house, and what an adapter to a provider of mail or text messages has to offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to go out: `key` is the same at each try, and no other letter's."""

    key: str
    address: str
    subject: str
    text: str


class Channel(Protocol):
    """An adapter. `idempotent`: a letter that is handed over twice under one key arrives once."""

    idempotent: bool

    def send(self, letter: Letter) -> str:
        """Hands the letter over; what the provider, or we, call it.

        Raises NotNow where it was certainly not taken and may be later, Never where it never will be,
        Unclear where nobody knows. No message of theirs bears the address or the letter's text.
        """


class NotNow(Exception):
    """The provider was not reached, or does not take it for the moment."""


class Never(Exception):
    """The provider will not take it: there is no such address, or the letter is refused for good."""


class Unclear(Exception):
    """The connection broke while the letter was on its way."""
