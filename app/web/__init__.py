"""The pages: blueprints by group of users, thin; what all of them share is wired here."""

from __future__ import annotations

from flask import Flask

from app.web import (
    account,
    administration,
    applicant,
    applicant_accounts,
    applicant_form,
    assigning,
    case_page,
    cases,
    clocks,
    company,
    contacts,
    copies,
    deputies,
    design,
    designs,
    entry_rows,
    exports,
    handovers,
    home,
    imports,
    inbox,
    many_recalls,
    many_returns,
    many_starts,
    monitor,
    notices,
    oidc,
    organisations,
    outbox,
    overlays,
    payments,
    people,
    phrases,
    proof,
    relations,
    returns,
    sandbox_payment,
    saved_filters,
    sayings,
    search,
    second_factor,
    started,
    tasks,
    unit_desk,
    uploads,
    verify,
    viewing,
    work,
)
from app.web.company import add_company
from app.web.errors import add_error_pages
from app.web.filters import add_filters
from app.web.frame import add_frame
from app.web.security import protect
from app.web.session import add_sessions

BLUEPRINTS = (
    account.bp,
    second_factor.bp,
    oidc.bp,
    home.bp,
    applicant.bp,
    applicant_form.bp,
    applicant_accounts.bp,
    inbox.bp,
    many_returns.bp,
    many_recalls.bp,
    saved_filters.bp,
    tasks.bp,
    returns.bp,
    company.bp,
    copies.bp,
    started.bp,
    phrases.bp,
    contacts.bp,
    outbox.bp,
    assigning.bp,
    deputies.bp,
    handovers.bp,
    cases.bp,
    entry_rows.bp,
    many_starts.bp,
    unit_desk.bp,
    case_page.bp,
    sayings.bp,
    people.bp,
    search.bp,
    payments.bp,
    sandbox_payment.bp,
    notices.bp,
    monitor.bp,
    overlays.bp,
    exports.bp,
    imports.bp,
    administration.bp,
    organisations.bp,
    relations.bp,
    clocks.bp,
    designs.bp,
    design.bp,
    uploads.bp,
    viewing.bp,
    proof.bp,
    verify.bp,
    work.bp,
)


def register(app: Flask) -> None:
    """Adds the pages to the application."""
    # A form may stand open for hours; the token lives as long as the session.
    app.config.update(WTF_CSRF_TIME_LIMIT=None)
    for add in (protect, add_sessions, add_filters, add_error_pages, add_frame, add_company):
        add(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
