"""The compiler of the expression language: an allow-list of syntax-tree nodes, each made a closure.

Nothing that an author writes is ever run as Python: each allowed node becomes a closure over
`values` and `functions`, and every other node is refused.
"""

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

from app.engine import values
from app.engine.functions import FUNCTIONS, Function
from app.engine.types import Context
from app.engine.values import ExpressionFailed, Operation, plain, truth

MOST_NODES = 400
DEEPEST_NESTING = 40

# Python joins adjacent texts: a forgotten comma would make another text of two.
_ONE_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"' r"|'(?:[^'\\]|\\.)*'")

Run = Callable[[Mapping[str, Any], Context], Any]

_COMPARISONS: dict[type[ast.cmpop], Operation] = {
    ast.Eq: values.equal,
    ast.NotEq: values.unequal,
    ast.Lt: values.less,
    ast.LtE: values.less_or_equal,
    ast.Gt: values.greater,
    ast.GtE: values.greater_or_equal,
    ast.In: lambda item, container: values.contains(container, item),
    ast.NotIn: lambda item, container: not values.contains(container, item),
    ast.Is: values.equal,
    ast.IsNot: values.unequal,
}
_ARITHMETIC: dict[type[ast.operator], Operation] = {
    ast.Add: values.add,
    ast.Sub: values.subtract,
    ast.Mult: values.multiply,
    ast.Div: values.divide,
    ast.FloorDiv: values.floor_divide,
    ast.Mod: values.remainder,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.Not: lambda value: not truth(value),
    ast.USub: values.negate,
    ast.UAdd: values.number,
}
_CONSTANTS: dict[str, Any] = {"true": True, "false": False, "null": None}
_REFUSED: dict[type[ast.AST], str] = {
    ast.Lambda: "lambda",
    ast.ListComp: "循环",
    ast.SetComp: "循环",
    ast.DictComp: "循环",
    ast.GeneratorExp: "循环",
    ast.JoinedStr: "f 字符串",
    ast.NamedExpr: ":= 赋值",
    ast.Starred: "星号",
    ast.Set: "集合",
    ast.Await: "await",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
}


class ExpressionError(SyntaxError):
    """An expression that is not in the language; `msg` is a sentence, `offset` counts characters from 1."""

    def __init__(self, message: str, source: str, offset: int = 1) -> None:
        super().__init__(message, ("", 1, offset, source))

    def __str__(self) -> str:
        return self.msg


class Compiler:
    """One pass over a syntax tree that makes closures and notes what they refer to."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.names: set[str] = set()
        self.functions: set[str] = set()
        self.literals: dict[str, set[str]] = {"named_date": set(), "parameter": set()}
        self.nodes = 0
        self.depth = 0

    def compile(self, node: ast.expr) -> Run:
        self.nodes += 1
        self.depth += 1
        if self.nodes > MOST_NODES or self.depth > DEEPEST_NESTING:
            raise self.refusal("表达式太复杂，请拆成几步或改用决策表", node)
        rule = _RULES.get(type(node))
        if rule is None:
            raise self.refusal(f"表达式里不能用{_REFUSED.get(type(node), '这种写法')}", node)
        run = rule(self, node)
        self.depth -= 1
        return run

    def refusal(self, sentence: str, node: ast.expr) -> ExpressionError:
        before = self.source.encode()[: node.col_offset].decode(errors="ignore")
        return ExpressionError(sentence, self.source, len(before) + 1)

    def constant(self, node: ast.Constant) -> Run:
        value = node.value
        if value is not None and type(value) not in (bool, int, float, str):
            raise self.refusal("表达式里只能写文字、数字、True、False 和 None", node)
        if isinstance(value, int | float) and not abs(value) <= values.LARGEST_NUMBER:
            raise self.refusal("数字太大（整数部分最多 15 位）", node)
        if isinstance(value, str) and not _ONE_TEXT.fullmatch(self.text_of(node)):
            raise self.refusal("两段文字之间缺少逗号或加号，或引号的写法不对", node)
        return lambda v, c: value

    def text_of(self, node: ast.expr) -> str:
        return self.source.encode()[node.col_offset : node.end_col_offset].decode()

    def name(self, node: ast.Name) -> Run:
        name = node.id
        if name in _CONSTANTS:
            constant = _CONSTANTS[name]
            return lambda v, c: constant
        self._check_name(name, node)
        self.names.add(name)
        hint = "；用函数时后面要写括号" if name in FUNCTIONS else ""

        def look_up(v: Mapping[str, Any], c: Context) -> Any:
            try:
                return plain(v[name])
            except KeyError:
                raise ExpressionFailed(f"没有名为“{name}”的变量{hint}") from None

        return look_up

    def _check_name(self, name: str, node: ast.expr) -> None:
        if name.startswith("__"):
            raise self.refusal(f"名称“{name}”不能以两个下划线开头", node)

    def attribute(self, node: ast.Attribute) -> Run:
        self._check_name(node.attr, node)
        container, key = self.compile(node.value), node.attr
        return lambda v, c: values.item_of(container(v, c), key)

    def subscript(self, node: ast.Subscript) -> Run:
        container = self.compile(node.value)
        if isinstance(node.slice, ast.Slice):
            start, stop = map(self._optional, (node.slice.lower, node.slice.upper))
            if node.slice.step is not None:
                raise self.refusal("截取时不能写步长", node)
            return lambda v, c: values.part_of(container(v, c), start(v, c), stop(v, c))
        key = self.compile(node.slice)
        return lambda v, c: values.item_of(container(v, c), key(v, c))

    def _optional(self, node: ast.expr | None) -> Run:
        return (lambda v, c: None) if node is None else self.compile(node)

    def boolop(self, node: ast.BoolOp) -> Run:
        parts = [self.compile(part) for part in node.values]
        decisive = isinstance(node.op, ast.Or)

        def either(v: Mapping[str, Any], c: Context) -> bool:
            for part in parts:
                if truth(part(v, c)) is decisive:
                    return decisive
            return not decisive

        return either

    def unaryop(self, node: ast.UnaryOp) -> Run:
        apply = _UNARY.get(type(node.op))
        if apply is None:
            raise self.refusal("表达式里不能用 ~", node)
        operand = self.compile(node.operand)
        return lambda v, c: apply(operand(v, c))

    def binop(self, node: ast.BinOp) -> Run:
        apply = _ARITHMETIC.get(type(node.op))
        if apply is None:
            raise self.refusal("算术只能用 + - * / // %", node)
        left, right = self.compile(node.left), self.compile(node.right)
        return lambda v, c: apply(left(v, c), right(v, c))

    def compare(self, node: ast.Compare) -> Run:
        sides = [node.left, *node.comparators]
        for position, operator in enumerate(node.ops):
            if isinstance(operator, ast.Is | ast.IsNot) and not _is_none(sides[position + 1]):
                raise self.refusal("is 后面只能是 None；比较请用 ==", node)
        operations = [_COMPARISONS[type(operator)] for operator in node.ops]
        first, *others = [self.compile(side) for side in sides]
        if len(others) == 1:
            apply, second = operations[0], others[0]
            return lambda v, c: apply(first(v, c), second(v, c))
        links = list(zip(operations, others, strict=True))

        def chain(v: Mapping[str, Any], c: Context) -> bool:
            left = first(v, c)
            for link, other in links:
                right = other(v, c)
                if not link(left, right):
                    return False
                left = right
            return True

        return chain

    def ifexp(self, node: ast.IfExp) -> Run:
        test, then, other = map(self.compile, (node.test, node.body, node.orelse))
        return lambda v, c: then(v, c) if truth(test(v, c)) else other(v, c)

    def sequence(self, node: ast.List | ast.Tuple) -> Run:
        items = [self.compile(item) for item in node.elts]
        return lambda v, c: [item(v, c) for item in items]

    def mapping(self, node: ast.Dict) -> Run:
        keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
        if not all(type(key) is str for key in keys):
            raise self.refusal("数据项的名称要写成带引号的文字", node)
        items = list(zip(keys, [self.compile(value) for value in node.values], strict=True))
        return lambda v, c: {key: item(v, c) for key, item in items}

    def call(self, node: ast.Call) -> Run:
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name == "defined":
            return self.defined(node)
        function = FUNCTIONS.get(name or "")
        if function is None:
            raise self.refusal(f"没有名为“{name or ast.unparse(node.func)[:40]}”的函数", node)
        self._check_arguments(function, node)
        self.functions.add(function.name)
        if function.literal:
            self.literals[function.name].add(self._literal(function.signature, node))
        call, arguments = function.call, [self.compile(argument) for argument in node.args]
        if len(arguments) == 1:
            only = arguments[0]
            return lambda v, c: call(c, only(v, c))
        return lambda v, c: call(c, *[argument(v, c) for argument in arguments])

    def _check_arguments(self, function: Function, node: ast.Call) -> None:
        given = len(node.args)
        most = given if function.most is None else function.most
        if node.keywords or not function.least <= given <= most:
            raise self.refusal(f"函数的写法是 {function.signature}", node)

    def _literal(self, signature: str, node: ast.Call) -> str:
        match node:
            case ast.Call(args=[ast.Constant(value=str(literal))], keywords=[]):
                return literal
        raise self.refusal(f"写法是 {signature}，括号里直接写带引号的名称", node)

    def defined(self, node: ast.Call) -> Run:
        name, *path = self._literal('defined("变量")', node).split(".")
        self.functions.add("defined")

        def has_value(v: Mapping[str, Any], c: Context) -> bool:
            value: Any = v.get(name)
            for key in path:
                value = value.get(key) if type(value) in values.MAPPINGS else None
            return value is not None

        return has_value


_RULES: dict[type[ast.expr], Callable[[Compiler, Any], Run]] = {
    ast.Constant: Compiler.constant,
    ast.Name: Compiler.name,
    ast.Attribute: Compiler.attribute,
    ast.Subscript: Compiler.subscript,
    ast.BoolOp: Compiler.boolop,
    ast.UnaryOp: Compiler.unaryop,
    ast.BinOp: Compiler.binop,
    ast.Compare: Compiler.compare,
    ast.IfExp: Compiler.ifexp,
    ast.List: Compiler.sequence,
    ast.Tuple: Compiler.sequence,
    ast.Dict: Compiler.mapping,
    ast.Call: Compiler.call,
}


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
