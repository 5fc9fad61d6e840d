"""The `returns` of a user task: to which earlier tasks whoever does it may give a case back 退回."""

from app.engine import Element
from app.engine.definitions import split_list

PROPERTY = "returns"
ANYWHERE = "true"


def may_return(element: Element) -> bool:
    """Whether the diagram lets the case be given back from this task at all."""
    return bool(element.properties.get(PROPERTY, "").strip())


def named(element: Element) -> tuple[str, ...] | None:
    """The ids of the tasks that the diagram names; None: any earlier one."""
    text = element.properties.get(PROPERTY, "").strip()
    return None if text == ANYWHERE else split_list(text)
