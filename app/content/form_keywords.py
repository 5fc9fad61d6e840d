"""The keywords of JSON Schema 2020-12, and of ours beside it, that a form's file may use."""

import re
from collections.abc import Callable
from typing import Any


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


SHAPES: dict[str, tuple[Callable[[Any], bool], str]] = {
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
    "x-begins": (_is_text, "流程编号"),
    "x-rows": (lambda value: type(value) is int and 1 <= value <= 30, "1 到 30 的行数"),
}
_COMMON = {
    "type", "title", "description", "default", "readOnly", "x-widget", "x-clauses", "x-error", "x-columns",
}  # fmt: skip
_CHOICE = {"enum", "oneOf", "x-options"}
ALLOWED = {
    "string": _COMMON | _CHOICE | {"minLength", "maxLength", "pattern", "format", "x-accept", "x-max-bytes"},
    "integer": _COMMON | _CHOICE | {"minimum", "maximum", "format", "x-begins"},
    "number": _COMMON | {"minimum", "maximum"},
    "boolean": _COMMON | {"const"},
    "array": _COMMON
    | {"items", "minItems", "maxItems", "uniqueItems", "x-rows", "x-accept", "x-max-bytes", "x-begins"},
}
LIMITS = ("minLength", "maxLength", "pattern", "minimum", "maximum", "minItems", "maxItems", "uniqueItems")
FORMATS = {
    "string": ("date", "month", "email", "uri", "file", "id_number"),
    "integer": ("person", "colleague"),
}
WIDGETS = {
    "string": ("text", "textarea", "radio", "select", "trade", "date", "month", "email", "uri", "file"),
    "integer": ("number", "radio", "select", "person"),
    "number": ("number",),
    "boolean": ("checkbox", "radio"),
    "array": ("checkboxes", "file", "persons", "table", "select"),
}
