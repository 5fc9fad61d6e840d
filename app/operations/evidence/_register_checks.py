"""Whether the registers of certificates, bars, payments and archived cases say what the cases' logs say."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from app.extensions import db
from app.models import Bar, Case, Certificate, CertificateCopy, Person
from app.operations.evidence._payment_checks import payment_faults
from app.operations.road._answers import answers
from app.operations.road._plain import from_json

PASSED = "passed"
"""The outcome of a case that may have a valid certificate at its end."""

ISSUE = "issue_certificate"
_STATES = {ISSUE: "valid", "revoke_certificate": "revoked", "restore_certificate": "valid"}

Told = Iterator[tuple[int | None, str]]
"""(case id, sentence) of each thing that is wrong."""


def register_faults() -> Told:
    """What is wrong in the registers; nothing when all is well."""
    for check in (_certificates, _numbers, _copies, _bars, _archived, payment_faults):
        yield from check()


def _certificates() -> Told:
    """Each was issued by its case to its person, and stands as the last case that changed it says.

    One that no review has restored is that of a case that passed, or has not ended yet.
    """
    issued: dict[str, int] = {}
    last: dict[str, str] = {}
    for case_id, capability, result in answers(*_STATES):
        last[result["number"]] = capability
        if capability == ISSUE:
            issued[result["number"]] = case_id
    rows = select(Certificate, Case.person_id, Case.ended_at, Case.outcome)
    for row, person_id, ended_at, outcome in db.session.execute(
        rows.join(Case, Case.id == Certificate.case_id)
    ):
        known = issued.pop(row.number, None) == row.case_id and row.person_id == person_id
        if not known:
            yield row.case_id, f"办件的记录里没有向申报人发过证书 {row.number}"
        elif _STATES[last[row.number]] != row.state:
            yield row.case_id, f"证书 {row.number} 登记的状态与记录不符"
        elif last[row.number] == ISSUE and ended_at is not None and outcome != PASSED:
            yield row.case_id, f"证书 {row.number} 有效，办件却没有通过"
    for number, case_id in issued.items():
        yield case_id, f"办件发过的证书 {number} 不见了"


def _numbers() -> Told:
    """Numbers run from 1 without a gap in each year of a jurisdiction."""
    counted = (func.count(), func.max(Certificate.sequence))
    series = (Certificate.jurisdiction, Certificate.year)
    for jurisdiction, year, count, last in db.session.execute(select(*series, *counted).group_by(*series)):
        if count != last:
            yield None, f"地区 {jurisdiction} 年度 {year} 的证书序号到 {last}，实有 {count} 个"


def _copies() -> Told:
    again = select(func.count()).where(CertificateCopy.certificate_id == Certificate.id).scalar_subquery()
    wrong = select(Certificate.number, Certificate.case_id).where(Certificate.copy != 1 + again)
    for number, case_id in db.session.execute(wrong):
        yield case_id, f"证书 {number} 的制发次数与补发的登记不符"


def _bars() -> Told:
    """Each bar was imposed by its case, about its person, and is found by the person's present ID number."""
    imposed = {result["bar"]: case_id for case_id, _, result in answers("impose_bar")}
    lifting = {case_id for case_id, _, _ in answers("lift_bar")}
    rows = (
        select(Bar, Case.person_id.label("of_case"), Person.id_number_index)
        .join(Case, Case.id == Bar.case_id)
        .join(Person, Person.id == Bar.person_id)
    )
    for bar, person_id, index in db.session.execute(rows):
        if imposed.pop(bar.id, None) != bar.case_id or bar.person_id != person_id:
            yield bar.case_id, f"办件的记录里没有作出限制 {bar.id}"
        if bar.lifted_at is not None and bar.lifted_by_case_id not in lifting:
            yield bar.case_id, f"限制 {bar.id} 登记为已解除，却没有办件解除过"
        if bar.id_number_index != index:
            yield bar.case_id, f"限制 {bar.id} 按本人现在的证件号码查不到"
    for number, case_id in imposed.items():
        yield case_id, f"办件作出的限制 {number} 不见了"


def _archived() -> Told:
    logged = {case_id: from_json(result["retained_until"]) for case_id, _, result in answers("archive_case")}
    archived = select(Case.id, Case.retained_until).where(
        Case.archived_at.is_not(None) | Case.retained_until.is_not(None) | Case.id.in_(logged)
    )
    for case_id, until in db.session.execute(archived):
        if logged.get(case_id) is None or logged[case_id] != until:
            yield case_id, "办件登记的归档与记录不符"
