"""What people tell each other about a case: taking back, reminding, copying, phrases."""

from __future__ import annotations

from sqlalchemy import func, select

from app.extensions import atomic, db
from app.models import CaseCopy, Task
from app.operations import copies, phrases, recalls, reminders
from support.stories import Act, Stage, story
from support.stories.stage import FILED, FILLED, LATER
from support.world import BUREAU, LIBRARY, at, complete, open_filing, task_of

NEXT_DAY = at("2021-06-12 09:00")


def submitted(stage: Stage) -> int:
    case_id = open_filing(stage.built)
    complete(case_id, "fill", FILLED, stage.actors[LIBRARY], "2021-06-11 10:00")
    return case_id


@story("recalls.recall")
def a_submission_is_taken_back(stage: Stage) -> Act:
    case_id = submitted(stage)
    done = select(func.min(Task.id)).where(Task.case_id == case_id)
    task_id = db.session.scalars(done).one()
    return lambda: recalls.recall(task_id, stage.actors[LIBRARY], NEXT_DAY)


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
