"""The pages of an applicant's form: a step, its comparison with what was saved meanwhile, the check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _

from app.content.form_view import FieldView, FormView, SectionView
from app.queries.returns import came_back
from app.web import applicant_words, meanwhile, task_forms
from app.web.applicant_desk import Desk
from app.web.changes import Difference
from app.web.schemes import now_of
from app.web.session import signed_in
from app.web.task_desk import saver
from app.web.task_forms import Errors, Values


def field_page(desk: Desk, name: str, values: Values, errors: Errors) -> str:
    """One field of a step, for a script that puts it in the place of the former one."""
    fields = (field for section in desk.view_of(values, errors).sections for field in section.fields)
    shown = next(field for field in fields if field.name == name)
    return render_template("applicant/field.html", field=shown, task=desk.task, files=_files(shown))


def step_page(
    desk: Desk,
    number: int,
    values: Values,
    errors: Errors,
    *,
    saved: Values | None = None,
    seen: str | None = None,
    kept: bool = False,
    refused: str = "",
    note: str = "",
) -> str:
    """A step as it stands; `saved` is the draft if it was just saved, `seen` what the page began with."""
    begun = meanwhile.marks(desk.values if saved is None else saved, desk.names(number))
    whole = desk.view_of(values, errors)
    section = desk.without_last(whole.sections[number - 1])
    view = replace(whole, sections=(section,))
    numbers = sorted({*desk.numbers_of(whole), number})
    return render_template(
        "applicant/step.html",
        **_common(desk),
        number=number,
        place=numbers.index(number) + 1,
        steps=[(n, whole.sections[n - 1].title or whole.title) for n in numbers],
        missing={n for n in numbers if desk.at(n, desk.faults(values))},
        view=view,
        updates=bool(desk.form and desk.form.conditions.controls & desk.names(number)),
        files=_files(*section.fields),
        refused=refused,
        note=note,
        kept=kept,
        seen=begun if seen is None else seen,
        page=meanwhile.new_page(),
    )


def compare_page(desk: Desk, number: int, values: Values, found: Sequence[Difference]) -> str:
    """The page on which the step as it was sent stands beside what was saved of it meanwhile."""
    return render_template(
        "tasks/compare.html",
        **_common(desk),
        differences=found,
        theirs=meanwhile.left_alone(values, {one.name for one in found}),
        saved_by=_("单位") if saver(desk.owned.draft) else signed_in().name,
        merge=url_for("applicant_form.merge", task_id=desk.task.id, number=number),
        case_page=desk.home,
    )


def _last_view(desk: Desk, errors: Errors) -> FormView | None:
    """The fields that are typed beside the button that submits; the unit types them where it submits."""
    typed = {**desk.values, **desk.typed_last()}
    found = [f for s in desk.view_of(typed, errors).sections for f in s.fields]
    last = [f for f in found if f.name in desk.asked_last and f.visible]
    return FormView("", "", (SectionView("", last),), ()) if last and not desk.unit_submits else None


def check_page(desk: Desk, errors: Errors, refused: str = "") -> str:
    told = {**desk.faults(desk.values), **errors}
    view = desk.view_of(desk.values, {})
    view = replace(view, sections=[desk.without_last(section) for section in view.sections])
    return render_template(
        "applicant/check.html",
        **_common(desk),
        missing=_missing(desk, told),
        lacking={n for n in desk.numbers_of(view) if desk.at(n, told)},
        view=view,
        last=_last_view(desk, errors),
        seen=meanwhile.marks(desk.values, desk.form.fields if desk.form else ()),
        files=task_forms.files_in([view]),
        refused=refused,
        steps=[(n, view.sections[n - 1].title or view.title) for n in desk.numbers_of(view)],
    )


def _missing(desk: Desk, errors: Errors) -> Sequence[tuple[str, str]]:
    """Each sentence with the address of its field."""
    found = []
    for name, texts in errors.items():
        if name in desk.asked_last:
            found += [(text, f"#{name}") for text in texts]
            continue
        number = next((n for n in range(1, 1 + len(desk.view.sections)) if desk.at(n, {name: texts})), 1)
        place = url_for("applicant_form.step", task_id=desk.task.id, number=number, missing=1)
        found += [(text, f"{place}#{name}") for text in texts]
    return found


def _files(*fields: FieldView) -> Mapping[str, Any]:
    return task_forms.files_in([FormView("", "", (SectionView("", fields),), ())])


def _common(desk: Desk) -> dict[str, Any]:
    task, case = desk.task, desk.owned.case
    drawn = desk.scheme.definitions.processes[task.process].elements[task.element]
    now = now_of(desk.scheme.id)
    return {
        "task": task,
        "case": case,
        "scheme": desk.scheme,
        "stands": desk.stands,
        "unit_submits": desk.unit_submits,
        "remaining": applicant_words.remaining(task.closes_at, now) if task.closes_at else "",
        "came_back": came_back([task.id]).get(task.id),
        "saved_at": desk.owned.draft.saved_at if desk.owned.draft else None,
        "saved_by_unit": bool(saver(desk.owned.draft)),
        "context": task_forms.facts(drawn, desk.scheme, case, desk.variables),
    }
