"""Core statements that are compiled once, for what happens hundreds of times a second (decision 20)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, ClauseElement, CursorResult, Insert
from sqlalchemy.dialects import postgresql

from app.extensions import db

Values = Mapping[str, Any]
_DIALECT: Any = postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's


class _Compiler(_DIALECT.statement_compiler):  # type: ignore[misc]  # known when it runs
    """Writes texts and numbers of the statement's own into it.

    As parameters they would keep the server's generic plan from its partial indexes, and so have it plan
    anew each time.
    """

    def visit_bindparam(self, bindparam: Any, **given: Any) -> str:
        if not bindparam.required and isinstance(bindparam.effective_value, str | int):
            given["literal_binds"] = True
        written: str = super().visit_bindparam(bindparam, **given)
        return written


_DIALECT.statement_compiler = _Compiler


class Prepared:
    """A Core statement, compiled at its first run; psycopg lets the server prepare it at its fifth.

    It runs on the session's connection, in its transaction. Unlike `session.execute` it neither flushes what
    the session's objects hold nor knows the types of what comes back: psycopg's own are taken, which for our
    columns are the same. No list may stand in an `IN`: an array is given, and compared by `= ANY`.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self.statement = statement
        self._text = ""
        self._constants: Values = {}
        self._processors: Sequence[tuple[str, Callable[[Any], Any]]] = ()

    def run(self, values: Values) -> CursorResult[Any]:
        """Runs it with values by name; a row to insert bears the same names each time."""
        if not self._text:
            self._compile(values)
        return db.session.connection().exec_driver_sql(self._text, self._bound(values))

    def run_each(self, rows: Sequence[Values]) -> None:
        """Runs it once for each of the rows, all sent together."""
        if len(rows) == 1:
            self.run(rows[0])
            return
        if not self._text:
            self._compile(rows[0])
        db.session.connection().exec_driver_sql(self._text, [self._bound(row) for row in rows])

    def _compile(self, values: Values) -> None:
        statement, names = self.statement, None
        if isinstance(statement, Insert):
            # Inline: else what the database generates would come back.
            statement, names = statement.inline(), list(values)
        compiled: Any = statement.compile(dialect=_DIALECT, column_keys=names)
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        self._constants = {name: bind.effective_value for name, bind in binds.items() if not bind.required}
        json = {name: bind.type for name, bind in binds.items() if isinstance(bind.type, JSON)}
        processors = {
            name: kind.dialect_impl(_DIALECT).bind_processor(_DIALECT) for name, kind in json.items()
        }
        self._processors = [(name, process) for name, process in processors.items() if process]
        self._text = str(compiled)  # last: to another thread it says that all is ready

    def _bound(self, values: Values) -> dict[str, Any]:
        bound = {**self._constants, **values}
        for name, process in self._processors:
            bound[name] = process(bound[name])
        return bound
