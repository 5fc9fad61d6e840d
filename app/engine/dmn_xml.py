"""DMN 1.2 to 1.5 as XML: read to decision tables, or to problems that name file, table, row and column."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from app.engine import markup
from app.engine.columns import ANY, ColumnType, column_type
from app.engine.decisions import DecisionTable, Input, Output, Rule, RuleRef
from app.engine.expressions import Expression, compile_expression
from app.engine.hit_policies import AGGREGATIONS, POLICIES, RANKED
from app.engine.sfeel import UnaryTests, compile_result, compile_tests, constant_values
from app.engine.types import Problem

MOST_RULES = 500
MOST_COLUMNS = 50

_CLAUSE = re.compile(r"[A-Z]+-[0-9]+")
_ANYTHING = UnaryTests("")

Found = TypeVar("Found")


def parse_decisions(data: bytes, file: str) -> tuple[list[DecisionTable], list[Problem]]:
    """The decision tables of a file that are sound, and what is wrong with the others."""
    try:
        root: Any = markup.parse(data)
    except markup.MarkupRefused as refusal:
        return [], [Problem(file, str(refusal))]
    tables, problems = [], []
    for decision in root.iterfind("{*}decision"):
        reader = _Reader(file, decision)
        table = reader.read()
        problems += reader.problems
        if table is not None and not reader.problems:
            tables.append(table)
    if not tables and not problems:
        problems.append(Problem(file, "文件里没有决策表"))
    return tables, problems


def _text(element: Any | None) -> str:
    """The content of its `text`; by local name, since each DMN version has a namespace of its own."""
    text = None if element is None else element.find("{*}text")
    return "" if text is None else "".join(text.itertext()).strip()


class _Reader:
    """Reads one decision and goes on after a problem, so that a designer sees all of them at once."""

    def __init__(self, file: str, decision: Any) -> None:
        self.file = file
        self.decision = decision
        self.id = decision.get("id") or ""
        self.name = decision.get("name") or self.id
        self.problems: list[Problem] = []

    def tell(self, sentence: str, row: int | None = None, column: str | None = None) -> None:
        place = f"第 {row} 行" * (row is not None) + f"“{column}”" * bool(column)
        message = f"决策表“{self.name}”{place}：{sentence}"
        self.problems.append(Problem(self.file, message, self.id or None, self.name, row, column))

    def attempt(
        self, read: Callable[[], Found], fallback: Found, row: int | None = None, column: str | None = None
    ) -> Found:
        try:
            return read()
        except (ValueError, SyntaxError) as problem:
            self.tell(str(problem), row, column)
            return fallback

    def read(self) -> DecisionTable | None:
        if not self.id:
            self.tell("决策没有编号（id）")
        table = self.decision.find("{*}decisionTable")
        if table is None:
            self.tell("只支持决策表，请把这个决策改成决策表")
            return None
        if self.decision.find("{*}informationRequirement/{*}requiredDecision") is not None:
            self.tell("不支持决策之间的依赖；请在流程图里先后调用两张表")
        inputs = [self.input(element, place) for place, element in enumerate(table.findall("{*}input"), 1)]
        outputs = [self.output(element, table) for element in table.findall("{*}output")]
        policy, aggregation = self.policy(table, outputs)
        elements = table.findall("{*}rule")
        self.check_shape(inputs, outputs, elements)
        rules = [self.rule(element, row, inputs, outputs) for row, element in enumerate(elements, 1)]
        return DecisionTable(
            self.id,
            self.name,
            self.file,
            policy,
            aggregation,
            tuple(inputs),
            tuple(outputs),
            tuple(rules),
        )

    def check_shape(self, inputs: Sequence[Input], outputs: Sequence[Output], rules: Sequence[Any]) -> None:
        if not outputs:
            self.tell("没有输出列")
        if not rules:
            self.tell("没有一行规则")
        if len(rules) > MOST_RULES or len(inputs) + len(outputs) > MOST_COLUMNS:
            self.tell(f"太大（最多 {MOST_RULES} 行、{MOST_COLUMNS} 列）")
        for name, times in Counter(output.name for output in outputs).items():
            if times > 1:
                self.tell(f"有 {times} 个输出列叫“{name}”")

    def policy(self, table: Any, outputs: Sequence[Output]) -> tuple[str, str | None]:
        policy, aggregation = table.get("hitPolicy") or "UNIQUE", table.get("aggregation")
        if policy not in POLICIES:
            self.tell(f"不支持命中规则“{policy}”；请用 {'、'.join(POLICIES)}")
        if aggregation and (policy != "COLLECT" or aggregation not in AGGREGATIONS):
            self.tell(f"不支持汇总方式“{aggregation}”；COLLECT 可用 {'、'.join(AGGREGATIONS)}")
        if aggregation and len(outputs) != 1:
            self.tell("有汇总的表只能有一个输出列")
        if policy in RANKED and not any(output.allowed for output in outputs):
            self.tell(f"{policy} 要求输出列按优先顺序列出取值（outputValues）")
        return policy, aggregation

    def input(self, element: Any, place: int) -> Input:
        question = element.find("{*}inputExpression")
        source = _text(question)
        label = element.get("label") or source or f"第 {place} 列"
        kind = self.column_type(question, label)
        self.check_language(question, label)
        allowed = self.attempt(
            lambda: compile_tests(_text(element.find("{*}inputValues")), kind), _ANYTHING, column=label
        )
        expression = self.attempt(lambda: compile_expression(source), _NOTHING, column=label)
        return Input(label, expression, kind, allowed)

    def output(self, element: Any, table: Any) -> Output:
        name = element.get("name") or element.get("label") or self.only_output_name(table)
        if not name.isidentifier():
            self.tell(f"输出列的名称“{name}”不能作变量名；请用字母、汉字、数字和下划线，不以数字开头")
        kind = self.column_type(element, name)
        listed = _text(element.find("{*}outputValues"))
        allowed = self.attempt(lambda: constant_values(compile_tests(listed, kind)), (), column=name)
        default = element.find("{*}defaultOutputEntry")
        result = self.attempt(lambda: compile_result(_text(default), kind), None, column=name)
        return Output(name, kind, allowed, result, element.get("label") or "")

    def only_output_name(self, table: Any) -> str:
        variable = self.decision.find("{*}variable")
        if variable is None or len(table.findall("{*}output")) > 1:
            return ""
        return variable.get("name") or ""

    def column_type(self, element: Any | None, label: str) -> ColumnType:
        declared = None if element is None else element.get("typeRef")
        return self.attempt(lambda: column_type(declared), ANY, column=label)

    def check_language(self, element: Any | None, column: str, row: int | None = None) -> None:
        language = (None if element is None else element.get("expressionLanguage")) or "feel"
        if "feel" not in language.lower():
            self.tell(f"不支持表达式语言“{language}”；请用 FEEL", row, column)

    def rule(self, element: Any, row: int, inputs: Sequence[Input], outputs: Sequence[Output]) -> Rule:
        cells, results = element.findall("{*}inputEntry"), element.findall("{*}outputEntry")
        if len(cells) != len(inputs) or len(results) != len(outputs):
            self.tell("格子数与列数不一致", row)
            return Rule(self.reference(element, row), (), ())
        for cell, column in zip([*cells, *results], _labels(inputs, outputs), strict=True):
            self.check_language(cell, column, row)
        return Rule(
            self.reference(element, row),
            tuple(self.tests(c, column, row) for c, column in zip(cells, inputs, strict=True)),
            tuple(self.result(c, column, row) for c, column in zip(results, outputs, strict=True)),
        )

    def tests(self, cell: Any, column: Input, row: int) -> UnaryTests:
        return self.attempt(lambda: compile_tests(_text(cell), column.type), _ANYTHING, row, column.label)

    def result(self, cell: Any, column: Output, row: int) -> Expression | None:
        return self.attempt(
            lambda: compile_result(_text(cell), column.type, column.allowed), None, row, column.name
        )

    def reference(self, element: Any, row: int) -> RuleRef:
        """dmn-js keeps its annotation column in `description`; other tools have annotation columns."""
        description = element.find("{*}description")
        notes = ["" if description is None else "".join(description.itertext()).strip()]
        notes += [_text(entry) for entry in element.findall("{*}annotationEntry")]
        annotation = " ".join(filter(None, notes))
        clauses = tuple(dict.fromkeys(_CLAUSE.findall(annotation)))
        return RuleRef(row, element.get("id") or f"row-{row}", clauses, annotation)


_NOTHING = compile_expression("None")


def _labels(inputs: Sequence[Input], outputs: Sequence[Output]) -> list[str]:
    return [*(column.label for column in inputs), *(column.name for column in outputs)]
