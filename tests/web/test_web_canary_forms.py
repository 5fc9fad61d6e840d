"""Every form of every scheme with canaries in each of its fields: to fill in, refused, and to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import lxml.html
import pytest
from flask import Flask, Response, render_template_string
from support.hostile import CANARIES, judge
from support.schemes import OnDisk

from app.config import PROJECT
from app.content import scheme_folders
from app.content.form_fields import Field
from app.content.forms import Form
from app.errors import Invalid

PAGE = """{% from "macros/forms.html" import fields, facts with context %}
<main><form>{{ fields(view, {}) }}</form>{{ facts(view, {}) }}</main>"""
FREE = ("text", "textarea", "email", "uri", "tel")


def texts(fields: Mapping[str, Field], turn: int) -> Iterator[tuple[str, str]]:
    """What somebody hostile sends: a canary in each control, in the cells of tables' first rows too."""
    for place, (name, field) in enumerate(fields.items()):
        cells = [f"{name}-0-{column.name}" for column in field.columns] or [name]
        for number, control in enumerate(cells):
            yield control, CANARIES[(turn + place + number) % len(CANARIES)]


def entered(form: Form, sent: Mapping[str, str]) -> tuple[dict[str, Any], Mapping[str, Any]]:
    values = form.parse_post({name: [text] for name, text in sent.items()})
    try:
        form.load(values)
    except Invalid as refusal:
        return values, refusal.fields
    return values, {}


@pytest.mark.parametrize("scheme_id", scheme_folders(PROJECT))
def test_a_form_shows_what_was_typed_as_a_text(app: Flask, scheme_id: str) -> None:
    forms = OnDisk(scheme_id).scheme.forms
    with app.test_request_context():
        for (name, form), turn in product(forms.items(), range(len(CANARIES))):
            assert list(faults(form, dict(texts(form.fields, turn)))) == [], name


def faults(form: Form, sent: Mapping[str, str]) -> Iterator[str]:
    """Where the form, to fill in and to read, shows something else than the texts that were sent."""
    values, errors = entered(form, sent)
    shown = render_template_string(PAGE, view=form.view(values, errors, values))
    answer: Any = Response(shown, mimetype="text/html", headers={"X-Content-Type-Options": "nosniff"})
    yield from judge(answer)
    controls = lxml.html.fromstring(shown).forms[0].fields
    for name, field in form.fields.items():
        if field.widget in FREE and name in controls and (controls[name] or "").split() != sent[name].split():
            yield f"{name}: {controls[name]}"
