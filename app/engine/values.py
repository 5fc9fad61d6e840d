"""The plain values that expressions and decision tables compute with, and what may be done with them."""

import operator
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import ROUND_FLOOR, Decimal
from decimal import Context as Arithmetic
from types import MappingProxyType, NoneType
from typing import Any

from app.engine.civil import Duration, add_duration
from app.errors import EngineError

KINDS: dict[type, str] = {
    NoneType: "空值",
    bool: "是非值",
    int: "数字",
    float: "数字",
    str: "文字",
    date: "日期",
    datetime: "时刻",
    Duration: "时长",
    list: "列表",
    tuple: "列表",
    dict: "数据项",
    MappingProxyType: "数据项",
}
"""The exact types that are values; a subclass is none, for it may bring behaviour along."""

LISTS = (list, tuple)
MAPPINGS = (dict, MappingProxyType)
NUMBERS = (int, float)
LARGEST_NUMBER = 10**15
"""Up to 15 digits a float and a decimal are the same number."""
LONGEST_TEXT = 100_000
LONGEST_LIST = 10_000

SCALARS = frozenset({NoneType, bool, int, float, str, date, datetime, Duration})
_ORDERED = frozenset({int, float, str, date, datetime})
_ARITHMETIC = Arithmetic(prec=34)

Operation = Callable[[Any, Any], Any]


class ExpressionFailed(EngineError):
    """表达式算不出结果。"""


def kind(value: object) -> str:
    """What to call a value's type in a sentence; the value itself may be personal and is never shown."""
    return KINDS.get(type(value), "不支持的内容")


def plain(value: Any) -> Any:
    """The value, if it is one that the language knows; aware instants and finite numbers only."""
    cls = type(value)
    if cls not in KINDS:
        raise ExpressionFailed("用到了不支持的内容；变量只能是文字、数字、是非值、日期、时刻、列表或数据项")
    if cls is datetime and value.tzinfo is None:
        raise ExpressionFailed("用到了没有时区的时刻；请改用带时区的时刻")
    if cls in NUMBERS and not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        raise ExpressionFailed("用到了超出范围的数字（整数部分最多 15 位）")
    return value


def truth(value: object) -> bool:
    if type(value) is bool:
        return value
    raise ExpressionFailed(f"条件应当是真或假，实际是{kind(value)}；请写成比较，例如 x == 1 或 x is not None")


def equal(left: Any, right: Any) -> bool:
    """Sameness; values of different kinds differ (True is not 1); a date against an instant is told."""
    kinds = type(left), type(right)
    if kinds[0] is kinds[1] and kinds[0] in SCALARS:
        return bool(left == right)
    if kinds[0] in NUMBERS and kinds[1] in NUMBERS:
        return bool(left == right)
    if kinds[0] in LISTS and kinds[1] in LISTS:
        return len(left) == len(right) and all(map(equal, left, right))
    if kinds[0] in MAPPINGS and kinds[1] in MAPPINGS:
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    if set(kinds) == {date, datetime}:
        raise _incomparable(left, right)
    return False


def unequal(left: Any, right: Any) -> bool:
    return not equal(left, right)


def contains(container: Any, item: Any) -> bool:
    """Whether a list has the value, a text the passage, a mapping the key."""
    cls = type(container)
    if cls in LISTS:
        return any(equal(item, member) for member in container)
    if cls is str and type(item) is str:
        return item in container
    if cls in MAPPINGS and type(item) is str:
        return item in container
    raise ExpressionFailed(f"in 的右边应当是列表或文字，实际是在{kind(container)}里找{kind(item)}")


def _ordering(compare: Operation) -> Operation:
    def ordered(left: Any, right: Any) -> bool:
        cls = type(left)
        if (cls is type(right) and cls in _ORDERED) or (cls in NUMBERS and type(right) in NUMBERS):
            return bool(compare(left, right))
        raise _incomparable(left, right)

    return ordered


less = _ordering(operator.lt)
less_or_equal = _ordering(operator.le)
greater = _ordering(operator.gt)
greater_or_equal = _ordering(operator.ge)


def _incomparable(left: object, right: object) -> ExpressionFailed:
    kinds = {kind(left), kind(right)}
    hint = ""
    if "空值" in kinds:
        hint = "；有一边还没有值（日期可能尚未确定）"
    elif kinds == {"日期", "时刻"}:
        hint = "；请先用 day_of(时刻) 取出日期"
    elif kinds & {"日期", "时刻"} and "文字" in kinds:
        hint = "；请先用 date(文字) 或 instant(文字) 转换"
    elif kinds == {"文字", "数字"}:
        hint = "；请核对变量是不是填成了文字"
    return ExpressionFailed(f"{kind(left)}和{kind(right)}不能比较{hint}")


def add(left: Any, right: Any) -> Any:
    """Numbers, texts, lists; a date or instant and a duration. An undetermined date stays undetermined."""
    if type(right) is Duration:
        return _shift(left, right)
    if type(left) is str and type(right) is str:
        return bounded(left + right)
    if type(left) in LISTS and type(right) in LISTS:
        return bounded([*left, *right])
    return _add_numbers(left, right)


def subtract(left: Any, right: Any) -> Any:
    if type(right) is Duration:
        return _shift(left, -right)
    if type(left) in (date, datetime) and type(right) is type(left):
        raise ExpressionFailed("日期不能直接相减；请用 days_between、months_between 或 years_between")
    return _subtract_numbers(left, right)


def _shift(moment: Any, duration: Duration) -> Any:
    if moment is None:
        return None
    if type(moment) not in (date, datetime):
        raise ExpressionFailed(f"时长只能与日期或时刻相加减，实际是{kind(moment)}")
    return add_duration(moment, duration)


def bounded(value: Any) -> Any:
    """The text or list that was made, unless it grew beyond what any scheme needs."""
    if len(value) > (LONGEST_TEXT if type(value) is str else LONGEST_LIST):
        raise ExpressionFailed("算出的文字或列表太长")
    return value


def number(value: Any) -> int | float:
    if type(value) not in NUMBERS:
        raise ExpressionFailed(f"这里应当是数字，实际是{kind(value)}")
    found: int | float = value
    return found


def within_range(result: Any) -> int | float:
    """A number that was computed, with no more than 15 digits before the point."""
    if abs(result) > LARGEST_NUMBER:
        raise ExpressionFailed("算出的数字超出范围（整数部分最多 15 位）")
    return float(result) if type(result) is Decimal else result


def decimal(value: Any) -> Decimal:
    """The number as people write it: 0.1 is a tenth."""
    return Decimal(repr(plain(number(value))))


def _arithmetic(whole: Operation, exact: Operation) -> Operation:
    """Whole numbers stay whole; others are computed as decimals, so that 0.4 × 57 + 0.6 × 62 is 60."""

    def compute(left: Any, right: Any) -> int | float:
        if type(left) is int and type(right) is int:
            return within_range(whole(left, right))
        return within_range(exact(decimal(left), decimal(right)))

    return compute


def _nonzero(compute: Operation) -> Operation:
    def checked(left: Any, right: Any) -> Any:
        if number(right) == 0:
            raise ExpressionFailed("除数是零")
        return compute(left, right)

    return checked


def _floor(left: Decimal, right: Decimal) -> Decimal:
    return _ARITHMETIC.divide(left, right).to_integral_value(ROUND_FLOOR)


def _remainder(left: Decimal, right: Decimal) -> Decimal:
    return _ARITHMETIC.subtract(left, _ARITHMETIC.multiply(right, _floor(left, right)))


def _divide_whole(left: int, right: int) -> float:
    return left / right


_add_numbers = _arithmetic(operator.add, _ARITHMETIC.add)
_subtract_numbers = _arithmetic(operator.sub, _ARITHMETIC.subtract)
multiply = _arithmetic(operator.mul, _ARITHMETIC.multiply)
divide = _nonzero(_arithmetic(_divide_whole, _ARITHMETIC.divide))
floor_divide = _nonzero(_arithmetic(operator.floordiv, _floor))
remainder = _nonzero(_arithmetic(operator.mod, _remainder))


def negate(value: Any) -> int | float:
    return -number(value)


def item_of(container: Any, key: Any) -> Any:
    """An item of a mapping by its name, or of a list or text by its place."""
    cls = type(container)
    try:
        if (cls in MAPPINGS and type(key) is str) or (cls in LISTS and type(key) is int):
            return plain(container[key])
        if cls is str and type(key) is int:
            return container[key]
    except LookupError:
        what = f"没有名为“{key}”的一项" if type(key) is str else f"没有第 {key} 项（从 0 数起）"
        raise ExpressionFailed(f"{kind(container)}里{what}") from None
    raise ExpressionFailed(f"不能用{kind(key)}从{kind(container)}里取值")


def part_of(container: Any, start: Any, stop: Any) -> Any:
    """The items of a list, or the characters of a text, from start up to stop."""
    if type(container) not in (*LISTS, str):
        raise ExpressionFailed(f"不能从{kind(container)}里截取一段")
    if any(type(place) not in (int, NoneType) for place in (start, stop)):
        raise ExpressionFailed("截取的起止位置应当是整数")
    return container[start:stop]


def total_size(value: Any) -> int:
    """Characters and items in the whole value; what an expression yields is stored, so it is bounded."""
    if type(value) is str:
        return len(value)
    parts: Sequence[Any] = ()
    if type(value) in LISTS:
        parts = value
    elif type(value) in MAPPINGS:
        parts = [*value, *value.values()]
    return len(parts) + sum(map(total_size, parts))
