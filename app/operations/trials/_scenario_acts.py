"""What the steps of a scenario do; each kind of step is an act of its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.content import Form
from app.content.scenario_parts import Reorganisation, ScenarioOverlay, Step
from app.extensions import db
from app.models import Case, Task
from app.operations import cases, sayings, tasks
from app.operations.actors import SYSTEM
from app.operations.going_back import returns
from app.operations.offices import organisations
from app.operations.paying import online_payments
from app.operations.trials._expectations import Stands
from app.operations.trials._scenario_dates import move_date
from app.operations.trials._scenario_stage import Stage, Stopped
from app.operations.trials.made_up import filled_in


def act(stage: Stage, step: Step, before: Stands) -> None:
    """Does what the step says to the case that stands as `before`.

    Raises what the operations raise, and Stopped for a task that there has never been, or several times.
    """
    if step.overlay is not None:
        move_named_date(stage, step.overlay, step, before.case_id)
    elif step.reorganise is not None:
        _reorganise(stage, step.reorganise, step.at)
    elif step.paid is not None:
        online_payments.come_in(before.case_id, step.paid, step.at)
    elif step.give_back is not None:
        _give_back(stage, step.give_back, step, before)
    elif step.message is not None:
        _say(stage, step.message, step, before.case_id)
    elif step.draft is not None:
        _save_draft(stage, step.draft, step, before)
    elif step.task is not None:
        _complete(stage, step.task, step, before)


def move_named_date(stage: Stage, wanted: ScenarioOverlay, step: Step, case_id: int | None) -> None:
    approver = stage.actor(wanted.approve) if wanted.approve else None
    move_date(stage.scheme.id, wanted, stage.actor(step.by or ""), approver, case_id, step.at)


def _reorganise(stage: Stage, change: Reorganisation, at: datetime) -> None:
    ids, ground = stage.built.organisations, "场景"
    if change.merge is not None and change.into is not None:
        organisations.merge(ids[change.merge], ids[change.into], at, ground=ground, actor=SYSTEM)
    elif change.rename is not None and change.to is not None:
        organisations.rename(ids[change.rename], change.to, at, ground=ground, actor=SYSTEM)


def _give_back(stage: Stage, name: str, step: Step, before: Stands) -> None:
    actor = stage.actor(step.by or "", before.case_id)
    task_id, _ = _task(stage, name, step, before)
    targets = (target.element for target in returns.targets(task_id) if target.done.name == step.to)
    element = next(targets, None) or _element_named(stage, step.to or "")
    returns.give_back(task_id, element, step.opinion, step.then, actor, step.at)


def _element_named(stage: Stage, name: str) -> str:
    processes = stage.scheme.definitions.processes.values()
    elements = (element for process in processes for element in process.elements.values())
    return next((e.id for e in elements if e.name == name and e.kind == "userTask"), "")


def _say(stage: Stage, message: str, step: Step, case_id: int) -> None:
    actor, form = stage.actor(step.by or "", case_id), _form_said(stage, case_id, message)
    values = filled_in({**step.payload, **step.values}, form, stage.built.people, actor, step.at)
    cases.message(case_id, message, values, actor, step.at)


def _form_said(stage: Stage, case_id: int, message: str) -> Form | None:
    case = db.session.get_one(Case, case_id)
    forms = (said.form for said in sayings.of_case(case) if said.message == message)
    name = next(forms, None)
    return stage.scheme.form(name) if name else None


def _save_draft(stage: Stage, name: str, step: Step, before: Stands) -> None:
    actor = stage.actor(step.by or "", before.case_id)
    task_id, form = _task(stage, name, step, before)
    values = filled_in(step.values, form, stage.built.people, actor, step.at)
    tasks.save_draft(task_id, values, actor, step.at)


def _complete(stage: Stage, name: str, step: Step, before: Stands) -> None:
    actor = stage.actor(step.by or "", before.case_id)
    task_id, form = _task(stage, name, step, before)
    values = filled_in(step.values, form, stage.built.people, actor, step.at)
    tasks.complete(task_id, values, actor, step.at)


def _task(stage: Stage, name: str, step: Step, before: Stands) -> tuple[int, Form | None]:
    """The id of the task meant and its form; one that is no longer open is found, too, to be refused."""
    waits = [wait for wait in before.snapshot.tasks if wait.name == name]
    if step.item is not None:
        waits = [wait for wait in waits if wait.variables.get("loopCounter") == step.item]
    if len(waits) > 1:
        raise Stopped(f"有 {len(waits)} 个“{name}”待办，请用 item 写明是第几个（从 0 起）")
    asked = select(Task.id, Task.form).where(Task.case_id == before.case_id, Task.name == name)
    if waits:
        asked = asked.where(Task.token == waits[0].token)
    found = db.session.execute(asked.order_by(Task.id.desc()).limit(1)).first()
    if found is None:
        raise Stopped(f"没有“{name}”这项待办；现有：{'、'.join(before.task_names) or '无'}")
    return found.id, stage.scheme.form(found.form) if found.form else None
