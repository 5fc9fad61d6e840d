"""A scheme from disk in a rehearsal of its year: published, its offices at work, its clock at the opening."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import yaml
from flask import Flask
from sqlalchemy import func, update

from app import clock
from app.config import PROJECT
from app.content.scenarios import read_scenarios
from app.content.sources import read_scheme_folder
from app.extensions import atomic
from app.models import Account
from app.operations import deployments
from app.operations.access import _passwords
from app.operations.actors import SYSTEM
from app.operations.dates import clock as clocks
from app.operations.trials.worlds import Built, build
from support.pages import PASSWORD, Stage
from support.world import PUBLISHED, at


def rehearse(app: Flask, scheme: str, opens: str, keeper: str, published: datetime = PUBLISHED) -> Stage:
    """The operators of the scheme's world have the same password; one of them keeps the clock."""
    files = read_scheme_folder(PROJECT, scheme)
    with atomic() as session:
        clocks.mark_database(True, PUBLISHED)
        deployments.publish(files, SYSTEM, published)
        clocks.open_clock(scheme, at(opens), SYSTEM, clock.now())
        built: Built = build(read_scenarios(files).worlds["organisations.yaml"])
        login = func.concat("operator", Account.id)
        session.execute(update(Account).values(login=login, password_hash=_passwords.hashed(PASSWORD)))
    stage = Stage(app, built)
    stage.give(keeper, "administrator", "operator")
    return stage


def sample(scheme: str, title: str, **changed: Any) -> dict[str, Any]:
    """Values of the scheme's own samples, as one would type them."""
    path = PROJECT / "bpmn" / scheme / "scenarios" / "organisations.yaml"
    values = {**yaml.safe_load(path.read_text(encoding="utf-8"))["values"][title], **changed}
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in values.items()}
