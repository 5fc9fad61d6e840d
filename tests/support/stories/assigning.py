"""Stories of who has a task: claimed, handed on, asked about; of deputies, and of somebody who leaves."""

from __future__ import annotations

from datetime import timedelta

from app import clock
from app.extensions import atomic
from app.operations.actors import Actor
from app.operations.company import assignments, cosigning, delegations, deputies, handovers
from app.operations.long_work import work
from support.colleagues import SUPERVISOR, colleague
from support.stories import Act, Stage, story
from support.stories.stage import FILED
from support.world import BUREAU, LIBRARY, complete, open_filing, task_of, technician

DAY = timedelta(days=1)


def _review(stage: Stage) -> int:
    """A review that waits at the bureau."""
    case_id = open_filing(stage.built)
    complete(case_id, "fill", technician(stage.built), stage.actors[LIBRARY], "2021-06-11 09:30")
    return task_of(case_id)


def _li(stage: Stage) -> Actor:
    return colleague(stage.built, "李四")


@story("assignments.claim", "assignments.give")
def a_review_is_claimed(stage: Stage) -> Act:
    task_id, li = _review(stage), _li(stage)
    return lambda: assignments.claim(task_id, li, FILED)


@story("assignments.release")
def a_review_is_put_back(stage: Stage) -> Act:
    task_id, li = _review(stage), _li(stage)
    with atomic():
        assignments.claim(task_id, li, FILED)
    return lambda: assignments.release(task_id, li, FILED)


@story("assignments.transfer", "assignments.entitled")
def a_review_is_transferred(stage: Stage) -> Act:
    task_id, to = _review(stage), _li(stage).account_id or 0
    return lambda: assignments.transfer(task_id, to, "出差", stage.actors[BUREAU], FILED)


@story("delegations.delegate")
def a_review_is_delegated(stage: Stage) -> Act:
    task_id, to = _review(stage), _li(stage).account_id or 0
    return lambda: delegations.delegate(task_id, to, "齐全吗？", stage.actors[BUREAU], FILED)


@story("delegations.resolve")
def the_delegate_answers(stage: Stage) -> Act:
    task_id, li = _review(stage), _li(stage)
    with atomic():
        delegations.delegate(task_id, li.account_id or 0, "齐全吗？", stage.actors[BUREAU], FILED)
    return lambda: delegations.resolve(task_id, "齐全。", li, FILED)


def _asked(stage: Stage) -> tuple[int, Actor]:
    """A review on which Li was asked for an opinion."""
    task_id, li = _review(stage), _li(stage)
    with atomic():
        cosigning.ask(task_id, [li.account_id or 0], "是否同意？", stage.actors[BUREAU], FILED)
    return task_id, li


@story("cosigning.ask")
def colleagues_are_asked(stage: Stage) -> Act:
    task_id, asked = _review(stage), [_li(stage).account_id or 0]
    return lambda: cosigning.ask(task_id, asked, "是否同意？", stage.actors[BUREAU], FILED)


@story("cosigning.answer")
def a_cosigner_answers(stage: Stage) -> Act:
    task_id, li = _asked(stage)
    return lambda: cosigning.answer(task_id, "agree", "同意。", li, FILED)


@story("cosigning.remove")
def a_cosigner_is_let_off(stage: Stage) -> Act:
    task_id, li = _asked(stage)
    return lambda: cosigning.remove(task_id, li.account_id or 0, "出差", stage.actors[BUREAU], FILED)


def _named(stage: Stage, deputy: Actor) -> int:
    """The bureau's operator has a deputy."""
    now, me = clock.now(), stage.actors[BUREAU]
    given = (me.account_id, deputy.account_id or 0, now - DAY, now + DAY)
    return deputies.name(*given, ground="休假", actor=me, now=now).id


@story("deputies.name")
def a_deputy_is_named(stage: Stage) -> Act:
    li = _li(stage)
    return lambda: _named(stage, li)


@story("deputies.revoke")
def a_deputy_is_revoked(stage: Stage) -> Act:
    li = _li(stage)
    with atomic():
        row = _named(stage, li)
    return lambda: deputies.revoke(row, actor=stage.actors[BUREAU], now=clock.now(), ground="回来了")


def _leaving(stage: Stage) -> tuple[Actor, Actor, Actor]:
    """Li, who was asked about a review and is a deputy; Wang, who takes over; their supervisor."""
    task_id, li = _asked(stage)
    with atomic():
        assignments.claim(task_id, stage.actors[BUREAU], FILED)
        delegations.delegate(task_id, li.account_id or 0, "齐全吗？", stage.actors[BUREAU], FILED)
        _named(stage, li)
    return li, colleague(stage.built, "王五"), colleague(stage.built, "赵科长", duties=SUPERVISOR)


@story(
    *("handovers.hand_over", "handovers.begin", "handovers.hand_item", "deputies.pass_on"),
    "cosigning.replace",
    parts=True,
    differs=frozenset({"act", "deputy"}),
)
def somebody_leaves_and_hands_over(stage: Stage) -> Act:
    li, wang, chief = _leaving(stage)

    def hand_over() -> object:
        return handovers.hand_over(
            *(li.account_id or 0, wang.account_id or 0, "调离"),
            actor=chief,
            now_of=lambda scheme_id: FILED,
            now=clock.now(),
            transaction=atomic,
        )

    return hand_over


@story("work.accept_handover")
def a_long_handover_is_accepted(stage: Stage) -> Act:
    li, wang, chief = _leaving(stage)
    given = (li.account_id or 0, wang.account_id or 0, "调离")
    return lambda: work.accept_handover(*given, title="离职交接", actor=chief, now=clock.now())
