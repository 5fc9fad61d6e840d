"""The history of a case as its page tells it: who, when, for which office, on what ground (ALL-03)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.content.form_view import FormView
from app.content.scheme import Scheme
from app.engine import Element
from app.models import Case
from app.queries.timeline import Step
from app.web import task_forms
from app.web.schemes import listed_text

SHORT_FORM = 12
"""Fields up to which a form is shown open in the history."""
CALLS = {
    "start": _l("办件建立"),
    "fire": _l("到期自动处理"),
    "receive": _l("收到消息"),
    "move": _l("调整流程位置"),
    "retime": _l("重新计算期限"),
    "cancel": _l("撤销办件"),
    "record": _l("登记"),
    "handed": _l("转由其他单位或机构办理"),
}


ACTS = {
    "claimed": _l("签收"),
    "released": _l("放回"),
    "transferred": _l("转办"),
    "delegated": _l("委派"),
    "resolved": _l("答复委派"),
    "cosign_asked": _l("加签"),
    "cosign_given": _l("会签"),
    "cosign_removed": _l("减签"),
    "recalled": _l("撤回"),
    "reminded": _l("催办"),
    "copied": _l("抄送"),
    "absorbed": _l("已有在办，没有另起"),
}
"""What is done beside the way of a case."""


@dataclass(frozen=True)
class Decision:
    """What a decision table said, with the rows that matched."""

    name: str
    value: str
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Entry:
    """A step as the page tells it; `clauses` are (id, text), `view` what a person entered.

    `opinion` is why a case was given back, or what was written with an act beside its way.
    """

    step: Step
    title: str
    clauses: Sequence[tuple[str, str]]
    decisions: Sequence[Decision]
    view: FormView | None
    opinion: str = ""

    @property
    def short(self) -> bool:
        """Whether what was entered may stand open on the page."""
        if self.view is None:
            return False
        return sum(len(section.fields) for section in self.view.sections) <= SHORT_FORM


def entries(steps: Sequence[Step], case: Case, scheme: Scheme) -> list[Entry]:
    elements = {
        element.id: element
        for process in scheme.definitions.processes.values()
        for element in process.elements.values()
    }
    return [_entry(step, case, scheme, elements.get(step.element or "")) for step in steps]


def clauses_of(told: Sequence[Entry]) -> dict[str, str]:
    """The texts of all clauses that a history names, by id."""
    return dict(sorted({clause for entry in told for clause in entry.clauses if clause[1]}))


def _entry(step: Step, case: Case, scheme: Scheme, element: Element | None) -> Entry:
    given_back = step.call == "move" and step.task is not None
    known = {clause: scheme.clauses[clause].text for clause in scheme.clauses}
    return Entry(
        step=step,
        title=_title(step, scheme, element),
        clauses=[(clause, known.get(clause, "")) for clause in element.clauses] if element else [],
        decisions=[_decision(found, scheme) for found in step.happened if found["kind"] == "decided"],
        view=_view(step, case, scheme, element),
        opinion=str((step.values or {}).get("opinion", "")) if given_back else step.text,
    )


def _title(step: Step, scheme: Scheme, element: Element | None) -> str:
    if step.task:
        return _done(step, scheme, step.task.name)
    if step.act:
        return act_title(step.act, step.to, element.name if element else "")
    kind = str(CALLS.get(step.call, step.call))
    if step.recorded:
        declared = scheme.records.get(step.recorded)
        return f"{kind}：{declared.title}" if declared else kind
    return f"{kind}：{element.name}" if element and element.name else kind


def act_title(act: str, to: str | None, at: str = "") -> str:
    """An act beside the way of a case, at which step, and to or of whom."""
    told = _("%(at)s：%(act)s", at=at, act=ACTS.get(act, act)) if at else str(ACTS.get(act, act))
    return f"{told} → {to}" if to else told


def _done(step: Step, scheme: Scheme, name: str) -> str:
    """What was done at a task: completed, carried on, or given back to which step."""
    if step.stands:
        return _("%(name)s（沿用原来的意见）", name=name)
    if step.call != "move":
        return name
    moved = next((found["element"] for found in step.happened if found["kind"] == "moved"), "")
    processes = scheme.definitions.processes.values()
    to = next((process.elements[moved].name for process in processes if moved in process.elements), moved)
    return _("%(name)s：退回到“%(to)s”", name=name, to=to)


def _view(step: Step, case: Case, scheme: Scheme, element: Element | None) -> FormView | None:
    if step.call == "move":
        return None
    declared = scheme.records.get(step.recorded or "")
    said = element.form if element and step.call == "receive" else None
    form = declared.form if declared else step.task.form if step.task else said
    return task_forms.read_view(form, step.values or {}, scheme, case.unit_id)


def _decision(happening: Mapping[str, Any], scheme: Scheme) -> Decision:
    detail = happening.get("detail", {})
    table = scheme.definitions.decisions.get(detail.get("decision"))
    name = table.name if table else str(detail.get("decision", ""))
    return Decision(name, listed_text(scheme, detail.get("value")), detail.get("matched", []))
