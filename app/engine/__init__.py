"""The engine: runs BPMN and DMN as data, with SpiffWorkflow; knows no database, no web and no clock."""

from app.engine.ahead import Ahead, ahead
from app.engine.decisions import DecisionError, DecisionTable
from app.engine.definitions import Definitions, Element, Flow, ProcessDefinition, UsedExpression
from app.engine.dry_run import dry_run_in_child
from app.engine.expressions import Expression, ExpressionError, ExpressionFailed, compile_expression
from app.engine.reading import check_definitions, load_definitions
from app.engine.release import RELEASE
from app.engine.runtime import Instance, Position
from app.engine.sandbox import check_in_child, demand_bounded
from app.engine.state import StateInvalid
from app.engine.types import (
    WORKDAYS,
    Ask,
    Context,
    Happening,
    MessageWait,
    Outcome,
    Problem,
    Sent,
    Snapshot,
    TaskWait,
    TimerWait,
    Variables,
    Workdays,
)
from app.engine.variables import NotPlain
from app.engine.ways_back import WayBack, tasks_before

__all__ = [
    "RELEASE",
    "WORKDAYS",
    "Ahead",
    "Ask",
    "Context",
    "DecisionError",
    "DecisionTable",
    "Definitions",
    "Element",
    "Expression",
    "ExpressionError",
    "ExpressionFailed",
    "Flow",
    "Happening",
    "Instance",
    "MessageWait",
    "NotPlain",
    "Outcome",
    "Position",
    "Problem",
    "ProcessDefinition",
    "Sent",
    "Snapshot",
    "StateInvalid",
    "TaskWait",
    "TimerWait",
    "UsedExpression",
    "Variables",
    "WayBack",
    "Workdays",
    "ahead",
    "check_definitions",
    "check_in_child",
    "compile_expression",
    "demand_bounded",
    "dry_run_in_child",
    "load_definitions",
    "tasks_before",
]
