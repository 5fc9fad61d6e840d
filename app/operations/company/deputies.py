"""Deputies 代理人: who acts for whom, from one instant to another, in one scheme or in all.

Instants are those of the real clock: it is people who are away, not a rehearsal's cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select

from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.extensions import db
from app.models import Account, Deployment, Deputy
from app.operations._administration import ground_of, record
from app.operations.actors import Actor
from app.operations.dates import clock

LONGEST = timedelta(days=366)
NAMED, REVOKED = "deputy.named", "deputy.revoked"


def name(
    principal_id: int,
    deputy_id: int,
    valid_from: datetime,
    valid_to: datetime,
    *,
    ground: str,
    actor: Actor,
    now: datetime,
    scheme_id: str | None = None,
) -> Deputy:
    """Lets an active operator act for a colleague, for a year at most.

    An account names its own deputies; the supervisor of its office and administrators name them, too. Raises
    NotFound for whose deputies are not the actor's to name, and Invalid.
    """
    principal = _principal(principal_id, actor)
    reason = ground_of(ground)
    _check_colleague(principal, deputy_id)
    _check_term(valid_from, valid_to, now)
    if scheme_id and not db.session.scalar(select(exists().where(Deployment.scheme_id == scheme_id))):
        raise Invalid({"scheme": ["没有这个方案。"]})
    return _add(principal_id, deputy_id, valid_from, valid_to, scheme_id or None, reason, actor, now)


def revoke(row_id: int, *, actor: Actor, now: datetime, ground: str) -> None:
    """Ends a deputyship at once. Raises NotFound as `name` does, Conflict for one that is over, Invalid."""
    deputy = db.session.get(Deputy, row_id, with_for_update=True, populate_existing=True)
    if deputy is None:
        raise NotFound()
    _principal(deputy.principal_id, actor)
    if deputy.revoked_at is not None or deputy.valid_to <= now:
        raise Conflict("这项代理已经结束，不必撤销。")
    _end(deputy, ground_of(ground), actor, now)


def pass_on(from_id: int, to_id: int, *, ground: str, actor: Actor, now: datetime) -> int:
    """Those for whom an account acts, now or later, get another deputy for the rest; how many they are."""
    mine = (Deputy.deputy_id == from_id, Deputy.revoked_at.is_(None), Deputy.valid_to > now)
    held = db.session.scalars(select(Deputy).where(*mine).order_by(Deputy.id).with_for_update()).all()
    for deputy in held:
        _end(deputy, ground, actor, now)
        if deputy.principal_id != to_id:
            begins = max(deputy.valid_from, now)
            _add(deputy.principal_id, to_id, begins, deputy.valid_to, deputy.scheme_id, ground, actor, now)
    return len(held)


def may_name_for(principal: Account, actor: Actor) -> bool:
    """Whether the actor names the deputies of an account."""
    own_office = actor.organisation_id is not None and principal.organisation_id == actor.organisation_id
    return (
        principal.id == actor.account_id
        or actor.has("administrator")
        or (actor.has("supervisor") and own_office)
    )


def principals_of(account_id: int, now: datetime) -> Sequence[tuple[int, str | None]]:
    """For whom an account acts at an instant, each with the scheme that this is limited to, or None."""
    query = select(Deputy.principal_id, Deputy.scheme_id).where(Deputy.deputy_id == account_id, valid(now))
    found = {(principal, scheme) for principal, scheme in db.session.execute(query)}
    return sorted(
        (one for one in found if one[1] is None or (one[0], None) not in found),
        key=lambda one: (one[0], one[1] or ""),
    )


def acts_for(deputy_id: int, principal_id: int, scheme_id: str, at: datetime) -> bool:
    """Whether an account is another's deputy in a scheme, at an instant of the scheme's clock."""
    concerned = or_(Deputy.scheme_id.is_(None), Deputy.scheme_id == scheme_id)
    pair = (Deputy.deputy_id == deputy_id, Deputy.principal_id == principal_id)
    found = exists().where(*pair, concerned, valid(clock.real_of(scheme_id, at)))
    return bool(db.session.scalar(select(found)))


def valid(now: datetime) -> ColumnElement[bool]:
    """Whether a deputyship counts at an instant; from the first one on, up to the last, exclusive."""
    return and_(Deputy.revoked_at.is_(None), Deputy.valid_from <= now, Deputy.valid_to > now)


def told(deputy: Deputy) -> dict[str, object]:
    """What the log of acts says of a deputyship, so that an altered row is found."""
    return {
        "principal": deputy.principal_id,
        "deputy": deputy.deputy_id,
        "scheme": deputy.scheme_id,
        "from": deputy.valid_from.astimezone(UTC).isoformat(),
        "to": deputy.valid_to.astimezone(UTC).isoformat(),
    }


def _add(
    principal_id: int,
    deputy_id: int,
    valid_from: datetime,
    valid_to: datetime,
    scheme_id: str | None,
    ground: str,
    actor: Actor,
    now: datetime,
) -> Deputy:
    deputy = Deputy(
        principal_id=principal_id,
        deputy_id=deputy_id,
        scheme_id=scheme_id,
        valid_from=valid_from,
        valid_to=valid_to,
        ground=ground,
        made_by=actor.account_id,
        made_at=now,
    )
    db.session.add(deputy)
    db.session.flush()
    record(NAMED, deputy.id, actor, now, ground=ground, detail=told(deputy))
    return deputy


def _end(deputy: Deputy, ground: str, actor: Actor, now: datetime) -> None:
    deputy.revoked_at, deputy.revoked_by = now, actor.account_id
    record(REVOKED, deputy.id, actor, now, ground=ground)


def _principal(account_id: int, actor: Actor) -> Account:
    principal = db.session.get(Account, account_id)
    if principal is None or not may_name_for(principal, actor):
        raise NotFound()
    if "operator" not in principal.duties:
        raise Forbidden("只有经办账号需要代理人。")
    return principal


def _check_colleague(principal: Account, deputy_id: int) -> None:
    """An active operator of the same organisation, and somebody else."""
    deputy = db.session.get(Account, deputy_id)
    unfit = deputy is None or deputy.disabled_at is not None or "operator" not in deputy.duties
    if deputy is None or unfit or deputy.organisation_id != principal.organisation_id:
        raise Invalid({"deputy": ["请选择本机构在用的经办账号。"]})
    if deputy.id == principal.id:
        raise Invalid({"deputy": ["不能做自己的代理人。"]})


def _check_term(valid_from: datetime, valid_to: datetime, now: datetime) -> None:
    if valid_to <= valid_from or valid_to <= now:
        raise Invalid({"valid_to": ["截止日期应在开始日期之后，且尚未过去。"]})
    if valid_to - valid_from > LONGEST:
        raise Invalid({"valid_to": ["一次最多代理一年。"]})
