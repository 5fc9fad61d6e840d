"""Bulk copies of a real case with all that stands about it, each with a chain that `verify` accepts.

A copy keeps the original's variables, in which the original's number stands; nothing is looked up by it here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import JSONB

from app.extensions import atomic, db, settings
from app.models import Task, TaskValue
from app.operations.road._history import GENESIS, link
from bench.ground import vacuum

Record = dict[str, Any]
CHUNK = 2_000
OF_CASE = ("task", "timer", "message_wait", "history", "history_payload", "notice")
OWN_ID = {"timer", "notice"}
"""Tables whose rows nothing refers to: the database numbers the copies."""


def chained_copies(case_id: int, count: int) -> list[int]:
    """Copies a case `count` times; the copies' ids."""
    with atomic() as session:
        original = _original(case_id)
        first = {
            name: session.execute(text(f'select max(id) from "{name}"')).scalar_one() + 1
            for name in ("case", "task")
        }
        made = list(range(first["case"], first["case"] + count))
        for begin in range(0, count, CHUNK):
            numbers = range(begin, min(begin + CHUNK, count))
            copies = [_copy(original, n, made[n], first["task"]) for n in numbers]
            for name in ("case", "task", "task_value", *OF_CASE[1:]):
                _write(name, (row for copy in copies for row in copy[name]))
        for name in first:
            last = f"""setval(pg_get_serial_sequence('"{name}"', 'id'), max(id))"""
            session.execute(text(f'select {last} from "{name}"'))
    vacuum()
    return made


def _original(case_id: int) -> Mapping[str, list[Record]]:
    found = {"case": _rows("case", "id", [case_id])}
    found |= {name: _rows(name, "case_id", [case_id]) for name in OF_CASE}
    tasks = db.session.scalars(select(Task.id).where(Task.case_id == case_id)).all()
    return found | {"task_value": _rows(TaskValue.__tablename__, "task_id", tasks)}


def _rows(name: str, key: str, wanted: Iterable[int]) -> list[Record]:
    table = db.metadata.tables[name]
    rows = db.session.execute(select(table).where(table.c[key].in_(wanted)).order_by(*table.primary_key))
    return [dict(row) for row in rows.mappings()]


def _copy(
    original: Mapping[str, list[Record]], n: int, case_id: int, first_task: int
) -> dict[str, list[Record]]:
    task_ids = [row["id"] for row in original["task"]]
    number = {old: first_task + n * len(task_ids) + i for i, old in enumerate(task_ids)}
    copy = {name: [row | {"case_id": case_id} for row in original[name]] for name in OF_CASE}
    for row in copy["task"]:
        row |= {"id": number[row["id"]], "returned_from": number.get(row["returned_from"])}
    copy["task_value"] = [row | {"task_id": number[row["task_id"]]} for row in original["task_value"]]
    head = GENESIS
    for row in copy["history"]:
        row |= {"task_id": number.get(row["task_id"]), "previous": head}
        head = row["mac"] = link(row, settings().history_key)
    (case,) = original["case"]
    copy["case"] = [case | {"id": case_id, "unique_key": f"{case['unique_key']}-{case_id}", "head": head}]
    return copy


def _write(name: str, rows: Iterable[Record]) -> None:
    columns = [c for c in db.metadata.tables[name].columns if not (name in OWN_ID and c.name == "id")]
    quoted = ", ".join(f'"{column.name}"' for column in columns)
    plain = {column.name for column in columns if isinstance(column.type, JSONB)}
    cursor = db.session.connection().connection.cursor()
    with cursor.copy(f'copy "{name}" ({quoted}) from stdin') as copy:
        for row in rows:
            copy.write_row(list(_values(row, [column.name for column in columns], plain)))


def _values(row: Record, names: Iterable[str], plain: set[str]) -> Iterator[Any]:
    for name in names:
        value = row[name]
        yield orjson.dumps(value).decode() if name in plain and value is not None else value
