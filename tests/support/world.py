"""A small made-up jurisdiction for tests of the operations: its scheme published, its people and offices.

Names are those of `tiny/bpmn/tiny-2021/scenarios/organisations.yaml`; instants are Asia/Shanghai.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.content.instants import parse_local_instant as at
from app.content.scenarios import read_scenarios
from app.content.sources import read_scheme_folder
from app.extensions import atomic, db
from app.models import Case, Task
from app.operations import cases, deployments, tasks
from app.operations.actors import SYSTEM, Actor
from app.operations.dates import clock
from app.operations.trials.worlds import Built, build
from app.operations.uploads import files

__all__ = [
    "BUREAU", "LIBRARY", "OFFICE", "OTHER_BUREAU", "OTHER_UNIT", "PUBLISHED", "SCHEME", "at", "case_row",
    "complete", "make_world", "open_elements", "open_filing", "open_review", "publish_tiny", "register_posts",
    "task_of", "technician", "tiny_files", "tiny_world", "upload",
]  # fmt: skip

SCHEME = "tiny-2021"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
LIBRARY, OTHER_UNIT = "东溪区图书馆", "西溪区文化馆"
BUREAU, OTHER_BUREAU, OFFICE = "东溪区人社局", "西溪区人社局", "云岭省考核办"
"""The operators of these organisations bear their names in `Built.actors`."""

PUBLISHED = datetime(2021, 1, 1, tzinfo=UTC)


def tiny_files() -> dict[str, bytes]:
    return read_scheme_folder(Path(__file__).parent / "tiny", SCHEME)


def publish_tiny() -> int:
    """Publishes the scheme in a rehearsal database; its deployment's id."""
    with atomic():
        clock.mark_database(True, PUBLISHED)
        return deployments.publish(tiny_files(), SYSTEM, PUBLISHED)


def make_world() -> Built:
    """Ids of organisations and people and the actors, by name; the register of posts stays empty."""
    with atomic():
        return build(read_scenarios(tiny_files()).worlds["organisations.yaml"])


def tiny_world(**posts: int) -> Built:
    """The scheme published, its people and offices, and so many vacant posts of each grade at the library."""
    publish_tiny()
    world = make_world()
    register_posts(world, posts)
    return world


def register_posts(
    world: Built,
    posts: Mapping[str, int],
    *,
    unit: str = LIBRARY,
    when: str = "2021-06-02 09:00",
) -> int:
    """Files so many vacant posts by grade, as the unit does; the id of the case."""
    rows = [{"grade": grade, "approved": n, "held": 0, "vacant": n} for grade, n in posts.items()]
    with atomic():
        case_id = cases.start(
            SCHEME,
            "posts",
            unit_id=world.organisations[unit],
            actor=world.actors[unit],
            received_at=at(when),
        )
        tasks.complete(task_of(case_id), {"posts": rows}, world.actors[unit], at(when))
    return case_id


def open_filing(
    world: Built, person: str = "陈一", *, unit: str = LIBRARY, when: str = "2021-06-10 09:00"
) -> int:
    """A filing of one of the unit's people, as the unit's message starts it: it waits for `fill`."""
    with atomic():
        deployment_id = deployments.current(SCHEME, at(when))
        process = deployments.scheme(deployment_id).processes["filing"]
        return cases.open_case(
            deployment_id,
            process,
            world.organisations[unit],
            world.people[person],
            {"ground": "骨干"},
            SYSTEM,
            at(when),
            "person_cleared",
        )


def open_review(world: Built, person: str = "陈一", *, when: str = "2021-06-11 10:00") -> int:
    """A technician's filing that the library submitted: it waits for `first_review`."""
    case_id = open_filing(world, person)
    complete(case_id, "fill", technician(world), world.actors[LIBRARY], when)
    return case_id


def complete(
    case_id: int, element: str, values: Mapping[str, Any], actor: Actor, when: str
) -> tasks.Completion:
    """Completes the case's open task of an element."""
    with atomic():
        return tasks.complete(task_of(case_id, element), values, actor, at(when))


def task_of(case_id: int, element: str | None = None) -> int:
    """The case's only open task, or its open one of an element."""
    asked = select(Task.id).where(Task.case_id == case_id, Task.state == "open")
    if element:
        asked = asked.where(Task.element == element)
    return db.session.execute(asked).scalar_one()


def open_elements(case_id: int) -> list[str]:
    """The elements that the case's open tasks are of."""
    asked = select(Task.element).where(Task.case_id == case_id, Task.state == "open")
    return sorted(db.session.scalars(asked))


def case_row(case_id: int) -> Case:
    return db.session.execute(
        select(Case).where(Case.id == case_id).execution_options(populate_existing=True)
    ).scalar_one()


def upload(actor: Actor, when: str = "2021-06-05 09:00") -> str:
    """A small PDF in the store, as a form's file field names it."""
    with atomic():
        return files.store(BytesIO(PDF), "证书.pdf", actor=actor, now=at(when)).name


def technician(world: Built, unit: str = LIBRARY) -> dict[str, Any]:
    """A technician's filing, who goes through two offices."""
    certificate = upload(world.actors[unit])
    return {"grade": "technician", "summary": "近五年工作扎实。", "certificate": certificate}
