"""What an untouched form begins with: variables of the case, but nobody else's answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.content.forms import Form
from app.content.mapping import read_mapping
from app.content.scheme import Scheme


def begins_with(scheme: Scheme, process: str, element: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables without those that the form asks for and that a task of another role puts out.

    Whoever reviews after somebody else decides for themselves: no decision, opinion or score of theirs is
    chosen beforehand. What the form only shows (`readOnly`) stays.
    """
    drawn = scheme.definitions.processes[process].elements
    task = drawn[element]
    form = scheme.forms.get(task.form or "")
    if form is None:
        return dict(variables)
    asked = {name for name, field in form.fields.items() if not field.read_only}
    others = {
        variable
        for one in drawn.values()
        if one.kind == "userTask" and one.role != task.role
        for variable, _field in read_mapping(one.properties.get("outputs", ""))
    }
    return {
        name: value for name, value in variables.items() if name not in (asked & others) | listed_anew(form)
    }


def listed_anew(form: Form | None) -> set[str]:
    """The lists of a form that begin cases (`x-begins`): whoever stood in the last one has a case by now."""
    return {name for name, field in form.fields.items() if field.begins} if form else set()
