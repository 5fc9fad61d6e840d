"""Civil time in Asia/Shanghai: instants and durations in ISO 8601, calendar months by the Civil Code."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar, overload
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

_DURATION = re.compile(
    r"P(?:([0-9]{1,6})W|(?:([0-9]{1,6})Y)?(?:([0-9]{1,6})M)?(?:([0-9]{1,6})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,6})S)?)?)"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)(Z|[+-][0-9]{2}:[0-9]{2})?"
)

Moment = TypeVar("Moment", date, datetime)


@dataclass(frozen=True, slots=True)
class Duration:
    """A period in calendar months, civil days and seconds; months and days have no fixed length."""

    months: int = 0
    days: int = 0
    seconds: int = 0

    def __neg__(self) -> "Duration":
        return Duration(-self.months, -self.days, -self.seconds)


def parse_duration(text: str) -> Duration:
    """Read an ISO 8601 duration such as ``P1M2DT3H`` or ``P2W``; whole numbers only.

    Raises ValueError with a sentence for people.
    """
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        raise ValueError(f"“{text}”不是时长；请写成 P3D（三天）、P1M（一个月）、PT2H（两小时）这样")
    weeks, years, months, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return Duration(years * 12 + months, weeks * 7 + days, hours * 3600 + minutes * 60 + seconds)


def parse_day(text: str) -> date:
    """Read ``2020-12-31``. Raises ValueError with a sentence for people."""
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise ValueError(f"“{text}”不是日期；请写成 2020-12-31 这样")


def parse_instant(text: str) -> datetime:
    """Read an instant with its offset, ``2021-07-23T24:00+08:00`` included, as UTC.

    An instant without an offset is refused: it would be read in whatever zone the server is in.
    Raises ValueError with a sentence for people.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ValueError(f"“{text}”不是时刻；请写成 2021-07-23T24:00+08:00 这样")
    day, clock, offset = match.groups()
    if offset is None:
        raise ValueError(f"时刻“{text}”没有写明时区；请在后面加上 +08:00")
    midnight = clock in ("24:00", "24:00:00")
    try:
        found = datetime.fromisoformat(f"{day}T{'00:00' if midnight else clock}{offset}")
        return (found + timedelta(days=midnight)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"“{text}”不是实际存在的时刻，请核对年月日和钟点") from None


def civil(instant: datetime) -> datetime:
    """The instant on the clocks of Asia/Shanghai; a naive one is refused with ValueError."""
    if instant.tzinfo is None:
        raise ValueError("时刻没有时区，不能使用")
    return instant.astimezone(SHANGHAI)


def start_of_day(day: date) -> datetime:
    """00:00 of the day, which is 24:00 of the day before, as UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)


def add_months(moment: Moment, months: int) -> Moment:
    """The same day so many months on, or the month's last day where there is none (Civil Code art. 202)."""
    if isinstance(moment, datetime):
        local = civil(moment)
        return datetime.combine(_months_on(local, months), local.timetz()).astimezone(UTC)
    return _months_on(moment, months)


def add_duration(moment: Moment, duration: Duration) -> Moment:
    """Months first, then civil days, then elapsed seconds; an instant comes back as UTC.

    Raises ValueError if the result is out of the calendar, or hours are added to a date.
    """
    try:
        if isinstance(moment, datetime):
            local = civil(add_months(moment, duration.months)) + timedelta(days=duration.days)
            return local.astimezone(UTC) + timedelta(seconds=duration.seconds)
        if duration.seconds:
            raise ValueError("日期只能加减年、月、日，不能加减时、分、秒")
        return add_months(moment, duration.months) + timedelta(days=duration.days)
    except OverflowError:
        raise ValueError("算出的日期超出了日历范围") from None


@overload
def months_between(start: datetime, end: datetime) -> int: ...
@overload
def months_between(start: date, end: date) -> int: ...
def months_between(start: date, end: date) -> int:
    """Whole months that have passed from start to end; negative if end is the earlier one.

    The greatest n for which ``add_months(start, n)`` is not after end.
    """
    if end < start:
        return -months_between(end, start)
    first, last = (civil(m) if isinstance(m, datetime) else m for m in (start, end))
    months = (last.year - first.year) * 12 + last.month - first.month
    return months if add_months(start, months) <= end else months - 1


def _months_on(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9998:
        raise ValueError("算出的日期超出了日历范围")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
