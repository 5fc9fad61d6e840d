"""From which task a case can go back to which earlier one, and what falls when it does.

A way back leads to a marking of the same level from which the diagram leads here again: what falls is what
came from the earlier task. Other tokens stay, so that of parallel branches only the one that goes back falls,
unless the earlier task lies before the fork.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.engine.definitions import Definitions, ProcessDefinition
from app.engine.gateways import EventBasedGateway, InclusiveGateway
from app.engine.markings import Level, Marking, joins
from app.engine.specs import CallActivity, SubProcess
from app.engine.tokens import Token
from app.engine.workflow import Execution

Place = tuple[str, str]
"""A process and an element of it."""


@dataclass(frozen=True, slots=True)
class WayBack:
    """What `Instance.move` is to be told, and the elements whose work is undone, the earlier task's included.

    An entry of `start` that names a flow is an arrival at a join: that branch stays done. Which branches had
    come to an inclusive join that has since let go cannot be told for certain: `certain` is then false.
    """

    cancel: tuple[int, ...]
    start: tuple[tuple[int, str], ...]
    between: frozenset[Place]
    certain: bool


def way_back(execution: Execution, number: int, earlier: int, to: Place) -> WayBack | None:
    """How the case can go back from a waiting task to one that the token `earlier` completed; None: it can't.

    Never from or to a task that is done several times at once, nor into a called process that is over.
    """
    token: Token | None = execution.tasks.get(number)
    if token is None or execution.definition_inside(token.host).repeats(token.element):
        return None
    return way_before(execution, number, earlier, to)


def way_before(execution: Execution, number: int, earlier: int, to: Place) -> WayBack | None:
    """The same from whatever stands there: a task, an arrival at a join, something done several times as a
    whole.
    """
    token: Token | None = execution.tasks.get(number)
    while token is not None and not _is_repetition(token):
        found = _at_level(execution, token, earlier, to)
        if found is not None:
            return found
        token = token.host
    return None


def tasks_before(definitions: Definitions, process: ProcessDefinition, element: str) -> set[Place]:
    """The user tasks to which a case may ever be able to go back from one, those of callers included."""
    return set() if process.repeats(element) else _before(definitions, process, element, set())


def _at_level(execution: Execution, token: Token, earlier: int, to: Place) -> WayBack | None:
    process = execution.definition_inside(token.host)
    if process.id != to[0] or to[1] not in process.elements or earlier < _frame(token):
        return None
    level = level_of(process, process.elements[token.element].parent)
    top = _top(process, to[1], level.parent)
    if top is None:
        return None
    standing = {t: _place(t) for t in execution.inside(token.host) if "attached" not in t.internal_data}
    back = _back(level, frozenset(standing.values()), standing[token], top)
    if back is None:
        return None
    host = token.host.id if token.host else 0
    falling = [t for t, place in standing.items() if place not in back]
    fallen = {t.element for t in falling}
    names = _on_the_way(level, top, fallen)
    return WayBack(
        cancel=tuple(t.id for t in falling),
        start=((host, to[1]), *((host, flow) for flow in sorted(back - {top} - set(standing.values())))),
        between=frozenset(place for name in names for place in _inside(execution.definitions, process, name)),
        certain=not any(_is_inclusive_join(process.specs[name]) for name in names - fallen),
    )


def _is_repetition(token: Token) -> bool:
    return token.host is not None and hasattr(token.host.task_spec, "child")


def _frame(token: Token) -> int:
    """The token of the called process in which another one stands; 0 for the case's own."""
    host = token.host
    while host is not None and not host.task_spec.calls:
        host = host.host
    return host.id if host else 0


def _place(token: Token) -> str:
    if joins(token.task_spec):
        return str(token.via)
    if "race" in token.internal_data:
        gateways = (s for s in token.task_spec.predecessors if isinstance(s, EventBasedGateway))
        return str(next(gateways).bpmn_id)
    return token.element


def level_of(process: ProcessDefinition, parent: str | None) -> Level:
    """The level inside a sub-process, or of the process itself; made once a definition."""
    level: Level = process.levels.setdefault(parent, Level(process, parent))
    return level


def _top(process: ProcessDefinition, element: str, parent: str | None) -> str | None:
    """The element at the level in which a task lies that can be started alone; None if there is none."""
    if process.repeats(element):
        return None
    inside = process.elements[element].parent
    while inside != parent:
        if inside is None or frozenset({element}) not in level_of(process, inside).following:
            return None
        element, inside = inside, process.elements[inside].parent
    return element


def _back(level: Level, standing: Marking, here: str, top: str) -> Marking | None:
    """The marking to go back to: as much as possible stays, as few joins as possible are taken as reached."""
    flows = level.process.flows.keys()
    fitting = [
        marking
        for marking in level.following
        if top in marking and here not in marking and marking - standing - {top} <= flows
    ]
    fitting.sort(key=lambda marking: (-len(marking & standing), len(marking), sorted(marking)))
    return next((marking for marking in fitting if _leads(level, marking, standing, here, top)), None)


def _leads(level: Level, start: Marking, end: Marking, here: str, top: str) -> bool:
    """Whether one marking leads to another without coming to `top` again.

    What stands `here` then comes from `top`, and so does everything else that does not stand there before.
    """
    seen, pending = set[tuple[Marking, Marking]](), [(start, frozenset({top}))]
    while pending:
        marking, offspring = pending.pop()
        if marking == end and here in offspring and end - start <= offspring:
            return True
        for step in level.following[marking]:
            born = step.given if step.cause & offspring else frozenset()
            state = (step.after, (offspring & step.after) | born)
            if state not in seen and (top in marking or top not in step.after):
                seen.add(state)
                pending.append(state)
    return False


def _is_inclusive_join(spec: Any) -> bool:
    return isinstance(spec, InclusiveGateway) and joins(spec)


def _on_the_way(level: Level, top: str, falling: set[str]) -> set[str]:
    """The elements on the ways from `top` to what falls."""
    specs = level.process.specs
    ahead = _reached({top}, top, lambda name: _onward(specs[name]))
    return ahead & _reached(falling, top, lambda name: (spec.bpmn_id for spec in specs[name].predecessors))


def _onward(spec: Any) -> Iterator[str]:
    yield from (flow.target.bpmn_id for flow in spec.outgoing)
    yield from (event.bpmn_id for event in spec.boundaries)


def _reached(start: set[str], end: str, neighbours: Any) -> set[str]:
    """What can be come to without leaving `end` a second time."""
    found, pending = set(start), list(start)
    while pending:
        for name in neighbours(pending.pop()):
            if name not in found:
                found.add(name)
                if name != end:
                    pending.append(name)
    return found


def _inside(definitions: Definitions, process: ProcessDefinition, name: str) -> Iterator[Place]:
    yield process.id, name
    spec = process.specs[name]
    spec = getattr(spec, "child", spec)
    if isinstance(spec, SubProcess):
        for inner, element in process.elements.items():
            if element.parent == name:
                yield from _inside(definitions, process, inner)
    if isinstance(spec, CallActivity):
        called = definitions.processes[spec.spec]
        for inner, element in called.elements.items():
            if element.parent is None:
                yield from _inside(definitions, called, inner)


def _before(
    definitions: Definitions, process: ProcessDefinition, element: str, seen: set[Place]
) -> set[Place]:
    found: set[Place] = set()
    here: str | None = element
    while here is not None and not hasattr(process.specs[here], "child"):
        level = level_of(process, process.elements[here].parent)
        found |= {(process.id, task) for task in _user_tasks(process) if _may(level, here, task)}
        here = level.parent
    callers = [] if here is not None else list(_callers(definitions, process))
    for caller, call in callers:
        if (caller.id, call) not in seen:
            found |= _before(definitions, caller, call, seen | {(caller.id, call)})
    return found - {(process.id, element)}


def _may(level: Level, here: str, task: str) -> bool:
    top = _top(level.process, task, level.parent)
    if top is None or top == here:
        return False
    return any(_back(level, standing, here, top) for standing in level.following if here in standing)


def _user_tasks(process: ProcessDefinition) -> Iterator[str]:
    return (name for name, element in process.elements.items() if element.kind == "userTask")


def _callers(definitions: Definitions, process: ProcessDefinition) -> Iterator[tuple[ProcessDefinition, str]]:
    for caller in definitions.processes.values():
        for name, spec in caller.specs.items():
            call = getattr(spec, "child", spec)
            if isinstance(call, CallActivity) and call.spec == process.id:
                yield caller, name
