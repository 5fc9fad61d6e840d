"""Pages of a list by keyset: flat from the first page to the last, whatever is inserted meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, literal, select

from app.errors import Refused
from app.extensions import db

PAGE_SIZE = 50
COUNT_CAP = 1000
MOST_ROWS = 10_000
"""Of a list that one request takes as a whole."""
MOST_LONG_ROWS = 200_000
"""Of a list that long work takes as a whole."""
CHUNK = 500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """The rows of a page; `next` is the cursor of the page after it, None on the last."""

    rows: Sequence[Row]
    next: str | None


def limited(query: Select[Any]) -> Select[Any]:
    """The query for a page: a row too many, which tells that there is more."""
    return query.limit(PAGE_SIZE + 1)


def cut(rows: Sequence[Row], cursor_of: Callable[[Row], str]) -> Page[Row]:
    """A page from the rows of a `limited` query."""
    kept = rows[:PAGE_SIZE]
    return Page(kept, cursor_of(kept[-1]) if len(rows) > PAGE_SIZE else None)


class TooMany(Refused):
    """符合条件的太多，请缩小筛选范围。"""

    def __init__(self, most: int, rows: int) -> None:
        super().__init__(f"符合条件的超过 {most} 条，一次导不出来；请缩小筛选范围，分几次导出。")
        self.rows = rows


@dataclass(frozen=True)
class Rows(Generic[Row]):
    """All rows of a list, `count` of them; they are read in chunks as they are asked for."""

    count: int
    query: Select[Any]
    make: Callable[..., Row]

    def __iter__(self) -> Iterator[Row]:
        found = db.session.execute(self.query.execution_options(yield_per=CHUNK))
        return (self.make(*row) for row in found)


def all_rows(query: Select[Any], make: Callable[..., Row], *, long: bool = False) -> Rows[Row]:
    """All rows of a list. Raises TooMany beyond what a request, or long work, may take.

    It tells how many there are, counted no further than long work may take.
    """
    most = MOST_LONG_ROWS if long else MOST_ROWS
    found = _count_upto(query, most + 1)
    if found > most:
        raise TooMany(most, found if long else _count_upto(query, MOST_LONG_ROWS + 1))
    return Rows(found, query, make)


def _count_upto(query: Select[Any], most: int) -> int:
    some = query.order_by(None).with_only_columns(literal(1), maintain_column_froms=True).limit(most)
    return db.session.scalar(select(func.count()).select_from(some.subquery())) or 0


def at_cursor(at: datetime, row_id: int) -> str:
    return f"{(at - EPOCH) // timedelta(microseconds=1)}.{row_id}"


def read_at_cursor(text: str | None) -> tuple[datetime, int] | None:
    """The instant and id of a cursor; None (the first page) for a missing or mangled one."""
    micros, _, row_id = (text or "").partition(".")
    last = read_id_cursor(row_id)
    try:
        return (EPOCH + timedelta(microseconds=int(micros)), last) if last is not None else None
    except (ValueError, OverflowError):
        return None


def read_id_cursor(text: str | None) -> int | None:
    """The id of a cursor; None (the first page) for a missing or mangled one."""
    return int(text) if text and text.isdecimal() and len(text) < 19 else None


def capped_count(query: Select[tuple[int]]) -> tuple[int, bool]:
    """How many rows a query gives, counted up to the cap; and whether there are more."""
    capped = query.order_by(None).limit(COUNT_CAP + 1).subquery()
    found = db.session.scalar(select(func.count()).select_from(capped)) or 0
    return min(found, COUNT_CAP), found > COUNT_CAP
