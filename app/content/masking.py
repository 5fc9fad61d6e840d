"""How much of a personal number a list shows; a notice's own way wins over the default (CQ-27)."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mask:
    """Characters kept at the head and the tail; `fill` stands for whatever lies between."""

    head: int
    tail: int
    fill: str = "****"
    clauses: Sequence[str] = ()

    def apply(self, number: str) -> str:
        """The number as shown; one that is too short to hide anything in is hidden altogether."""
        if len(number) <= self.head + self.tail:
            return self.fill
        return number[: self.head] + self.fill + number[len(number) - self.tail :]


DEFAULT_ID_MASK = Mask(head=6, tail=1, fill="***********")
"""Shows neither the full birth date nor the sequence, in the number's own length."""
