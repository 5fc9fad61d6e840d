"""The outbox: post that was written with the notices it tells of, sent after the commit, at most once.

A row is marked as being sent before it is handed over, and stays locked by who does it: one that is marked
and not locked is a dead sender's. Decision 0028.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from app.errors import Conflict, NotFound
from app.extensions import db, settings
from app.models import Account, Contact, Post
from app.operations._administration import demand, record
from app.operations.actors import Actor
from app.operations.dates.clock import is_rehearsal
from app.operations.telling import contacts, notices
from app.operations.telling._channels import channels
from app.operations.telling._letters import Channel, Letter, Never, NotNow, Unclear

log = logging.getLogger(__name__)

Transaction = Callable[[], AbstractContextManager[Any]]

WAITING, SENDING, SENT, UNKNOWN, GIVEN_UP, DROPPED = (
    *("waiting", "sending", "sent"),
    *("unknown", "given_up", "dropped"),
)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
MOST_TRIES = 10
"""Over about a day and a half: each pause is four times the one before."""
DEAD_AFTER = timedelta(minutes=1)
"""Between marking a row and locking it lies an instant, in which it must not pass for a dead sender's."""
AT_ONCE = 200

SYSTEM_NAME = "工勤技能岗位等级考核系统"
_SUBJECTS = {
    notices.CASE: "办件有新的消息",
    notices.TASK: "有事项交给您办理",
    notices.REMINDER: "有事项催请您办理",
    notices.COPY: "有办件抄送给您",
    contacts.TEST: "这是一条测试消息",
}


def deliver(transaction: Transaction, now: datetime, limit: int = AT_ONCE) -> int:
    """Sends what is due, a letter a `transaction`, and says what became of a dead sender's; how many went.

    `now` is the real instant. A channel that cannot be reached is left alone until the next time.
    """
    with transaction():
        rehearsal = is_rehearsal()
        open_channels = dict(channels(settings(), rehearsal=rehearsal))
        _take_over(open_channels, now)
    sent = 0
    for _ in range(limit):
        with transaction():
            claimed = _claim(open_channels.keys(), now)
        if claimed is None:
            break
        post_id, name = claimed
        with transaction():
            state = _hand_over(post_id, open_channels[name], now, rehearsal=rehearsal)
        sent += state == SENT
        if state in (WAITING, UNKNOWN):
            del open_channels[name]
    return sent


def retry(post_id: int, actor: Actor, now: datetime) -> None:
    """Lets a letter go out once more that was given up, or of which nobody knows; it may then come twice.

    Raises Forbidden for anybody but administrators, NotFound, and Conflict for one that needs no retry.
    """
    _settle(post_id, WAITING, actor, now)


def dismiss(post_id: int, actor: Actor, now: datetime) -> None:
    """Lays such a letter aside. Raises as `retry` does."""
    _settle(post_id, DROPPED, actor, now)


def _settle(post_id: int, state: str, actor: Actor, now: datetime) -> None:
    demand(actor, "administrator")
    post = db.session.scalar(select(Post).where(Post.id == post_id).with_for_update())
    if post is None:
        raise NotFound
    if post.state not in (UNKNOWN, GIVEN_UP):
        raise Conflict("这条通知已经处理过，请刷新页面查看。")
    record(f"post.{state}", post_id, actor, now, detail={"was": post.state})
    post.state, post.tries, post.next_at = state, 0, now
    db.session.flush()


def _take_over(known: Mapping[str, Channel], now: datetime) -> None:
    """What dead senders were at: sent anew where that does no harm, else unknown, for somebody to decide."""
    dead = (
        select(Post)
        .where(Post.state == SENDING, Post.next_at < now - DEAD_AFTER)
        .with_for_update(skip_locked=True)
    )
    for post in db.session.scalars(dead).all():
        again = post.channel in known and known[post.channel].idempotent
        post.state, post.failure = WAITING if again else UNKNOWN, "发送途中中断"
        log.warning("outbox: %d was left by a dead sender, now %s", post.id, post.state)
    db.session.flush()


def _claim(names: Collection[str], now: datetime) -> tuple[int, str] | None:
    """Marks the next letter that is due as being sent: its id and channel."""
    due = (
        select(Post.id)
        .where(Post.state == WAITING, Post.next_at <= now, Post.channel.in_(names))
        .order_by(Post.next_at, Post.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    post_id = db.session.scalar(due)
    if post_id is None:
        return None
    mark = update(Post).where(Post.id == post_id).values(state=SENDING, tries=Post.tries + 1, next_at=now)
    return post_id, db.session.execute(mark.returning(Post.channel)).scalar_one()


def _hand_over(post_id: int, channel: Channel, now: datetime, *, rehearsal: bool) -> str:
    """Sends a marked letter while its row is locked, and writes what became of it: its state."""
    marked = select(Post).where(Post.id == post_id, Post.state == SENDING).with_for_update()
    # Who was too late to claim it holds the lock for a moment: skipped, it would count as left by the dead.
    post = db.session.scalar(marked.execution_options(populate_existing=True))
    if post is None:
        return SENDING
    try:
        letter = _letter(post, rehearsal=rehearsal)
    except contacts.Unreadable as unreadable:
        post.state, post.failure = GIVEN_UP, unreadable.message
    else:
        if letter is None:
            post.state = DROPPED
        else:
            _send(post, letter, channel, now)
    db.session.flush()
    return post.state


def _send(post: Post, letter: Letter, channel: Channel, now: datetime) -> None:
    post.failure = None
    try:
        post.reference = channel.send(letter)
        post.state, post.sent_at = SENT, now
    except Never as refusal:
        post.state, post.failure = GIVEN_UP, str(refusal)
    except NotNow as refusal:
        _later(post, str(refusal), now)
    except Unclear as broken:
        post.state, post.failure = UNKNOWN, str(broken)
        if channel.idempotent:
            _later(post, str(broken), now)


def _later(post: Post, failure: str, now: datetime) -> None:
    over = post.tries >= MOST_TRIES
    post.state, post.failure = GIVEN_UP if over else WAITING, failure
    post.next_at = now + pause(post.tries)


def pause(tries: int) -> timedelta:
    """How long to wait after so many tries in vain."""
    factor: int = 4 ** min(tries - 1, 10)
    return min(FIRST_PAUSE * factor, LONGEST_PAUSE)


def _letter(post: Post, *, rehearsal: bool) -> Letter | None:
    """What the row says, to the address of now; None: nobody to send it to, or not wanted any more.

    It tells that there is something, and of what kind; whom and what it is about is read in the house alone.
    """
    account = db.session.get_one(Account, post.account_id)
    contact = db.session.get(Contact, (post.account_id, post.channel), populate_existing=True)
    wanted = contact is not None and post.kind in (contacts.TEST, *contact.kinds)
    if contact is None or not wanted or account.disabled_at is not None:
        return None
    subject = f"{'【演练】' if rehearsal else ''}{_SUBJECTS[post.kind]}"
    about = f"（办件 {post.case_id}）" if post.case_id is not None else ""
    text = f"{subject}{about}，请登录{SYSTEM_NAME}查看。"
    return Letter(post.key, contacts.address_of(contact), subject, text)
