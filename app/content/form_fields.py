"""The fields of a form: what the JSON file may say of each, read strictly."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.content.reading import NAME

LONGEST_LINE = 200
LONGEST_TEXT = 4000
MOST_ITEMS = 200
"""Bounds of a text of one line, of several, and of a list, unless the form sets its own."""

Complain = Callable[[str, str], None]
"""Takes the field's name and a sentence about it."""


@dataclass(frozen=True, slots=True)
class Option:
    value: Any
    label: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One field. Options are those that `enum`, `oneOf` or `x-options` give; None: free input.

    `item` is what an array holds; a table of rows has `columns` instead.
    """

    name: str
    type: str
    title: str
    widget: str
    help: str = ""
    format: str = ""
    options: Sequence[Option] | None = None
    const: Any = None
    default: Any = None
    read_only: bool = False
    required: bool = False
    limits: Mapping[str, Any] = field(default_factory=dict)
    sentences: Mapping[str, str] = field(default_factory=dict)
    clauses: Sequence[str] = ()
    accept: Sequence[str] = ()
    max_bytes: int | None = None
    width: int | None = None
    rows: int = 1
    item: "Field | None" = None
    columns: Sequence["Field"] = ()


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_texts(value: Any) -> bool:
    """Whether a JSON value is a list of texts."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _is_flag(value: Any) -> bool:
    return type(value) is bool


def _is_anything(value: Any) -> bool:
    return True


def _is_map_of_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


_BACKWARDS = re.compile(r"\\[1-9]|\(\?")
_NESTED = re.compile(r"\([^()]*[*+}|?][^()]*\)(?:[*+]|\{[0-9]*,)")
_ENDLESS = re.compile(r"(?<!\\)[*+]|,\}")


def _is_pattern(value: Any) -> bool:
    """A regular expression that cannot run away: no repeated group that itself repeats or chooses."""
    if not isinstance(value, str) or len(value) > 200:
        return False
    plain = value.replace("(?:", "(")
    if _BACKWARDS.search(plain) or _NESTED.search(plain) or len(_ENDLESS.findall(plain)) > 3:
        return False
    try:
        re.compile(value)
    except re.error:
        return False
    return True


_SHAPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "type": (_is_text, "文字"),
    "title": (_is_text, "文字"),
    "description": (_is_text, "文字"),
    "default": (_is_anything, ""),
    "readOnly": (_is_flag, "true 或 false"),
    "enum": (lambda value: isinstance(value, list) and bool(value), "一列取值"),
    "oneOf": (lambda value: isinstance(value, list) and bool(value), "一列 {const, title}"),
    "const": (_is_anything, ""),
    "minLength": (_is_count, "不小于零的整数"),
    "maxLength": (_is_count, "不小于零的整数"),
    "pattern": (_is_pattern, "正则表达式（不超过 200 字，不能有嵌套的重复、回溯引用和环视）"),
    "format": (_is_text, "文字"),
    "minimum": (_is_number, "数字"),
    "maximum": (_is_number, "数字"),
    "minItems": (_is_count, "不小于零的整数"),
    "maxItems": (_is_count, "不小于零的整数"),
    "uniqueItems": (_is_flag, "true 或 false"),
    "items": (lambda value: isinstance(value, dict), "一个字段的定义"),
    "x-widget": (_is_text, "文字"),
    "x-options": (_is_text, "目录名或 grades"),
    "x-accept": (is_texts, "一列扩展名，如 [pdf, jpg]"),
    "x-max-bytes": (_is_count, "字节数"),
    "x-clauses": (is_texts, "一列条款编号"),
    "x-error": (_is_map_of_texts, "“关键字: 提示语”"),
    "x-columns": (lambda value: type(value) is int and 1 <= value <= 12, "1 到 12 的栅格宽度"),
    "x-rows": (lambda value: type(value) is int and 1 <= value <= 30, "1 到 30 的行数"),
}
_COMMON = {
    "type", "title", "description", "default", "readOnly", "x-widget", "x-clauses", "x-error", "x-columns",
}  # fmt: skip
_CHOICE = {"enum", "oneOf", "x-options"}
_ALLOWED = {
    "string": _COMMON | _CHOICE | {"minLength", "maxLength", "pattern", "format", "x-accept", "x-max-bytes"},
    "integer": _COMMON | _CHOICE | {"minimum", "maximum", "format"},
    "number": _COMMON | {"minimum", "maximum"},
    "boolean": _COMMON | {"const"},
    "array": _COMMON | {"items", "minItems", "maxItems", "uniqueItems", "x-rows", "x-accept", "x-max-bytes"},
}
_LIMITS = ("minLength", "maxLength", "pattern", "minimum", "maximum", "minItems", "maxItems", "uniqueItems")
_FORMATS = {"string": ("date", "month", "email", "uri", "file"), "integer": ("person",)}
_WIDGETS = {
    "string": ("text", "textarea", "radio", "select", "trade", "date", "month", "email", "uri", "file"),
    "integer": ("number", "radio", "select", "person"),
    "number": ("number",),
    "boolean": ("checkbox", "radio"),
    "array": ("checkboxes", "file", "persons", "table", "select"),
}


class FieldReader:
    """Reads field definitions; `complain` is told whatever is wrong with them."""

    def __init__(self, complain: Complain, options: Mapping[str, Sequence[Option]]) -> None:
        self.complain = complain
        self.catalogues = options

    def read(self, name: str, spec: Any, *, required: bool, inside: str = "") -> Field | None:
        """The field, or None if its definition is too wrong to say what it is.

        `inside` is the table or list that the field stands in.
        """
        told = f"{inside}.{name}" if inside else name
        if not isinstance(spec, dict) or str(spec.get("type")) not in _ALLOWED:
            self.complain(told, f"type 应当是 {'、'.join(_ALLOWED)} 之一")
            return None
        if not re.match(NAME, name) or name.startswith("_") or name == "csrf_token":
            self.complain(told, "字段名只能用英文字母、数字和下划线，以字母开头，且不能是 csrf_token")
        kind: str = spec["type"]
        spec = self._known(told, kind, spec)
        if inside and kind == "array":
            self.complain(told, "表格和列表里面不能再有列表")
            return None
        item, columns = self._contents(told, spec) if kind == "array" else (None, ())
        options = self._options(told, spec)
        found = Field(
            name=name,
            type=kind,
            title=spec.get("title", ""),
            widget=spec.get("x-widget") or _usual_widget(kind, spec, options, item, columns),
            help=spec.get("description", ""),
            format=spec.get("format", ""),
            options=options,
            const=spec.get("const"),
            default=spec.get("default"),
            read_only=spec.get("readOnly", False),
            required=required,
            limits={key: spec[key] for key in _LIMITS if key in spec},
            sentences=spec.get("x-error", {}),
            clauses=tuple(spec.get("x-clauses", ())),
            accept=tuple(spec.get("x-accept", ())),
            max_bytes=spec.get("x-max-bytes"),
            width=spec.get("x-columns"),
            rows=spec.get("x-rows", 1),
            item=item,
            columns=columns,
        )
        self._check(told, found, spec)
        return found

    def _known(self, told: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
        """The keywords that this type may have and that are shaped as they should be."""
        known = {}
        for key, value in spec.items():
            if key not in _ALLOWED[kind]:
                what = f"{kind} 类型的字段不能用" if key in _SHAPES else "不认识的"
                self.complain(told, f"{what}关键字 {key}")
            elif not _SHAPES[key][0](value):
                self.complain(told, f"{key} 应当是{_SHAPES[key][1]}")
            else:
                known[key] = value
        return known

    def _contents(self, told: str, spec: dict[str, Any]) -> tuple[Field | None, Sequence[Field]]:
        items = spec.get("items")
        if items is None:
            self.complain(told, "列表要用 items 写明每一项是什么")
            return None, ()
        if items.get("type") != "object":
            item = {"title": spec.get("title", ""), **items}
            return self.read("item", item, required=True, inside=told), ()
        return None, self._columns(told, items)

    def _columns(self, told: str, items: dict[str, Any]) -> Sequence[Field]:
        for key in items.keys() - {"type", "title", "properties", "required", "additionalProperties"}:
            self.complain(told, f"表格的 items 里有不认识的关键字 {key}")
        properties, required = items.get("properties"), items.get("required", [])
        if not isinstance(properties, dict) or not properties or not is_texts(required):
            self.complain(told, "表格的 items 要有 properties（各列）；required 应当是一列列名")
            return ()
        for name in set(required) - properties.keys():
            self.complain(told, f"required 里提到的列 {name} 不存在")
        columns = [self.read(n, s, required=n in required, inside=told) for n, s in properties.items()]
        return tuple(column for column in columns if column)

    def _options(self, told: str, spec: dict[str, Any]) -> Sequence[Option] | None:
        given = [key for key in ("enum", "oneOf", "x-options") if key in spec]
        if len(given) > 1:
            self.complain(told, f"{' 和 '.join(given)} 只能用一个")
        if "x-options" in spec:
            if spec["x-options"] not in self.catalogues:
                self.complain(told, f"x-options 提到的目录 {spec['x-options']} 不存在")
            return self.catalogues.get(spec["x-options"], ())
        if "enum" in spec:
            return self._unique(told, [Option(value, str(value)) for value in spec["enum"]], spec["type"])
        if "oneOf" not in spec:
            return None
        for choice in spec["oneOf"]:
            if not isinstance(choice, dict) or choice.keys() != {"const", "title"}:
                self.complain(told, "oneOf 的每一项应当是 {const: 取值, title: 名称}")
                return ()
        choices = [Option(choice["const"], str(choice["title"])) for choice in spec["oneOf"]]
        return self._unique(told, choices, spec["type"])

    def _unique(self, told: str, options: Sequence[Option], kind: str) -> Sequence[Option]:
        wanted = str if kind == "string" else int
        for option in options:
            if type(option.value) is not wanted:
                self.complain(told, f"选项 {option.label} 的取值不是 {kind}")
        if len({option.value for option in options if type(option.value) is wanted}) < len(options):
            self.complain(told, "选项的取值有重复")
        return tuple(options)

    def _check(self, told: str, found: Field, spec: dict[str, Any]) -> None:
        if not found.title:
            self.complain(told, "缺少 title（字段的名称）")
        if found.format and found.format not in _FORMATS.get(found.type, ()):
            self.complain(told, f"{found.type} 类型的字段不能用 format: {found.format}")
        if found.widget not in _WIDGETS[found.type]:
            self.complain(told, f"{found.type} 类型的字段不能用 x-widget: {found.widget}")
        offered = (found.item or found).options
        if found.widget in ("radio", "select", "trade") and offered is None and found.type != "boolean":
            self.complain(told, f"x-widget: {found.widget} 要有选项（enum、oneOf 或 x-options）")
        for low, high in (("minLength", "maxLength"), ("minimum", "maximum"), ("minItems", "maxItems")):
            if low in found.limits and high in found.limits and found.limits[low] > found.limits[high]:
                self.complain(told, f"{low} 大于 {high}，怎么填都不行")
        for keyword in found.sentences.keys() - {*_LIMITS, "required", "enum", "format", "type", "const"}:
            self.complain(told, f"x-error 里的 {keyword} 不是会出错的关键字")
        if (found.accept or found.max_bytes) and (found.item or found).format != "file":
            self.complain(told, "x-accept 和 x-max-bytes 只能用于附件（format: file）")
        if found.const is not None and found.const is not True:
            self.complain(told, "是非字段的 const 只能是 true（必须勾选）")


def _usual_widget(
    kind: str,
    spec: dict[str, Any],
    options: Sequence[Option] | None,
    item: Field | None,
    columns: Sequence[Field],
) -> str:
    if kind == "array":
        if columns:
            return "table"
        return {"file": "file", "person": "persons"}.get(item.format if item else "", "checkboxes")
    if options is not None:
        return "radio" if len(options) <= 5 else "select"
    usual = {"string": "text", "integer": "number", "number": "number", "boolean": "checkbox"}
    return str(spec.get("format") or usual[kind])
