"""Attacks on the expression language: escape, leak, denial of service, mutation."""

import copy
from datetime import UTC, date, datetime

import pytest

from app.engine import values
from app.engine.closures import DEEPEST_NESTING, MOST_NODES
from app.engine.expressions import LONGEST_SOURCE, ExpressionError, ExpressionFailed, compile_expression
from app.engine.types import Context


class Weekdays:
    def is_workday(self, day: date) -> bool | None:
        return day.weekday() < 5


class Secret:
    """An object that a host might leave among the variables by mistake."""

    password = "s3cret"

    def __call__(self):
        raise AssertionError("an expression called an object")

    def __eq__(self, other):
        raise AssertionError("an expression compared an object")

    def __getitem__(self, key):
        raise AssertionError("an expression looked into an object")

    __hash__ = None


CONTEXT = Context(datetime(2021, 7, 1, tzinfo=UTC), {}, Weekdays(), {})

ESCAPES = [
    "__import__('os').system('id')",
    "().__class__.__bases__[0].__subclasses__()",
    "''.__class__.__mro__[1]",
    "[].__class__",
    "data.__class__",
    "data.__init__.__globals__",
    "data['__class__'].__init__",
    "now.__globals__",
    "len.__self__",
    "max.__call__(1, 2)",
    "(lambda: 1)()",
    "[c for c in ().__class__.__base__.__subclasses__()]",
    "{k: v for k, v in data.items()}",
    "(x for x in [1])",
    "eval('1')",
    "exec('x = 1')",
    "compile('1', '', 'eval')",
    "open('/etc/passwd')",
    "getattr(data, 'clear')()",
    "vars()",
    "globals()['__builtins__']",
    "type(data)",
    "data.clear()",
    "data.get('a')",
    "'{0.__class__}'.format(data)",
    "f'{data.__class__}'",
    "f'{(lambda: 1)()}'",
    "'%(a)s' % data",
    "secret()",
    "secret.password",
    "secret['x']",
    "secret == 1",
    "1 in secret",
    "len(secret)",
    "pluck([secret], 'password')",
    "get(secret, 'password', 1)",
    "[secret][0].password",
    "max(secret, secret)",
    "text(secret)",
    "named_date(secret)",
    "defined('secret.password') or secret.password",
    "await data",
    "(yield)",
    "print('x')",
    "breakpoint()",
    "help()",
    "import os",
    "x = 1",
    "del data",
    "a; b",
    "assert False",
]

EXPENSIVE = [
    "9 ** 9 ** 9",
    "10 ** 100000000",
    "2 << 10 ** 9",
    "'a' * 10 ** 9",
    "'a' * 999999999",
    "[0] * 999999999",
    "(1,) * 999999999",
    "round(5, -10 ** 7)",
    "round(5, -10000000)",
    "round(5, 10000000)",
    "range(10 ** 9)",
    "sum(range(10 ** 9))",
    "'%999999999d' % 1",
    "'{:>999999999}'.format('x')",
    "999999999999999 * 999999999999999 * 999999999999999",
    "working_days(1000000000)",
    "working_days(10 ** 9)",
    "add_months(today(), 1000000000)",
    "duration('P' + text(999999999999999) + 'Y')",
    "today() + duration('P999999Y')",
    "instant('9999-12-31T24:00+08:00')",
    "big + big",
    "long + long",
    "[long, long]",
    "text(1e300)",
    "1e999",
    "9" * LONGEST_SOURCE,
    "(" * 300 + ")" * 300,
    "[" * 200 + "]" * 200,
    "{" * 1500,
    "-" * 1500 + "1",
    "not " * 400 + "True",
    "a." * 600 + "a",
    "a[" * 300 + "]" * 300,
    "1 if True else " * 120 + "1",
    " + ".join(["1"] * 450),
    "'" + "a" * 3000 + "'",
    "deep == deep_too",
    "huge * huge",
    "huge % 7",
    "abs(huge)",
    "sum([huge, huge])",
    "round(infinite)",
]


def hostile_data():
    deep, deep_too = [], []
    for _ in range(20_000):
        deep, deep_too = [deep], [deep_too]
    return {
        "a": 1,
        "data": {"a": {"b": 1}, "list": [1, 2]},
        "secret": Secret(),
        "big": ["x"] * values.LONGEST_LIST,
        "long": "x" * values.LONGEST_TEXT,
        "deep": deep,
        "deep_too": deep_too,
        "huge": 10**5000,
        "infinite": float("inf"),
    }


@pytest.mark.parametrize("source", ESCAPES + EXPENSIVE, ids=lambda source: source[:40])
def test_an_attack_ends_in_a_refusal_or_a_sentence(source):
    with pytest.raises((ExpressionError, ExpressionFailed)) as caught:
        compile_expression(source).evaluate(hostile_data(), CONTEXT)
    assert "s3cret" not in str(caught.value)


MUTATIONS = [
    "data.list + [3]",
    "[data, data]",
    "{'a': data.list}",
    "data.list[0:1]",
    "pluck([data, data], 'list')",
    "max(data.list)",
    "get(data, 'new', 5)",
]


@pytest.mark.parametrize("source", MUTATIONS)
def test_no_expression_changes_the_variables(source):
    variables = {"data": {"a": {"b": 1}, "list": [1, 2]}}
    before = copy.deepcopy(variables)
    compile_expression(source).evaluate(variables, CONTEXT)
    assert variables == before


def test_work_is_bounded_by_the_source_and_the_data_alone():
    """No construct repeats a part of an expression: each node is evaluated at most once."""
    looked_up = []

    class Counting(dict):
        def __getitem__(self, name):
            looked_up.append(name)
            return 1

    widest = " + ".join(["x"] * (MOST_NODES // 2 // 10))
    for source in (f"[{widest}]", f"max({widest}, {widest})", f"({widest}) < ({widest}) < ({widest})"):
        looked_up.clear()
        compile_expression(source).evaluate(Counting(), CONTEXT)
        assert len(looked_up) <= source.count("x")


def test_nothing_grows_beyond_its_bound():
    for grown in ("'" + "a" * 900 + "'", "x + x"):
        result = compile_expression(grown).evaluate({"x": "y" * (values.LONGEST_TEXT // 2)}, CONTEXT)
        assert len(result) <= values.LONGEST_TEXT
    assert compile_expression("not " * (DEEPEST_NESTING - 1) + "True").evaluate({}, CONTEXT) is False


def test_a_holiday_table_without_working_days_is_not_asked_for_ever():
    asked = []

    class Endless:
        def is_workday(self, day):
            asked.append(day)
            return False

    context = Context(datetime(2021, 7, 1, tzinfo=UTC), {}, Endless(), {})
    assert compile_expression("working_days(1)").evaluate({}, context) is None
    assert len(asked) <= 4000
