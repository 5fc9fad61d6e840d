"""Deputies act for a colleague while they are away; both names are told, and ALL-04 holds for both."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from support.colleagues import SUPERVISOR, colleague
from support.world import BUREAU, LIBRARY, OFFICE, OTHER_BUREAU, SCHEME, at, open_review, task_of, tiny_world

from app.errors import Conflict, DomainError, Invalid, NotFound, Refused
from app.extensions import atomic, db
from app.models import Account, Deputy, History
from app.operations import tasks
from app.operations.access.accounts import actor_for
from app.operations.actors import Actor
from app.operations.company import assignments, cosigning, deputies
from app.operations.trials.worlds import Built
from app.queries import inbox

APPROVE = {"decision": "approve"}
WHEN = at("2021-06-12 10:00")
"""In the tests' database the real clock and the scheme's tell the same."""
DAY = timedelta(days=1)


@pytest.fixture
def world(app) -> Built:
    return tiny_world(senior=1, junior=2, technician=1)


@pytest.fixture
def review(world) -> int:
    return open_review(world)


def named(
    principal: Actor,
    deputy: Actor,
    by: Actor | None = None,
    *,
    since: datetime = WHEN - DAY,
    until: datetime = WHEN + DAY,
    scheme: str | None = None,
) -> int:
    with atomic():
        row = deputies.name(
            *(principal.account_id, deputy.account_id, since, until),
            ground="出差",
            actor=by or principal,
            now=WHEN - 2 * DAY,
            scheme_id=scheme,
        )
        return row.id


def completes(task: int, actor: Actor, when: datetime = WHEN) -> DomainError | None:
    try:
        with atomic():
            tasks.complete(task, APPROVE, actor, when)
    except DomainError as refusal:
        return refusal
    return None


def test_a_deputy_decides_for_a_colleague_and_both_are_named(world, review):
    li, wang, task = colleague(world, "李四"), colleague(world, "王五"), task_of(review)
    with atomic():
        assignments.claim(task, li, WHEN - DAY)
    assert isinstance(completes(task, wang), Conflict)
    named(li, wang)
    assert completes(task, wang) is None
    row = db.session.execute(
        select(History.actor_name, History.arguments).where(History.task_id == task)
    ).one()
    assert (row.actor_name, row.arguments["for"]) == ("王五", {"account": li.account_id, "name": "李四"})


@pytest.mark.parametrize(
    ("since", "until", "stands"),
    [
        (WHEN, WHEN + DAY, True),
        (WHEN - DAY, WHEN, False),
        (WHEN + timedelta(microseconds=1), WHEN + DAY, False),
    ],
)
def test_a_deputyship_counts_from_its_first_instant_up_to_its_last(world, review, since, until, stands):
    li, wang, task = colleague(world, "李四"), colleague(world, "王五"), task_of(review)
    with atomic():
        assignments.claim(task, li, WHEN - DAY)
    named(li, wang, since=since, until=until)
    assert (completes(task, wang) is None) == stands


def test_a_deputyship_may_be_limited_to_a_scheme_and_revoked(world, review):
    li, wang, task = colleague(world, "李四"), colleague(world, "王五"), task_of(review)
    with atomic():
        assignments.claim(task, li, WHEN - DAY)
    with pytest.raises(Invalid):
        named(li, wang, scheme="no-such-2021")
    row = named(li, wang, scheme=SCHEME)
    with atomic():
        deputies.revoke(row, actor=li, now=WHEN - DAY, ground="提前回来")
    assert isinstance(completes(task, wang), Conflict)
    with pytest.raises(Conflict, match="已经结束"), atomic():
        deputies.revoke(row, actor=li, now=WHEN, ground="再撤销")


def test_the_deputy_of_a_deputy_is_nobodys_deputy(world, review):
    li, wang, zhao = (colleague(world, name) for name in ("李四", "王五", "赵六"))
    task = task_of(review)
    with atomic():
        assignments.claim(task, li, WHEN - DAY)
    named(li, wang)
    named(wang, zhao)
    assert isinstance(completes(task, zhao), Conflict)


def test_a_deputy_who_decided_at_another_level_is_refused(world, review):
    """Wang reviewed at the bureau, moved to the office, and acts there for Li."""
    wang = colleague(world, "王五")
    assert completes(task_of(review), wang) is None
    with atomic():
        db.session.get(Account, wang.account_id).organisation_id = world.organisations[OFFICE]
    wang = actor_for(db.session.get(Account, wang.account_id))
    li, final = colleague(world, "李四", OFFICE), task_of(review)
    with atomic():
        assignments.claim(final, li, WHEN)
    named(li, wang)
    refusal = completes(final, wang)
    assert isinstance(refusal, Refused)
    assert "您已在“初审”环节办理过该办件" in refusal.message


def test_a_principal_counts_as_having_decided(world, review):
    """Wang decided for Li, so that Li, who moved on to the office, decides no more."""
    li, wang, task = colleague(world, "李四"), colleague(world, "王五"), task_of(review)
    with atomic():
        assignments.claim(task, li, WHEN - DAY)
    named(li, wang)
    assert completes(task, wang) is None
    with atomic():
        db.session.get(Account, li.account_id).organisation_id = world.organisations[OFFICE]
    li = actor_for(db.session.get(Account, li.account_id))
    refusal = completes(task_of(review), li)
    assert isinstance(refusal, Refused)
    assert "同一人不能在两级" in refusal.message


def test_nobody_acts_for_the_applicant(world, review):
    herself, wang = colleague(world, "陈一（经办）", person="陈一"), colleague(world, "王五")
    task = task_of(review)
    with pytest.raises(Refused), atomic():
        assignments.transfer(task, herself.account_id, "请办理", wang, WHEN)
    named(wang, herself)
    with atomic():
        assignments.claim(task, wang, WHEN)
    refusal = completes(task, herself)
    assert isinstance(refusal, Refused)
    assert "您是该办件的申报人" in refusal.message


def test_a_deputy_answers_for_who_was_asked(world, review):
    me, task = world.actors[BUREAU], task_of(review)
    li, wang = colleague(world, "李四"), colleague(world, "王五")
    with atomic():
        cosigning.ask(task, [li.account_id], "是否同意？", me, WHEN)
    named(li, wang)
    with atomic():
        cosigning.answer(task, "agree", "同意。", wang, WHEN)
    assert completes(task, me) is None


def test_what_the_principal_has_is_on_the_deputys_desk(world, review):
    li, wang, task = colleague(world, "李四"), colleague(world, "王五"), task_of(review)

    def shown(when: datetime, *, office_wide: bool = False) -> list[int]:
        desk = inbox.desk_of(wang, when, office_wide=office_wide)
        return [row.task.id for row in inbox.open_tasks(desk, inbox.TaskFilter()).rows]

    assert shown(WHEN) == [task], "what nobody has is everybody's"
    with atomic():
        assignments.claim(task, li, WHEN)
    assert shown(WHEN) == []
    assert shown(WHEN, office_wide=True) == [task]
    named(li, wang)
    assert shown(WHEN) == [task]
    assert shown(WHEN + 2 * DAY) == []


def test_who_names_whose_deputies(world):
    li, wang = colleague(world, "李四"), colleague(world, "王五")
    chief = colleague(world, "赵科长", duties=SUPERVISOR)
    other_chief = colleague(world, "钱科长", OTHER_BUREAU, SUPERVISOR)
    administrator = colleague(world, "管理员", OFFICE, ("administrator",))
    for by in (chief, administrator):
        named(li, wang, by)
    for by in (wang, other_chief, world.actors[LIBRARY]):
        with pytest.raises(NotFound):
            named(li, wang, by)
    outsider = colleague(world, "外人", OTHER_BUREAU)
    for unfit in (li, chief, outsider):
        with pytest.raises(Invalid):
            named(li, unfit)
    with pytest.raises(Invalid):
        named(li, wang, since=WHEN + DAY, until=WHEN)
    with pytest.raises(Invalid):
        named(li, wang, until=WHEN + 400 * DAY)
    assert db.session.scalars(select(Deputy.made_by)).all() == [chief.account_id, administrator.account_id]
