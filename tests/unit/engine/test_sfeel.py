"""S-FEEL cells: what they match, what is refused, against a small reference of their meaning."""

from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.columns import ANY, column_type
from app.engine.expressions import ExpressionFailed
from app.engine.sfeel import CellError, compile_result, compile_tests, constant_values
from app.engine.types import Context


class Weekdays:
    def is_workday(self, day: date) -> bool | None:
        return day.weekday() < 5


CONTEXT = Context(
    datetime(2021, 7, 1, tzinfo=UTC),
    {"closes": datetime(2021, 7, 23, 16, tzinfo=UTC), "exam": None},
    Weekdays(),
    {"pass_mark": 60},
)


def matching(cell, type_ref, candidates, **variables):
    column = column_type(type_ref)
    tests = compile_tests(cell, column)
    return [value for value in candidates if tests.matches(column.read(value), variables, CONTEXT)]


NUMBERS = [None, -1, 0, 1, 1.5, 2, 4, 5, 6, 10]
TEXTS = [None, "", "a", "b", "c", "a,b", "x..y", '说"是"', "(z", "not"]


@pytest.mark.parametrize(
    ("cell", "type_ref", "candidates", "expected"),
    [
        ("-", "number", NUMBERS, NUMBERS),
        ("", "number", NUMBERS, NUMBERS),
        (None, "number", NUMBERS, NUMBERS),
        ("5", "number", NUMBERS, [5]),
        ("-1", "number", NUMBERS, [-1]),
        ("1, 2", "number", NUMBERS, [1, 2]),
        ("null", "number", NUMBERS, [None]),
        ("null, 5", "number", NUMBERS, [None, 5]),
        ("< 1", "number", NUMBERS, [-1, 0]),
        (">=5", "number", NUMBERS, [5, 6, 10]),
        ("> -1", "number", NUMBERS, [0, 1, 1.5, 2, 4, 5, 6, 10]),
        ("!= 5", "number", NUMBERS, [None, -1, 0, 1, 1.5, 2, 4, 6, 10]),
        ("= 5", "number", NUMBERS, [5]),
        ("[1..5]", "number", NUMBERS, [1, 1.5, 2, 4, 5]),
        ("(1..5)", "number", NUMBERS, [1.5, 2, 4]),
        ("]1..5[", "number", NUMBERS, [1.5, 2, 4]),
        ("]1..5]", "number", NUMBERS, [1.5, 2, 4, 5]),
        ("[1..5)", "number", NUMBERS, [1, 1.5, 2, 4]),
        ("(0..2],[6..10)", "number", NUMBERS, [1, 1.5, 2, 6]),
        ("< 0, [4..5], 10", "number", NUMBERS, [-1, 4, 5, 10]),
        ("not(5)", "number", NUMBERS, [None, -1, 0, 1, 1.5, 2, 4, 6, 10]),
        ("not(> 1)", "number", NUMBERS, [-1, 0, 1]),
        ("not([1..5], 10)", "number", NUMBERS, [-1, 0, 6]),
        ("not(null)", "number", NUMBERS, NUMBERS[1:]),
        ('"a"', "string", TEXTS, ["a"]),
        ('"a","b"', "string", TEXTS, ["a", "b"]),
        ('"a,b", "(z"', "string", TEXTS, ["a,b", "(z"]),
        ('"x..y"', "string", TEXTS, ["x..y"]),
        ('"说\\"是\\""', "string", TEXTS, ['说"是"']),
        ('not("a","b")', "string", TEXTS, [None, "", "c", "a,b", "x..y", '说"是"', "(z", "not"]),
        ('"not"', "string", TEXTS, ["not"]),
        ("true", "boolean", [None, True, False], [True]),
        ("not(true)", "boolean", [None, True, False], [None, False]),
        ('parameter("pass_mark")', "number", [59, 60], [60]),
        ('>= parameter("pass_mark")', "number", [59, 60, 61], [60, 61]),
        ("[1..max(3, 5)]", "number", NUMBERS, [1, 1.5, 2, 4, 5]),
    ],
)
def test_cell(cell, type_ref, candidates, expected):
    assert matching(cell, type_ref, candidates) == expected


DAYS = ["2020-12-30", "2020-12-31", "2021-01-01"]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2020-12-31", ["2020-12-31"]),
        ('date("2020-12-31")', ["2020-12-31"]),
        ('"2020-12-31"', ["2020-12-31"]),
        ('@"2020-12-31"', ["2020-12-31"]),
        ("<= 2020-12-31", ["2020-12-30", "2020-12-31"]),
        ('(date("2020-12-30")..2021-01-01]', ["2020-12-31", "2021-01-01"]),
        ("not(2020-12-31)", ["2020-12-30", "2021-01-01"]),
        ('<= day_of(named_date("closes"))', DAYS),
    ],
)
def test_dates(cell, expected):
    assert matching(cell, "date", DAYS) == expected


def test_instants():
    instants = ["2021-07-23T23:59+08:00", "2021-07-23T24:00+08:00"]
    assert matching('< named_date("closes")', "dateTime", instants) == instants[:1]
    assert matching('date and time("2021-07-24T00:00+08:00")', "dateTime", instants) == instants[1:]


def test_a_name_is_compared_with():
    assert matching("present.trade", "string", ["钳工", "焊工"], present={"trade": "钳工"}) == ["钳工"]
    assert matching("not(present.trade)", "string", ["钳工", "焊工"], present={"trade": "钳工"}) == ["焊工"]
    assert matching("< other", "number", [1, 2, 3], other=3) == [1, 2]


def test_an_undetermined_date_is_no_silent_mismatch():
    with pytest.raises(ExpressionFailed, match="尚未确定"):
        matching('< named_date("exam")', "dateTime", ["2021-07-23T23:59+08:00"])


@pytest.mark.parametrize(
    ("cell", "type_ref", "told"),
    [
        ("5", "string", "应当是文字"),
        ('"5"', "number", "应当是数字"),
        ("5", "boolean", "应当是是非值"),
        ("1.5", "integer", "应当是整数"),
        ('"abc"', "date", "不是日期"),
        ("2020-12-31", "number", "应当是数字（number），实际是日期"),
        ("2020-02-30", "date", "不是日期"),
        ("< 2020-02-30", "date", "不是日期"),
        ("? > 5", "number", "不要写 ?"),
        ("age > 5", "number", "不写变量名"),
        ('"a" or "b"', "string", "不写变量名"),
        ('["a", "b"]', "string", "看不懂"),
        ('"a" "b"', "string", "缺少逗号"),
        ('"a"，"b"', "string", "逗号请用英文半角"),
        ("“a”", "string", "引号请用英文半角"),
        ("1,,2", "number", "逗号的一边是空的"),
        ("1,", "number", "逗号的一边是空的"),
        ("not()", "number", "逗号的一边是空的"),
        ("not(1), 2", "number", "不写变量名"),
        ("not(1), not(2)", "number", "看不懂"),
        ("not((1..2)), (3..4)", "number", "看不懂"),
        ("1..5", "number", "区间要写成"),
        ("[1..5", "number", "区间要写成"),
        ("[5..1]", "number", "起点大于终点"),
        ('[1.."a"]', "any", "不能比较"),
        ("> true", "boolean", "没有大小"),
        (">= null", "number", "没有大小"),
        (">=", "number", "看不懂"),
        ("x.__class__", "string", "下划线"),
        ("__import__('os')", "string", "没有名为"),
        ("(lambda: 1)()", "number", "没有名为"),
    ],
)
def test_a_cell_that_is_not_understood_is_refused(cell, type_ref, told):
    with pytest.raises(CellError) as caught:
        compile_tests(cell, column_type(type_ref))
    assert told in str(caught.value)


def test_types_are_told_apart_by_name():
    assert column_type("feel:string") is column_type("string")
    assert column_type(None) is ANY
    with pytest.raises(ValueError, match="不支持类型“tGrade”"):
        column_type("tGrade")


@pytest.mark.parametrize(
    ("type_ref", "value", "told"),
    [
        ("string", 5, "实际是数字"),
        ("number", "5", "实际是文字"),
        ("number", True, "实际是是非值"),
        ("integer", 1.5, "应当是整数"),
        ("date", datetime(2021, 1, 1, tzinfo=UTC), "实际是时刻"),
        ("date", "1.1.2021", "不是日期"),
        ("dateTime", "2021-07-23T10:00", "时区"),
        ("boolean", "true", "实际是文字"),
    ],
)
def test_a_value_of_another_type_is_told(type_ref, value, told):
    with pytest.raises(ValueError, match=told):
        column_type(type_ref).read(value)


def test_a_whole_float_is_an_integer():
    assert column_type("integer").read(5.0) == 5


def test_results_are_literals_or_expressions():
    column = column_type("date")
    assert compile_result("2020-12-31", column).evaluate({}, CONTEXT) == date(2020, 12, 31)
    assert compile_result("a + 1", column_type("number")).evaluate({"a": 1}, CONTEXT) == 2
    assert compile_result("", column) is None
    with pytest.raises(CellError, match="应当是数字"):
        compile_result('"x"', column_type("number"))
    with pytest.raises(CellError, match="列出的取值"):
        compile_result('"x"', column_type("string"), ("a", "b"))


def test_listed_values_are_kept_in_order():
    assert constant_values(compile_tests('"b","a"', column_type("string"))) == ("b", "a")
    with pytest.raises(CellError, match="逐个列出"):
        constant_values(compile_tests("> 1", column_type("number")))


# A reference of its own: a cell is made together with the predicate that it means, over whole numbers.
SIMPLE = {
    "{}": lambda x, a: x == a,
    "< {}": lambda x, a: None if x is None else x < a,
    "<= {}": lambda x, a: None if x is None else x <= a,
    "> {}": lambda x, a: None if x is None else x > a,
    ">={}": lambda x, a: None if x is None else x >= a,
    "!={}": lambda x, a: x != a,
}
RANGES = {
    "[{}..{}]": lambda x, a, b: a <= x <= b,
    "({}..{}]": lambda x, a, b: a < x <= b,
    "[{}..{}[": lambda x, a, b: a <= x < b,
    "]{}..{})": lambda x, a, b: a < x < b,
}
small = st.integers(-4, 4)


@st.composite
def alternatives(draw):
    if draw(st.booleans()):
        shape, value = draw(st.sampled_from(sorted(SIMPLE))), draw(small)
        return shape.format(value), lambda x: SIMPLE[shape](x, value)
    shape, (low, high) = draw(st.sampled_from(sorted(RANGES))), sorted([draw(small), draw(small)])
    return shape.format(low, high), lambda x: None if x is None else RANGES[shape](x, low, high)


@given(st.lists(alternatives(), min_size=1, max_size=4), st.booleans(), small | st.none())
def test_any_numeric_cell_means_what_it_says(parts, negated, value):
    cell = " , ".join(text for text, _ in parts)
    answers = [means(value) for _, means in parts]
    disjunction = True if True in answers else None if None in answers else False
    expected = (disjunction is False) if negated else (disjunction is True)
    column = column_type("number")
    tests = compile_tests(f"not({cell})" if negated else cell, column)
    assert tests.matches(value, {}, CONTEXT) is expected


@given(st.text(max_size=30), st.sampled_from(["string", "number", "date", "boolean", "any"]))
def test_any_text_is_read_or_refused(text, type_ref):
    with suppress(CellError):
        assert compile_tests(text, column_type(type_ref)).text == text.strip()


@given(st.lists(st.text(max_size=6), min_size=1, max_size=4), st.text(max_size=6))
def test_any_list_of_quoted_texts_matches_its_members(members, other):
    quoted = ['"' + m.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"' for m in members]
    if any(not m.isprintable() for m in members):
        return
    tests = compile_tests(", ".join(quoted), column_type("string"))
    for value in [*members, other]:
        assert tests.matches(value, {}, CONTEXT) is (value in members)
