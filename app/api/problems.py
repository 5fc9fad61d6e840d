"""Errors as problem details (RFC 9457), in the reader's language."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, json, request
from flask_smorest import Blueprint
from werkzeug.exceptions import HTTPException

from app.errors import DomainError, Invalid, NotFound, SchemeInvalid

MEDIA_TYPE = "application/problem+json"

SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "字段及其错误；pointer 为 JSON Pointer (RFC 6901)。",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}

TITLES = {
    400: "请求有误",
    401: "尚未登录",
    404: "没有找到",
    405: "不支持的方法",
    413: "内容太大",
    415: "不支持的内容类型",
    422: "内容有误",
}


def problem(status: int, code: str, title: str, detail: str | None = None, **extra: Any) -> Response:
    body = {"type": f"urn:problem:{code}", "title": title, "status": status, **extra}
    if detail and detail != title:
        body["detail"] = detail
    return Response(json.dumps(body), status, mimetype=MEDIA_TYPE)


def answer_in_problems(blueprint: Blueprint) -> None:
    blueprint.register_error_handler(DomainError, _domain_error)
    blueprint.register_error_handler(HTTPException, _http_error)


def answer_unknown_addresses(app: Flask) -> None:
    """An address under /api/v1 that leads nowhere is answered like any other error of the API."""

    def nowhere(rest: str) -> Response:
        return _domain_error(NotFound("没有这个接口地址。"))

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    app.add_url_rule("/api/v1/<path:rest>", "api_nowhere", nowhere, methods=methods)


def _domain_error(error: DomainError) -> Response:
    extra: dict[str, Any] = {}
    if isinstance(error, Invalid) and error.fields:
        extra["errors"] = [
            {"pointer": "/" + name.replace("-", "/") if name else "", "detail": sentence}
            for name, sentences in error.fields.items()
            for sentence in sentences
        ]
    if isinstance(error, SchemeInvalid):
        extra["errors"] = [
            {"pointer": found.element or "", "detail": f"{found.file}：{found.message}"}
            for found in error.problems
        ]
    return problem(error.status, error.code, error.message, **extra)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    extra: dict[str, Any] = {}
    messages = getattr(error, "data", {}).get("messages") if hasattr(error, "data") else None
    if messages:
        extra["errors"] = list(_pointers(messages))
    title = TITLES.get(status, "请求未能完成")
    return problem(status, f"http-{status}", title, request.path if status == 405 else None, **extra)


def _pointers(messages: Any, pointer: str = "") -> Any:
    """marshmallow's nested messages, one pointer each; the outer key says where in the request."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            outermost = not pointer and key in ("json", "query", "headers", "files")
            yield from _pointers(inner, pointer if outermost else f"{pointer}/{key}")
    else:
        for sentence in messages if isinstance(messages, list) else [messages]:
            yield {"pointer": pointer, "detail": str(sentence)}
