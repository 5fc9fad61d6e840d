"""A form's marshmallow schema, made from its fields; every refusal is a sentence that names the field."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from app.content.form_fields import LONGEST_LINE, LONGEST_TEXT, MOST_ITEMS, Field
from app.content.identity import clean_citizen_id
from app.engine.civil import parse_day

_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Control characters and lone surrogates: no database text, no printed form can hold them."""
_LARGEST = 10**15

Check = Callable[[Any], None]


class _Text(fields.String):
    """Text without the spaces around it; line ends as one character."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if _UNSTORABLE.search(value):
            raise self.make_error("unstorable")
        return value.replace("\r\n", "\n").replace("\r", "\n").strip()


class _Number(fields.Field[int | float]):
    """A number that is one in JSON too; nothing is read into a text or a truth value."""

    def __init__(self, whole: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.whole = whole

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int | float:
        if type(value) not in (int, float) or not math.isfinite(value) or abs(value) > _LARGEST:
            raise self.make_error("invalid")
        if self.whole and value != int(value):
            raise self.make_error("invalid")
        return int(value) if self.whole else value


class _Flag(fields.Field[bool]):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if type(value) is not bool:
            raise self.make_error("invalid")
        return value


UNKNOWN = "unknown"
"""What marshmallow says of a field that the form lacks; the form knows the name and makes the sentence."""


def _messages() -> dict[str, str]:
    return {"unknown": UNKNOWN, "type": "这一行应当是“列: 值”的形式"}


class _Values(Schema):
    error_messages = _messages()


def build_schema(form_fields: Sequence[Field]) -> Schema:
    """A schema in which every field may be left out: what is required depends on what else is filled in."""
    return _schema("FormSchema", form_fields, required=False)


def _schema(name: str, form_fields: Sequence[Field], *, required: bool) -> Schema:
    made = _Values.from_dict({f.name: _field(f, required and f.required) for f in form_fields}, name=name)
    return made(unknown=RAISE)


def missing(field: Field) -> str:
    """What to say when the field was left empty."""
    if field.type == "boolean" and field.const is True:
        usual = f"请勾选“{field.title}”"
    elif "file" in (field.format, field.item.format if field.item else ""):
        usual = f"请上传“{field.title}”"
    elif field.options is not None or field.type == "array":
        usual = f"请选择“{field.title}”" if not field.columns else f"请填写“{field.title}”，至少一行"
    else:
        usual = f"请填写“{field.title}”"
    return field.sentences.get("required", usual)


def _field(field: Field, required: bool) -> fields.Field[Any]:
    type_sentence = field.sentences.get("type", f"“{field.title}”{_SHAPE[field.type]}")
    messages = {
        "required": missing(field),
        "null": missing(field),
        "invalid": type_sentence,
        "type": type_sentence,
        "unstorable": f"“{field.title}”里有不能保存的字符，请删去后重新输入",
    }
    common: dict[str, Any] = {
        "required": required,
        "error_messages": messages,
        "validate": [*_checks(field)],
    }
    if field.type == "string":
        return _Text(**common)
    if field.type == "boolean":
        return _Flag(**common)
    if field.type in ("integer", "number"):
        return _Number(field.type == "integer", **common)
    if field.columns:
        rows = fields.Nested(
            _schema("RowSchema", field.columns, required=True), error_messages={"type": type_sentence}
        )
        return fields.List(rows, **common)
    return fields.List(_field(field.item, True) if field.item else fields.Raw(), **common)


_SHAPE = {
    "string": "应当是文字",
    "integer": "应当是整数，只填数字",
    "number": "应当是数字",
    "boolean": "应当是“是”或“否”",
    "array": "应当是一列内容",
}


def _checks(field: Field) -> list[Check]:
    checks = [make(field) for keyword, make in _LIMIT_CHECKS.items() if keyword in field.limits]
    if field.type == "string":
        bound = LONGEST_TEXT if field.widget == "textarea" else LONGEST_LINE
        checks.append(_longest(field, field.limits.get("maxLength", bound)))
    if field.type == "array":
        checks.append(_most(field, field.limits.get("maxItems", MOST_ITEMS)))
    if field.options is not None:
        sentence = field.sentences.get("enum", f"请从“{field.title}”列出的选项中选择")
        checks.append(validate.OneOf([option.value for option in field.options], error=sentence))
    if field.const is True:
        checks.append(validate.Equal(True, error=field.sentences.get("const", missing(field))))
    if field.format:
        checks.append(_FORMATS[field.format](field))
    return checks


def _sentence(field: Field, keyword: str, usual: str) -> str:
    """The form's own sentence, or the usual one; `{` would be a placeholder to marshmallow."""
    return field.sentences.get(keyword, f"“{field.title}”{usual}").replace("{", "（").replace("}", "）")


def _shortest(field: Field) -> Check:
    low = field.limits["minLength"]
    return validate.Length(min=low, error=_sentence(field, "minLength", f"至少要写 {low} 个字"))


def _longest(field: Field, high: int) -> Check:
    return validate.Length(max=high, error=_sentence(field, "maxLength", f"最多写 {high} 个字，请精简"))


def _pattern(field: Field) -> Check:
    pattern = re.compile(field.limits["pattern"], re.ASCII)
    sentence = _sentence(field, "pattern", "的格式不对，请按说明填写")

    def check(value: str) -> None:
        if not pattern.search(value[:LONGEST_TEXT]):
            raise ValidationError(sentence)

    return check


def _minimum(field: Field) -> Check:
    low = field.limits["minimum"]
    return validate.Range(min=low, error=_sentence(field, "minimum", f"不能小于 {low}"))


def _maximum(field: Field) -> Check:
    high = field.limits["maximum"]
    return validate.Range(max=high, error=_sentence(field, "maximum", f"不能大于 {high}"))


def _least(field: Field) -> Check:
    low = field.limits["minItems"]
    return validate.Length(min=low, error=_sentence(field, "minItems", f"至少要有 {low} 项"))


def _most(field: Field, high: int) -> Check:
    return validate.Length(max=high, error=_sentence(field, "maxItems", f"最多 {high} 项"))


def _unique(field: Field) -> Check:
    sentence = _sentence(field, "uniqueItems", "有重复的项，请删去一个")

    def check(items: Sequence[Any]) -> None:
        if any(item in items[:place] for place, item in enumerate(items)):
            raise ValidationError(sentence)

    return check


_LIMIT_CHECKS: dict[str, Callable[[Field], Check]] = {
    "minLength": _shortest,
    "pattern": _pattern,
    "minimum": _minimum,
    "maximum": _maximum,
    "minItems": _least,
    "uniqueItems": _unique,
}


def _date(field: Field) -> Check:
    sentence = _sentence(field, "format", "应当是日期，写成 2021-06-01 这样")

    def check(value: str) -> None:
        try:
            parse_day(value)
        except ValueError:
            raise ValidationError(sentence) from None

    return check


def _matching(pattern: str, usual: str) -> Callable[[Field], Check]:
    compiled = re.compile(pattern)

    def make(field: Field) -> Check:
        sentence = _sentence(field, "format", usual)

        def check(value: str) -> None:
            if not compiled.fullmatch(value):
                raise ValidationError(sentence)

        return check

    return make


def _id_number(field: Field) -> Check:
    sentences = field.sentences

    def check(value: str) -> None:
        try:
            clean_citizen_id(value, date.max)
        except ValueError as fault:
            raise ValidationError(sentences.get("format", f"“{field.title}”：{fault}")) from None

    return check


def _person(field: Field) -> Check:
    return validate.Range(min=1, error=_sentence(field, "format", "请从名单中选择人员"))


def _colleague(field: Field) -> Check:
    return validate.Range(min=1, error=_sentence(field, "format", "请从名单中选择同事"))


_FORMATS: Mapping[str, Callable[[Field], Check]] = {
    "date": _date,
    "month": _matching(r"[12][0-9]{3}-(?:0[1-9]|1[0-2])", "应当是年月，写成 2021-06 这样"),
    "email": _matching(r"[^@\s]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}", "应当是电子邮箱地址"),
    "uri": _matching(r"https?://[^\s<>\"]{1,500}", "应当是以 http:// 或 https:// 开头的网址"),
    "file": _matching(r"[A-Za-z0-9_-]{1,64}", "不是已上传的附件，请重新上传"),
    "person": _person,
    "colleague": _colleague,
    "id_number": _id_number,
}
