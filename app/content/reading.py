"""Strict reading of the scheme's YAML files: what each key must be, told in sentences that name the place."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any, ClassVar

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate
from marshmallow.types import ErrorMessages

from app.content.instants import parse_local_instant
from app.content.yaml_text import YamlError, read_yaml
from app.engine.civil import parse_day
from app.engine.types import Problem

NAME = r"^[A-Za-z_][A-Za-z0-9_]*\Z"
"""What a variable, date, parameter or grade may be called, so that expressions can mention it."""


def _messages(wrong: str = "") -> ErrorMessages:
    """What a field says when it is missing, empty, or `wrong`."""
    return {"required": "缺少这一项", "null": "不能空着", "invalid": wrong, "type": wrong}


class Text(fields.String):
    default_error_messages = _messages("应当是文字；数字请加引号")


class Code(fields.String):
    """A code of digits, which YAML reads as a number unless it is quoted."""

    default_error_messages = _messages("应当是代码")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return super()._deserialize(str(value) if type(value) is int else value, attr, data, **kwargs)


class Whole(fields.Integer):
    default_error_messages = _messages("应当是整数")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, **kwargs)


class Flag(fields.Boolean):
    default_error_messages = _messages("应当是 true 或 false")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if type(value) is not bool:
            raise self.make_error("invalid")
        return value


class Plain(fields.Raw):
    default_error_messages = _messages()


class Day(fields.Field[date]):
    default_error_messages = _messages()

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        try:
            return parse_day(str(value))
        except ValueError as problem:
            raise ValidationError(str(problem)) from None


class Moment(fields.Field[datetime]):
    """An instant in Asia/Shanghai, read as aware UTC."""

    default_error_messages = _messages()

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            return parse_local_instant(str(value))
        except ValueError as problem:
            raise ValidationError(str(problem)) from None


class ListOf(fields.List[Any]):
    default_error_messages = _messages("应当是一列内容，写成 [甲, 乙]")


class MapOf(fields.Dict):
    """Things by name; the name of the one that is wrong is the next step of the error's path.

    `keyed` is the attribute in which each thing is told its own name.
    """

    default_error_messages = _messages("应当是“名称: 内容”的形式")

    def __init__(
        self, keys: fields.Field[Any], values: fields.Field[Any], keyed: str = "", **kwargs: Any
    ) -> None:
        super().__init__(keys, values, **kwargs)
        self.keyed = keyed

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            found: dict[str, Any] = super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]  # marshmallow's
        except ValidationError as problem:
            if not isinstance(problem.messages, dict):
                raise
            raise ValidationError(
                {name: wrong.get("value") or wrong["key"] for name, wrong in problem.messages.items()}
            ) from None
        if self.keyed:
            return {name: replace(thing, **{self.keyed: name}) for name, thing in found.items()}
        return found


class Part(fields.Nested):
    default_error_messages = _messages("应当是“键: 值”的形式")


def _record_messages() -> dict[str, str]:
    return {"unknown": "不认识的键；请核对拼写", "type": "应当是“键: 值”的形式"}


class Record(Schema):
    """A mapping whose keys are all declared; it becomes an instance of `made`."""

    class Meta:
        unknown = RAISE

    error_messages = _record_messages()
    made: ClassVar[Callable[..., Any]]

    @post_load
    def make(self, data: Any, **kwargs: Any) -> Any:
        return self.made(**data)


def one_of(*choices: str) -> validate.OneOf:
    return validate.OneOf(choices, error=f"应当是 {'、'.join(choices)} 之一")


def named(what: str = "名称") -> Text:
    """The name of a date, parameter, variable …: a word that an expression can mention."""
    return Text(validate=validate.Regexp(NAME, error=f"{what}只能用英文字母、数字和下划线，且不以数字开头"))


def region(**kwargs: Any) -> Code:
    return Code(validate=validate.Regexp(r"^[1-9][0-9]{5}\Z", error="应当是六位行政区划代码"), **kwargs)


def texts(**kwargs: Any) -> ListOf:
    return ListOf(Text(), load_default=(), **kwargs)


def short(file: str) -> str:
    """The file as a sentence calls it: its name without the folders."""
    return PurePosixPath(file).name


def form_values(**kwargs: Any) -> MapOf:
    """Values by field, as a form or a message has them; what they are is the form's matter."""
    return MapOf(keys=Text(), values=Plain(allow_none=True), **kwargs)


def read_record(
    load: Callable[[Any], Any], file: str, content: bytes, problems: list[Problem], *, depth: int = 1
) -> Any:
    """What the file says, or None if it is wrong; then `problems` has grown.

    `depth` tells which step of a path is the element that a problem names: 1 under a top-level key.
    """
    try:
        return load(read_yaml(content))
    except YamlError as problem:
        problems.append(Problem(file, f"{short(file)}：{problem}", row=problem.line))
    except ValidationError as problem:
        found = sorted(leaves(problem.messages))
        problems += [_problem(file, path, text, depth) for path, text in found]
    return None


def leaves(messages: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every sentence in marshmallow's nested messages, with the path to its place."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            step = f"第 {key + 1} 项" if isinstance(key, int) else str(key)
            yield from leaves(inner, path if key == "_schema" else (*path, step))
    else:
        for text in [messages] if isinstance(messages, str) else messages:
            yield path, text


def _problem(file: str, path: tuple[str, ...], text: str, depth: int) -> Problem:
    place = " 的 ".join(path)
    return Problem(
        file,
        f"{short(file)}：{place}：{text}" if place else f"{short(file)}：{text}",
        element=path[min(depth, len(path) - 1)] if path else None,
        column=path[-1] if len(path) > depth + 1 else None,
    )
