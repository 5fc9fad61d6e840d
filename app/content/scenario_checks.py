"""What can be wrong with a scenario by itself and in its world; the diagrams are `checks/scenarios.py`'s."""

from collections.abc import Mapping
from datetime import datetime

from app.content.scenario_parts import ACTS, Scenario, ScenarioCase, Step
from app.content.worlds import World

_BY_SOMEBODY = {"task", "draft", "message", "overlay", "give_back"}
"""The kinds of step that need a `by`."""


def check_scenario(scenario: Scenario, worlds: Mapping[str, World]) -> list[tuple[int | None, str]]:
    """(step counted from 1 or None, sentence) of each fault."""
    world = worlds.get(scenario.world)
    if world is None:
        return [(None, f"world 写的“{scenario.world}”不存在或有错误")]
    faults: list[tuple[int | None, str]] = []
    if not scenario.cases:
        faults.append((None, "没有写明办件（case 或 cases）"))
    for case in scenario.cases.values():
        faults += [(None, sentence) for sentence in _check_case(case, scenario, world)]
    before: datetime | None = None
    for row, step in enumerate(scenario.steps, start=1):
        if before and step.at < before:
            faults.append((row, f"第 {row} 步的时刻早于上一步"))
        before = step.at
        faults += [(row, f"第 {row} 步：{sentence}") for sentence in _check_step(step, scenario, world)]
    return faults


def _check_case(case: ScenarioCase, scenario: Scenario, world: World) -> list[str]:
    faults = []
    if case.about is not None and case.about not in scenario.cases:
        faults.append(f"about 写的办件“{case.about}”不在 cases 里")
    if case.about is not None and case.by is None:
        faults.append("写了 about 的办件由人发起，要写明 by")
    if case.unit not in world.organisations:
        faults.append(f"办件的单位“{case.unit}”不在世界里")
    if case.person is not None and case.person not in world.people:
        faults.append(f"申报人“{case.person}”不在世界里")
    if case.message and case.by:
        faults.append("办件由 message 开始，就不能再写 by")
    if (case.message or case.by) and case.at is None:
        faults.append("办件要写明开始的时刻 at")
    if case.refused and not (case.message or case.by):
        faults.append("由别的办件开始的办件不能写 refused")
    if case.by is not None and case.by not in world.actors():
        faults.append(f"发起人“{case.by}”不在世界里")
    return faults


def _check_step(step: Step, scenario: Scenario, world: World) -> list[str]:
    faults = []
    acts = step.acts
    if len(acts) > 1:
        faults.append(f"{' 和 '.join(ACTS[act] for act in acts)} 只能写一个")
    if (step.give_back is None) != (step.to is None):
        faults.append("return 和 to 要一起写：从哪项待办退回到哪个环节")
    if step.by is None and _BY_SOMEBODY.intersection(acts):
        faults.append("要写明由谁办理（by）")
    if step.by is not None and step.by not in world.actors():
        faults.append(f"“{step.by}”不在世界里")
    if step.overlay is not None and step.overlay.approve not in (None, *world.actors()):
        faults.append(f"批准人“{step.overlay.approve}”不在世界里")
    if (change := step.reorganise) is not None:
        named = filter(None, (change.merge, change.into, change.rename))
        faults += [f"机构“{name}”不在世界里" for name in named if name not in world.organisations]
    if step.case is not None and step.case not in scenario.cases:
        faults.append(f"没有名为“{step.case}”的办件")
    if (step.values or step.use) and not (step.task or step.draft or step.message):
        faults.append("values 和 use 要和 task、draft 或 message 一起用")
    if step.use is not None and step.use not in world.values:
        faults.append(f"世界的 values 里没有“{step.use}”")
    if step.refused and not acts:
        faults.append("refused 要和动作一起用")
    return faults
