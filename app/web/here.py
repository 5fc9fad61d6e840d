"""The schemes that concern whoever is signed in."""

from __future__ import annotations

from flask import g

from app.content.scheme import Scheme
from app.models import Organisation
from app.operations.offices import regions
from app.queries import applicants, organisations
from app.web.schemes import newest_schemes
from app.web.session import SignedIn, viewer


def schemes_here() -> dict[str, Scheme]:
    """The newest schemes in whose jurisdiction the own organisation lies, or above which it is; by id.

    An applicant's is the unit. That of the smallest jurisdiction is the first: it is the own one. All of them
    for a stranger and for an account of no organisation.
    """
    if "schemes_here" not in g:
        me = viewer()
        own = _organisation(me) if me else None
        of_all = newest_schemes().values()
        nearest = sorted(of_all, key=lambda scheme: -len(regions.prefix(scheme.jurisdiction)))
        g.schemes_here = {
            scheme.id: scheme
            for scheme in nearest
            if own is None or regions.related(own.region, scheme.jurisdiction)
        }
    found: dict[str, Scheme] = g.schemes_here
    return found


def _organisation(me: SignedIn) -> Organisation | None:
    if not me.is_applicant:
        return me.organisation
    unit_id = applicants.person(me.person_id).unit_id
    return organisations.one(unit_id) if unit_id is not None else None
