"""What every answer carries and every changing request must show: policy headers, cookie, same origin."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface
from flask_babel import gettext as _
from werkzeug.routing import IntegerConverter, Map

from app.errors import Forbidden, Invalid

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-src 'self'",
        "frame-ancestors 'self'",
        "base-uri 'none'",
        "object-src 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
API = "/api/"
LARGEST_ID = 2**63 - 1
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class SessionInterface(SecureCookieSessionInterface):
    """Flask's signed cookie, for https alone wherever the request came by https."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


def add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        # Pages hold personal data: no copy stays in a shared browser or a proxy.
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def refuse_foreign_origin() -> None:
    """Refuses a changing request that another site's page sent, beside the CSRF token; raises Forbidden."""
    if request.method in SAFE_METHODS:
        return
    source = request.headers.get("Origin") or request.headers.get("Referer")
    if source and urlsplit(source)[:2] != urlsplit(request.host_url)[:2]:
        raise Forbidden("请求来自其他网站，已被拒绝。请从本系统的页面重新操作。")


def refuse_unstorable_text() -> None:
    """Text that the database can't hold is refused before anything looks for it; raises Invalid.

    The API reads its own requests, and answers in its own way.
    """
    if request.path.startswith(API):
        return
    given = [request.path, *(text for texts in request.values.listvalues() for text in texts)]
    if any("\0" in text for text in given):
        raise Invalid(message=_("提交的内容含有不能保存的字符，请删除后重新填写。"))


class IdConverter(IntegerConverter):
    """A number in an address that the database can hold too."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=LARGEST_ID)


def protect(app: Flask) -> None:
    app.url_map.converters["int"] = IdConverter
    app.session_interface = SessionInterface()
    app.config.update(SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_HTTPONLY=True)
    app.before_request(refuse_foreign_origin)
    app.before_request(refuse_unstorable_text)
    app.after_request(add_headers)
