"""Errors as problem details (RFC 9457), in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, json, request
from flask_smorest import Blueprint
from werkzeug.exceptions import HTTPException

from app.errors import DomainError, Invalid, SchemeInvalid

MEDIA_TYPE = "application/problem+json"

HTTP_ERRORS = {
    400: ("malformed", "请求有误，无法读取。"),
    404: ("not_found", "没有这个接口地址。"),
    405: ("method_not_allowed", "这个地址不支持该方法。"),
    413: ("too_large", "请求内容太大。"),
    500: ("internal", "系统出现故障，请稍后重试；仍然出现的，请联系系统管理员。"),
}
"""What the framework itself refuses, as code and sentence."""

Error = Mapping[str, str]


class Misread(Invalid):
    """请求内容有误，请按提示修改。"""

    def __init__(self, errors: Sequence[Error]) -> None:
        super().__init__()
        self.errors = errors


class Unrouted(Exception):
    """An address that leads nowhere, or not by this method; `error` is the router's own."""

    def __init__(self, error: HTTPException) -> None:
        super().__init__()
        self.error = error


def answer_in_problems(room: Blueprint) -> None:
    """Makes problems of all errors in a room."""
    room.register_error_handler(DomainError, _domain_error)
    room.register_error_handler(HTTPException, _http_error)


def answer_unknown_addresses(app: Flask, prefix: str) -> None:
    """The same for addresses that belong to no room, before anything is done that pages need."""

    def check(_endpoint: str | None, _values: Mapping[str, Any] | None) -> None:
        if isinstance(request.routing_exception, HTTPException) and request.path.startswith(prefix):
            raise Unrouted(request.routing_exception)

    app.url_value_preprocessor(check)
    app.register_error_handler(Unrouted, lambda unrouted: _http_error(unrouted.error))


@contextmanager
def pointing_into(member: str) -> Iterator[None]:
    """What a form refuses lies in one member of the body: its pointers begin there."""
    try:
        yield
    except Invalid as refusal:
        fields = {f"{member}-{name}": texts for name, texts in refusal.fields.items()}
        raise Invalid(fields, refusal.message) from refusal


def pointer(*parts: object) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _domain_error(error: DomainError) -> Response:
    title = type(error).__doc__ or error.message
    answer = _problem(error.status, error.code, title.strip(), error.message, _errors(error))
    answer.headers.update(error.headers)
    return answer


def _http_error(error: HTTPException) -> Response | HTTPException:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if status < HTTPStatus.BAD_REQUEST:
        return error
    code, title = HTTP_ERRORS.get(status, HTTP_ERRORS[400])
    answer = _problem(status, code, title, title)
    answer.headers.extend((name, value) for name, value in error.get_headers() if name != "Content-Type")
    return answer


def _problem(status: int, code: str, title: str, detail: str, errors: Sequence[Error] = ()) -> Response:
    told = {"type": f"urn:problem:{code}", "title": title, "status": status, "detail": detail, "code": code}
    answer = Response(json.dumps({**told, "errors": errors} if errors else told), status, mimetype=MEDIA_TYPE)
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _errors(error: DomainError) -> Sequence[Error]:
    if isinstance(error, Misread):
        return error.errors
    if isinstance(error, SchemeInvalid):
        return [{"detail": f"{found.file}：{found.message}"} for found in error.problems]
    if isinstance(error, Invalid):
        # A form names the cell of a table like `rows-0-grade`.
        return [
            {"pointer": pointer(*name.split("-")) if name else "", "detail": sentence}
            for name, sentences in error.fields.items()
            for sentence in sentences
        ]
    return ()
