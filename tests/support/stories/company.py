"""What people tell each other about a case: taking back, reminding, copying, phrases."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from app import clock
from app.extensions import atomic, db
from app.models import CaseCopy, Post, Task
from app.operations.actors import SYSTEM
from app.operations.company import copies, phrases, reminders
from app.operations.going_back import recalls
from app.operations.telling import contacts, outbox
from support.stories import Act, Stage, story
from support.stories.stage import FILED, FILLED, LATER
from support.world import BUREAU, LIBRARY, at, complete, open_filing, task_of

NEXT_DAY = at("2021-06-12 09:00")


def submitted(stage: Stage, name: str = "陈一") -> int:
    case_id = open_filing(stage.built, name)
    complete(case_id, "fill", FILLED, stage.actors[LIBRARY], "2021-06-11 10:00")
    return case_id


@story("recalls.recall")
def a_submission_is_taken_back(stage: Stage) -> Act:
    case_id = submitted(stage)
    done = select(func.min(Task.id)).where(Task.case_id == case_id)
    task_id = db.session.scalars(done).one()
    return lambda: recalls.recall(task_id, stage.actors[LIBRARY], NEXT_DAY)


@story("recalls.recall_many", parts=True)
def several_are_taken_back(stage: Stage) -> Act:
    for name in ("陈一", "李二"):
        submitted(stage, name)
    ids = list(db.session.scalars(select(Task.id).where(Task.state == "completed")))
    return lambda: recalls.recall_many(ids, "填错", stage.actors[LIBRARY], lambda task: NEXT_DAY, atomic)


@story("reminders.remind", "notices.tell")
def an_office_is_reminded(stage: Stage) -> Act:
    task_id = task_of(submitted(stage))
    return lambda: reminders.remind(task_id, "请尽快", stage.actors[LIBRARY], NEXT_DAY)


@story("copies.send")
def a_case_is_copied(stage: Stage) -> Act:
    case_id = submitted(stage)
    colleague, unit = stage.account("周审"), stage.organisations[LIBRARY]
    return lambda: copies.send(case_id, [colleague], [unit], "请留意", stage.actors[BUREAU], NEXT_DAY)


@story("copies.mark_read", again=True)
def a_copy_is_read(stage: Stage) -> Act:
    case_id = submitted(stage)
    with atomic():
        copies.send(case_id, [stage.account("周审")], [], "", stage.actors[BUREAU], NEXT_DAY)
    copy_id = db.session.scalars(select(CaseCopy.id)).one()
    return lambda: copies.mark_read(copy_id, stage.actors["周审"], LATER)


@story("phrases.add")
def a_phrase_is_kept(stage: Stage) -> Act:
    return lambda: phrases.add("材料齐全，同意。", shared=True, actor=stage.actors[BUREAU], now=FILED)


@story("phrases.remove")
def a_phrase_is_removed(stage: Stage) -> Act:
    with atomic():
        phrase_id = phrases.add("同意。", shared=False, actor=stage.actors[BUREAU], now=FILED)
    return lambda: phrases.remove(phrase_id, stage.actors[BUREAU])


@story("contacts.choose")
def an_account_wants_mail(stage: Stage) -> Act:
    return lambda: contacts.choose("mail", "a@example.cn", ["task"], stage.actors[BUREAU], FILED)


@story("contacts.try_out")
def an_address_is_tried_out(stage: Stage) -> Act:
    wants_mail(stage)
    return lambda: contacts.try_out("mail", stage.actors[BUREAU], FILED)


def wants_mail(stage: Stage, address: str = "a@example.cn") -> None:
    with atomic():
        contacts.choose("mail", address, ["reminder"], stage.actors[BUREAU], FILED)


def told(stage: Stage) -> datetime:
    """A reminder is in the outbox; an instant after that."""
    task_id = task_of(submitted(stage))
    with atomic():
        reminders.remind(task_id, "", stage.actors[LIBRARY], NEXT_DAY)
    return clock.now() + timedelta(minutes=1)


@story(
    "outbox.deliver",
    parts=True,
    differs=frozenset({"outbox.tries", "outbox.failure", "outbox.next_at", "outbox.sent_at"}),
)
def post_is_sent(stage: Stage) -> Act:
    wants_mail(stage)
    due = told(stage)

    def act() -> None:
        """The second look comes later, and finds what a killed one has left."""
        outbox.deliver(atomic, due)
        outbox.deliver(atomic, due + timedelta(minutes=2))

    return act


def given_up(stage: Stage) -> int:
    wants_mail(stage, "refused@example.cn")
    outbox.deliver(atomic, told(stage))
    return db.session.scalars(select(Post.id)).one()


@story("outbox.retry")
def post_is_sent_again(stage: Stage) -> Act:
    post_id = given_up(stage)
    return lambda: outbox.retry(post_id, SYSTEM, LATER)


@story("outbox.dismiss")
def post_is_laid_aside(stage: Stage) -> Act:
    post_id = given_up(stage)
    return lambda: outbox.dismiss(post_id, SYSTEM, LATER)
