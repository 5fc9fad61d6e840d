"""The outbox: written with the notice or not at all, sent after the commit, once or told."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from support.parallel import at_once
from support.post_offices import Gateway, MailServer, gateway, mail_server
from support.second_factor import settings_with
from support.world import BUREAU, LIBRARY, at, make_world, open_filing, publish_tiny

from app import clock
from app.config import SmsGateway, Smtp
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.extensions import atomic, db, settings
from app.models import Account, Act, Contact, Notice, Post
from app.operations import leftovers
from app.operations.actors import SYSTEM, Actor
from app.operations.telling import contacts, notices, outbox
from app.operations.telling._sandbox_post import letters
from app.operations.trials.worlds import Built

NOW = clock.now() + timedelta(hours=1)
"""After whatever the tests put into the outbox."""
WHEN = at("2021-06-11 10:00")
ADDRESS, MOBILE = "chen.yi@example.cn", "13800138000"
SECRET = "s" * 32
SOMEBODY_WAITS = text(
    "SELECT EXISTS (SELECT FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock')"
)
ADMINISTRATOR = Actor(None, None, None, None, "管理员", frozenset({"administrator"}))


def after(**span: float) -> datetime:
    return NOW + timedelta(**span)


def states() -> list[tuple[str, str]]:
    rows = db.session.execute(select(Post.channel, Post.state).order_by(Post.id)).all()
    db.session.rollback()
    return [tuple(row) for row in rows]


def posts() -> int:
    return db.session.scalar(select(func.count()).select_from(Post)) or 0


def choose(actor: Actor, channel: str = "mail", address: str = ADDRESS, kinds: Any = ("task",)) -> None:
    with atomic():
        contacts.choose(channel, address, kinds, actor, NOW)


class TestInARehearsal:
    @pytest.fixture
    def world(self, app: Flask, tmp_path: Path) -> Iterator[Built]:
        publish_tiny()
        with settings_with(app, data_folder=tmp_path):
            yield make_world()

    def tell(self, **whom: Any) -> None:
        with atomic():
            notices.tell(None, "陈一的申报请您办理", WHEN, **whom)

    def test_only_who_chose_the_channel_for_that_kind_is_told_there(self, world: Built) -> None:
        bureau, colleague = world.actors[BUREAU], world.actors["周审"]
        choose(bureau)
        choose(bureau, "sms", MOBILE, ["reminder"])
        self.tell(accounts=[bureau.account_id, colleague.account_id])
        self.tell(organisation_id=world.organisations[BUREAU], kind=notices.REMINDER)
        self.tell(organisation_id=world.organisations[LIBRARY])
        assert states() == [("mail", "waiting"), ("sms", "waiting")]
        assert db.session.scalar(select(func.count()).select_from(Notice)) == 4

    def test_it_goes_with_the_transaction(self, world: Built) -> None:
        choose(world.actors[BUREAU])
        notices.tell(None, "一", WHEN, accounts=[world.actors[BUREAU].account_id])
        assert posts() == 1
        db.session.rollback()
        assert posts() == 0

    def test_what_goes_out_says_neither_who_nor_what_nor_is_the_address_in_clear(self, world: Built) -> None:
        choose(world.actors[BUREAU])
        case_id = open_filing(world)
        with atomic():
            notices.tell(case_id, "陈一的申报请您办理", WHEN, accounts=[world.actors[BUREAU].account_id])
        assert outbox.deliver(atomic, NOW + timedelta(seconds=5)) == 1
        (letter,) = letters(settings().data_folder / "sandbox-post")
        assert letter["address"] == ADDRESS
        told = f"【演练】有事项交给您办理（办件 {case_id}），请登录工勤技能岗位等级考核系统查看。"
        assert letter["text"] == told
        for table in ("contact", "outbox", "act"):
            rows = db.session.scalars(text(f"SELECT t::text FROM {table} t")).all()
            assert not any(ADDRESS in row or "chen" in row or ADDRESS.encode().hex() in row for row in rows)
            assert rows or table != "act"

    def test_two_senders_send_a_letter_once(self, world: Built, app: Flask) -> None:
        choose(world.actors[BUREAU])
        for _ in range(6):
            self.tell(accounts=[world.actors[BUREAU].account_id])

        send = [lambda: outbox.deliver(atomic, after(seconds=5))] * 3
        assert sum(map(int, map(str, at_once(app, send, nullcontext)))) == 6
        assert set(states()) == {("mail", "sent")}

    def test_who_is_too_late_to_claim_a_letter_keeps_nobody_from_sending_it(self, world: Built) -> None:
        """PostgreSQL locks a row before it looks again whether that still is what was asked for."""
        choose(world.actors[BUREAU])
        self.tell(accounts=[world.actors[BUREAU].account_id])
        with db.engine.connect() as late, db.engine.connect() as watcher:
            over = threading.Event()

            def let_go() -> None:
                while not over.is_set() and not watcher.scalar(SOMEBODY_WAITS):
                    watcher.rollback()
                late.rollback()

            letting_go = threading.Thread(target=let_go)

            @contextmanager
            def transaction() -> Iterator[Any]:
                with atomic() as session:
                    yield session
                claimed = select(Post.id).where(Post.state == "sending").with_for_update()
                if letting_go.ident is None and late.scalar(claimed):
                    letting_go.start()

            try:
                assert outbox.deliver(transaction, after(seconds=5)) == 1
            finally:
                over.set()
                letting_go.join()
        assert states() == [("mail", "sent")]

    def test_refused_for_good_it_is_given_up_and_an_administrator_may_try_again(self, world: Built) -> None:
        bureau = world.actors[BUREAU]
        choose(bureau, address="refused@example.cn")
        self.tell(accounts=[bureau.account_id])
        outbox.deliver(atomic, after(seconds=5))
        assert states() == [("mail", "given_up")]
        post_id = db.session.scalars(select(Post.id)).one()
        with pytest.raises(Forbidden), atomic():
            outbox.retry(post_id, bureau, NOW)
        with pytest.raises(NotFound), atomic():
            outbox.retry(post_id + 1, ADMINISTRATOR, NOW)
        choose(bureau)
        with atomic():
            outbox.retry(post_id, ADMINISTRATOR, after(seconds=10))
        outbox.deliver(atomic, after(seconds=15))
        assert states() == [("mail", "sent")]
        with pytest.raises(Conflict), atomic():
            outbox.dismiss(post_id, ADMINISTRATOR, NOW)
        assert db.session.scalar(select(Act.detail).where(Act.kind == "post.waiting")) == {"was": "given_up"}

    def test_busy_it_is_tried_again_with_growing_pauses_and_given_up_in_the_end(self, world: Built) -> None:
        choose(world.actors[BUREAU], address="busy@example.cn")
        self.tell(accounts=[world.actors[BUREAU].account_id])
        when, pauses = after(seconds=5), []
        while states() == [("mail", "waiting")]:
            outbox.deliver(atomic, when)
            due = db.session.scalars(select(Post.next_at)).one()
            pauses.append(round((due - when).total_seconds() / 60))
            assert outbox.deliver(atomic, due - timedelta(seconds=1)) == 0
            when = due
        assert pauses[:5] == [1, 4, 16, 64, 256]
        assert (len(pauses), max(pauses)) == (outbox.MOST_TRIES, 360)
        assert states() == [("mail", "given_up")]

    @pytest.mark.parametrize("change", ["forgotten", "other kinds", "disabled"])
    def test_who_wants_it_no_more_gets_nothing(self, world: Built, change: str) -> None:
        bureau = world.actors[BUREAU]
        choose(bureau)
        self.tell(accounts=[bureau.account_id])
        if change == "disabled":
            with atomic() as session:
                session.execute(
                    update(Account).where(Account.id == bureau.account_id).values(disabled_at=NOW)
                )
        else:
            choose(bureau, address="" if change == "forgotten" else ADDRESS, kinds=())
        assert outbox.deliver(atomic, after(seconds=5)) == 0
        assert states() == [("mail", "dropped")]

    def test_what_was_sent_is_kept_for_three_months_what_failed_for_ever(self, world: Built) -> None:
        for address in (ADDRESS, "refused@example.cn"):
            choose(world.actors[BUREAU], address=address)
            self.tell(accounts=[world.actors[BUREAU].account_id])
            outbox.deliver(atomic, after(seconds=5))
        leftovers.clear_away_daily(after(days=89), atomic)
        assert posts() == 2
        leftovers.clear_away_daily(after(days=91), atomic)
        assert states() == [("mail", "given_up")]

    def test_a_test_letter_a_few_times_a_day(self, world: Built) -> None:
        bureau = world.actors[BUREAU]
        with pytest.raises(Conflict, match="先保存"), atomic():
            contacts.try_out("mail", bureau, NOW)
        choose(bureau, kinds=())
        for _ in range(contacts.TESTS_A_DAY):
            with atomic():
                contacts.try_out("mail", bureau, NOW)
        with pytest.raises(Conflict, match="最多测试"), atomic():
            contacts.try_out("mail", bureau, NOW)
        assert outbox.deliver(atomic, after(seconds=5)) == contacts.TESTS_A_DAY

    def test_addresses_are_checked(self, world: Built) -> None:
        bureau = world.actors[BUREAU]
        for channel, address in (
            ("mail", "陈一"),
            ("mail", "a@b\nBcc: c@d.cn"),
            ("sms", "12345678901"),
            ("sms", ADDRESS),
        ):
            with pytest.raises(Invalid):
                choose(bureau, channel, address)
        with pytest.raises(NotFound):
            choose(bureau, "fax", "1")
        choose(bureau, kinds=("task", "nonsense"))
        assert [
            (one.channel, one.address, one.kinds) for one in contacts.of_account(bureau.account_id or 0)
        ] == [
            ("mail", ADDRESS, ("task",)),
            ("sms", "", ()),
        ]

    def test_an_address_moved_to_another_account_is_not_used(self, world: Built) -> None:
        bureau, other = world.actors[BUREAU], world.actors["周审"]
        choose(bureau)
        with atomic() as session:
            session.execute(update(Contact).values(account_id=other.account_id))
        self.tell(accounts=[other.account_id])
        outbox.deliver(atomic, after(seconds=5))
        assert states() == [("mail", "given_up")]


class TestForReal:
    """A real database, with a mail server and a gateway on this machine."""

    @pytest.fixture
    def account(self, app: Flask) -> Actor:
        with atomic() as session:
            account = Account(login="chen", name="陈", password_hash="-", duties=["operator"], created_at=NOW)
            session.add(account)
            session.flush()
            return Actor(account.id, None, None, None, "陈")

    @pytest.fixture
    def post(self, app: Flask, tmp_path: Path) -> Iterator[MailServer]:
        with mail_server(tmp_path, "none") as server:
            smtp = Smtp("localhost", server.port, "none", "notice@example.cn", "", "")
            with settings_with(app, smtp=smtp):
                yield server

    @pytest.fixture
    def texts(self, app: Flask) -> Iterator[Gateway]:
        with gateway(SECRET) as there:
            sms = SmsGateway(f"http://127.0.0.1:{there.port}/", SECRET)
            with settings_with(app, sms=sms):
                yield there

    def tell(self, account: Actor) -> None:
        with atomic():
            notices.tell(None, "一", WHEN, accounts=[account.account_id or 0])

    def test_there_are_the_channels_that_are_set_up(self, app: Flask) -> None:
        assert list(contacts.offered()) == []

    def test_a_letter_arrives(self, account: Actor, post: MailServer) -> None:
        choose(account)
        self.tell(account)
        assert outbox.deliver(atomic, after(seconds=5)) == 1
        assert outbox.deliver(atomic, after(seconds=10)) == 0
        (envelope,) = post.letters
        assert envelope.rcpt_tos == [ADDRESS]

    def test_killed_while_a_letter_is_on_its_way_it_is_unknown_and_not_sent_again(
        self, app: Flask, account: Actor, post: MailServer
    ) -> None:
        choose(account)
        self.tell(account)
        killed_in(lambda: outbox.deliver(atomic, after(seconds=5)), post)
        assert states() == [("mail", "sending")]
        assert outbox.deliver(atomic, after(minutes=3)) == 0
        assert states() == [("mail", "unknown")]
        assert len(post.letters) == 1
        with atomic():
            outbox.retry(db.session.scalars(select(Post.id)).one(), ADMINISTRATOR, after(minutes=4))
        assert outbox.deliver(atomic, after(minutes=5)) == 1
        names = {
            line for one in post.letters for line in bytes(one.content).splitlines() if b"Message-ID" in line
        }
        assert (len(post.letters), len(names)) == (2, 1), "a mailbox can tell that it is the same"

    def test_killed_while_a_text_message_is_on_its_way_it_is_sent_again_and_comes_once(
        self, app: Flask, account: Actor, texts: Gateway
    ) -> None:
        choose(account, "sms", MOBILE)
        self.tell(account)
        killed_in(lambda: outbox.deliver(atomic, after(seconds=5)), texts)
        assert states() == [("sms", "sending")]
        assert outbox.deliver(atomic, after(minutes=3)) == 1
        assert (states(), texts.asked, len(texts.taken)) == ([("sms", "sent")], 2, 1)

    def test_a_slow_sender_is_not_taken_for_a_dead_one(
        self, app: Flask, account: Actor, post: MailServer
    ) -> None:
        choose(account)
        self.tell(account)
        seen: list[tuple[str, str]] = []

        def look() -> None:
            with app.app_context():
                outbox.deliver(atomic, after(minutes=30))
                seen.extend(states())

        post.meanwhile = look
        assert outbox.deliver(atomic, after(seconds=5)) == 1
        assert seen == [("mail", "sending")], "its lock tells that it lives"
        assert states() == [("mail", "sent")]

    def test_a_server_that_is_down_keeps_nothing_else_waiting(
        self, account: Actor, post: MailServer, texts: Gateway
    ) -> None:
        choose(account)
        choose(account, "sms", MOBILE)
        for _ in range(3):
            self.tell(account)
        post.data = "451 later"
        assert outbox.deliver(atomic, after(seconds=5)) == 3
        tried = select(func.count()).where(Post.channel == "mail", Post.tries == 1)
        assert (len(texts.taken), db.session.scalar(tried)) == (3, 1)

    def test_unclear_it_is_told(self, account: Actor, post: MailServer) -> None:
        choose(account)
        self.tell(account)
        post.vanish = True
        outbox.deliver(atomic, after(seconds=5))
        assert states() == [("mail", "unknown")]
        with atomic():
            outbox.dismiss(db.session.scalars(select(Post.id)).one(), ADMINISTRATOR, after(minutes=1))
        assert states() == [("mail", "dropped")]


def killed_in(work: Callable[[], object], there: MailServer | Gateway) -> None:
    """Does the work in a process that is killed when the letter has come and was not answered yet."""
    db.session.remove()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.read(reading, 1)
        db.engine.dispose(close=False)
        try:
            work()
        finally:
            os._exit(0)
    there.meanwhile = lambda: os.kill(child, signal.SIGKILL)
    os.write(writing, b"x")
    _, status = os.waitpid(child, 0)
    there.meanwhile = lambda: None
    assert os.WIFSIGNALED(status)


def test_the_system_itself_may_settle(app: Flask) -> None:
    with pytest.raises(NotFound), atomic():
        outbox.retry(1, SYSTEM, NOW)
