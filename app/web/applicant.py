"""An applicant's own pages: what is open for them, their cases, what they say to them, what they owe."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app import edge
from app.content.form_view import FormView
from app.content.scheme import Scheme
from app.errors import Conflict, Invalid, NotFound
from app.models import Case, Task
from app.operations import cases, sayings
from app.operations.paying import online_payments, payments
from app.queries import applicants, certificates, pictures, timeline
from app.queries import cases as case_queries
from app.queries import payments as payment_queries
from app.queries.applicants import OwnCase
from app.queries.organisations import name_of
from app.queries.returns import came_back
from app.queries.visibility import case_for, seen_by
from app.web import applicant_words, openings, own_rights, task_forms
from app.web.applicant_desk import progress
from app.web.payments import callback_address
from app.web.schemes import field_labels, listed_text, now_of, scheme_of
from app.web.session import needs, signed_in
from app.web.task_forms import Errors, Values

bp = Blueprint("applicant", __name__, url_prefix="/my")

NEVER = datetime.max.replace(tzinfo=UTC)


@bp.get("/")
@needs("applicant")
def home() -> str:
    own = applicants.own_cases(signed_in().person_id)
    person = applicants.person(signed_in().person_id)
    told = [(one, scheme_of(one.case.deployment_id), _standing(one)) for one in own]
    return render_template(
        "applicant/home.html",
        person=person,
        unit_name=name_of(person.unit_id) if person.unit_id is not None else None,
        openings=openings.found(own, person.unit_id),
        own=sorted(told, key=_urgency),
        progress=progress,
        rights=own_rights.of_case,
        remaining=applicant_words.remaining,
        yuan=payments.yuan,
    )


def _urgency(one: tuple[OwnCase, Scheme, applicant_words.Standing]) -> tuple[bool, bool, datetime]:
    """What the person has to do comes first, the nearest end first; what is over comes last."""
    own, _scheme, where = one
    ends = [task.closes_at for task in where.mine if task.closes_at is not None]
    return own.case.state != "running", not where.mine, min(ends, default=NEVER)


@bp.post("/start")
@needs("applicant")
def start() -> Any:
    """Begins one's own case, or one about it, and leads to its form; where it runs already, to that one."""
    scheme_id, process = request.form.get("scheme", ""), request.form.get("process", "")
    about = request.form.get("about", type=int)
    if about is not None:
        case_for(about, signed_in().sight)
    try:
        with edge.transaction():
            case_id = cases.start(
                scheme_id,
                process,
                linked_case_id=about,
                actor=signed_in().actor,
                received_at=now_of(scheme_id),
            )
    except Conflict as refusal:
        running = openings.running(applicants.own_cases(signed_in().person_id), scheme_id, process)
        if running is None:
            raise
        flash(refusal.message, "refused")
        case_id = running.case.id
    mine = [task for task, _office in _own(case_id).tasks if task.person_id == signed_in().person_id]
    if len(mine) == 1:
        return redirect(url_for("applicant_form.begin", task_id=mine[0].id))
    return redirect(url_for("applicant.case", case_id=case_id))


@bp.get("/cases/<int:case_id>")
@needs("applicant")
def case(case_id: int) -> str:
    found = case_for(case_id, signed_in().sight)
    scheme, now, me = scheme_of(found.deployment_id), now_of(found.scheme_id), signed_in()
    own, waits = _own(case_id), timeline.waits(case_id)
    drawn, words = pictures.of_case(found, scheme, waits)
    coming = applicants.to_come(found, scheme, waits.elements(), timeline.way(case_id) - waits.elements())
    entered = _entered(found, scheme)
    return render_template(
        "applicant/case.html",
        case=found,
        scheme=scheme,
        person=applicants.person(me.person_id),
        unit_name=name_of(found.unit_id),
        standing=_standing(own),
        returned=came_back([task.id for task, _office in own.tasks if task.person_id == me.person_id]),
        coming=applicant_words.coming(found, scheme, coming, now),
        incidents=waits.incidents,
        payments=payment_queries.of_case(case_id),
        payable=online_payments.waits_for_payment(case_id),
        states=payments.STATES,
        yuan=payments.yuan,
        facts=_facts(found, scheme),
        certificates=certificates.of_case(case_id),
        entered=entered,
        files=task_forms.files_in([view for _task, view in entered]),
        told=applicant_words.told(
            applicants.seen_steps(timeline.steps(case_id).rows, scheme, me.person_id), scheme
        ),
        pictures=drawn,
        way=words,
        notices=applicants.told(case_id),
        linked=case_queries.linked(found, seen_by(me.sight)),
        rights=own_rights.of_case(found, now),
        sayings=sayings.sayable(found, me.actor, now),
        remaining=applicant_words.remaining,
        progress=progress,
        now=now,
    )


@bp.route("/cases/<int:case_id>/say/<message>", methods=["GET", "POST"])
@needs("applicant")
def say(case_id: int, message: str) -> Any:
    """Says a message such as the withdrawal, once it was confirmed, with what its form asks."""
    found = case_for(case_id, signed_in().sight)
    scheme, now = scheme_of(found.deployment_id), now_of(found.scheme_id)
    said = next(
        (s.saying for s in sayings.sayable(found, signed_in().actor, now) if s.saying.message == message),
        None,
    )
    if said is None:
        raise NotFound
    form = scheme.form(said.form) if said.form else None
    values, errors = (
        task_forms.posted(form, signed_in().actor) if form and request.method == "POST" else ({}, {})
    )
    if "_submit" in request.form and not errors:
        try:
            with edge.transaction():
                status = cases.message(case_id, message, values, signed_in().actor, now)
        except Invalid as refusal:
            errors = refusal.fields
        else:
            flash(_("已办理。现在的状态：%(status)s", status=status), "done")
            return redirect(url_for("applicant.case", case_id=case_id))
    return _saying_page(found, said.title, form, values, errors), 422 if errors else 200


def _saying_page(found: Case, title: str, form: Any, values: Values, errors: Errors) -> str:
    view = task_forms.shown(form, values, errors, {}, found.unit_id) if form else None
    return render_template(
        "applicant/say.html",
        case=found,
        title=title,
        view=view,
        updates=bool(form and form.conditions.controls),
        files=task_forms.files_in([view]) if view else {},
    )


@bp.post("/payments/<int:payment_id>/order")
@needs("applicant")
def order(payment_id: int) -> str:
    """Places the order and shows the way to the provider, whom no form may be sent to from here."""
    back = url_for("applicant.home", _external=True)
    with edge.transaction():
        target = online_payments.place_order(payment_id, signed_in().actor, callback_address, back)
    return render_template("payments/order.html", target=target, back=url_for("applicant.home"))


# What the pages show


def _own(case_id: int) -> OwnCase:
    return applicants.own_case(case_id, signed_in().person_id)


def _standing(one: OwnCase) -> applicant_words.Standing:
    return applicant_words.standing(one, signed_in().person_id, now_of(one.case.scheme_id))


def _entered(case: Case, scheme: Scheme) -> list[tuple[Task, FormView]]:
    """What was entered at the person's own tasks, as it stands."""
    views = (
        (task, task_forms.read_view(task.form, dict(values), scheme, case.unit_id))
        for task, values in applicants.entered(case.id, signed_in().person_id)
    )
    return [(task, view) for task, view in views if view]


def _facts(found: Case, scheme: Scheme) -> list[tuple[str, str]]:
    """Of what lists show of the case, what the diagram has shown the person."""
    labels, seen = field_labels(scheme), applicants.seen_listed(found, scheme, signed_in().person_id)
    texts = [(name, listed_text(scheme, value, name)) for name, value in seen.items()]
    return [(labels.get(name, name), text) for name, text in texts if text]
