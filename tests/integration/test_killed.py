"""kill -9 at every write of every operation: all of it or nothing, and it can be done again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from support import verbs
from support.killed import Kept, Shape, Tables, World, in_child
from support.second_factor import settings_with
from support.stories import Stage, Story, every

from app import clock
from app.extensions import atomic, db
from app.models import Attachment
from app.operations.evidence import verify
from app.operations.uploads import files
from app.operations.uploads.files import _path

STORIES = every()
WATCHED = {function.__code__: verb for verb, function in verbs.writing().items()}
NAMES = sorted(STORIES)


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("killed")


@pytest.fixture(scope="module")
def _set(worker_app: Flask, _cleaner, shared_folder: Path) -> tuple[Stage, Kept]:
    """The stage, made once, and what the database and the folder hold then."""
    _cleaner.clean()
    world = World(Tables(_cleaner.connection), shared_folder)
    (shared_folder / "uploads").mkdir()
    (shared_folder / "roots").mkdir()
    with worker_app.app_context(), settings_with(worker_app, **places(shared_folder)):
        stage = Stage.set(worker_app, world)
        db.session.remove()
    return stage, world.kept()


@pytest.fixture
def stage(app: Flask, _set, shared_folder: Path) -> Iterator[Stage]:
    made, kept = _set
    with settings_with(app, **places(shared_folder)):
        made.world.put_back(kept)
        yield made
        db.session.remove()
        made.world.put_back(kept)


def places(folder: Path) -> dict[str, Path]:
    return {"upload_folder": folder / "uploads", "roots_folder": folder / "roots"}


def test_every_verb_that_writes_has_a_story() -> None:
    told = {verb for story in STORIES.values() for verb in story.verbs}
    assert sorted(verbs.writing().keys() - told) == [], "add a story in tests/support/stories"
    assert sorted(told - verbs.public().keys()) == [], "a story tells of a verb that is no more"


@pytest.mark.parametrize("name", NAMES)
def test_killed_at_the_first_a_middle_and_the_last_write(stage: Stage, name: str) -> None:
    tell(stage, STORIES[name], at_every_write=False)


@pytest.mark.soak
@pytest.mark.parametrize("name", NAMES)
def test_killed_at_every_write(stage: Stage, name: str) -> None:
    tell(stage, STORIES[name], at_every_write=True)


def tell(stage: Stage, story: Story, *, at_every_write: bool) -> None:
    world, act = stage.world, story.prepare(stage)
    db.session.remove()
    kept = world.kept()
    whole = in_child(act, world.folder, watch=WATCHED)
    assert set(story.verbs) <= whole.called, "the story is of another verb"
    assert bool(world.changed(kept)) == story.changes
    assert_sound(story)
    done = world.shape(kept)
    world.put_back(kept)
    in_child(act, world.folder)
    again = world.shape(kept)
    # What differs from time to time (ids, salts, tokens) can't be compared.
    done = {
        name: told
        for name, told in done.items()
        if again[name] == told and story.differs.isdisjoint({name, name.partition(".")[0]})
    }
    middle = (whole.points + 1) // 2
    for point in range(1, whole.points + 1) if at_every_write else sorted({1, middle, whole.points}):
        told = f"killed at {point} of {whole.points}"
        world.put_back(kept)
        assert in_child(act, world.folder, at=point).killed, told
        happened = bool(world.changed(kept))
        if happened:
            assert_sound(story)
            assert story.parts or differences(world.shape(kept), done) == {}, f"half done, {told}"
        # Where nothing is left at all, another try is what was done at first.
        if (story.parts or story.again) if happened else world.files() != sorted(kept.files):
            story.meanwhile(world)
            in_child(act, world.folder)
            assert_sound(story)
            assert differences(world.shape(kept), done) == {}, told
        assert_only_files_of_rows(world)


def differences(now: Shape, done: Shape) -> Shape:
    """What is there and should not be, and the other way round, by column."""
    wrong = {name: told for name, told in done.items() if now[name] != told}
    return {name: (now[name] - told) + (told - now[name]) for name, told in wrong.items()}


def assert_sound(story: Story) -> None:
    """No finding, and a file for every row that names one."""
    found = list(verify.verify_all()) if story.logged else []
    digests = db.session.scalars(select(Attachment.digest)).all()
    missing = [digest for digest in digests if not _path(digest).is_file()]
    db.session.remove()
    assert (found, missing) == ([], [])


def assert_only_files_of_rows(world: World) -> None:
    """What a killed process leaves on the disk goes with the daily clean-up."""
    files.clean_up(clock.now() + timedelta(days=2), atomic)
    known = {_path(digest) for digest in db.session.scalars(select(Attachment.digest))}
    db.session.remove()
    assert {path for path in world.files() if "uploads" in path.parts} == known
