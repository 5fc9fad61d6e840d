"""The REST API under /api/v1; its OpenAPI document lies at /api/openapi.json."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask
from flask_smorest import Api

from app.api import (
    accounts,
    assigning,
    cases,
    certificates,
    clocks,
    company,
    deputies,
    dry_runs,
    exports,
    files,
    imports,
    monitor,
    notices,
    organisations,
    outbox,
    overlays,
    payments,
    people,
    problems,
    proofs,
    reading,
    returns,
    schemas,
    schemes,
    search,
    second_factor,
    sessions,
    tasks,
    units,
    work,
    workers,
)
from app.extensions import csrf

PREFIX = "/api/v1"
ROOMS = (
    *(sessions, second_factor, units, people, schemes, cases, tasks, returns, files, imports, notices),
    *(assigning, deputies),
    *(accounts, organisations, clocks, proofs, certificates, monitor, overlays, dry_runs, payments, work),
    *(company, outbox, workers, exports, search),
)


class _Api(Api):
    """flask-smorest with errors as problem details; each room answers its own, pages answer theirs."""

    # Every status that a request may get is told, so none is left over.
    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """None for the whole application."""

    def _register_pagination_header(self) -> None:
        """None: a page says itself what comes next."""

    def _register_responses(self) -> None:
        content = {problems.MEDIA_TYPE: {"schema": schemas.Problem}}
        for name in (status.name for status in HTTPStatus):
            told = {"description": "问题详情 (RFC 9457)", "content": content}
            self.spec.components.response(name, told, lazy=True)


def register(app: Flask) -> None:
    """Adds the API to the application."""
    app.config.update(
        API_TITLE="工勤技能岗位等级考核系统",
        API_VERSION="1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
    )
    app.url_map.converters.update(id=reading.IdConverter, word=reading.WordConverter)
    api = _Api(app)
    api.spec.components.security_scheme("session", {"type": "http", "scheme": "bearer"})
    for room in ROOMS:
        # No cookie opens the API, so no foreign page can act through it.
        csrf.exempt(room.blueprint)
        api.register_blueprint(room.blueprint, url_prefix=PREFIX)
    problems.answer_unknown_addresses(app, "/api/")
