"""`create_app`: the only place that wires everything together."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import extensions
from app.config import PROJECT, Settings, read_settings

MAX_REQUEST_BYTES = 32 * 1024 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """The application on the settings given, or those of the environment. Starts no scheduler."""
    settings = settings or read_settings()
    app = Flask(__name__)
    app.config.update(SECRET_KEY=settings.secret_key, MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES)
    app.extensions["settings"] = settings
    if settings.proxies:
        # Guesses are counted by address: behind a proxy all would else come from one.
        outside = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)
        app.wsgi_app = outside  # type: ignore[method-assign]  # as Flask has it
    extensions.connect(app, settings)
    extensions.migrate.init_app(app, extensions.db, directory=str(PROJECT / "migrations"))
    extensions.login_manager.init_app(app)
    extensions.csrf.init_app(app)
    extensions.babel.init_app(app, default_locale="zh_Hans_CN", default_timezone="Asia/Shanghai")
    _register_rooms(app)
    return app


def _register_rooms(app: Flask) -> None:
    # Imported here, since they import the models, which need `extensions` first.
    from app import api, cli, edge, web

    edge.init_app(app)
    web.register(app)
    api.register(app)
    cli.register(app)
