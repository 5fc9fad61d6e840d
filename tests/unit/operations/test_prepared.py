"""The text of a prepared statement: what is a constant in it and what a parameter."""

from __future__ import annotations

from sqlalchemy import Integer, Text, bindparam, column, select

from app.operations._prepared import Prepared

STATE, ID = column("state", Text), column("id", Integer)


def text_of(statement: Prepared) -> str:
    statement._compile({})
    return " ".join(statement._text.split())


def test_its_own_texts_and_numbers_are_constants_so_that_partial_indexes_serve() -> None:
    found = text_of(Prepared(select(ID).where(STATE == "open", ID > 7, ID.is_distinct_from(bindparam("x")))))
    assert found == "SELECT id WHERE state = 'open' AND id > 7 AND id IS DISTINCT FROM %(x)s::INTEGER"


def test_a_quote_and_a_per_cent_sign_keep_their_meaning() -> None:
    assert text_of(Prepared(select(ID).where(STATE == "50 % o'clock"))).endswith("'50 %% o''clock'")
