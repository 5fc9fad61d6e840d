"""Schemes 方案 for those who draw and keep them: what is in force, and dry runs of its processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _

from app import edge
from app.content import read_scenarios
from app.content.dry_run_words import told_end, told_steps
from app.content.dry_runs import DryRunScript, read_script
from app.content.scheme import Scheme
from app.errors import DomainError, Invalid, NotFound, SchemeInvalid
from app.operations import deployments
from app.operations.trials import dry_runs
from app.web.filters import CHINA
from app.web.schemes import newest_schemes, scheme_of
from app.web.session import needs

bp = Blueprint("designs", __name__, url_prefix="/schemes")

LONGEST_SCRIPT = 20_000
YEARS = (2000, 2200)
FIELDS = ("at", "unit", "person", "script")


@bp.get("/")
@needs("designer", "administrator")
def index() -> str:
    return render_template("schemes/index.html", schemes=newest_schemes(), versions=_versions())


@bp.route("/<scheme_id>/dry-runs/<process>", methods=("GET", "POST"))
@needs("designer", "administrator")
def dry_run(scheme_id: str, process: str) -> Any:
    """Walks a made-up case through the process; nothing is written, and nothing of the run remains."""
    deployment_id = _versions().get(scheme_id)
    if deployment_id is None or process not in scheme_of(deployment_id).processes:
        raise NotFound
    files = deployments.files_of(deployment_id)
    scheme = scheme_of(deployment_id)
    told: dict[str, Any] = {}
    values = {name: request.form.get(name, "").strip()[:LONGEST_SCRIPT] for name in FIELDS}
    errors: dict[str, Sequence[str]] = {}
    if request.method == "POST":
        try:
            told = _walked(files, scheme, process, _script(values))
        except Invalid as refusal:
            errors = dict(refusal.fields)
        except DomainError as refusal:
            errors = {"script": _sentences(refusal)}
    shown = render_template(
        "schemes/dry_run.html",
        scheme=scheme,
        title=scheme.processes[process].title,
        world=_names_in_worlds(files),
        values=values,
        errors=errors,
        back=url_for("designs.index"),
        **told,
    )
    return (shown, 422) if errors else shown


def _versions() -> dict[str, int]:
    return {scheme_id: deployment_id for deployment_id, scheme_id in deployments.latest(edge.received_at())}


def _walked(files: dict[str, bytes], scheme: Scheme, process: str, script: DryRunScript) -> dict[str, Any]:
    run = dry_runs.dry_run(files, process, script, edge.received_at())
    return {"steps": told_steps(run, scheme), "end": told_end(run), "problems": run.problems}


def _script(values: dict[str, str]) -> DryRunScript:
    """How the run goes: the text, in which the fields of the page override what it says too."""
    text = values["script"].replace("\x00", "").encode()
    script = read_script(_("怎样走"), text) if text else DryRunScript()
    chosen: dict[str, Any] = {name: values[name] for name in ("unit", "person") if values[name]}
    if values["at"]:
        chosen["at"] = _instant(values["at"])
    return replace(script, **chosen)


def _instant(text: str) -> Any:
    try:
        found = datetime.fromisoformat(text).replace(tzinfo=CHINA)
    except ValueError:
        found = None
    if found is None or not YEARS[0] <= found.year <= YEARS[1]:
        raise Invalid({"at": [_("请填写日期和时间。")]})
    return found


def _sentences(refusal: DomainError) -> list[str]:
    if isinstance(refusal, SchemeInvalid):
        return [problem.message for problem in refusal.problems]
    return [refusal.message]


def _names_in_worlds(files: dict[str, bytes]) -> dict[str, list[str]]:
    """The units and the people that a run may be about."""
    worlds = read_scenarios(files).worlds.values()
    return {
        "units": [
            name for world in worlds for name, one in world.organisations.items() if one.kind == "unit"
        ],
        "people": [name for world in worlds for name in world.people],
    }
