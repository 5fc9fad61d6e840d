"""A story for every verb of the operations that writes: what `tests/integration/test_killed.py` kills.

A new verb needs a story in one of the modules here: a function marked with the verbs that it tells of. It
gets the `Stage`, makes what has to stand before, and answers the act: a function without arguments that does
what a person or the machine does, once. By default a transaction is opened for the act.

    @story("people.leave")
    def somebody_leaves(stage: Stage) -> Act:
        person = stage.people["赵四"]
        return lambda: people.leave(person, actor=SYSTEM, now=NOW)

A capability's story goes the way of a case, so that the log knows of it; without one it is asked as in the
capability kit. `Story` has what else can be said.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.extensions import atomic
from support.killed import World
from support.stories.stage import Stage

__all__ = ["Act", "Stage", "Story", "every", "story"]

Act = Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class Story:
    """A story of these verbs."""

    verbs: tuple[str, ...]
    tell: Callable[[Stage], Act]
    opens: bool = False
    """The act opens its transaction itself."""
    parts: bool = False
    """It opens several, and what was done in those before stands; done again, it ends as if never killed."""
    again: bool = False
    """It may come a second time although the first was committed, and the result is the same."""
    changes: bool = True
    """Something of it stays in the database."""
    logged: bool = True
    """The log knows of it, so that `verify` can be asked."""
    differs: frozenset[str] = frozenset()
    """Tables and columns that tell how often it was tried."""
    meanwhile: Callable[[World], object] = lambda world: None
    """What happens between the death and the second try."""

    def prepare(self, stage: Stage) -> Act:
        """Makes what has to stand before; the act, with its transaction."""
        act = self.tell(stage)

        def in_a_transaction() -> None:
            with atomic():
                act()

        return act if self.opens or self.parts else in_a_transaction


STORIES: dict[str, Story] = {}
"""Those that the modules here tell; `every` has all."""


def every() -> dict[str, Story]:
    """All stories by name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    told = {verb for known in STORIES.values() for verb in known.verbs}
    beside: dict[str, Story] = importlib.import_module(f"{__name__}.asked").asked_beside(told)
    return {**STORIES, **beside}


def story(*verbs: str, **more: Any) -> Callable[[Callable[[Stage], Act]], Callable[[Stage], Act]]:
    """Keeps the decorated function as a story of these verbs."""

    def keep(tell: Callable[[Stage], Act]) -> Callable[[Stage], Act]:
        assert tell.__name__ not in STORIES, "two stories have one name"
        STORIES[tell.__name__] = Story(verbs=verbs, tell=tell, **more)
        return tell

    return keep
