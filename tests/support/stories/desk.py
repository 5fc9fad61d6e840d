"""Stories of one's own desk: forms kept for later, pages open, filters saved, somebody looked up."""

from __future__ import annotations

from sqlalchemy import select

from app.extensions import atomic, db
from app.models import SavedFilter
from app.operations.company import kept_forms, presence, saved_filters
from app.operations.finding import lookups
from support.api import citizen_id
from support.stories import Act, Stage, story
from support.stories.stage import FILED, FILLED
from support.world import BUREAU, LIBRARY, at, open_filing, task_of

BEFORE = at("2021-06-11 09:30")
UNFINISHED = {"grade": "senior", "summary": "写到一半"}


def _kept(stage: Stage) -> tuple[int, int]:
    """The unit's operator and a task of which a form is kept for them."""
    account, task_id = stage.account(LIBRARY), task_of(open_filing(stage.built))
    with atomic():
        kept_forms.keep(account, task_id, UNFINISHED, BEFORE)
    return account, task_id


@story("kept_forms.keep", again=True)
def a_form_is_kept_in_place_of_an_older(stage: Stage) -> Act:
    account, task_id = _kept(stage)
    return lambda: kept_forms.keep(account, task_id, FILLED, FILED)


@story("kept_forms.forget", again=True)
def a_kept_form_is_forgotten(stage: Stage) -> Act:
    account, task_id = _kept(stage)
    return lambda: kept_forms.forget(account, task_id)


@story("presence.be_here", again=True)
def a_page_is_opened_anew(stage: Stage) -> Act:
    """Half an hour after it was heard of last."""
    account, task_id = stage.account(LIBRARY), task_of(open_filing(stage.built))
    with atomic():
        presence.be_here(task_id, account, BEFORE)
    return lambda: presence.be_here(task_id, account, FILED)


@story("lookups.look_up")
def somebody_is_looked_up(stage: Stage) -> Act:
    return lambda: lookups.look_up(citizen_id(1), actor=stage.actors[BUREAU], now=FILED)


def _save(stage: Stage, asked: dict[str, str], *, shared: bool) -> None:
    saved_filters.save("inbox", "我关注的", asked, shared=shared, actor=stage.actors[BUREAU], now=FILED)


@story("saved_filters.save", again=True)
def a_filter_is_saved_in_place_of_another(stage: Stage) -> Act:
    with atomic():
        _save(stage, {"unit": "图书馆"}, shared=False)
    return lambda: _save(stage, {"unit": "文化馆", "by": "due"}, shared=True)


@story("saved_filters.remove")
def a_filter_is_removed(stage: Stage) -> Act:
    with atomic():
        _save(stage, {"unit": "图书馆"}, shared=True)
    filter_id = db.session.scalars(select(SavedFilter.id)).one()
    return lambda: saved_filters.remove(filter_id, stage.actors[BUREAU])
