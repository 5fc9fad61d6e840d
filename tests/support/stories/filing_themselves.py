"""Stories of people who file themselves: their accounts, and what they fill in for their unit to submit."""

from __future__ import annotations

from app.extensions import atomic
from app.operations import deployments, tasks
from app.operations.access import applicants
from app.operations.access._sessions import open_session
from app.operations.actors import SYSTEM
from app.operations.company import filled_in
from support.applying import ADDRESS, ROLE, applicant, applicant_files, hand_out, number_of
from support.pages import PASSWORD
from support.stories import Act, Stage, story
from support.stories.stage import FILED, FILLED
from support.world import LIBRARY, at, open_filing, task_of

UNIT_SUBMITS = ROLE + "    unit_submits: true\n"


@story("applicants.open_account")
def somebody_gets_an_account(stage: Stage) -> Act:
    person = stage.people["陈一"]
    return lambda: applicants.open_account(person, actor=stage.actors[LIBRARY], now=FILED)


@story()
def somebody_gets_a_new_code(stage: Stage) -> Act:
    """With the code the password and the session go, or all three stay."""
    person, me = stage.people["陈一"], applicant(stage.built)
    with atomic():
        open_session(me.account_id or 0, at("2021-06-11 09:30"))
    return lambda: applicants.open_account(person, actor=stage.actors[LIBRARY], now=FILED)


@story("applicants.open_missing", again=True)
def all_others_get_an_account(stage: Stage) -> Act:
    """One has one already, whose code stays as it is; done again, nobody gets a second."""
    hand_out(stage.built)
    unit = stage.organisations[LIBRARY]
    return lambda: applicants.open_missing(unit, actor=stage.actors[LIBRARY], now=FILED)


@story("applicants.activate")
def an_account_is_taken_into_use(stage: Stage) -> Act:
    """The code is used up if, and only if, the password is set."""
    opened, number = hand_out(stage.built), number_of(stage.built)
    return lambda: applicants.activate(opened.name, number, opened.code, PASSWORD, ADDRESS, FILED)


@story("filled_in.hand_to_unit", again=True)
def a_form_is_handed_to_the_unit(stage: Stage) -> Act:
    """Handed over again before the unit has read of it, it is told once."""
    with atomic():
        deployments.publish(applicant_files(UNIT_SUBMITS), SYSTEM, at("2021-06-01 00:00"))
    person, task_id = applicant(stage.built), task_of(open_filing(stage.built))
    with atomic():
        tasks.save_draft(task_id, FILLED, person, FILED)
    return lambda: filled_in.hand_to_unit(task_id, person, FILED)
