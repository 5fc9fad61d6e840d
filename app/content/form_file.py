"""Reading and checking a form's JSON file."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from app.content.conditions import Conditions, read_conditions
from app.content.form_fields import Complain, Field, Option
from app.content.form_keywords import is_texts
from app.content.form_reader import FieldReader
from app.content.form_schema import build_schema
from app.content.forms import Form, Section
from app.content.reading import short
from app.engine.types import Problem

LARGEST_FILE = 256 * 1024
_ROOT = {
    "$schema", "$comment", "type", "title", "description", "properties", "required", "allOf",
    "additionalProperties", "x-sections", "x-clauses",
}  # fmt: skip


def read_form(
    file: str, content: bytes, options: Mapping[str, Sequence[Option]], problems: list[Problem]
) -> Form | None:
    """The form in the file, or None if it is too wrong; `problems` grows by whatever is wrong.

    `options` are the catalogues, and the scheme's grades, that `x-options` may name.
    """

    def complain(name: str, sentence: str) -> None:
        where = f"的字段 {name}" if name else ""
        problems.append(Problem(file, f"表单 {short(file)} {where}：{sentence}", element=name or None))

    source = _read_json(content, complain)
    if source is None:
        return None
    for key in source.keys() - _ROOT:
        complain("", f"不认识的关键字 {key}")
    properties = source.get("properties")
    if source.get("type") != "object" or not isinstance(properties, dict) or not properties:
        complain("", '最外层应当有 "type": "object" 和 properties（各字段）')
        return None
    for key in ("title", "description"):
        if not isinstance(source.get(key, ""), str) or (key == "title" and not source.get(key)):
            complain("", f"缺少 {key}，或它不是文字")
    if not is_texts(source.get("x-clauses", [])):
        complain("", "x-clauses 应当是一列条款编号")
    required = _required(source, complain)
    reader = FieldReader(complain, options)
    read = {name: reader.read(name, spec, required=name in required) for name, spec in properties.items()}
    fields = {name: field for name, field in read.items() if field}
    _check_defaults(fields, complain)
    conditions = read_conditions(source["allOf"], fields, complain) if "allOf" in source else Conditions()
    sections = _sections(source.get("x-sections"), properties, fields, complain)
    title, description = str(source.get("title", "")), str(source.get("description", ""))
    return Form(file, title, fields, sections, conditions, source, description)


def _required(source: Mapping[str, Any], complain: Complain) -> Sequence[str]:
    required = source.get("required", [])
    if not is_texts(required):
        complain("", "required 应当是一列字段名")
        return ()
    for name in required:
        if name not in source["properties"]:
            complain(name, f"required 里提到的字段 {name} 不存在")
    return tuple(required)


def _check_defaults(fields: Mapping[str, Field], complain: Complain) -> None:
    """What a form fills in by itself must be something that it would take."""
    for name, field in fields.items():
        if field.default is not None and build_schema([field]).validate({name: field.default}):
            complain(name, "default 不符合这个字段自己的要求")


def _read_json(content: bytes, complain: Complain) -> dict[str, Any] | None:
    if len(content) > LARGEST_FILE:
        complain("", f"文件太大（最多 {LARGEST_FILE // 1024} KB）")
        return None
    try:
        text = content.decode("utf-8")
        source = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except UnicodeDecodeError:
        complain("", "文件不是 UTF-8 编码；请另存为 UTF-8")
    except json.JSONDecodeError as problem:
        place = f"第 {problem.lineno} 行第 {problem.colno} 个字附近"
        complain("", f"{place}不是正确的 JSON；请核对逗号、引号和括号")
    except (ValueError, RecursionError) as problem:
        complain("", str(problem) if isinstance(problem, ValueError) else "层次太深")
    else:
        if isinstance(source, dict):
            return source
        complain("", "最外层应当是 { }")
    return None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"“{twice}”写了两次；请合并或改名")
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(f"不能用 {text}；请写数字")


def _sections(
    given: Any, properties: Mapping[str, Any], fields: Mapping[str, Field], complain: Complain
) -> Sequence[Section]:
    """Every field in exactly one section; a form without sections is one."""
    if given is None:
        return (Section("", tuple(fields)),)
    if not isinstance(given, list) or not all(map(_is_section, given)):
        complain("", "x-sections 应当是一列 {title: 名称, fields: [字段]}")
        return (Section("", tuple(fields)),)
    placed = [name for section in given for name in section["fields"]]
    for name in dict.fromkeys(placed):
        if name not in properties:
            complain(name, f"x-sections 里提到的字段 {name} 不存在")
        elif placed.count(name) > 1:
            complain(name, "在 x-sections 里放了不止一处")
    for name in properties.keys() - set(placed):
        complain(name, "没有放进 x-sections 的任何一节，页面上不会出现")
    return tuple(Section(s["title"], tuple(n for n in s["fields"] if n in fields)) for s in given)


def _is_section(given: Any) -> bool:
    shaped = isinstance(given, dict) and given.keys() == {"title", "fields"}
    return shaped and isinstance(given["title"], str) and is_texts(given["fields"])
