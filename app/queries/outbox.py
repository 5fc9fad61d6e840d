"""What became of the post that goes out: one's own, and what administrators have to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from app.extensions import db
from app.models import Account, Post
from app.queries.paging import Page, cut, limited, read_id_cursor

FAILED = ("unknown", "given_up")
STATES = ("waiting", "sending", "sent", "unknown", "given_up", "dropped")
NEWEST = 10


@dataclass(frozen=True)
class PostRow:
    """A letter and whose it is."""

    post: Post
    account: str
    login: str


def listing(state: str, before: str | None = None) -> Page[PostRow]:
    """A page of the letters in a state, the newest first; without one, of those to be looked at."""
    query = select(Post, Account.name, Account.login).join(Account, Account.id == Post.account_id)
    query = query.where(Post.state == state if state else Post.state.in_(FAILED)).order_by(Post.id.desc())
    last = read_id_cursor(before)
    if last is not None:
        query = query.where(Post.id < last)
    rows = [PostRow(*row) for row in db.session.execute(limited(query))]
    return cut(rows, lambda row: str(row.post.id))


def failed() -> int:
    """How many somebody must look at."""
    return db.session.scalar(select(func.count()).where(Post.state.in_(FAILED))) or 0


def newest_of(account_id: int) -> Sequence[Post]:
    """The newest letters to an account."""
    query = select(Post).where(Post.account_id == account_id).order_by(Post.id.desc()).limit(NEWEST)
    return db.session.scalars(query).all()
