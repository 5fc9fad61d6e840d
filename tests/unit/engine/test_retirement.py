"""The statutory retirement age: known rows of the decision's tables, and what holds for every birthday."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.civil import months_between
from app.engine.expressions import ExpressionFailed, compile_expression
from app.engine.retirement import retirement_date
from app.engine.types import Context


class NoWorkdays:
    def is_workday(self, day: date) -> bool | None:
        return None


CONTEXT = Context(datetime(2026, 1, 1, tzinfo=UTC), {}, NoWorkdays(), {})
AGES = {"male_60": (60, 63), "female_55": (55, 58), "female_50": (50, 55)}

KNOWN = [
    # kind, born, age in years and months, retires: rows of the tables annexed to the decision
    ("male_60", date(1964, 12, 31), (60, 0), date(2024, 12, 31)),
    ("male_60", date(1965, 1, 1), (60, 1), date(2025, 2, 1)),
    ("male_60", date(1965, 4, 30), (60, 1), date(2025, 5, 30)),
    ("male_60", date(1965, 5, 15), (60, 2), date(2025, 7, 15)),
    ("male_60", date(1966, 1, 20), (60, 4), date(2026, 5, 20)),
    ("male_60", date(1970, 12, 5), (61, 6), date(2032, 6, 5)),
    ("male_60", date(1976, 8, 31), (62, 11), date(2039, 7, 31)),
    ("male_60", date(1976, 9, 1), (63, 0), date(2039, 9, 1)),
    ("male_60", date(1990, 6, 1), (63, 0), date(2053, 6, 1)),
    ("female_55", date(1969, 12, 31), (55, 0), date(2024, 12, 31)),
    ("female_55", date(1970, 1, 1), (55, 1), date(2025, 2, 1)),
    ("female_55", date(1975, 6, 10), (56, 5), date(2031, 11, 10)),
    ("female_55", date(1981, 8, 1), (57, 11), date(2039, 7, 1)),
    ("female_55", date(1981, 9, 1), (58, 0), date(2039, 9, 1)),
    ("female_50", date(1974, 12, 31), (50, 0), date(2024, 12, 31)),
    ("female_50", date(1975, 1, 1), (50, 1), date(2025, 2, 1)),
    ("female_50", date(1975, 3, 1), (50, 2), date(2025, 5, 1)),
    ("female_50", date(1978, 5, 1), (51, 9), date(2030, 2, 1)),
    ("female_50", date(1984, 10, 1), (54, 11), date(2039, 9, 1)),
    ("female_50", date(1984, 11, 1), (55, 0), date(2039, 11, 1)),
    ("male_60", date(1968, 2, 29), (60, 10), date(2028, 12, 29)),
]


@pytest.mark.parametrize(("kind", "born", "age", "retires"), KNOWN)
def test_the_annexed_tables(kind, born, age, retires):
    assert retirement_date(born, kind) == retires
    assert divmod(months_between(born, retires), 12) == age


@given(st.sampled_from(sorted(AGES)), st.dates(date(1940, 1, 1), date(2010, 1, 1)))
def test_later_birth_never_retires_earlier_and_the_age_stays_between_the_old_and_the_new(kind, born):
    retires = retirement_date(born, kind)
    old, new = AGES[kind]
    assert old * 12 <= months_between(born, retires) <= new * 12
    # Two births in the end of a month may share the last day of a shorter one.
    assert retirement_date(born + timedelta(days=1), kind) >= retires


def test_another_kind_is_refused():
    with pytest.raises(ExpressionFailed, match="male_60"):
        compile_expression('retirement_date(born, "male")').evaluate({"born": date(1965, 1, 1)}, CONTEXT)
    with pytest.raises(ExpressionFailed, match="日期"):
        compile_expression('retirement_date(born, "male_60")').evaluate({"born": "1965-01-01"}, CONTEXT)


def test_a_diagram_can_ask():
    source = 'retirement_date(person.born, "male_60" if person.gender == "male" else "female_50")'
    person = {"born": date(1975, 1, 9), "gender": "female"}
    assert compile_expression(source).evaluate({"person": person}, CONTEXT) == date(2025, 2, 9)
