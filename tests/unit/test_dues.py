"""How a due instant is told: civil days, 24:00, working days as far as they are published."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.web.dues import in_words
from app.web.filters import CHINA

NOW = datetime(2021, 9, 16, 10, 0, tzinfo=CHINA)  # a Thursday; the 18th was worked, the 19th to 21st were not


def worked(day: date) -> bool | None:
    if day.year > 2021:
        return None
    return day == date(2021, 9, 18) or (
        day.weekday() < 5 and not date(2021, 9, 19) <= day <= date(2021, 9, 21)
    )


@pytest.mark.parametrize(
    ("due", "text", "kind"),
    [
        ("2021-09-17T00:00", "今天 24:00 截止", "warn"),
        ("2021-09-16T17:30", "今天 17:30 截止", "warn"),
        ("2021-09-18T00:00", "明天 24:00 截止", "warn"),
        ("2021-09-19T00:00", "还剩 2 个工作日", "warn"),
        ("2021-09-22T00:00", "还剩 2 个工作日", "warn"),
        ("2021-09-23T00:00", "还剩 3 个工作日", "warn"),
        ("2021-09-16T10:00", "今天已逾期", "late"),
        ("2021-09-14T00:00", "已逾期 3 天", "late"),
        ("2021-12-31T00:00", "2021年12月30日 24:00", ""),
    ],
)
def test_a_due_instant_in_words(due: str, text: str, kind: str) -> None:
    told = in_words(datetime.fromisoformat(due).replace(tzinfo=CHINA), NOW, binding=True, worked=worked)
    assert (told.text, told.kind) == (text, kind)


def test_what_only_reminds_does_not_close() -> None:
    due = datetime(2021, 9, 17, tzinfo=CHINA)
    assert in_words(due, NOW, binding=False, worked=worked).text == "今天 24:00 到期"


def test_days_that_nobody_has_published_are_not_counted() -> None:
    now = datetime(2021, 12, 30, 9, tzinfo=CHINA)
    told = in_words(now + timedelta(days=6), now, binding=True, worked=worked)
    assert told.text == "2022年1月5日 09:00"


def test_the_reader_s_zone_is_china_s() -> None:
    due = datetime(2021, 9, 16, 16, 0, tzinfo=ZoneInfo("UTC"))
    assert (
        in_words(due, NOW.astimezone(ZoneInfo("UTC")), binding=True, worked=worked).text == "今天 24:00 截止"
    )
