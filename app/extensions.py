"""The Flask extensions, the base class of the tables, and `atomic`: one transaction at the edge."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import orjson
import psycopg
from flask import Flask, current_app
from flask_babel import Babel
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import MetaData, Table, event
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.orm import DeclarativeBase, Session

from app import embedded_postgres
from app.config import ConfigError, Settings
from app.errors import DomainError

# A request waits this long for a row lock and then gives up: less than the 30 s that it may take in all.
LOCK_TIMEOUT = "20s"
IDLE_IN_TRANSACTION_TIMEOUT = "60s"

OLDEST_POSTGRES = 140000
DATABASE = "workergrade"

KEEP_ON_REFUSAL = "keep_on_refusal"
"""Set in a session's `info` by an operation whose refusal leaves finished work behind."""

SENT = "sent"
"""Set in a session's `info` when messages between cases were written, for the edge to deliver at once."""

SESSION_SETTINGS = {
    "timezone": "UTC",
    "lock_timeout": LOCK_TIMEOUT,
    "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_TIMEOUT,
}

ENGINE_OPTIONS: dict[str, Any] = {
    "pool_pre_ping": True,
    # Statements in logs and error messages would carry people's data.
    "hide_parameters": True,
    "isolation_level": "READ COMMITTED",
    "json_serializer": orjson.dumps,
    "json_deserializer": orjson.loads,
    "connect_args": {"options": " ".join(f"-c {name}={value}" for name, value in SESSION_SETTINGS.items())},
}


class Base(DeclarativeBase):
    """Base of all tables; every constraint has a predictable name, so that a migration can refer to it."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, engine_options=ENGINE_OPTIONS)

if TYPE_CHECKING:

    class Model(Base):
        """What the extension makes at run time, told to a checker of types."""

        __abstract__ = True
        __table__: ClassVar[Table]
else:
    Model = db.Model


def own_tables(name: str | None, kind: str, _parents: object) -> bool:
    """Whether migrations are written for it: the queue's tables are its own library's affair."""
    return kind != "table" or not (name or "").startswith("procrastinate_")


migrate = Migrate(compare_type=True, include_name=own_tables)
login_manager = LoginManager()
csrf = CSRFProtect()
babel = Babel()


def settings() -> Settings:
    """The settings of the current app."""
    found: Settings = current_app.extensions["settings"]
    return found


def connect(app: Flask, settings: Settings) -> None:
    """Binds the app to its database, starting the embedded one if no address is given."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url or _embedded(settings)
    db.init_app(app)
    with app.app_context():
        if settings.database_url is None:
            event.listen(db.engine, "do_connect", partial(_reconnect, settings.postgres_folder))
        event.listen(db.engine, "connect", _check_version)
        event.listen(db.engine, "handle_error", _hide_values)


def database_address(settings: Settings) -> str:
    """Where the database is now, in the words of libpq: for what connects beside SQLAlchemy."""
    url = make_url(settings.database_url or _embedded(settings))
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _embedded(settings: Settings) -> str:
    server = embedded_postgres.start(settings.postgres_folder)
    server.create_database(DATABASE)
    return server.url(DATABASE)


def _reconnect(
    folder: Path, dialect: Any, _record: object, arguments: Any, parameters: dict[str, Any]
) -> Any:
    """Finds the embedded server where it is now; whoever needs it first after its death starts it again."""
    try:
        return dialect.connect(*arguments, **parameters)
    except psycopg.OperationalError:
        parameters["host"] = str(embedded_postgres.start(folder).socket_folder)
        return dialect.connect(*arguments, **parameters)


def _check_version(connection: Any, _record: object) -> None:
    if connection.info.server_version < OLDEST_POSTGRES:
        raise ConfigError("数据库版本过低，请使用 PostgreSQL 14 或更高版本。")


def _hide_values(context: ExceptionContext) -> None:
    """Leaves of the server's words what names no value: a DETAIL quotes rows, a data error its input."""
    error = context.original_exception
    if not isinstance(error, psycopg.Error) or error.diag.message_primary is None:
        return
    about_data = (error.sqlstate or "").startswith(("22", "23"))
    named = (error.sqlstate, error.diag.table_name, error.diag.column_name, error.diag.constraint_name)
    told = " ".join(filter(None, named)) if about_data else error.diag.message_primary
    error.args = (told,)
    if context.sqlalchemy_exception:
        context.sqlalchemy_exception.args = (f"{type(error).__name__}: {told}",)


@contextmanager
def atomic() -> Iterator[Session]:
    """One transaction at the edge: committed on success, rolled back on any error.

    Yields the session. Raises RuntimeError when opened inside another one: an operation never decides
    when its caller's work is final. What was read before in the same request belongs to the transaction;
    what was changed before, outside, is refused rather than committed by accident.

    A refusal of an operation that had caught up with overdue timers first is committed: it undid its own
    work by a savepoint, and the timers stay fired (decision 3).
    """
    session = db.session()
    if session.info.get("atomic"):
        raise RuntimeError("atomic() was opened inside another atomic(); only the edge commits.")
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("The session was changed before atomic() was opened; change it inside.")
    session.info["atomic"] = True
    try:
        yield session
        session.commit()
    except DomainError:
        if session.info.get(KEEP_ON_REFUSAL):
            session.commit()
        else:
            session.rollback()
        raise
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("atomic", None)
        session.info.pop(KEEP_ON_REFUSAL, None)
