"""Error pages: what happened and what to do, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from app.errors import DomainError

TITLES = {
    400: _l("请求有误"),
    403: _l("不能进行此项操作"),
    404: _l("没有找到该页面"),
    405: _l("不能这样访问"),
    409: _l("事项已发生变化"),
    413: _l("上传的内容太大"),
    422: _l("填写内容有误"),
    429: _l("操作过于频繁"),
    500: _l("系统出现故障"),
    503: _l("系统繁忙"),
}
ADVICE = {
    400: _l("请返回上一页重新操作。"),
    403: _l("如需办理，请使用有相应职责的账号登录，或联系系统管理员。"),
    404: _l("内容可能不存在，或者不属于您的单位。请从首页重新进入。"),
    405: _l("请从首页重新进入。"),
    409: _l("请返回并刷新页面，查看最新状态后再办理。"),
    413: _l("请压缩文件或分次上传后再提交。"),
    422: _l("请返回上一页，改正后再提交。"),
    429: _l("请稍后再试。"),
    500: _l("本次操作没有生效。请稍后重试；如果仍然出现，请联系系统管理员。"),
    503: _l("本次操作没有生效，请稍后重试。"),
}


def error_page(status: int, message: str = "") -> tuple[str, int]:
    title, advice = TITLES.get(status, TITLES[400]), ADVICE.get(status, ADVICE[400])
    page = render_template("errors/error.html", status=status, title=title, message=message, advice=advice)
    return page, status


def _domain_error(error: DomainError) -> tuple[str, int, Mapping[str, str]]:
    return *error_page(error.status, error.message), error.headers


def _http_error(error: HTTPException) -> tuple[str, int] | HTTPException:
    if error.code is None or error.code < 400:
        return error
    return error_page(error.code)


def _csrf_error(error: CSRFError) -> tuple[str, int]:
    return error_page(400, _("页面停留时间过长或已重新登录，请返回上一页，刷新后再提交。"))


def add_error_pages(app: Flask) -> None:
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
