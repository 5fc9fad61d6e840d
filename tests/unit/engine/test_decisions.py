"""Decision tables: reading DMN, hit policies, failures told, and what a table covers twice or not at all."""

from collections import Counter
from datetime import UTC, date, datetime
from types import SimpleNamespace
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from SpiffWorkflow.dmn.engine.DMNEngine import DMNEngine

from app.engine.coverage import gaps, overlaps
from app.engine.decisions import DecisionError
from app.engine.dmn_xml import parse_decisions
from app.engine.script_engine import ScriptEngine
from app.engine.types import Context


class Weekdays:
    def is_workday(self, day: date) -> bool | None:
        return day.weekday() < 5


CONTEXT = Context(
    datetime(2021, 7, 1, tzinfo=UTC),
    {"counted_to": datetime(2020, 12, 30, 16, tzinfo=UTC)},
    Weekdays(),
    {"pass_mark": 60},
)
NAMESPACES = [
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "https://www.omg.org/spec/DMN/20230324/MODEL/",
]


def dmn(inputs, outputs, rules, policy="UNIQUE", namespace=NAMESPACES[1], extra="", **attributes):
    """XML of a table; inputs (expression, type[, values]), outputs (name, type[, values[, default]])."""

    def text(tag, content):
        return f"<{tag}><text>{escape(content)}</text></{tag}>" if content is not None else ""

    columns = "".join(
        f'<input label="{escape(e[0])}"><inputExpression typeRef="{e[1]}"><text>{escape(e[0])}</text>'
        f"</inputExpression>{text('inputValues', e[2] if len(e) > 2 else None)}</input>"
        for e in inputs
    ) + "".join(
        f'<output name="{o[0]}" typeRef="{o[1]}">{text("outputValues", o[2] if len(o) > 2 else None)}'
        f"{text('defaultOutputEntry', o[3] if len(o) > 3 else None)}</output>"
        for o in outputs
    )
    rows = "".join(
        f'<rule id="r{number}">'
        + "".join(text("inputEntry", cell) for cell in cells[: len(inputs)])
        + "".join(text("outputEntry", cell) for cell in cells[len(inputs) :])
        + "</rule>"
        for number, cells in enumerate(rules, 1)
    )
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><definitions xmlns="{namespace}">'
        f'<decision id="d" name="定级">{extra}<decisionTable hitPolicy="{policy}"{more}>'
        f"{columns}{rows}</decisionTable></decision></definitions>"
    ).encode()


def table(*arguments, **options):
    tables, problems = parse_decisions(dmn(*arguments, **options), "grade.dmn")
    assert problems == []
    return tables[0]


def problems_of(*arguments, **options):
    return parse_decisions(dmn(*arguments, **options), "grade.dmn")[1]


AGE = [("age", "number")]
BAND = [("band", "string")]
SMALL = dmn(AGE, BAND, [["-", '"a"']])


def decide(found, **variables):
    return found.decide(variables, CONTEXT)


def failure(found, **variables):
    with pytest.raises(DecisionError) as caught:
        decide(found, **variables)
    return caught.value


def test_unique_with_one_hit():
    result = decide(table(AGE, BAND, [["< 35", '"a"'], ["[35..60)", '"b"']]), age=40)
    assert result.value == {"band": "b"}
    assert [(ref.row, ref.rule) for ref in result.matched] == [(2, "r2")]


def test_unique_with_two_hits_is_told():
    """SpiffWorkflow returns the first of them."""
    problem = failure(table(AGE, BAND, [["< 35", '"a"'], ["< 60", '"b"'], ["> 90", '"c"']]), age=30)
    assert problem.message == "决策表“定级”第 1、2 行同时符合，而该表只许一行符合（UNIQUE）"
    assert problem.details == {"decision": "d", "rows": [1, 2]}


def test_no_match_is_told_without_the_value():
    problem = failure(table(AGE, BAND, [["< 35", '"a"']]), age=4711)
    assert "没有一行符合" in problem.message
    assert "age" in problem.message
    assert "4711" not in problem.message


def test_a_default_output_stands_in_for_no_match():
    found = table(AGE, [("band", "string", None, '"none"'), ("more", "number")], [["< 35", '"a"', "1"]])
    assert decide(found, age=50).value == {"band": "none", "more": None}
    assert decide(found, age=50).matched == ()


def test_comma_list_matches():
    """In SpiffWorkflow `"a","b"` never matches."""
    rules = [['"技师","高级技师"', "true"], ['"初级工"', "false"]]
    found = table([("grade", "string")], [("ok", "boolean")], rules)
    assert decide(found, grade="高级技师").value == {"ok": True}


def test_negated_list_matches():
    """In SpiffWorkflow `not("x")` never matches."""
    found = table([("grade", "string")], [("ok", "boolean")], [['not("技师")', "true"], ['"技师"', "false"]])
    assert decide(found, grade="初级工").value == {"ok": True}
    assert decide(found, grade="技师").value == {"ok": False}


def test_interval_matches():
    """In SpiffWorkflow `[1..5]` crashes."""
    found = table(AGE, BAND, [["[1..5]", '"a"'], ["(5..9]", '"b"']])
    assert [decide(found, age=age).value["band"] for age in (1, 5, 9)] == ["a", "a", "b"]


def test_form_field_named_dmninputexpr_changes_nothing():
    """In SpiffWorkflow such a field takes the place of the input."""
    found = table(AGE, BAND, [["< 60", '"eligible"'], [">= 60", '"ineligible"']])
    assert decide(found, age=70, dmninputexpr=30).value == {"band": "ineligible"}
    stock = DMNEngine(SimpleNamespace(rules=[], hit_policy="UNIQUE"))
    task = SimpleNamespace(
        data={"age": 70, "dmninputexpr": 30},
        workflow=SimpleNamespace(script_engine=ScriptEngine(CONTEXT)),
    )
    assert stock.evaluate("age", "? < 60", task) is False


def test_an_unknown_hit_policy_is_refused():
    """In SpiffWorkflow it acts as FIRST."""
    (problem,) = problems_of(AGE, BAND, [["-", '"a"']], policy="LAST")
    assert "不支持命中规则“LAST”" in problem.message


def test_first_takes_the_first_that_fits():
    found = table(AGE, BAND, [["< 20", '"a"'], ["< 60", '"b"'], ["-", '"c"']], policy="FIRST")
    result = decide(found, age=30)
    assert (result.value, [ref.row for ref in result.matched]) == ({"band": "b"}, [2])


def test_any_wants_agreement():
    found = table(AGE, BAND, [["< 20", '"a"'], ["< 60", '"a"'], ["< 30", '"b"']], policy="ANY")
    assert decide(found, age=40).value == {"band": "a"}
    assert "第 1、2、3 行同时符合而结果不同" in failure(found, age=10).message


def test_priority_follows_the_order_of_the_output_values():
    outputs = [("verdict", "string", '"refused","checked","passed"')]
    rules = [["> 0", '"passed"'], ["> 10", '"refused"'], ["> 5", '"checked"']]
    found = table(AGE, outputs, rules, policy="PRIORITY")
    result = decide(found, age=20)
    assert (result.value, [ref.row for ref in result.matched]) == ({"verdict": "refused"}, [2])
    ordered = decide(table(AGE, outputs, rules, policy="OUTPUT ORDER"), age=7)
    assert ordered.value == [{"verdict": "checked"}, {"verdict": "passed"}]
    assert [ref.row for ref in ordered.matched] == [3, 1]


def test_collect_and_rule_order_keep_the_rows_order():
    for policy in ("COLLECT", "RULE ORDER"):
        found = table(AGE, BAND, [["> 1", '"b"'], ["> 2", '"a"'], ["> 99", '"c"']], policy=policy)
        assert decide(found, age=5).value == [{"band": "b"}, {"band": "a"}]
        assert decide(found, age=0).value == []


@pytest.mark.parametrize(("aggregation", "expected"), [("SUM", 5.5), ("MIN", 1), ("MAX", 2.5), ("COUNT", 3)])
def test_collect_aggregates(aggregation, expected):
    rules = [["> 1", "1"], ["> 2", "2.5"], ["> 3", "2"], ["> 99", "100"]]
    found = table(AGE, [("points", "number")], rules, policy="COLLECT", aggregation=aggregation)
    assert decide(found, age=5).value == expected


def test_nothing_to_aggregate():
    options = {"policy": "COLLECT"}
    shape = (AGE, [("points", "number")], [["> 1", "1"]])
    assert decide(table(*shape, aggregation="SUM", **options), age=0).value == 0
    assert decide(table(*shape, aggregation="COUNT", **options), age=0).value == 0
    assert "没有一行符合" in failure(table(*shape, aggregation="MAX", **options), age=0).message


def test_an_input_of_another_type_is_told():
    found = table(AGE, BAND, [["-", '"a"']])
    assert failure(found, age="40").message == "决策表“定级”输入“age”：应当是数字（number），实际是文字"


def test_a_missing_input_is_told():
    assert "没有名为“age”的变量" in failure(table(AGE, BAND, [["-", '"a"']])).message


def test_an_input_outside_its_values_is_told():
    found = table([("grade", "string", '"a","b"')], BAND, [["-", '"x"']])
    assert decide(found, grade="b").value == {"band": "x"}
    assert decide(found, grade=None).value == {"band": "x"}
    assert "不在该列允许的取值" in failure(found, grade="c").message


def test_an_output_of_another_type_or_outside_its_values_is_told():
    found = table(AGE, [("n", "number")], [["-", "other"]])
    assert "第 1 行输出“n”：应当是数字" in failure(found, age=1, other="x").message
    found = table(AGE, [("v", "string", '"a","b"')], [["-", "other"]])
    assert "不在该列允许的取值" in failure(found, age=1, other="x").message


def test_a_cell_that_fails_names_row_and_column():
    found = table(AGE, BAND, [["< 0", '"a"'], ["< missing", '"b"']])
    problem = failure(found, age=1)
    assert "第 2 行“age”" in problem.message
    assert problem.details["rows"] == [2]


def test_cells_may_use_dates_and_parameters():
    found = table(
        [("born", "date"), ("score", "number")],
        [("verdict", "string"), ("until", "date")],
        [
            ['<= add_months(day_of(named_date("counted_to")), -12 * 60)', "-", '"retired"', ""],
            ["-", '>= parameter("pass_mark")', '"passed"', "2021-12-31"],
        ],
    )
    assert decide(found, born="1960-12-31", score=0).value == {"verdict": "retired", "until": None}
    assert decide(found, born="1961-01-01", score=60).value == {
        "verdict": "passed",
        "until": date(2021, 12, 31),
    }
    assert {expression.source for _, _, expression in found.expressions() if expression.date_names} == {
        'add_months(day_of(named_date("counted_to")), -12 * 60)'
    }


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_each_version_of_dmn_is_read(namespace):
    assert decide(table(AGE, BAND, [["-", '"a"']], namespace=namespace), age=1).value == {"band": "a"}


def test_clauses_are_read_from_description_and_annotations():
    data = dmn(AGE, BAND, [["-", '"a"']]).replace(
        b'<rule id="r1">', "<rule id='r1'><description>依 CQ-12、CQ-13</description>".encode()
    )
    data = data.replace(
        b"</rule>", b"<annotationEntry><text>CQ-13 HN-07</text></annotationEntry></rule>"
    ).replace(b"<rule ", '<annotation name="依据"/><rule '.encode(), 1)
    (found,), problems = parse_decisions(data, "grade.dmn")
    (ref,) = decide(found, age=1).matched
    assert problems == []
    assert ref.clauses == ("CQ-12", "CQ-13", "HN-07")
    assert ref.annotation == "依 CQ-12、CQ-13 CQ-13 HN-07"


def test_names_that_a_designer_left_out():
    """The decision's variable names an only output; an input is told by its expression or its place."""
    nameless = dmn(AGE, BAND, [["-", '"a"']], extra='<variable name="band"/>').replace(
        b'name="band" ty', b"ty"
    )
    (found,), problems = parse_decisions(nameless.replace(b'label="age"', b""), "grade.dmn")
    assert problems == []
    assert decide(found, age=1).value == {"band": "a"}
    assert found.inputs[0].label == "age"
    _, problems = parse_decisions(nameless.replace(b"<variable name", b"<variable id"), "grade.dmn")
    assert "不能作变量名" in problems[0].message
    _, problems = parse_decisions(
        SMALL.replace(b"<input label", b"<input id").replace(b">age<", b"><"), "grade.dmn"
    )
    assert problems[0].column == "第 1 列"


def test_a_problem_names_table_row_and_column():
    found = problems_of(AGE, BAND, [["-", '"a"'], ["abc > 1", '"b"'], ["1", "“b”"]])
    assert [(p.file, p.element, p.row, p.column) for p in found] == [
        ("grade.dmn", "d", 2, "age"),
        ("grade.dmn", "d", 3, "band"),
    ]
    assert found[0].message.startswith("决策表“定级”第 2 行“age”：")


@pytest.mark.parametrize(
    ("arguments", "options", "told"),
    [
        ((AGE, [], [["-"]]), {}, "没有输出列"),
        ((AGE, BAND, []), {}, "没有一行规则"),
        ((AGE, BAND, [["-"]]), {}, "格子数与列数不一致"),
        (([("age", "tAge")], BAND, [["-", '"a"']]), {}, "不支持类型"),
        (([("", "number")], BAND, [["-", '"a"']]), {}, "表达式是空的"),
        (([("age >", "number")], BAND, [["-", '"a"']]), {}, "写法不对"),
        ((AGE, [("a.b", "string")], [["-", '"a"']]), {}, "不能作变量名"),
        ((AGE, [("a", "string"), ("a", "string")], [["-", '"a"', '"b"']]), {}, "有 2 个输出列"),
        ((AGE, BAND, [["-", '"a"']]), {"aggregation": "SUM"}, "不支持汇总方式"),
        ((AGE, BAND, [["-", '"a"']]), {"policy": "COLLECT", "aggregation": "AVG"}, "不支持汇总方式"),
        (
            (AGE, [("a", "number"), ("b", "number")], [["-", "1", "2"]]),
            {"policy": "COLLECT", "aggregation": "SUM"},
            "只能有一个输出列",
        ),
        ((AGE, BAND, [["-", '"a"']]), {"policy": "PRIORITY"}, "outputValues"),
        ((AGE, [("v", "string", '"a","b"')], [["-", '"c"']]), {}, "列出的取值"),
        ((AGE, BAND, [["-", "5"]]), {}, "应当是文字"),
        (
            (AGE, BAND, [["-", '"a"']]),
            {"extra": '<informationRequirement><requiredDecision href="#x"/></informationRequirement>'},
            "依赖",
        ),
        ((AGE, BAND, [["-", '"a"']] * 501), {}, "太大"),
    ],
)
def test_a_table_that_cannot_be_run_is_refused(arguments, options, told):
    found = problems_of(*arguments, **options)
    assert any(told in problem.message for problem in found), found


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"<definitions", "XML"),
        (b"", "XML"),
        (b"<definitions/>", "没有决策表"),
        (b'<!DOCTYPE d [<!ENTITY x "y">]><definitions/>', "DOCTYPE"),
        (b'<!DOCTYPE d SYSTEM "file:///etc/passwd"><definitions/>', "DOCTYPE"),
        (SMALL.replace(b"decisionTable", b"literalExpression"), "只支持决策表"),
        (SMALL.replace(b"<inputEntry>", b'<inputEntry expressionLanguage="juel">'), "juel"),
        (SMALL.replace(b'<decision id="d"', b"<decision"), "没有编号"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(data, told):
    tables, problems = parse_decisions(data, "x.dmn")
    assert tables == []
    assert told in problems[0].message


@pytest.mark.parametrize(
    "payload", ["__import__('os').system('id')", "().__class__", "9**9**9", "[x for x in y]", "open('x')"]
)
def test_no_place_in_a_table_takes_code(payload):
    for data in (
        dmn([(payload, "any")], BAND, [["-", '"a"']]),
        dmn(AGE, BAND, [[payload, '"a"']]),
        dmn(AGE, [("v", "any")], [["-", payload]]),
        dmn(AGE, [("v", "any", payload)], [["-", "1"]]),
        dmn(AGE, [("v", "any", None, payload)], [["-", "1"]]),
        dmn([("age", "any", payload)], BAND, [["-", '"a"']]),
    ):
        tables, problems = parse_decisions(data, "x.dmn")
        assert tables == []
        assert problems


def test_overlaps_are_told_with_rows():
    found = table(
        [("age", "integer"), ("grade", "string")],
        BAND,
        [["< 5", '"a"', '"x"'], [">= 5", "-", '"y"'], ["[4..5]", '"a","b"', '"z"']],
    )
    assert overlaps(found) == [
        "第 1 行与第 3 行会同时符合：age为4，grade为“a”",
        "第 2 行与第 3 行会同时符合：age为5，grade为“a”",
    ]


def test_gaps_are_told():
    found = table(
        [("age", "number"), ("party", "boolean")],
        BAND,
        [["< 5", "-", '"x"'], ["> 5", "true", '"y"'], [">= 5", "false", '"z"']],
    )
    assert gaps(found) == ["没有一行适用于：age为5，party为是"]


def test_a_table_by_whole_numbers_or_days_has_no_gap_between_neighbours():
    assert gaps(table([("n", "integer")], BAND, [["<= 4", '"x"'], [">= 5", '"y"']])) == []
    assert gaps(table([("n", "number")], BAND, [["<= 4", '"x"'], [">= 5", '"y"']])) == [
        "没有一行适用于：n为4 与 5 之间"
    ]
    days = [["<= 2020-12-31", '"x"'], [">= 2021-01-01", '"y"']]
    assert gaps(table([("day", "date")], BAND, days)) == []
    days = [["< 2020-12-31", '"x"'], ["> 2021-01-02", '"y"'], ["2020-12-31", '"z"'], ["2021-01-02", '"z"']]
    assert gaps(table([("day", "date")], BAND, days)) == [
        "没有一行适用于：day为2020-12-31 与 2021-01-02 之间"
    ]


def test_listed_input_values_bound_what_can_be_missing():
    rules = [['"a"', '"x"'], ['"b"', '"y"']]
    assert gaps(table([("grade", "string", '"a","b"')], BAND, rules)) == []
    assert gaps(table([("grade", "string", '"a","b","c"')], BAND, rules)) == ["没有一行适用于：grade为“c”"]
    assert gaps(table([("grade", "string")], BAND, rules)) == ["没有一行适用于：grade为其他值"]
    bounded = [("n", "integer", "[0..9]")]
    assert gaps(table(bounded, BAND, [["< 5", '"x"'], ["[5..8]", '"y"']])) == ["没有一行适用于：n为9"]


def test_only_what_is_certain_is_told():
    found = table(AGE, BAND, [["< limit", '"x"'], ["< 5", '"y"']])
    assert overlaps(found) == []
    assert gaps(found) == []


def test_for_ever_is_no_reason_to_stumble():
    assert gaps(table([("day", "date")], BAND, [["<= 9999-12-31", '"x"']])) == []


def test_a_large_table_is_checked_within_bounds():
    rules = [[f"[{n}..{n + 1})"] * 6 + ['"x"'] for n in range(100)]
    found = table([(name, "number") for name in "abcdef"], BAND, rules)
    assert 0 < len(gaps(found)) <= 10
    assert overlaps(found) == []


# An independent evaluator: cells are made as (text, predicate) pairs and rows are judged by Python alone.
NUMBER_CELLS = [
    ("-", lambda x: True),
    ("{a}", lambda x, a, b: x == a),
    ("<{a}", lambda x, a, b: x is not None and x < a),
    (">= {a}", lambda x, a, b: x is not None and x >= a),
    ("[{a}..{b}]", lambda x, a, b: x is not None and a <= x <= b),
    ("({a}..{b}), {b}", lambda x, a, b: x is not None and (a < x < b or x == b)),
    ("not({a})", lambda x, a, b: x != a),
    ("not([{a}..{b}])", lambda x, a, b: x is not None and not a <= x <= b),
]
TEXT_CELLS = [
    ("-", lambda x: True),
    ('"p"', lambda x: x == "p"),
    ('"p","q"', lambda x: x in ("p", "q")),
    ('not("p")', lambda x: x != "p"),
    ("null", lambda x: x is None),
]
small = st.integers(0, 5)


@st.composite
def number_cells(draw):
    text, means = draw(st.sampled_from(NUMBER_CELLS))
    a, b = sorted([draw(small), draw(small)])
    return text.format(a=a, b=b), means if text == "-" else lambda x: means(x, a, b)


ROWS = st.lists(
    st.tuples(number_cells(), number_cells(), st.sampled_from(TEXT_CELLS), small), min_size=1, max_size=5
)
INPUTS = [("n", "integer"), ("m", "integer"), ("t", "string")]


def made(rows, **options):
    return table(
        INPUTS,
        [("out", "integer", "3,1,4,0,5,2")],
        [[n[0], m[0], t[0], str(out)] for n, m, t, out in rows],
        **options,
    )


def fitting(rows, n, m, t):
    return [i for i, row in enumerate(rows) if row[0][1](n) and row[1][1](m) and row[2][1](t)]


REFERENCE = {
    "UNIQUE": lambda outs: outs[0] if len(outs) == 1 else None,
    "FIRST": lambda outs: outs[0] if outs else None,
    "ANY": lambda outs: outs[0] if outs and len(set(outs)) == 1 else None,
    "PRIORITY": lambda outs: min(outs, key=[3, 1, 4, 0, 5, 2].index) if outs else None,
    "COLLECT": lambda outs: outs,
    "RULE ORDER": lambda outs: outs,
    "OUTPUT ORDER": lambda outs: sorted(outs, key=[3, 1, 4, 0, 5, 2].index),
}


numbers = small | st.none()


@given(ROWS, st.sampled_from(sorted(REFERENCE)), numbers, numbers, st.sampled_from(["p", "q", "r", None]))
def test_any_table_decides_as_the_reference(rows, policy, n, m, t):
    outs = [rows[i][3] for i in fitting(rows, n, m, t)]
    expected = REFERENCE[policy](outs)
    try:
        value = decide(made(rows, policy=policy), n=n, m=m, t=t).value
    except DecisionError:
        assert expected is None
    else:
        assert value == ([{"out": out} for out in expected] if type(expected) is list else {"out": expected})


@given(ROWS)
def test_overlaps_and_gaps_are_exactly_what_every_input_shows(rows):
    found = made(rows)
    hits = [fitting(rows, n, m, t) for n in range(-1, 7) for m in range(-1, 7) for t in ("p", "q", "r")]
    pairs = {(a, b) for hit in hits for a in hit for b in hit if a < b}
    assert bool(gaps(found)) == ([] in hits)
    assert len(overlaps(found)) == min(len(pairs), 10)
    for a, b in pairs if len(pairs) <= 10 else ():
        assert any(text.startswith(f"第 {a + 1} 行与第 {b + 1} 行") for text in overlaps(found))
    assert max(Counter(overlaps(found)).values(), default=1) == 1
