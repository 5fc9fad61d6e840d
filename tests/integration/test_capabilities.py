"""Every capability on the allow-list keeps the promises that diagrams and dry runs rest on.

Parametrised over the registry: a capability without cases in `support.capability_kit` fails here.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from sqlalchemy import event
from support.capability_kit import CASES, Asked, Watched, ask, fingerprint, perform, request
from support.life import publish_life
from support.world import make_world, publish_tiny

from app.config import PROJECT
from app.errors import EngineError
from app.extensions import atomic, db
from app.operations import capabilities
from app.operations.capabilities import CapabilityRefused
from app.operations.trials.worlds import Built

REGISTRY = capabilities.capabilities()
ASKED = [pytest.param(name, asked, id=f"{name}-{n}") for name in CASES for n, asked in enumerate(CASES[name])]
DONE = [one for one in ASKED if one.values[1].refused is None]
REFUSED = [one for one in ASKED if one.values[1].refused is not None]


@pytest.fixture
def world(app) -> Built:
    publish_tiny()
    publish_life()
    return make_world()


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL that is sent meanwhile."""
    sent: list[str] = []

    def note(conn, cursor, statement, parameters, context, executemany):
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_the_kit_and_the_allow_list_name_the_same_capabilities() -> None:
    assert CASES.keys() == REGISTRY.keys()


@pytest.mark.parametrize("name", REGISTRY)
def test_every_answer_that_is_declared_is_given_in_the_kit(name: str) -> None:
    declared = REGISTRY[name].declaration.refusals.keys()
    assert {asked.refused for asked in CASES[name]} == {None, *declared}


@pytest.mark.corrupts  # asked beside the diagram, so that the log knows nothing of it
class TestAnswers:
    @pytest.mark.parametrize(("name", "asked"), DONE)
    def test_it_gives_the_outputs_that_it_declares(self, world: Built, name: str, asked: Asked) -> None:
        result = perform(name, asked.setting(world), asked.inputs)
        assert result.keys() == REGISTRY[name].declaration.outputs.keys()

    @pytest.mark.parametrize(("name", "asked"), DONE)
    def test_it_goes_with_its_transaction(self, world: Built, name: str, asked: Asked) -> None:
        case_id = asked.setting(world)
        before = fingerprint()

        def die_after_it() -> None:
            with atomic():
                ask(name, case_id, asked.inputs)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            die_after_it()
        assert fingerprint() == before

    @pytest.mark.parametrize(("name", "asked"), DONE)
    def test_asked_again_it_changes_nothing_more(self, world: Built, name: str, asked: Asked) -> None:
        case_id = asked.setting(world)
        first = perform(name, case_id, asked.inputs)
        after = fingerprint()
        again = perform(name, case_id, asked.inputs)
        assert fingerprint() == after
        assert again.keys() == first.keys()

    @pytest.mark.parametrize(("name", "asked"), REFUSED)
    def test_a_refusal_has_a_declared_code_a_sentence_and_no_effect(
        self, world: Built, name: str, asked: Asked
    ) -> None:
        case_id = asked.setting(world)
        with atomic():
            before = fingerprint()
            with pytest.raises(CapabilityRefused) as refusal:
                capabilities.perform(name, request(case_id, asked.inputs))
            assert fingerprint() == before
        assert refusal.value.code == asked.refused
        assert re.search(r"[一-鿿].*[。！]\Z", refusal.value.message)

    @pytest.mark.parametrize("name", REGISTRY)
    def test_it_looks_at_every_declared_input_and_at_no_other(self, world: Built, name: str) -> None:
        asked = next(one for one in CASES[name] if one.refused is None)
        inputs = Watched({**asked.inputs, "undeclared": "x"})
        perform(name, asked.setting(world), inputs)
        declared = REGISTRY[name].declaration
        assert declared.inputs.keys() - declared.optional <= inputs.seen <= declared.inputs.keys()

    @pytest.mark.parametrize("name", [n for n in REGISTRY if REGISTRY[n].declaration.inputs])
    def test_a_missing_input_is_told_by_name(self, world: Built, name: str) -> None:
        declared = REGISTRY[name].declaration
        needed = sorted(declared.inputs.keys() - declared.optional)
        case_id = CASES[name][0].setting(world)
        with pytest.raises(EngineError, match=needed[0]):
            perform(name, case_id, {})

    @pytest.mark.parametrize("name", REGISTRY)
    def test_only_what_locks_a_quota_says_so(self, world: Built, name: str) -> None:
        """Decision 4: the sweep fires such cases one a transaction."""
        asked = next(one for one in CASES[name] if one.refused is None)
        case_id = asked.setting(world)
        with statements() as sent:
            perform(name, case_id, asked.inputs)
        quotas = [one for one in sent if "post_quota" in one or "share_pool" in one]
        locks = any("FOR UPDATE" in one or "INSERT" in one for one in quotas)
        assert locks == REGISTRY[name].declaration.locks_quota


@pytest.mark.parametrize(("name", "asked"), DONE)
def test_a_dry_run_gives_the_same_outputs_and_asks_nothing_of_the_database(
    app, name: str, asked: Asked
) -> None:
    with statements() as sent:
        result = REGISTRY[name].simulate(asked.inputs)
    assert sent == []
    assert result.keys() == REGISTRY[name].declaration.outputs.keys()


@pytest.mark.parametrize("name", REGISTRY)
def test_every_name_that_it_declares_has_a_title_in_chinese(name: str) -> None:
    declared = REGISTRY[name].declaration
    named = (declared.inputs, declared.outputs, declared.refusals)
    titles = [declared.title, *(title for names in named for title in names.values())]
    assert [title for title in titles if not re.search("[一-鿿]", title)] == []


def known_jurisdictions() -> set[str]:
    """Ids, region codes and names of the schemes on disk, and names of their regions."""
    found: set[str] = set()
    for sheet in (PROJECT / "bpmn").glob("*/scheme.yaml"):
        read = yaml.safe_load(sheet.read_text())
        found |= {read["id"], read["id"].rpartition("-")[0], str(read["jurisdiction"])}
    regions = yaml.safe_load((PROJECT / "bpmn/common/regions.yaml").read_text())
    return found | set(re.findall(r"[一-鿿]{2,}(?=省|市)", str(regions)))


def test_no_capability_knows_a_jurisdiction() -> None:
    names = known_jurisdictions()
    assert {"chongqing-2021", "chongqing", "500000", "重庆"} <= names
    modules = {Path(inspect.getsourcefile(known.perform) or "") for known in REGISTRY.values()}
    told = [(module.name, name) for module in modules for name in names if name in module.read_text()]
    assert told == []
