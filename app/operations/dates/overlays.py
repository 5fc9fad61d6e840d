"""Moving a named date 日期调整: proposed, approved by somebody else, then carried out (decision 6, 延期)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, update

from app.content.calendar import NamedDate, describe
from app.content.overlays import SCOPES, OverlayRule, moved
from app.content.scheme import Scheme
from app.engine.civil import civil
from app.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from app.extensions import db
from app.models import Case, Organisation, Overlay, Region
from app.operations import deployments
from app.operations._administration import ground_of, record
from app.operations.actors import Actor
from app.operations.dates._overlay_reach import CHUNK, next_cases, reach
from app.operations.dates._overlay_rights import demand_role, office_of
from app.operations.dates._overlays import for_whom
from app.operations.offices.regions import with_parents
from app.operations.timers import Transaction

PROPOSED, APPROVED, REJECTED, WITHDRAWN = "proposed", "approved", "rejected", "withdrawn"
PAST = "这一天已经过去，日期只能调整到今后。"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A change that is asked for, with the scheme that it is judged by."""

    scheme: Scheme
    rule: OverlayRule
    area: str | None
    case_id: int | None
    at: datetime | None

    @property
    def named(self) -> NamedDate:
        return self.scheme.calendar.dates[self.rule.date]

    @property
    def scope(self) -> str:
        return "case" if self.case_id is not None else "area" if self.area else "scheme"


def propose(
    scheme_id: str,
    name: str,
    day: str | None,
    *,
    area: str | None = None,
    case_id: int | None = None,
    ground: str,
    document: str | None = None,
    actor: Actor,
    now: datetime,
) -> int:
    """Proposes another day for a named date of a scheme, for an area of it, or for one case; its id.

    `day` as `app.content.overlays.moved` reads it; None: undetermined again. `now` is of the scheme's clock.
    Raises NotFound, Forbidden without the role that the scheme names, Invalid for a day that is past, out of
    range, out of order or no change, Refused for whom the scheme does not allow it.
    """
    scheme = deployments.scheme(deployments.current(scheme_id, now))
    rule = _rule(scheme, name)
    wanted = _Wanted(scheme, rule, area, case_id, _moved(scheme, name, day))
    _check_scope(wanted)
    demand_role(scheme, rule.propose, area, case_id, actor, now)
    _check_day(wanted, now)
    overlay = _proposal(wanted, ground_of(ground), document, actor, now)
    db.session.add(overlay)
    db.session.flush()
    _record("proposed", overlay, actor, now, overlay.ground)
    return overlay.id


def approve(overlay_id: int, *, opinion: str | None = None, actor: Actor, now: datetime) -> None:
    """Approves a proposal; from here on `named_date()` gives the new instant, and `carry_out` moves timers.

    Raises Forbidden without the role, Refused for who proposed it, Conflict for one that is decided already,
    Invalid where the day has become impossible meanwhile.
    """
    overlay, wanted = _open(overlay_id, now)
    demand_role(wanted.scheme, wanted.rule.approve, overlay.area, overlay.case_id, actor, now)
    if actor.account_id is not None and actor.account_id == overlay.proposed_by:
        raise Refused("提出的人不能批准自己的调整，请由另一人批准。")
    _check_day(wanted, now)
    filed = wanted.scheme.roles[wanted.rule.filed] if wanted.rule.filed else None
    if filed:
        overlay.filed_for = office_of(filed, _area(wanted), now)
    _decide(overlay, APPROVED, opinion, actor, now)


def may_decide(overlay: Overlay, actor: Actor, now: datetime) -> bool:
    """Whether the actor may approve or reject a proposal: another person, of the role for whom it is."""
    scheme = deployments.scheme(deployments.current(overlay.scheme_id, now))
    rule = scheme.overlays.get(overlay.date)
    if rule is None or (actor.account_id is not None and actor.account_id == overlay.proposed_by):
        return False
    try:
        demand_role(scheme, rule.approve, overlay.area, overlay.case_id, actor, now)
    except Forbidden:
        return False
    return True


def reject(overlay_id: int, *, opinion: str, actor: Actor, now: datetime) -> None:
    """Rejects a proposal, with the reason. Raises Forbidden and Conflict as `approve` does."""
    overlay, wanted = _open(overlay_id, now)
    demand_role(wanted.scheme, wanted.rule.approve, overlay.area, overlay.case_id, actor, now)
    if not opinion.strip():
        raise Invalid({"opinion": ["请写明理由。"]})
    _decide(overlay, REJECTED, opinion, actor, now)


def withdraw(overlay_id: int, *, actor: Actor, now: datetime) -> None:
    """Takes a proposal back, by the organisation that made it."""
    overlay, _ = _open(overlay_id, now)
    if not actor.system and overlay.proposed_for != actor.organisation_id:
        raise Forbidden("只有提出的机构可以撤回。")
    _decide(overlay, WITHDRAWN, None, actor, now)


def carry_out(
    now_for: Callable[[str], datetime],
    transaction: Transaction,
    *,
    limit: int = CHUNK,
    only: str | None = None,
) -> int:
    """Computes the timers anew that used a moved date, a case a `transaction`; how many cases it looked at.

    Goes on where the last call stopped, also after a kill; any number of processes may do it at once, since a
    case that is up to date stays as it is. Fired timers are never undone: the overlay's page lists them.
    `only` keeps to one scheme.
    """
    done = 0
    while done < limit:
        with transaction():
            overlay = _under_way(only)
            found = next_cases(overlay, min(CHUNK, limit - done)) if overlay else []
        if overlay is None:
            break
        now = now_for(overlay.scheme_id)
        changed = sum(reach(case_id, now, transaction) for case_id in found)
        done += len(found)
        with transaction():
            _note_progress(overlay, found, changed, now)
    return done


def _under_way(only: str | None) -> Overlay | None:
    waiting = select(Overlay).where(Overlay.state == APPROVED, Overlay.carried_out_at.is_(None))
    if only:
        waiting = waiting.where(Overlay.scheme_id == only)
    found = db.session.scalars(waiting.order_by(Overlay.id).limit(1)).first()
    if found is not None:
        db.session.expunge(found)
    return found


def _note_progress(overlay: Overlay, found: list[int], changed: int, now: datetime) -> None:
    progress = update(Overlay).where(Overlay.id == overlay.id)
    if not found:
        db.session.execute(progress.values(carried_out_at=now))
        return
    db.session.execute(
        progress.where(Overlay.reached < found[-1]).values(reached=found[-1], moved=Overlay.moved + changed)
    )


def _open(overlay_id: int, now: datetime) -> tuple[Overlay, _Wanted]:
    overlay = db.session.scalars(
        select(Overlay)
        .where(Overlay.id == overlay_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if overlay is None:
        raise NotFound()
    if overlay.state != PROPOSED:
        raise Conflict("这项调整已经办过了，请刷新页面查看。")
    scheme = deployments.scheme(deployments.current(overlay.scheme_id, now))
    rule = _rule(scheme, overlay.date)
    return overlay, _Wanted(scheme, rule, overlay.area, overlay.case_id, overlay.at)


def _rule(scheme: Scheme, name: str) -> OverlayRule:
    rule = scheme.overlays.get(name)
    if rule is None:
        raise NotFound("这个日期没有列为可以调整的日期。")
    return rule


def _moved(scheme: Scheme, name: str, day: str | None) -> datetime | None:
    try:
        return moved(scheme.calendar.dates[name], day)
    except ValueError as problem:
        raise Invalid({"day": [f"{problem}。"]}) from None


def _proposal(wanted: _Wanted, ground: str, document: str | None, actor: Actor, now: datetime) -> Overlay:
    return Overlay(
        scheme_id=wanted.scheme.id,
        date=wanted.rule.date,
        area=wanted.area,
        case_id=wanted.case_id,
        at=wanted.at,
        ground=ground,
        document=(document or "").strip() or None,
        state=PROPOSED,
        proposed_by=actor.account_id,
        proposer=actor.name,
        proposed_for=actor.organisation_id,
        proposed_at=now,
    )


def _decide(overlay: Overlay, state: str, opinion: str | None, actor: Actor, now: datetime) -> None:
    overlay.state, overlay.opinion = state, (opinion or "").strip() or None
    overlay.decided_by, overlay.decider = actor.account_id, actor.name
    overlay.decided_for, overlay.decided_at = actor.organisation_id, now
    _record(state, overlay, actor, now, overlay.opinion or overlay.ground)
    db.session.flush()


def _record(what: str, overlay: Overlay, actor: Actor, now: datetime, ground: str) -> None:
    at = overlay.at.isoformat() if overlay.at else None
    told = {"scheme": overlay.scheme_id, "date": overlay.date, "area": overlay.area, "case": overlay.case_id}
    record(f"overlay.{what}", overlay.id, actor, now, ground=ground, detail={**told, "at": at})


def _check_scope(wanted: _Wanted) -> None:
    if wanted.scope not in wanted.rule.scopes:
        allowed = "、".join(SCOPES[scope] for scope in wanted.rule.scopes)
        raise Refused(f"“{wanted.named.title}”只能为{allowed}调整。")
    if wanted.case_id is not None:
        case = db.session.get(Case, wanted.case_id)
        if case is None or case.scheme_id != wanted.scheme.id:
            raise NotFound("没有这件办件。")
        if case.ended_at is not None:
            raise Refused("这件办件已经办结，不能再为它调整日期。")
    elif wanted.area is not None:
        known = db.session.get(Region, wanted.area) is not None
        if not known or wanted.scheme.jurisdiction not in with_parents(wanted.area):
            raise Invalid({"area": ["请选择本方案范围内的地区。"]})


def _check_day(wanted: _Wanted, now: datetime) -> None:
    """Raises Invalid unless the new instant lies ahead, in range, in order, and is another one."""
    if wanted.at is not None and wanted.at <= now:
        raise Invalid({"day": [PAST]})
    calendar = wanted.scheme.calendar
    bounds = wanted.rule.bounds(calendar)
    if bounds and wanted.at and not bounds[0] <= _day_of(wanted.at, wanted.named.edge) <= bounds[1]:
        raise Invalid({"day": [f"“{wanted.named.title}”只能定在{_range(*bounds)}。"]})
    present = for_whom(wanted.scheme.id, wanted.area, wanted.case_id, calendar.dates).dates
    if calendar.resolve(present)[wanted.rule.date] == wanted.at:
        told = describe(wanted.at, wanted.named.edge)
        raise Invalid({"day": [f"“{wanted.named.title}”现在就是{told}，没有变化。"]})
    future = {**present, wanted.rule.date: wanted.at}
    if disorder := [fault for fault in calendar.disorder(future) if fault not in calendar.disorder(present)]:
        raise Invalid({"day": [f"{sentence}。" for sentence in disorder]})


def _day_of(instant: datetime, edge: str) -> date:
    """The day that people mean: 24:00 belongs to the day that it ends."""
    return (civil(instant) - timedelta(microseconds=edge == "closes")).date()


def _range(first: date, last: date) -> str:
    if first == date.min:
        return f"{last} 及以前"
    return f"{first} 及以后" if last == date.max else f"{first} 至 {last}"


def _area(wanted: _Wanted) -> str:
    if wanted.case_id is None:
        return wanted.area or wanted.scheme.jurisdiction
    unit_id = db.session.get_one(Case, wanted.case_id).unit_id
    return db.session.get_one(Organisation, unit_id).region
