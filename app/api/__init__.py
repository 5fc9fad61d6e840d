"""The REST API under /api/v1; its OpenAPI document lies at /api/openapi.json."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Api

from app.api import cases, files, people, problems, schemes, sessions, tasks, units
from app.extensions import csrf

PREFIX = "/api/v1"
ROOMS = (sessions, units, people, schemes, cases, tasks, files)

# Once a process: a blueprint takes no handlers after the first application has registered it.
for _room in ROOMS:
    problems.answer_in_problems(_room.blueprint)


class _Api(Api):  # type: ignore[misc]
    """flask-smorest without its handlers for the whole application: pages answer errors in their own way."""

    def _register_error_handlers(self) -> None:
        """Each blueprint brings its own (`problems`)."""


def register(app: Flask) -> None:
    """Adds the API to the application."""
    app.config.update(
        API_TITLE="工勤技能岗位等级考核系统",
        API_VERSION="1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
    )
    api = _Api(app)
    api.spec.components.security_scheme("session", {"type": "http", "scheme": "bearer"})
    api.spec.components.schema("Problem", problems.SCHEMA)
    for room in ROOMS:
        # No cookie opens the API, so no foreign page can act through it.
        csrf.exempt(room.blueprint)
        api.register_blueprint(room.blueprint, url_prefix=PREFIX)
    problems.answer_unknown_addresses(app)
