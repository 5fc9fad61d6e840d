"""The least that a storm can cost: psycopg alone claims cases and writes the rows that the sweep wrote."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from sqlalchemy.dialects import postgresql

from app.extensions import db
from app.operations import timers
from app.operations.road._road import PENDING_FOR


def fire_batch(
    connection: psycopg.Connection[Any], rows: Mapping[int, Mapping[str, Any]], scheme_id: str, upto: datetime
) -> int:
    """Fires what is due in fifty cases, as the sweep would; how many it was."""
    with connection.transaction(), connection.cursor() as cursor:
        found = cursor.execute(*_claim(scheme_id, upto)).fetchall()
        # A case that the other process fired while this one looked has moved on.
        claimed = [row["id"] for row in found if row["seq"] < rows[row["id"]]["case"][0]["seq"]]
        for statement, name in _WRITES if claimed else ():
            if mine := [row for case_id in claimed for row in rows[case_id][name]]:
                cursor.executemany(statement, mine)
                assert cursor.rowcount >= len(mine)
    return len(claimed)


@cache
def _claim(scheme_id: str, upto: datetime) -> tuple[str, dict[str, Any]]:
    """The sweep's own statement."""
    compiled = timers._CLAIM.statement.compile(dialect=postgresql.psycopg.dialect())
    asked = {"scheme": scheme_id, "upto": upto, "held_since": upto - PENDING_FOR, "size": timers.BATCH}
    return str(compiled), {**compiled.params, **asked}


def _insert(table_name: str) -> str:
    columns = [column.name for column in db.metadata.tables[table_name].columns]
    values = ", ".join(f"%({name})s" for name in columns)
    return f"insert into {table_name} ({', '.join(columns)}) values ({values})"


_WRITES = (
    (_insert("history"), "history"),
    (_insert("history_payload"), "history_payload"),
    (_insert("notice"), "notice"),
    (
        "update task set state = 'cancelled', pending_since = null, completed_at = %(updated_at)s"
        " where case_id = %(id)s and state = 'open'",
        "case",
    ),
    ("delete from timer where case_id = %(id)s", "case"),
    ("delete from message_wait where case_id = %(case_id)s and token = %(token)s", "message_wait"),
    (
        'update "case" set state = %(state)s, status = %(status)s, outcome = %(outcome)s,'
        " listed = %(listed)s, engine_state = %(engine_state)s, seq = %(seq)s, head = %(head)s,"
        " updated_at = %(updated_at)s, ended_at = %(ended_at)s where id = %(id)s",
        "case",
    ),
)


_FIRED = (
    ' from "case" c join history h on h.case_id = c.id and h.seq = c.seq'
    " {joined} where h.call = 'fire' and h.at = %s order by c.id"
)
_WROTE = {
    "case": "select c.*" + _FIRED.format(joined=""),
    "history": "select h.*" + _FIRED.format(joined=""),
    "history_payload": "select p.*"
    + _FIRED.format(joined="join history_payload p on p.case_id = h.case_id and p.seq = h.seq"),
    "notice": "select n.*" + _FIRED.format(joined="join notice n on n.case_id = c.id and n.sent_at = h.at"),
}


def written(url: str, before: str, due: datetime) -> bytes:
    """What the sweep wrote in one database of what was `due`, by case; `before`: the address of the one that
    it began with.
    """
    found: dict[int, dict[str, list[dict[str, Any]]]] = {}
    with psycopg.connect(url.replace("+psycopg", ""), row_factory=dict_row) as connection:
        for name, statement in _WROTE.items():
            for row in connection.execute(statement, (due,)):
                case_id = row["id"] if name == "case" else row["case_id"]
                rows = found.setdefault(case_id, {name: [] for name in (*_WROTE, "message_wait")})
                rows[name].append(_plain(row))
    with psycopg.connect(before, row_factory=dict_row) as connection:
        for row in connection.execute("select * from message_wait"):
            if row["case_id"] in found:
                found[row["case_id"]]["message_wait"].append(row)
    return pickle.dumps(found)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: Jsonb(value) if isinstance(value, dict | list) else value for name, value in row.items()}
