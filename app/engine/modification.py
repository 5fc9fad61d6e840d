"""Moving tokens by hand, by the rules of Camunda's process instance modification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.util.task import TaskState

from app.engine.definitions import ProcessDefinition
from app.engine.event_specs import BoundaryEvent
from app.engine.markings import joins
from app.engine.specs import CallActivity, SubProcess
from app.engine.tokens import Token
from app.engine.workflow import Execution
from app.errors import EngineError

Start = str | tuple[int, str]


@dataclass(frozen=True, slots=True)
class _Place:
    """An element, the running activity around it, and the sub-processes to be opened in between.

    `via` is the flow of an arrival at a join.
    """

    spec: Any
    host: Token | None
    missing: tuple[Any, ...]
    via: str | None = None


def move(execution: Execution, cancel: Sequence[int], start: Sequence[Start]) -> None:
    """Cancel tokens, start elements, and drop activities that are left empty.

    - A cancelled activity goes with its boundary events and everything inside it.
    - An element is started in the activity that the tuple names (0: the process), else where a cancelled
      token stood, else in the only place that is running. Sub-processes around it that do not run are opened,
      without their start event, with their boundary events.
    - A flow that leads to a join, instead of an element, is an arrival there.
    - A sub-process, called process or multi-instance that loses its last token is cancelled, not completed.
    - Arrivals at a join stay: they are tokens of their own, and can be cancelled like any other.

    Raises EngineError if a token or element is not there, the place is not clear, or nothing would be left.
    """
    leaving = [_token(execution, number) for number in cancel]
    hosts = [token.host for token in leaving]
    places = [_place(execution, wanted, hosts) for wanted in start]
    for token in leaving:
        if token.alive:
            token.cancel()
            if token.host is not None:
                token.host.task_spec.child_cancelled(token.host)
    for place in places:
        _start(execution, place)
    for host in hosts:
        _drop_if_empty(host)
    if not execution.tasks:
        raise EngineError("移动之后流程里没有任何环节；要结束办件，请改为撤销")


def _token(execution: Execution, number: int) -> Token:
    token: Token | None = execution.tasks.get(number)
    if token is None or "attached" in token.internal_data:
        raise EngineError("要移走的环节已不在办理中", token=number)
    return token


def _place(execution: Execution, wanted: Start, hosts: list[Token | None]) -> _Place:
    number, element = (None, wanted) if isinstance(wanted, str) else wanted
    places = [place for frame in _frames(execution) for place in _places_in(execution, frame, element)]
    if number is not None:
        exactly = [place for place in places if (place.host.id if place.host else 0) == number]
        places = exactly or [place for place in places if number in _around(place.host)]
    elif any(place.host in hosts for place in places):
        places = [place for place in places if place.host in hosts]
    if not places:
        raise EngineError("要移动到的环节不在运行中的流程里", element=element)
    if len(places) > 1:
        raise EngineError("有多处正在运行，请指明移动到哪一处", element=element)
    _refuse_unfit(places[0])
    return places[0]


def _refuse_unfit(place: _Place) -> None:
    spec = place.spec
    if isinstance(spec, BoundaryEvent) or (joins(spec) and place.via is None):
        raise EngineError("不能移动到边界事件或汇聚网关，请选择它后面的环节", element=spec.bpmn_id)
    if any(not isinstance(missing, SubProcess) for missing in place.missing):
        raise EngineError("不能移动到没有运行的多实例子流程里面", element=spec.bpmn_id)


def _frames(execution: Execution) -> list[Token | None]:
    """The process and the called processes that run."""
    return [None, *(t for t in execution.tasks.values() if isinstance(t.task_spec, CallActivity))]


def _places_in(execution: Execution, frame: Token | None, element: str) -> list[_Place]:
    process = execution.definition_inside(frame)
    via = element if element in process.flows else None
    if via is not None:
        element = process.flows[via].target
    spec = process.specs.get(element) if element in process.elements else None
    if spec is None or (via is not None and not joins(spec)):
        return []
    missing: list[Any] = []
    for parent in _parents(process, element):
        running = [t for t in execution.tasks.values() if _runs(t, parent) and _frame_of(t) is frame]
        if running:
            return [_Place(spec, token, tuple(missing), via) for token in running]
        missing.insert(0, process.specs[parent])
    return [_Place(spec, frame, tuple(missing), via)]


def _parents(process: ProcessDefinition, element: str) -> list[str]:
    """The sub-processes around an element, innermost first."""
    parents = []
    parent = process.elements[element].parent
    while parent is not None:
        parents.append(parent)
        parent = process.elements[parent].parent
    return parents


def _runs(token: Token, sub_process: str) -> bool:
    spec = token.task_spec
    return isinstance(spec, SubProcess) and spec.bpmn_id == sub_process and token.has_state(TaskState.STARTED)


def _frame_of(token: Token) -> Token | None:
    host = token.host
    while host is not None and not host.task_spec.calls:
        host = host.host
    return host


def _around(host: Token | None) -> list[int]:
    around = []
    while host is not None:
        around.append(host.id)
        host = host.host
    return [*around, 0]


def _start(execution: Execution, place: _Place) -> None:
    host = place.host
    for sub_process in place.missing:
        host = execution.enter(sub_process, host, _inside(execution, host))
        host._set_state(TaskState.STARTED)
    token = execution.enter(place.spec, host, _inside(execution, host), place.via)
    execution.note("moved", token.element, token)


def _inside(execution: Execution, host: Token | None) -> Any:
    return host.inner if host else execution.root


def _drop_if_empty(host: Token | None) -> None:
    while host is not None and host.alive and not host.workflow.population(host):
        host.cancel()
        host = host.host
