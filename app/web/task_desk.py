"""A task with what its page is made of: its form, what was entered before, what to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import render_template, request, url_for

from app.content.beginnings import begins_with
from app.content.form_view import FormView
from app.content.forms import Form
from app.content.returns import may_return
from app.content.scheme import Scheme
from app.engine import Element
from app.models import KeptForm, TaskDraft
from app.operations.registers import corrections
from app.queries import desk as beside
from app.queries import tasks as task_queries
from app.queries import warnings
from app.queries.returns import came_back, last_return
from app.web import changes, grounds, task_forms
from app.web.assigning import assigning_context
from app.web.desk import in_list, list_address
from app.web.listing import url_in_list
from app.web.schemes import now_of, real_now, scheme_of
from app.web.session import signed_in
from app.web.task_forms import Errors, Values


@dataclass(frozen=True)
class Earlier:
    """What was entered at an earlier task, ready to read."""

    name: str
    who: str
    at: datetime | None
    view: FormView | None

    @classmethod
    def of(cls, entered: task_queries.Entered, scheme: Scheme, unit_id: int) -> Earlier:
        who = " · ".join(part for part in (entered.office, entered.actor) if part)
        view = task_forms.read_view(entered.task.form, entered.values, scheme, unit_id)
        return cls(entered.task.name, who, entered.task.completed_at, view)


def saver(draft: TaskDraft | None) -> str:
    """Who saved a draft, by name; empty for the reader themselves."""
    if draft is None or draft.saved_by == signed_in().actor.account_id:
        return ""
    return beside.name_of(draft.saved_by)


@dataclass(frozen=True)
class TaskDesk:
    """A task, with what its page is made of."""

    page: task_queries.TaskPage
    scheme: Scheme
    form: Form | None
    variables: Values = field(default_factory=dict)

    @classmethod
    def of(cls, task_id: int) -> TaskDesk:
        page = task_queries.one(task_id, signed_in().organisation_id)
        scheme = scheme_of(page.case.deployment_id)
        form = scheme.form(page.task.form) if page.task.form else None
        return cls(page, scheme, form, task_forms.variables_of(page.case, scheme, page.task.token))

    @property
    def task_id(self) -> int:
        return self.page.task.id

    @property
    def version(self) -> str:
        """When the draft was saved that the page shows; empty without one. A form carries it as `_seen`."""
        return self.page.draft.saved_at.isoformat() if self.page.draft else ""

    @property
    def stands(self) -> bool:
        """Whether the task can still be done."""
        closes_at = self.page.task.closes_at
        return self.page.task.state == "open" and (closes_at is None or closes_at > now_of(self.scheme.id))

    def draft(self) -> Values:
        return task_queries.typed([self.task_id]).get(self.task_id, {})

    def view(self, values: Values, errors: Errors | None = None) -> FormView | None:
        if self.form is None:
            return None
        task = self.page.task
        known = begins_with(self.scheme, task.process, task.element, self.variables)
        return task_forms.shown(self.form, values, errors or {}, known, self.page.case.unit_id, self.scheme)

    def render(
        self,
        values: Values,
        errors: Errors | None = None,
        refused: str = "",
        kept: KeptForm | None = None,
        compared: Sequence[changes.Difference] = (),
        saved: bool = False,
    ) -> str:
        """The page; drawn anew without having been `saved`, it still began with what it had begun with."""
        view = self.view(values, errors)
        entered = task_queries.entered(self.page.case.id)
        earlier = [Earlier.of(one, self.scheme, self.page.case.unit_id) for one in entered]
        told = [part for part in earlier if part.view]
        material = task_forms.files_in([part.view for part in told if part.view])
        assigned = assigning_context(self.page)
        mine = assigned["assigning"] is None or assigned["assigning"].may_decide
        return render_template(
            "tasks/show.html",
            **self._what(),
            **self._known(entered),
            **assigned,
            view=view,
            updates=bool(self.form and self.form.conditions.controls),
            saved_at=self.page.draft.saved_at if self.page.draft and request.method == "GET" else None,
            saved_by=saver(self.page.draft),
            kept=kept,
            version=self.version if saved else request.form.get("_seen", self.version),
            entered=told,
            material=material,
            files={**material, **task_forms.files_in([view] if view else [])},
            refused=refused,
            compared=compared,
            fillable=mine and self.stands,
            split=self._reviews() and bool(told),
            returnable=mine and self.stands and may_return(self._element()),
            back=list_address() if in_list() else None,
        )

    def compare(self, differences: Sequence[changes.Difference], saved_by: str) -> str:
        """The page on which two fillings of the form stand side by side, to choose from."""
        return render_template(
            "tasks/compare.html",
            **self._what(),
            differences=differences,
            saved_by=saved_by,
            merge=url_in_list("tasks.merge", task_id=self.task_id),
            case_page=url_for("case.show", case_id=self.page.case.id),
        )

    def _what(self) -> dict[str, Any]:
        page = self.page
        return {
            "task": page.task,
            "case": page.case,
            "scheme": self.scheme,
            "unit_name": page.unit_name,
            "person": page.person,
            "stands": self.stands,
        }

    def _known(self, entered: Sequence[task_queries.Entered]) -> dict[str, Any]:
        """What stands beside the form: facts, warnings, what was amended, the articles behind it."""
        case, now = self.page.case, now_of(self.scheme.id)
        reviews = self._reviews()
        returned = last_return(case.id) if reviews else None
        account_id = signed_in().actor.account_id
        return {
            "shown": task_forms.facts(self._element(), self.scheme, case, self.variables),
            "numbers": corrections.numbers_to_examine(case.id) if self.stands else [],
            "came_back": came_back([self.task_id]).get(self.task_id),
            "amended": changes.since(returned.at if returned else None, entered, self.scheme, case.unit_id),
            "last_return": returned,
            "warnings": warnings.about(case, self.scheme, now) if reviews and self.stands else None,
            "grounds": grounds.behind(self.page.task, case, self.scheme) if reviews else None,
            "others": beside.others(self.task_id, account_id, real_now()),
        }

    def _reviews(self) -> bool:
        """Whether it is an office's task about what others entered, not one at which somebody files."""
        return self.scheme.roles[self.page.task.role].relation != "unit"

    def _element(self) -> Element:
        return self.scheme.definitions.processes[self.page.task.process].elements[self.page.task.element]
