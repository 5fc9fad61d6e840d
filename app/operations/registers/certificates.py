"""Certificates 证书: issued, revoked, restored, issued again under the same number (ALL-05, LIFE-14)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import case as either
from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Row

from app.content.capabilities import CapabilityDeclaration
from app.content.certificates import PATTERN, certificate_number
from app.errors import EngineError
from app.extensions import db
from app.models import Certificate, CertificateCopy
from app.operations.capabilities import CapabilityRefused, Request, Values, capability
from app.operations.road._links import line_of

VALID, REVOKED = "valid", "revoked"
NO_CERTIFICATE = "no_certificate"
_NONE_YET = {NO_CERTIFICATE: "没有发过证书"}

ISSUE = CapabilityDeclaration(
    "issue_certificate",
    "颁发证书",
    inputs={"trade": "工种", "grade": "等级代号"},
    outputs={"number": "证书编号"},
    refusals={"other_certificate": "本办件已发过另一工种或等级的证书，且未撤销"},
    parameters={PATTERN: "证书编号的式样"},
)
REVOKE = CapabilityDeclaration(
    "revoke_certificate",
    "撤销证书",
    inputs={"ground": "依据"},
    outputs={"number": "证书编号"},
    refusals=_NONE_YET,
)
RESTORE = CapabilityDeclaration(
    "restore_certificate",
    "恢复证书",
    inputs={"ground": "依据"},
    outputs={"number": "证书编号"},
    refusals=_NONE_YET,
)
REISSUE = CapabilityDeclaration(
    "reissue_certificate",
    "补发证书",
    inputs={"ground": "依据"},
    outputs={"number": "证书编号", "copy": "第几次制发"},
    refusals={**_NONE_YET, "revoked": "证书已被撤销"},
)


@capability(ISSUE, simulate=lambda inputs: {"number": ""})
def issue_certificate(request: Request) -> Values:
    """Issues the case's certificate under the next number of the jurisdiction and year, without a gap.

    Asked again it is the same one. Refuses another trade or grade while that one is valid.
    """
    trade, grade = str(request.inputs["trade"]), str(request.inputs["grade"])
    known = _newest(request.case_id)
    if known is not None and known.state == VALID:
        if (known.trade, known.grade) != (trade, grade):
            raise CapabilityRefused(
                "other_certificate", f"本办件已发证书 {known.number}，请先撤销再重新发证。"
            )
        return {"number": known.number}
    if request.person_id is None:
        raise EngineError("办件不是关于一个人的，不能发证。", element=request.element)
    sequence = _next_sequence(request)
    number = certificate_number(
        str(request.scheme.parameters[PATTERN].value),
        region=request.jurisdiction,
        year=request.scheme.year,
        grade=request.scheme.grade_rank(grade),
        sequence=sequence,
    )
    db.session.execute(
        insert(Certificate).values(
            jurisdiction=request.jurisdiction,
            year=request.scheme.year,
            sequence=sequence,
            number=number,
            case_id=request.case_id,
            person_id=request.person_id,
            trade=trade,
            grade=grade,
            issued_at=request.at,
            copy=1,
            state=VALID,
        )
    )
    return {"number": number}


@capability(REVOKE, simulate=lambda inputs: {"number": ""})
def revoke_certificate(request: Request) -> Values:
    """Revokes the case's certificate, or that of the nearest case that it is about (HN-14, LIFE-13)."""
    certificate = _meant(request)
    ground = str(request.inputs["ground"])
    if certificate.state == VALID:
        revoked = {"revoked_at": request.at, "revoked_by_case_id": request.case_id, "ground": ground}
        _change(certificate.id, state=REVOKED, **revoked)
    return {"number": certificate.number}


@capability(RESTORE, simulate=lambda inputs: {"number": ""})
def restore_certificate(request: Request) -> Values:
    """Makes a revoked certificate valid again, when a review 复核 has quashed the decision (LIFE-13)."""
    certificate = _meant(request)
    ground = str(request.inputs["ground"])
    if certificate.state == REVOKED:
        _change(certificate.id, state=VALID, revoked_at=None, revoked_by_case_id=None, ground=ground)
    return {"number": certificate.number}


@capability(REISSUE, simulate=lambda inputs: {"number": "", "copy": 2})
def reissue_certificate(request: Request) -> Values:
    """Issues a lost certificate again under the same number; earlier copies are void (LIFE-14).

    One copy a token, however often it is asked.
    """
    certificate = _meant(request)
    ground = str(request.inputs["ground"])
    mine = (CertificateCopy.case_id == request.case_id) & (CertificateCopy.token == request.token)
    known = db.session.execute(select(CertificateCopy.copy).where(mine)).scalar()
    if known is not None:
        return {"number": certificate.number, "copy": known}
    if certificate.state == REVOKED:
        raise CapabilityRefused("revoked", f"证书 {certificate.number} 已被撤销，不能补发。")
    copy = certificate.copy + 1
    _change(certificate.id, copy=copy)
    of_copy = {"case_id": request.case_id, "token": request.token, "certificate_id": certificate.id}
    db.session.execute(
        insert(CertificateCopy).values(**of_copy, copy=copy, issued_at=request.at, ground=ground)
    )
    return {"number": certificate.number, "copy": copy}


def _next_sequence(request: Request) -> int:
    """The number after the last one, which nobody else can take before this transaction ends."""
    series = f"certificate {request.jurisdiction} {request.scheme.year}"
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(series, 0))))
    last = select(func.coalesce(func.max(Certificate.sequence), 0)).where(
        Certificate.jurisdiction == request.jurisdiction, Certificate.year == request.scheme.year
    )
    return db.session.execute(last).scalar_one() + 1


def _meant(request: Request) -> Row[Any]:
    """The case's own certificate, or that of the nearest case that it is about; locked."""
    for case_id in line_of(request.case_id):
        certificate = _newest(case_id)
        if certificate is not None:
            return certificate
    raise CapabilityRefused(NO_CERTIFICATE, "该办件没有发过证书。")


def _newest(case_id: int) -> Row[Any] | None:
    """The case's valid certificate, or the last of its revoked ones; locked."""
    columns = (Certificate.id, Certificate.number, Certificate.trade, Certificate.grade)
    found = (
        select(*columns, Certificate.state, Certificate.copy)
        .where(Certificate.case_id == case_id)
        .order_by(either((Certificate.state == VALID, 0), else_=1), Certificate.id.desc())
        .limit(1)
        .with_for_update()
    )
    return db.session.execute(found).first()


def _change(certificate_id: int, **values: Any) -> None:
    db.session.execute(update(Certificate).where(Certificate.id == certificate_id).values(**values))
