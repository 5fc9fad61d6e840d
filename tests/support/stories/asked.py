"""Stories of capabilities of which no other tells: asked as in the capability kit, beside the diagrams."""

from __future__ import annotations

from collections.abc import Callable, Container

from app.operations import capabilities
from support import verbs
from support.capability_kit import CASES, Asked, perform
from support.life import publish_life
from support.stories import Act, Stage, Story
from support.world import make_world, publish_tiny


def asked_beside(told: Container[str]) -> dict[str, Story]:
    """A story for each capability that writes and is not among the told verbs."""
    found, writing = {}, verbs.writing()
    for name, known in capabilities.capabilities().items():
        verb = f"{known.perform.__module__.rpartition('.')[2]}.{known.perform.__name__}"
        if verb in writing and verb not in told:
            asked = next(asked for asked in CASES[name] if asked.refused is None)
            found[name] = Story(
                verbs=(verb,), tell=_asking(name, asked), logged=False, opens=True, again=True
            )
    return found


def _asking(name: str, asked: Asked) -> Callable[[Stage], Act]:
    def tell(stage: Stage) -> Act:
        stage.world.tables.empty()
        publish_tiny()
        publish_life()
        case_id = asked.setting(make_world())
        return lambda: perform(name, case_id, asked.inputs)

    return tell
