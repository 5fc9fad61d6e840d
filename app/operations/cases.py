"""Starting cases 办件, and what is said to them from outside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.engine import Row
from sqlalchemy.exc import IntegrityError

from app.content.head import Process
from app.content.mapping import output_mapping
from app.content.scheme import Scheme
from app.errors import Closed, Conflict, DomainError, NotFound
from app.extensions import db
from app.models import Case, Organisation, Person
from app.operations import deployments, live, sayings
from app.operations.actors import APPLICANT, Actor
from app.operations.dates import _overlays, workdays
from app.operations.dates.windows import check_window
from app.operations.offices import organisations, regions
from app.operations.road._calls import Call
from app.operations.road._entered import take_in
from app.operations.road._given import given_variables
from app.operations.road._history import GENESIS
from app.operations.road._links import linked_case
from app.operations.road._locking import lock_case
from app.operations.road._moving import Moving
from app.operations.road._plain import to_json
from app.operations.road._road import caught_up, renew
from app.operations.sayings import demand_impartial
from app.operations.telling import notices

NOT_YOURS = "没有可以由您发起的这类办件。"


def start(
    scheme_id: str,
    process: str,
    *,
    unit_id: int | None = None,
    person_id: int | None = None,
    linked_case_id: int | None = None,
    actor: Actor,
    received_at: datetime,
) -> int:
    """Starts a case by hand, in the deployment in force: the process says which role may, and when.

    It is about a unit, or one of its people, or else about the unit and the person of another case of the
    scheme (decision 8). An applicant starts their own, where the role lets them; whoever holds that role is
    told. Returns the case's id. Raises NotFound, Closed outside the window, Conflict for a second live case.
    """
    deployment_id = deployments.current(scheme_id, received_at)
    scheme = deployments.scheme(deployment_id)
    found = scheme.processes.get(process)
    if found is None or found.start.role is None or (found.start.about is None) != (linked_case_id is None):
        raise NotFound(NOT_YOURS)
    linked = _linked(scheme, found, linked_case_id, actor) if linked_case_id is not None else None
    if linked:
        about_unit, about_person = linked.unit_id, linked.person_id
    else:
        about_unit, about_person = _subject(found, unit_id, person_id, actor)
    check_starter(scheme, found, about_unit, about_person, actor, received_at)
    check_window(scheme, found, about_unit, received_at)
    case_id = open_case(deployment_id, found, about_unit, about_person, {}, actor, received_at, linked=linked)
    if actor.has(APPLICANT):
        _tell_holder(scheme, found, case_id, about_unit, actor, received_at)
    return case_id


def _tell_holder(
    scheme: Scheme, process: Process, case_id: int, unit_id: int, actor: Actor, at: datetime
) -> None:
    """Tells the unit, which may act for its people, that one of them has begun a case."""
    holder = organisations.resolve_role(scheme.roles[process.start.role or ""], unit_id, at)
    text = f"{actor.name}本人发起了“{process.title}”。"
    notices.tell(case_id, text, at, organisation_id=holder, kind=notices.CASE)


def _subject(
    process: Process, unit_id: int | None, person_id: int | None, actor: Actor
) -> tuple[int, int | None]:
    """The unit, and where the process is about a person, one who is of it now. Raises NotFound."""
    if process.subject == "person":
        wanted = actor.person_id if actor.has(APPLICANT) else person_id
        person = db.session.get(Person, wanted) if wanted is not None else None
        if person is None or person.unit_id is None or person.left_at is not None:
            raise NotFound(NOT_YOURS)
        if unit_id not in (None, person.unit_id):
            raise NotFound(NOT_YOURS)
        return person.unit_id, person.id
    if unit_id is None:
        raise NotFound(NOT_YOURS)
    return unit_id, None


def startable_about(case: Case, actor: Actor, at: datetime) -> list[Process]:
    """The processes of which the actor may begin a case about this one now."""
    if actor.has(APPLICANT) and case.linked_case_id is not None:
        return []
    scheme = deployments.scheme(deployments.current(case.scheme_id, at))
    found = []
    for process in scheme.processes.values():
        if process.start.about is None or (process.subject == "person" and case.person_id is None):
            continue
        if actor.has(APPLICANT) and not scheme.roles[process.start.role or ""].applicant:
            continue
        try:
            check_starter(scheme, process, case.unit_id, case.person_id, actor, at)
            check_window(scheme, process, case.unit_id, at)
        except DomainError:
            continue
        found.append(process)
    return found


def offered_about(case: Case, actor: Actor, at: datetime) -> list[Process]:
    """Of these, those that pages offer: no copy of a certificate where there is none."""
    found = startable_about(case, actor, at)
    wanted = ((process, process.start.offered_with) for process in found)
    return [process for process, name in wanted if name is None or case.listed.get(name) is not None]


def open_case(
    deployment_id: int,
    process: Process,
    unit_id: int,
    person_id: int | None,
    payload: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    message: str | None = None,
    linked: Row[Any] | None = None,
) -> int:
    """Starts a case of a process about a unit or one of its persons; `payload` is the starting message's.

    `linked` is the case that it is about, as `linked_case` gives it.

    Raises AlreadyLive when the subject has a live one already (LIFE-07), telling where it is.
    """
    scheme = deployments.scheme(deployment_id)
    linked_id = linked.id if linked else None
    moving = _insert(deployment_id, scheme, process, unit_id, person_id, linked_id, at)
    given = given_variables(scheme, moving.id, unit_id, person_id, linked, at)
    variables = {**payload, **given}
    call = Call("start", {"process": process.id, "message": message}, {"variables": to_json(variables)})
    moving.step(call, at, actor)
    moving.changes.flush()
    return moving.id


def message(case_id: int, name: str, values: Mapping[str, Any], actor: Actor, received_at: datetime) -> str:
    """Says a message to a case that waits for it, such as a withdrawal, with what its form asks.

    The role that the boundary event names may say it, else the case's unit; what the scheme's cases send one
    another comes from a case alone. Returns the new status. Raises NotFound, Conflict where the case does not
    wait for it, Closed once due, Invalid with a sentence a field.
    """
    moving = lock_case(case_id)
    renew(moving, received_at)
    said, key = sayings.demand(moving, name, actor, received_at)
    with caught_up(moving, received_at):
        form = moving.scheme.form(said.form) if said.form else None
        loaded = take_in(moving, form, values, actor, received_at) if form else {}
        payload = output_mapping(said.outputs, loaded)
        receive(moving, name, key, payload, actor, received_at, entered=loaded)
    return moving.status


def receive(
    moving: Moving,
    name: str,
    key: str | None,
    payload: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    *,
    entered: Mapping[str, Any] | None = None,
) -> None:
    """Gives a locked case a message that it waits for; `entered` is what a person filled in to say it."""
    waits = moving.stands.messages if moving.stands else ()
    wait = next((wait for wait in waits if wait.message == name and wait.key == key), None)
    if wait is None:
        raise Conflict("办件当前的状态不允许此项操作，请刷新页面查看。")
    if wait.closes_at is not None and at >= wait.closes_at:
        raise Closed()
    values = {"values": to_json(entered)} if entered else {}
    call = Call("receive", {"token": wait.token}, {"message": to_json(payload), **values})
    moving.step(call, at, actor, element=wait.element)
    moving.changes.flush()


def record(case_id: int, kind: str, values: Mapping[str, Any], actor: Actor, received_at: datetime) -> None:
    """Logs an entry that a scheme's `records` declare, without effect on the way of the case (CQ-29).

    Raises NotFound for a kind or a case that the actor's organisation has nothing to do with.
    """
    moving = lock_case(case_id)
    renew(moving, received_at)
    declared = moving.scheme.records.get(kind)
    if declared is None or not _takes_part(moving, declared.roles, actor, received_at):
        raise NotFound()
    form = moving.scheme.form(declared.form)
    loaded = take_in(moving, form, values, actor, received_at)
    moving.step(Call("record", {"record": kind}, {"values": to_json(loaded)}), received_at, actor)
    moving.changes.flush()


def _takes_part(moving: Moving, roles: Any, actor: Actor, at: datetime) -> bool:
    """Whether the actor's organisation holds one of the roles; some of them may have no holder here."""
    return actor.has("operator") and any(_holds(moving, role, actor, at) for role in roles)


def _holds(moving: Moving, role: str, actor: Actor, at: datetime) -> bool:
    try:
        holder = organisations.resolve_role(moving.scheme.roles[role], moving.unit_id, at)
    except organisations.RoleUnresolved:
        return False
    return holder is not None and holder == actor.organisation_id


def _linked(scheme: Scheme, process: Process, case_id: int, actor: Actor) -> Row[Any]:
    """The case that a new one of the process is to be about; raises NotFound for none and a wrong one.

    An applicant's is their own filing: what is about it, such as a sanction, they may not know of yet.
    """
    linked = linked_case(case_id)
    if linked is None or linked.scheme_id != scheme.id:
        raise NotFound()
    if actor.has(APPLICANT) and (linked.linked_case_id is not None or actor.person_id != linked.person_id):
        raise NotFound()
    if process.subject == "person" and linked.person_id is None:
        raise NotFound("这件办件不是关于一个人的，不能由它发起。")
    return linked


def check_starter(
    scheme: Scheme, process: Process, unit_id: int, person_id: int | None, actor: Actor, at: datetime
) -> None:
    """Raises NotFound unless the actor's organisation holds the role that starts the process for the unit.

    Or the actor is the person themselves, where the role lets applicants.
    """
    if actor.system:
        return
    if not concerns(scheme, unit_id):
        raise NotFound(NOT_YOURS)
    role = scheme.roles[process.start.role or ""]
    if role.applicant and actor.is_applicant(person_id):
        return
    if organisations.resolve_role(role, unit_id, at) != actor.organisation_id or not actor.has("operator"):
        raise NotFound(NOT_YOURS)
    if role.relation != "unit":
        demand_impartial(actor, person_id)


def concerns(scheme: Scheme, unit_id: int) -> bool:
    """Whether an organisation lies in the scheme's jurisdiction, or is one above it."""
    region = db.session.scalar(select(Organisation.region).where(Organisation.id == unit_id))
    return region is not None and regions.related(region, scheme.jurisdiction)


def _insert(
    deployment_id: int,
    scheme: Scheme,
    process: Process,
    unit_id: int,
    person_id: int | None,
    linked_case_id: int | None,
    at: datetime,
) -> Moving:
    case_id = _insert_row(deployment_id, scheme, process, unit_id, person_id, linked_case_id, at)
    calendar, version = workdays.load()
    return Moving(
        id=case_id,
        scheme=scheme,
        jurisdiction=scheme.jurisdiction,
        unit_id=unit_id,
        person_id=person_id,
        process=process.id,
        status=process.title,
        phases={},
        engine="",
        seq=0,
        head=GENESIS,
        instance=None,
        stands=None,
        workdays=calendar,
        workdays_version=version,
        parked=frozenset(),
        pending_since=None,
        message_since=None,
        started_at=at,
        moved=_overlays.for_unit(scheme.id, unit_id, scheme.calendar.dates),
    )


def _insert_row(
    deployment_id: int,
    scheme: Scheme,
    process: Process,
    unit_id: int,
    person_id: int | None,
    linked_case_id: int | None,
    at: datetime,
) -> int:
    """The new row's id. Raises AlreadyLive where the subject has a live case (LIFE-07)."""
    key = live.unique_key(process, unit_id, person_id)
    new = insert(Case).values(
        jurisdiction=scheme.jurisdiction,
        scheme_id=scheme.id,
        deployment_id=deployment_id,
        process=process.id,
        unit_id=unit_id,
        person_id=person_id,
        linked_case_id=linked_case_id,
        unique_key=key,
        state="running",
        status="",
        listed={},
        engine_state=b"",
        engine="",
        seq=0,
        head=GENESIS,
        started_at=at,
        updated_at=at,
    )
    try:
        with db.session.begin_nested():
            return db.session.execute(new.returning(Case.id)).scalar_one()
    except IntegrityError as clash:
        raise live.AlreadyLive(live.of_key(scheme, key)) from clash
