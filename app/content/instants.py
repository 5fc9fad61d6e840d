"""Instants as schemes and scenarios write them: Asia/Shanghai, without an offset."""

import re
from datetime import datetime

from app.engine.civil import parse_day, parse_instant, start_of_day

_LOCAL = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)")


def parse_local_instant(text: str) -> datetime:
    """Read ``2021-06-20``, ``2021-06-20 09:00`` or ``2021-07-23 24:00`` as UTC.

    Raises ValueError with a sentence for people.
    """
    match = _LOCAL.fullmatch(text)
    if match:
        return parse_instant(f"{match[1]}T{match[2]}+08:00")
    try:
        return start_of_day(parse_day(text))
    except (ValueError, OverflowError):
        raise ValueError(f"“{text}”不是时刻；请写成 2021-06-20 09:00 这样") from None
