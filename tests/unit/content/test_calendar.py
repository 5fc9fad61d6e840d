"""Named dates at their edges, and the overlays that move them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.content import Calendar, NamedDate, Scheme
from app.content.calendar import describe
from app.content.instants import parse_local_instant
from tests.unit.content.tiny import BPMN, changed, tiny

SHANGHAI = ZoneInfo("Asia/Shanghai")
days = st.dates(date(1990, 1, 1), date(2149, 12, 31))
instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis wants bare bounds
clock_times = st.times().map(lambda time: f"{time:%H:%M}")


def calendar(**dates: NamedDate) -> Calendar:
    return Calendar({name: NamedDate(**{**_fields(d), "name": name}) for name, d in dates.items()})


def _fields(named: NamedDate) -> dict[str, object]:
    return {key: getattr(named, key) for key in NamedDate.__slots__}


def test_the_notice_s_last_day_counts_to_its_last_instant() -> None:
    closes = Scheme.from_files(tiny()).calendar.resolve()["filing_closes"]
    assert closes == datetime(2021, 7, 23, 16, 0, tzinfo=UTC)
    assert describe(closes, "closes") == "2021-07-23 24:00"


@given(days, st.sampled_from(["opens", "closes", "day"]))
def test_an_edge_is_midnight_on_the_shanghai_clock(day: date, edge: str) -> None:
    instant = NamedDate(day, edge, "某日").instant
    assert instant is not None
    assert instant.utcoffset() == timedelta(0)
    local = instant.astimezone(SHANGHAI)
    # Clocks in Shanghai stood an hour further in the summers up to 1991: still the day's first instant.
    assert (local - timedelta(microseconds=1)).date() < local.date()
    assert local.date() == (day + timedelta(days=1) if edge == "closes" else day)


@given(days)
def test_a_closing_day_ends_where_the_next_one_opens(day: date) -> None:
    closes = NamedDate(day, "closes", "截止").instant
    opens = NamedDate(day + timedelta(days=1), "opens", "开始").instant
    assert closes == opens


@given(days, clock_times, st.sampled_from(["opens", "closes"]))
def test_a_clock_time_is_read_on_the_shanghai_clock_of_that_day(day: date, time: str, edge: str) -> None:
    if day.year > 1991:
        instant = NamedDate(day, edge, "某时", time=time).instant
        assert instant is not None
        assert f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" == f"{day:%Y-%m-%d} {time}"


@given(days)
def test_what_is_told_to_people_is_the_day_they_wrote(day: date) -> None:
    for edge in ("opens", "closes", "day"):
        assert describe(NamedDate(day, edge, "某日").instant, edge).startswith(f"{day}")


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "unknown"]), st.none() | instants)))
def test_the_last_overlay_of_a_date_wins_and_others_stay(overlays: list[tuple[str, datetime | None]]) -> None:
    own = calendar(a=NamedDate(date(2021, 6, 1), "opens", "甲"), b=NamedDate(None, "closes", "乙"))
    resolved = own.resolve(dict(overlays))
    assert resolved == {**own.resolve(), **{n: at for n, at in overlays if n != "unknown"}}


def test_an_undetermined_date_is_none_and_never_out_of_order() -> None:
    scheme = Scheme.from_files(tiny())
    assert scheme.calendar.resolve()["exam"] is None
    assert scheme.calendar.disorder() == []


def test_an_overlay_can_put_dates_out_of_order() -> None:
    own = Scheme.from_files(tiny()).calendar
    (sentence,) = own.disorder({"exam": datetime(2021, 7, 1, tzinfo=UTC)})
    assert "申报截止" in sentence
    assert "考试日" in sentence


def test_dates_of_the_same_instant_are_out_of_order() -> None:
    files = changed(f"{BPMN}calendar.yaml", "day: 2021-07-23, edge: closes", "day: 2021-06-01, edge: opens")
    assert Scheme.from_files(files).calendar.disorder()


def test_the_rehearsal_s_clock_starts_at_nine_on_the_opening_day() -> None:
    assert Scheme.from_files(tiny()).opens_at == datetime(2021, 6, 1, 1, 0, tzinfo=UTC)
    silent = changed(f"{BPMN}scheme.yaml", "opens: filing_opens\n", "")
    assert Scheme.from_files(silent).opens_at is None


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2021-06-20", datetime(2021, 6, 19, 16, 0, tzinfo=UTC)),
        ("2021-06-20 09:00", datetime(2021, 6, 20, 1, 0, tzinfo=UTC)),
        ("2021-07-23 24:00", datetime(2021, 7, 23, 16, 0, tzinfo=UTC)),
        ("2021-07-23 23:59:59.999", datetime(2021, 7, 23, 15, 59, 59, 999000, tzinfo=UTC)),
    ],
)
def test_instants_of_scenarios_are_shanghai_s(text: str, instant: datetime) -> None:
    assert parse_local_instant(text) == instant


@pytest.mark.parametrize("text", ["", "2021-6-1", "2021-06-31", "2021-06-20 25:00", "0001-01-01", "明天"])
def test_what_is_no_instant_is_refused_with_the_way_to_write_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"时刻|时区"):
        parse_local_instant(text)
