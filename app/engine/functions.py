"""The named functions of the expression language: the only things an expression can call."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.engine import civil, retirement, values, workdays
from app.engine.types import Context
from app.engine.values import LISTS, MAPPINGS, ExpressionFailed, kind, plain

_UNSET = object()


@dataclass(frozen=True, slots=True)
class Function:
    """A function that expressions may call, with the text that docs/expressions.md shows.

    `literal` means that the only argument must be a quoted text, so that a check can read it
    without running anything.
    """

    name: str
    signature: str
    doc: str
    call: Callable[..., Any]
    least: int
    most: int | None
    literal: bool


FUNCTIONS: dict[str, Function] = {}


def _function(
    signature: str, doc: str, *, literal: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(call: Callable[..., Any]) -> Callable[..., Any]:
        name = signature.partition("(")[0]
        arguments = list(inspect.signature(call).parameters.values())[1:]
        endless = any(a.kind is a.VAR_POSITIONAL for a in arguments)
        least = sum(a.default is a.empty and a.kind is not a.VAR_POSITIONAL for a in arguments)
        most = None if endless else len(arguments)
        FUNCTIONS[name] = Function(name, signature, doc, call, least, most, literal)
        return call

    return register


def _expect(value: Any, *allowed: type) -> Any:
    if type(value) not in allowed:
        wanted = "或".join(dict.fromkeys(values.KINDS[cls] for cls in allowed))
        raise ExpressionFailed(f"这里应当是{wanted}，实际是{kind(value)}")
    return value


def _whole(value: Any, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ExpressionFailed(f"这里应当是 {least} 到 {most} 之间的整数")
    return value


def _moments(start: Any, end: Any) -> tuple[Any, Any]:
    if type(_expect(start, date, datetime)) is not type(_expect(end, date, datetime)):
        raise ExpressionFailed("一个是日期，另一个是时刻；请先用 day_of(时刻) 取出日期")
    return start, end


@_function('named_date("名称")', "方案日历里的时刻；尚未确定时为空值", literal=True)
def _named_date(context: Context, name: str) -> datetime | None:
    try:
        known: datetime | None = plain(context.dates[name])
    except KeyError:
        raise ExpressionFailed(f"日历里没有名为“{name}”的日期") from None
    return known


@_function('parameter("名称")', "方案参数的值", literal=True)
def _parameter(context: Context, name: str) -> Any:
    try:
        return plain(context.parameters[name])
    except KeyError:
        raise ExpressionFailed(f"方案里没有名为“{name}”的参数") from None


@_function("now()", "此刻")
def _now(context: Context) -> datetime:
    return context.now


@_function("today()", "今天的日期（北京时间）")
def _today(context: Context) -> date:
    return civil.civil(context.now).date()


@_function('date("2020-12-31")', "文字写成的日期")
def _date(context: Context, text: Any) -> date:
    return text if type(text) is date else civil.parse_day(_expect(text, str))


@_function('instant("2021-07-23T24:00+08:00")', "文字写成的时刻，须带时区；24:00 即次日零点")
def _instant(context: Context, text: Any) -> datetime:
    return text if type(text) is datetime else civil.parse_instant(_expect(text, str))


@_function("day_of(时刻)", "时刻所在的日期（北京时间）；时刻未确定时为空值")
def _day_of(context: Context, moment: Any) -> date | None:
    return None if moment is None else civil.civil(_expect(moment, datetime)).date()


@_function('duration("P1M2DT3H")', "时长，可与日期或时刻相加减：P3D 三天，P1M 一个月，PT2H 两小时")
def _duration(context: Context, text: Any) -> civil.Duration:
    return civil.parse_duration(_expect(text, str))


@_function(
    "working_days(天数, 起点)",
    "起点次日起第几个工作日结束的时刻（24:00）；起点省略为此刻；日历不知道那一年时为空值",
)
def _working_days(context: Context, count: Any, start: Any = _UNSET) -> datetime | None:
    if start is None:
        return None
    start = context.now if start is _UNSET else _expect(start, date, datetime)
    return workdays.working_days(start, _whole(count, 1, 1000), context.workdays.is_workday)


@_function("years_between(早, 晚)", "满几年（周年数）")
def _years_between(context: Context, start: Any, end: Any) -> int:
    months = civil.months_between(*_moments(start, end))
    return months // 12 if months >= 0 else -(-months // 12)


@_function("months_between(早, 晚)", "满几个月")
def _months_between(context: Context, start: Any, end: Any) -> int:
    return civil.months_between(*_moments(start, end))


@_function("days_between(早, 晚)", "相隔几天（按日期数）")
def _days_between(context: Context, start: Any, end: Any) -> int:
    first, last = (civil.civil(m).date() if type(m) is datetime else m for m in _moments(start, end))
    return (last - first).days


@_function("add_months(日期, 月数)", "几个月后的同一日；那个月没有这一日的，为月末（民法典第二百零二条）")
def _add_months(context: Context, moment: Any, months: Any) -> Any:
    if moment is None:
        return None
    return civil.add_months(_expect(moment, date, datetime), _whole(months, -1200, 1200))


@_function(
    'retirement_date(出生日期, "类别")',
    "达到法定退休年龄的日期，含 2025 年起的渐进式延迟；类别按原退休年龄："
    "`male_60` 男、`female_55` 女干部、`female_50` 女工人",
)
def _retirement_date(context: Context, born: Any, kind: Any) -> date:
    return retirement.retirement_date(_expect(born, date), _expect(kind, str))


@_function("min(值, 值, …)", "最小的；也可以给一个列表")
def _min(context: Context, *items: Any) -> Any:
    return _best(items, values.less)


@_function("max(值, 值, …)", "最大的；也可以给一个列表")
def _max(context: Context, *items: Any) -> Any:
    return _best(items, values.greater)


def _best(items: tuple[Any, ...], better: values.Operation) -> Any:
    candidates = items[0] if len(items) == 1 and type(items[0]) in LISTS else items
    if not candidates:
        raise ExpressionFailed("空列表没有最大或最小的值")
    best = plain(candidates[0])
    for candidate in candidates[1:]:
        if better(plain(candidate), best):
            best = candidate
    return best


@_function("sum(列表)", "列表里各数之和")
def _sum(context: Context, items: Any) -> int | float:
    total: int | float = 0
    for item in _expect(items, *LISTS):
        total = values.add(total, values.number(item))
    return total


@_function("len(值)", "列表有几项，或文字有几个字")
def _len(context: Context, value: Any) -> int:
    return len(_expect(value, str, *LISTS, *MAPPINGS))


@_function("count(列表, 值)", "列表里有几项等于该值")
def _count(context: Context, items: Any, value: Any) -> int:
    return sum(values.equal(value, item) for item in _expect(items, *LISTS))


@_function('pluck(列表, "名称")', "从列表的每个数据项里取出同一项，成为新列表")
def _pluck(context: Context, items: Any, name: Any) -> list[Any]:
    return [values.item_of(item, _expect(name, str)) for item in _expect(items, *LISTS)]


@_function("abs(数字)", "绝对值")
def _abs(context: Context, value: Any) -> int | float:
    return abs(values.number(value))


@_function("round(数字, 小数位)", "四舍五入；小数位 0 到 6，省略为 0")
def _round(context: Context, value: Any, digits: Any = 0) -> int | float:
    places = _whole(digits, 0, 6)
    rounded = values.decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return float(rounded) if places else int(rounded)


@_function('get(数据项, "名称", 缺省值)', "数据项里的一项；没有时为缺省值")
def _get(context: Context, mapping: Any, name: Any, default: Any = None) -> Any:
    return plain(_expect(mapping, *MAPPINGS).get(_expect(name, str), default))


@_function("text(值)", "数字、日期写成文字")
def _text(context: Context, value: Any) -> str:
    return str(_expect(value, str, int, float, date))
