"""Deployments 发布版本: publishing a scheme, and getting at the one that a case is pinned to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import distinct, func, insert, literal, select
from sqlalchemy.engine import Row

from app.content import Scheme, check_scheme, scheme_hash
from app.engine import demand_bounded
from app.engine.types import Problem
from app.errors import EngineError, NotFound, SchemeInvalid
from app.extensions import db
from app.models import DatabaseMark, Deployment, DeploymentFile, SchemeClock
from app.operations.actors import Actor
from app.operations.capabilities import declarations
from app.operations.offices._holders import holder_problems as holder_problems

_by_hash: dict[str, Scheme] = {}
"""Parsed once per operating-system process, shared by all cases; a hash names one content for ever."""


def publish(files: Mapping[str, bytes], actor: Actor, now: datetime) -> int:
    """Makes an immutable, numbered deployment of a scheme's files; the same files again: the same deployment.

    Raises SchemeInvalid with every problem found, offices that registered units would miss among them;
    nothing is written then. Nobody vouches for the files: a child goes through the diagrams before they are
    parsed here.
    """
    demand_bounded(files)
    problems = check_scheme(files, capabilities=declarations())
    _demand_no_error(problems)
    scheme, content_hash = Scheme.from_files(files), scheme_hash(files)
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(scheme.id))))
    known = _find(scheme.id, content_hash)
    if known is not None:
        return known
    _demand_no_error([*problems, *holder_problems(scheme, now)])
    deployment_id = _insert(scheme, content_hash, actor, now)
    db.session.execute(
        insert(DeploymentFile),
        [
            {"deployment_id": deployment_id, "path": path, "content": content}
            for path, content in files.items()
        ],
    )
    _by_hash[content_hash] = scheme
    return deployment_id


def _demand_no_error(problems: Sequence[Problem]) -> None:
    if any(problem.severity == "error" for problem in problems):
        raise SchemeInvalid(problems)


def current(scheme_id: str, at: datetime) -> int:
    """The deployment in force for new cases at an instant. Raises NotFound."""
    effective = (
        select(Deployment.id)
        .where(Deployment.scheme_id == scheme_id, Deployment.effective_at <= at)
        .order_by(Deployment.number.desc())
        .limit(1)
    )
    found = db.session.execute(effective).scalar()
    if found is None:
        raise NotFound("该方案尚未发布。")
    return found


def latest(real_now: datetime) -> list[Row[tuple[int, str]]]:
    """The newest deployment of every scheme that is in force by the scheme's clock, as (id, scheme id)."""
    shifted = select(DatabaseMark.rehearsal).scalar_subquery() & (
        SchemeClock.scheme_id == Deployment.scheme_id
    )
    scheme_now = literal(real_now) + func.coalesce(SchemeClock.offset, timedelta(0))
    newest = (
        select(Deployment.id, Deployment.scheme_id)
        .outerjoin(SchemeClock, shifted)
        .where(Deployment.effective_at <= scheme_now)
        .distinct(Deployment.scheme_id)
        .order_by(Deployment.scheme_id, Deployment.number.desc())
    )
    return list(db.session.execute(newest))


def published() -> list[str]:
    """The ids of all schemes that have ever been published, also of those that are not in force yet."""
    return list(db.session.scalars(select(distinct(Deployment.scheme_id)).order_by(Deployment.scheme_id)))


def scheme(deployment_id: int) -> Scheme:
    """The scheme of a deployment. Raises NotFound."""
    content_hash = db.session.execute(select(Deployment.hash).where(Deployment.id == deployment_id)).scalar()
    if content_hash is None:
        raise NotFound("没有这个发布版本。")
    return pinned(deployment_id, content_hash)


def pinned(deployment_id: int, content_hash: str) -> Scheme:
    """The scheme of a deployment whose hash is already at hand: no statement once it is parsed.

    Raises EngineError where the stored files are no longer those that were published.
    """
    if content_hash not in _by_hash:
        files = files_of(deployment_id)
        if scheme_hash(files) != content_hash:
            raise EngineError("发布版本的文件被改动过，不能使用，请从备份恢复。", deployment=deployment_id)
        _by_hash[content_hash] = Scheme.from_files(files)
    return _by_hash[content_hash]


def files_of(deployment_id: int) -> dict[str, bytes]:
    """The files of a deployment, byte for byte."""
    rows = db.session.execute(
        select(DeploymentFile.path, DeploymentFile.content).where(
            DeploymentFile.deployment_id == deployment_id
        )
    )
    return {path: content for path, content in rows}


def _find(scheme_id: str, content_hash: str) -> int | None:
    return db.session.execute(
        select(Deployment.id).where(Deployment.scheme_id == scheme_id, Deployment.hash == content_hash)
    ).scalar()


def _insert(scheme: Scheme, content_hash: str, actor: Actor, now: datetime) -> int:
    number = db.session.execute(
        select(func.coalesce(func.max(Deployment.number), 0) + 1).where(Deployment.scheme_id == scheme.id)
    ).scalar_one()
    new = insert(Deployment).values(
        scheme_id=scheme.id,
        number=number,
        hash=content_hash,
        name=scheme.name,
        jurisdiction=scheme.jurisdiction,
        year=scheme.year,
        effective_at=now,
        published_at=now,
        published_by=actor.account_id,
    )
    return db.session.execute(new.returning(Deployment.id)).scalar_one()
