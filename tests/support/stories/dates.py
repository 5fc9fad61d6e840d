"""Stories of cases given back, and of named dates that are moved."""

from __future__ import annotations

from typing import Any

from app.extensions import atomic
from app.operations.dates import overlays
from app.operations.going_back import returns
from support.stories import Act, Stage, story
from support.stories.stage import FILLED, closing
from support.world import BUREAU, LIBRARY, OFFICE, SCHEME, at, complete, open_filing, task_of

DECIDED = at("2021-06-20 09:00")


def _reviewed(stage: Stage, name: str) -> int:
    """A review that waits at the bureau."""
    case_id = open_filing(stage.built, name)
    complete(case_id, "fill", FILLED, stage.actors[LIBRARY], "2021-06-11 10:00")
    return task_of(case_id, "first_review")


@story("returns.give_back")
def a_case_is_given_back(stage: Stage) -> Act:
    task_id, bureau = _reviewed(stage, "陈一"), stage.actors[BUREAU]
    return lambda: returns.give_back(task_id, "fill", "请补正", "on", bureau, at("2021-06-12 10:00"))


@story("returns.give_back_many", parts=True)
def two_cases_are_given_back(stage: Stage) -> Act:
    given = ([_reviewed(stage, name) for name in ("陈一", "李二")], "fill", "请补正", "on")
    bureau, received_at = stage.actors[BUREAU], at("2021-06-12 10:00")
    return lambda: returns.give_back_many(*given, bureau, received_at, atomic)


def _propose(stage: Stage) -> int:
    asked: dict[str, Any] = {"ground": "考试院延期通知", "actor": stage.actors[OFFICE], "now": DECIDED}
    return overlays.propose(SCHEME, "filing_closes", "2021-07-10", **asked)


def _proposed(stage: Stage) -> int:
    with atomic():
        return _propose(stage)


@story("overlays.propose")
def another_day_is_proposed(stage: Stage) -> Act:
    return lambda: _propose(stage)


@story("overlays.approve")
def another_day_is_approved(stage: Stage) -> Act:
    proposed = _proposed(stage)
    return lambda: overlays.approve(proposed, actor=stage.actors["吴审"], now=DECIDED)


@story("overlays.reject")
def another_day_is_rejected(stage: Stage) -> Act:
    proposed = _proposed(stage)
    return lambda: overlays.reject(proposed, opinion="依据不足", actor=stage.actors["吴审"], now=DECIDED)


@story("overlays.withdraw")
def a_proposal_is_withdrawn(stage: Stage) -> Act:
    proposed = _proposed(stage)
    return lambda: overlays.withdraw(proposed, actor=stage.actors[OFFICE], now=DECIDED)


# The count of cases that moved is of those whose turn was noted: a killed one's are not among them.
@story("overlays.carry_out", parts=True, differs=frozenset({"overlay.moved"}))
def cases_get_the_other_day(stage: Stage) -> Act:
    closing(stage)
    proposed = _proposed(stage)
    with atomic():
        overlays.approve(proposed, actor=stage.actors["吴审"], now=DECIDED)
    return lambda: overlays.carry_out(lambda scheme_id: DECIDED, atomic)
