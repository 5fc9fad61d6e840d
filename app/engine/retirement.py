"""The statutory retirement age and its gradual delay from 2025."""

from dataclasses import dataclass
from datetime import date

from app.engine.civil import add_months

_DELAY_BEGINS = date(2025, 1, 1)


@dataclass(frozen=True, slots=True)
class _Kind:
    """Months: the old age, how many of them add one month of delay, and the longest delay."""

    age: int
    step: int
    longest: int


_KINDS = {
    "male_60": _Kind(60 * 12, 4, 3 * 12),
    "female_55": _Kind(55 * 12, 4, 3 * 12),
    "female_50": _Kind(50 * 12, 2, 5 * 12),
}


def retirement_date(born: date, kind: str) -> date:
    """The day on which somebody born on this day reaches the statutory retirement age.

    `kind` is the sex and the age that applied before 2025: men of 60, women of 55 (cadres), women of 50
    (workers). Whom the old age reached before 2025-01-01 retired by it; after that every four months (for
    women of 50 every two) add one month, up to 63, 58 and 55. Decision of the Standing Committee of the
    14th National People's Congress of 2024-09-13 on delaying the statutory retirement age gradually, art. 1
    and its tables; the choice of an early or late retirement (art. 3) is the person's and not counted.
    Raises ValueError for another kind.
    """
    if kind not in _KINDS:
        raise ValueError(f"退休年龄的类别应当是 {'、'.join(_KINDS)} 之一")
    rule = _KINDS[kind]
    old = add_months(born, rule.age)
    if old < _DELAY_BEGINS:
        return old
    months = (old.year - _DELAY_BEGINS.year) * 12 + old.month - _DELAY_BEGINS.month
    return add_months(born, rule.age + min(months // rule.step + 1, rule.longest))
