"""Certificates: what anybody may know of one by its number, and those of a case or a person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import select

from app.content.certificates import trade_title
from app.content.scheme import Scheme
from app.engine.civil import civil
from app.extensions import db
from app.models import Case, Certificate
from app.operations import deployments

LONGEST_NUMBER = 64


@dataclass(frozen=True, slots=True)
class Verified:
    """All that the public is told of a certificate (ALL-05); nothing of the person."""

    state: Literal["valid", "revoked"]
    trade: str
    grade: str
    issued_on: date


def verified(number: str) -> list[Verified]:
    """The certificates of that number, one a jurisdiction; none: such a number was never issued."""
    wanted = re.sub(r"\s", "", number).upper()
    if not wanted or len(wanted) > LONGEST_NUMBER:
        return []
    found = (
        select(Certificate, Case.deployment_id)
        .join(Case, Case.id == Certificate.case_id)
        .where(Certificate.number == wanted)
        .order_by(Certificate.id)
    )
    return [_verified(row, deployments.scheme(pinned)) for row, pinned in db.session.execute(found)]


def of_case(case_id: int) -> Sequence[Certificate]:
    """What a case has issued, the newest first."""
    issued = select(Certificate).where(Certificate.case_id == case_id)
    return db.session.scalars(issued.order_by(Certificate.id.desc())).all()


def of_person(person_id: int) -> Sequence[Certificate]:
    """A person's certificates, revoked ones too, the newest first."""
    theirs = select(Certificate).where(Certificate.person_id == person_id)
    return db.session.scalars(theirs.order_by(Certificate.id.desc())).all()


def _verified(certificate: Certificate, scheme: Scheme) -> Verified:
    return Verified(
        "valid" if certificate.state == "valid" else "revoked",
        trade_title(scheme, certificate.trade),
        scheme.grade_title(certificate.grade),
        civil(certificate.issued_at).date(),
    )
