"""Something on every page: cases under way in each kind of scheme, and for whom nothing links to them."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from app import clock
from app.extensions import atomic, db
from app.models import Account, Certificate, Task
from app.operations import tasks
from app.operations.actors import SYSTEM, Actor
from app.operations.company import deputies
from app.operations.dates import clock as clocks
from app.operations.dates import overlays
from app.operations.long_work import imports
from app.operations.paying import online_payments
from support.applying import stage_where_people_file
from support.colleagues import colleague
from support.crowd import accept, open_tasks
from support.fees import FEES, open_entry, payment_of, publish_fees
from support.life import LIFE, certified, open_award, publish_life
from support.pages import Stage
from support.phased import PHASED, publish_phased, waiting_for_scores
from support.second_factor import bind
from support.stories.stage import FILLED, KEPT, publish_kept
from support.stories.tables import HEAD
from support.world import BUREAU, LIBRARY, OFFICE, SCHEME, at, complete, open_filing, register_posts, task_of

__all__ = ["KEEPER", "NOW", "NO_PAGES", "is_page", "login_of", "offered", "set_every_stage"]

NOW = at("2021-06-11 09:00")
KEEPER = "吴审"
NO_PAGES = {
    "static": "files of the pages themselves",
    "files.download": "a download",
    "viewing.show": "an upload itself, in a frame",
    "files.preview": "a picture for a page",
    "inbox.after": "leads to the next task",
    "tasks.present": "a part of a page, for a script",
    "imports.template": "a download",
    "work.download": "a download",
    "people.register.template": "a download",
    "inbox.newest": "a number for a script",
    "work.progress": "a part of a page, for a script",
    "many_starts.choose": "where people file: test_browser_unit",
    "oidc.start": "leads to a provider",
    "oidc.callback": "comes from a provider",
}


def set_every_stage(app: Flask) -> Stage:
    """Something on every page: cases under way in each kind of scheme, and who may see them."""
    made = stage_where_people_file(app)
    for publish in (publish_life, publish_kept, publish_fees, publish_phased):
        publish()
    with atomic():
        for scheme in (LIFE, KEPT, FEES, PHASED):
            clocks.open_clock(scheme, NOW, SYSTEM, clock.now())
    made.give(OFFICE, "operator", "supervisor")
    made.give(KEEPER, "administrator", "designer")
    world = made.world
    register_posts(world, {"senior": 2})
    complete(open_filing(world), "fill", FILLED, world.actors[LIBRARY], "2021-06-11 08:00")
    waiting_for_scores(world)
    return made


def offered(stage: Stage) -> dict[str, list[str]]:
    """For whom which pages have something that nothing links to yet."""
    world, office = stage.world, stage.world.actors[OFFICE]
    paid, lost = open_entry(world, NOW), certified(world, when="2021-06-10 09:00")
    recorded = open_award(world, scheme=KEPT, when="2021-06-10 09:00")
    filed = task_of(open_filing(world, "李二"))
    with atomic():
        tasks.save_draft(filed, FILLED, world.actors[LIBRARY], NOW)
    bound = world.actors["周审"].account_id or 0
    bind(bound)
    with atomic():
        unit = world.actors[LIBRARY]
        online_payments.place_order(payment_of(paid).id, unit, lambda name: name, "/payments/")
        moved = {"ground": "延期通知", "actor": office, "now": NOW}
        overlays.propose(SCHEME, "filing_closes", "2021-07-10", **moved)
        kind, line = f"{PHASED}/enter", [f"{PHASED}-1", "陈一", *[""] * (len(HEAD) - 2)]
        table = "\n".join(",".join(cells) for cells in (HEAD, line)).encode()
        uploaded = imports.upload(kind, "成绩.csv", table, actor=office, now=clock.now(), at=NOW)
        number = db.session.scalars(select(Certificate.number)).first()
    stands_in = colleague(world, "王五", OFFICE).account_id or 0
    with atomic():
        term = (office.account_id or 0, stands_in, clock.now(), clock.now() + timedelta(days=1))
        deputies.name(*term, ground="休假", actor=office, now=clock.now())
    reviews = open_tasks("first_review")
    handed_over = accept(world, reviews, NOW)
    by_the_unit = Task.completed_by == world.actors[LIBRARY].account_id
    done = db.session.scalars(select(Task.id).where(Task.state == "completed", by_the_unit)).first()
    return {
        LIBRARY: [
            *(f"/sandbox-payment/{payment_of(paid).order_number}", f"/inbox/bulk?task={filed}"),
            *(f"/tasks/{filed}/assigning", "/search/?q=chen", f"/inbox/recall?task={done}"),
            f"/cases/submit?all={filed}&of={SCHEME}/filing",
        ],
        OFFICE: [f"/imports/{uploaded}", f"/verify?number={number}"],
        BUREAU: [
            *(f"/work/{handed_over}", f"/inbox/return?task={reviews[0]}"),
            *(f"/cases/{recorded}/records/paper", f"/cases/{lost}/messages/lost"),
        ],
        KEEPER: [f"/administration/accounts/{bound}/second-factor"],
    }


def login_of(actor: Actor) -> str:
    return db.session.scalars(select(Account.login).where(Account.id == actor.account_id)).one()


def is_page(path: str) -> bool:
    return not path.startswith("/api/")
