"""A case's page: subject, status, where it stands, what happened, its diagram and files; acts on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app import edge
from app.content.form_view import FormView
from app.content.head import RecordKind
from app.content.scheme import Scheme
from app.errors import DomainError, Invalid, NotFound
from app.models import Case
from app.operations import cases as case_operations
from app.operations import organisations
from app.queries import diagrams, files, timeline
from app.queries.organisations import name_of
from app.queries.people import of_case
from app.queries.visibility import case_for
from app.web import task_forms
from app.web.cases import bp
from app.web.schemes import field_labels, listed_text, now_of, scheme_of
from app.web.session import needs, signed_in
from app.web.task_forms import Errors, Values

CALLS = {
    "start": _l("办件建立"),
    "fire": _l("到期自动处理"),
    "receive": _l("收到消息"),
    "move": _l("调整流程位置"),
    "retime": _l("重新计算期限"),
    "cancel": _l("撤销办件"),
    "record": _l("登记"),
}


@bp.get("/<int:case_id>")
@needs("operator", "supervisor")
def show(case_id: int) -> str:
    case = case_for(case_id, signed_in().sight)
    scheme = scheme_of(case.deployment_id)
    steps = timeline.steps(case_id, request.args.get("before"))
    entries = [_entry(step, case, scheme) for step in steps.rows]
    waits = timeline.waits(case_id)
    pictures = _pictures(case, scheme, waits)
    attached = files.of_case(case_id)
    views = [entry.view for entry in entries if entry.view]
    return render_template(
        "cases/show.html",
        case=case,
        scheme=scheme,
        person=of_case(case),
        unit_name=name_of(case.unit_id),
        facts=_facts(case, scheme),
        waits=waits,
        entries=entries,
        clauses=dict(sorted({clause for entry in entries for clause in entry.clauses if clause[1]})),
        earlier=steps.next,
        pictures=pictures,
        way=_way(pictures, scheme),
        files=attached,
        files_by_id=task_forms.files_in(views),
        sayings=_sayings(case, scheme, waits),
        records=_records(case, scheme),
        me=signed_in(),
        now=now_of(case.scheme_id),
    )


@bp.post("/<int:case_id>/message")
@needs("operator", "supervisor")
def say(case_id: int) -> Any:
    """Says a message that the unit's case waits for, such as the deletion of an entry (CQ-11)."""
    case = case_for(case_id, signed_in().sight)
    with edge.transaction():
        status = case_operations.message(
            case_id, request.form.get("message", ""), {}, signed_in().actor, now_of(case.scheme_id)
        )
    flash(_("已办理。办件现在的状态：%(status)s", status=status), "done")
    return redirect(url_for("cases.show", case_id=case_id))


@bp.get("/<int:case_id>/records/<kind>")
@needs("operator", "supervisor")
def record_form(case_id: int, kind: str) -> str:
    case, scheme, declared = _declared(case_id, kind)
    return _render_record(case, scheme, declared, {}, {})


@bp.post("/<int:case_id>/records/<kind>")
@needs("operator", "supervisor")
def record(case_id: int, kind: str) -> Any:
    """Logs an entry without effect on the way of the case, such as the paper set's arrival (CQ-29)."""
    case, scheme, declared = _declared(case_id, kind)
    values, errors = task_forms.posted(scheme.form(declared.form), signed_in().actor)
    if "_submit" not in request.form or errors:
        return _render_record(case, scheme, declared, values, errors), 422 if errors else 200
    try:
        with edge.transaction():
            case_operations.record(case_id, kind, values, signed_in().actor, now_of(case.scheme_id))
    except Invalid as refusal:
        return _render_record(case, scheme, declared, values, refusal.fields), 422
    flash(_("已登记：%(title)s", title=declared.title), "done")
    return redirect(url_for("cases.show", case_id=case_id))


def _declared(case_id: int, kind: str) -> tuple[Case, Scheme, RecordKind]:
    case = case_for(case_id, signed_in().sight)
    scheme = scheme_of(case.deployment_id)
    declared = dict(_records(case, scheme)).get(kind)
    if declared is None:
        raise NotFound
    return case, scheme, declared


def _render_record(case: Case, scheme: Scheme, declared: RecordKind, values: Values, errors: Errors) -> str:
    form = scheme.form(declared.form)
    view = task_forms.shown(form, values, errors, {}, case.unit_id)
    return render_template(
        "cases/record.html",
        case=case,
        title=declared.title,
        person=of_case(case),
        unit_name=name_of(case.unit_id),
        view=view,
        updates=bool(form.conditions.controls),
        files=task_forms.files_in([view]),
    )


def _records(case: Case, scheme: Scheme) -> Sequence[tuple[str, RecordKind]]:
    """The entries that the scheme lets the actor's organisation log on this case."""
    now = now_of(case.scheme_id)
    return [
        (kind, declared)
        for kind, declared in scheme.records.items()
        if any(_holds(scheme, role, case, now) for role in declared.roles)
    ]


def _holds(scheme: Scheme, role: str, case: Case, now: Any) -> bool:
    try:
        holder = organisations.resolve_role(scheme.roles[role], case.unit_id, now)
    except DomainError:  # nobody holds it for this unit
        return False
    return holder == signed_in().organisation_id


def _sayings(case: Case, scheme: Scheme, waits: timeline.Waits) -> list[tuple[str, str]]:
    """Messages (name, label) that the unit itself may say: those that no process of the scheme sends."""
    me = signed_in()
    if case.unit_id != me.organisation_id or not me.has("operator"):
        return []
    sent = {name for process in scheme.definitions.processes.values() for name in process.sent_messages}
    now = now_of(case.scheme_id)
    return [
        (wait.message, wait.name or wait.message)
        for wait in waits.messages
        if wait.key is None and wait.message not in sent and not (wait.closes_at and wait.closes_at <= now)
    ]


def _facts(case: Case, scheme: Scheme) -> list[tuple[str, str]]:
    labels = field_labels(scheme)
    return [(labels.get(name, name), listed_text(scheme, value)) for name, value in case.listed.items()]


@dataclass(frozen=True)
class Entry:
    """A step of the history as the page tells it."""

    step: timeline.Step
    title: str
    clauses: Sequence[tuple[str, str]]
    decisions: Sequence[Mapping[str, Any]]
    view: FormView | None


def _entry(step: timeline.Step, case: Case, scheme: Scheme) -> Entry:
    return Entry(
        step=step,
        title=_title(step, case, scheme),
        clauses=[(clause, _clause_text(scheme, clause)) for clause in _clauses(step, scheme)],
        decisions=[
            _decision(happening, scheme) for happening in step.happened if happening["kind"] == "decided"
        ],
        view=task_forms.read_view(step.task, step.values, scheme, case.unit_id)
        if step.task and step.values
        else None,
    )


def _title(step: timeline.Step, case: Case, scheme: Scheme) -> str:
    if step.task:
        return step.task.name
    kind = str(CALLS.get(step.call, step.call))
    if step.call == "record":
        declared = scheme.records.get(str(step.arguments.get("record")))
        return f"{kind}：{declared.title}" if declared else kind
    name = _element_names(scheme).get(step.element or "", "")
    return f"{kind}：{name}" if name else kind


def _clauses(step: timeline.Step, scheme: Scheme) -> Sequence[str]:
    elements = [
        p.elements[step.element] for p in scheme.definitions.processes.values() if step.element in p.elements
    ]
    return list(dict.fromkeys(clause for element in elements for clause in element.clauses))


def _clause_text(scheme: Scheme, clause: str) -> str:
    found = scheme.clauses.get(clause)
    return found.text if found else ""


def _decision(happening: Mapping[str, Any], scheme: Scheme) -> Mapping[str, Any]:
    detail = happening.get("detail", {})
    table = scheme.definitions.decisions.get(detail.get("decision"))
    return {
        "name": table.name if table else detail.get("decision", ""),
        "rows": detail.get("matched", []),
        "value": listed_text(scheme, detail.get("value")),
    }


def _element_names(scheme: Scheme) -> dict[str, str]:
    return {
        element.id: element.name
        for process in scheme.definitions.processes.values()
        for element in process.elements.values()
    }


def _pictures(case: Case, scheme: Scheme, waits: timeline.Waits) -> list[dict[str, Any]]:
    """The diagrams that the case passed: its own first, then those of the processes it called."""
    processes = scheme.definitions.processes
    passed, standing = timeline.way(case.id), waits.elements()
    own = processes[case.process]
    files = {own.file: own.name}
    for process in processes.values():
        if passed & process.elements.keys():
            files.setdefault(process.file, process.name)
    sources = diagrams.sources(case.deployment_id, files)
    return [
        {
            "name": name or file,
            "file": file,
            "xml": sources[file],
            "taken": sorted(passed),
            "current": sorted(standing),
        }
        for file, name in files.items()
        if file in sources
    ]


def _way(pictures: Sequence[Mapping[str, Any]], scheme: Scheme) -> list[dict[str, Any]]:
    """The diagrams in words: each process's named elements, passed or waiting."""
    told = []
    for picture in pictures:
        for process in scheme.definitions.processes.values():
            if process.file == picture["file"]:
                passed, standing = set(picture["taken"]), set(picture["current"])
                named = [element for element in process.elements.values() if element.name]
                told.append(
                    {
                        "name": process.name or process.id,
                        "passed": [e for e in named if e.id in passed and e.id not in standing],
                        "standing": [e for e in named if e.id in standing],
                    }
                )
    return told
