"""How a request is read: its type, its size, its JSON; nothing gets further that no database can hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, ClassVar, NoReturn

import orjson
from flask import Request
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.routing import BaseConverter, IntegerConverter, Map

from app.api.problems import Error, Misread, answer_in_problems, pointer
from app.errors import DomainError

MOST_BYTES = 1024 * 1024
DEEPEST = 20
UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Malformed(DomainError):
    """请求内容不是合法的 JSON (RFC 8259，UTF-8)。"""

    code = "malformed"


class WrongType(DomainError):
    """请求内容的类型不对，请检查 Content-Type。"""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "wrong_type"


class TooLarge(DomainError):
    """请求内容太大。"""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_large"


class Parser(FlaskParser):
    """Reads bodies and query strings; the schema refuses what it does not know, wherever it stands."""

    DEFAULT_UNKNOWN_BY_LOCATION: ClassVar[dict[str, str | None]] = {}  # type: ignore[misc]  # its class has it bare

    def load_json(self, req: Request, schema: Schema) -> Any:
        if not req.is_json:
            raise WrongType("请求内容应为 application/json。")
        text = req.get_data()
        if len(text) > MOST_BYTES:
            raise TooLarge(f"请求内容太大，最多 {MOST_BYTES // 1024 // 1024} MB。")
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise Malformed from error

    def load_files(self, req: Request, schema: Schema) -> Any:
        if req.mimetype != "multipart/form-data":
            raise WrongType("文件应以 multipart/form-data 上传。")
        if req.form:
            raise Misread([{"pointer": pointer(name), "detail": "没有这个字段。"} for name in req.form])
        return super().load_files(req, schema)

    def pre_load(self, location_data: Any, *, schema: Schema, req: Request, location: str) -> Any:
        if location == "json":
            for parts, sentence in _unstorable(location_data):
                raise Misread([{"pointer": pointer(*parts), "detail": sentence}])
        if location == "query":
            for name in location_data:
                if UNSTORABLE.search(location_data[name]):
                    raise Misread([{"parameter": name, "detail": "含有控制字符。"}])
        return location_data

    def handle_error(self, error: ValidationError, *args: Any, **kwargs: Any) -> NoReturn:
        ((location, messages),) = error.normalized_messages().items()
        raise Misread(list(_told(messages, location))) from error


class Room(Blueprint):
    """A part of the API: its errors are problems, its requests are read by `Parser`."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, import_name: str, title: str) -> None:
        super().__init__(name, import_name, description=title)
        answer_in_problems(self)

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, *args: Any, **options: Any
    ) -> None:
        """Documents what any request of this kind may be refused with, beside what the view itself tells."""
        refusals = _refusals(rule, options.get("methods", ["GET"]), view_func)
        super().add_url_rule(rule, endpoint, self.doc(responses=refusals)(view_func), *args, **options)


class IdConverter(IntegerConverter):
    """A number in an address that the database can hold too; what is longer is no such address at all."""

    regex = "[0-9]{1,18}"

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=10**18 - 1)


class WordConverter(BaseConverter):
    """The id of a scheme or the random name of a file."""

    regex = "[A-Za-z0-9_-]{1,100}"


def _refusals(rule: str, methods: Iterable[str], view: Any) -> dict[int, str]:
    """Statuses with the names of their documented responses."""
    told = getattr(view, "_apidoc", {})
    statuses = [HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE]
    if "security" in told.get("manual_doc", {}):
        statuses += [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN]
    if {"POST", "PUT", "PATCH", "DELETE"}.intersection(methods):
        statuses += [HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT]
    elif "<" in rule:
        statuses += [HTTPStatus.NOT_FOUND]
    if any(argument["in"] != "query" for argument in told.get("arguments", {}).get("parameters", [])):
        statuses += [
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        ]
    return {status.value: status.name for status in statuses}


def _unstorable(value: Any, *place: object) -> Iterator[tuple[tuple[object, ...], str]]:
    """Places in a JSON value that hold what can't be kept, and why."""
    if len(place) > DEEPEST:
        yield place, "嵌套太深。"
    elif isinstance(value, str) and UNSTORABLE.search(value):
        yield place, "含有控制字符。"
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _unstorable(item, *place, number)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name.startswith("$") or UNSTORABLE.search(name):
                yield place, "有字段名以 $ 开头或含有控制字符。"
            yield from _unstorable(item, *place, name)


def _told(messages: Any, location: str, *place: object) -> Iterator[Error]:
    """marshmallow's nested messages, one error each, which says where in the request."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            # So marshmallow marks what it says of an object as a whole.
            yield from _told(inner, location, *place, *([] if name == "_schema" else [name]))
        return
    where = {"parameter": str(place[0])} if location == "query" and place else {"pointer": pointer(*place)}
    for sentence in messages:
        yield {**where, "detail": str(sentence)}
