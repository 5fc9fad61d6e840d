"""When a field of a form is shown and when it must be filled in: the `allOf` of `if` and `then`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.content.form_fields import Complain, Field
from app.content.form_keywords import is_texts


@dataclass(frozen=True, slots=True)
class Test:
    """That a field has one of these values; of a list, that it contains one of them."""

    field: str
    values: Sequence[Any]
    contains: bool = False

    def holds(self, value: Any) -> bool:
        given = value if self.contains and isinstance(value, list) else [value]
        return any(type(a) is type(b) and a == b for a in given for b in self.values)


@dataclass(frozen=True, slots=True)
class Condition:
    """If every test holds, `required` must be filled in and `shown` are visible."""

    tests: Sequence[Test]
    required: frozenset[str]
    shown: frozenset[str]


@dataclass(frozen=True, slots=True)
class Conditions:
    all: Sequence[Condition] = ()

    @property
    def controls(self) -> frozenset[str]:
        """The fields on whose values others depend: a page asks again when they change."""
        return frozenset(test.field for condition in self.all for test in condition.tests)

    def governed(self, name: str) -> list[Condition]:
        """The conditions that show the field; one that none of them governs is always visible."""
        return [condition for condition in self.all if name in condition.shown]

    def visible(self, name: str, values: Mapping[str, Any]) -> bool:
        governed = self.governed(name)
        return not governed or any(self.holds(condition, values) for condition in governed)

    def holds(self, condition: Condition, values: Mapping[str, Any]) -> bool:
        """A test of a hidden field fails, whatever was sent for it."""
        return all(t.holds(values.get(t.field)) and self.visible(t.field, values) for t in condition.tests)

    def required(self, values: Mapping[str, Any]) -> frozenset[str]:
        """The fields that these values make required, beside those that always are."""
        return frozenset[str]().union(*(c.required for c in self.all if self.holds(c, values)))


def read_conditions(given: Any, fields: Mapping[str, Field], complain: Complain) -> Conditions:
    """The conditions of a form; `complain` is told about wrong ones, which are left out."""
    if not isinstance(given, list) or not given:
        complain("allOf", "allOf 应当是一列 {if: …, then: …}")
        return Conditions()
    found = [c for number, part in enumerate(given, 1) if (c := _Reader(number, fields, complain).read(part))]
    conditions = Conditions(tuple(found))
    for name in fields:
        if _depends_on_itself(name, name, conditions, set()):
            complain(name, "这个字段的显示条件绕了一圈又取决于它自己")
            return Conditions()
    return conditions


def _depends_on_itself(name: str, goal: str, conditions: Conditions, seen: set[str]) -> bool:
    for condition in conditions.governed(name):
        for test in condition.tests:
            if test.field == goal:
                return True
            if test.field not in seen:
                seen.add(test.field)
                if _depends_on_itself(test.field, goal, conditions, seen):
                    return True
    return False


class _Reader:
    """Reads one condition; `number` counts from 1 in the file."""

    def __init__(self, number: int, fields: Mapping[str, Field], complain: Complain) -> None:
        self.place = f"allOf 第 {number} 项"
        self.fields = fields
        self.complain = complain
        self.sound = True

    def fault(self, name: str, sentence: str) -> None:
        self.sound = False
        self.complain(name, f"{self.place}：{sentence}")

    def read(self, part: Any) -> Condition | None:
        if not isinstance(part, dict) or part.keys() != {"if", "then"}:
            self.fault("allOf", "应当只有 if 和 then")
            return None
        tests = self._tests(part["if"])
        required, shown = self._consequences(part["then"])
        return Condition(tests, required, shown) if self.sound else None

    def _tests(self, given: Any) -> Sequence[Test]:
        properties = given.get("properties") if isinstance(given, dict) else None
        if not properties or not isinstance(properties, dict) or given.keys() - {"properties", "required"}:
            self.fault("allOf", "if 应当写成 {properties: {字段: {const: 取值}}, required: [字段]}")
            return ()
        required = given.get("required")
        if not is_texts(required) or set(required) != properties.keys():
            self.fault("allOf", "if 的 required 应当正好列出 if 里提到的字段，否则没有填写时条件也算成立")
        return tuple(test for name, how in properties.items() if (test := self._test(name, how)))

    def _test(self, name: str, how: Any) -> Test | None:
        if name not in self.fields:
            self.fault(name, f"条件里提到的字段 {name} 不存在")
            return None
        contains = isinstance(how, dict) and how.keys() == {"contains"}
        inner = how["contains"] if contains else how
        if not isinstance(inner, dict) or inner.keys() not in ({"const"}, {"enum"}):
            self.fault(name, "条件只能写 const、enum 或 contains")
            return None
        values = inner.get("enum", [inner.get("const")])
        if not isinstance(values, list) or contains != (self.fields[name].type == "array"):
            self.fault(name, "列表字段的条件要写成 {contains: {const: 取值}}，其他字段不用 contains")
            return None
        self._check_values(name, values)
        return Test(name, tuple(values), contains)

    def _check_values(self, name: str, values: Sequence[Any]) -> None:
        tested = self.fields[name]
        item = tested.item if tested.type == "array" and tested.item else tested
        if item.type == "boolean":
            known: list[Any] = [True, False]
        elif item.options is None:
            return
        else:
            known = [option.value for option in item.options]
        for value in values:
            if not any(type(value) is type(k) and value == k for k in known):
                self.fault(name, f"条件里的取值 {value} 不在字段 {name} 的选项里")

    def _consequences(self, given: Any) -> tuple[frozenset[str], frozenset[str]]:
        if not isinstance(given, dict) or not given or given.keys() - {"required", "properties"}:
            self.fault("allOf", "then 里只能写 required 和 properties")
            return frozenset(), frozenset()
        required, shown = given.get("required", []), given.get("properties", {})
        if not is_texts(required) or not isinstance(shown, dict):
            self.fault("allOf", "then 的 required 应当是一列字段，properties 应当写成 {字段: true}")
            return frozenset(), frozenset()
        for name in [*required, *shown]:
            if name not in self.fields:
                self.fault(name, f"then 里提到的字段 {name} 不存在")
        if any(value is not True for value in shown.values()):
            self.fault("allOf", "then 的 properties 里每个字段只能写 true（表示显示）")
        return frozenset(required), frozenset(shown)
