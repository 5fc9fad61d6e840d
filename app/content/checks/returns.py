"""Returns 退回: whether the diagram leads from the tasks that are named to the one that gives a case back."""

from collections.abc import Iterator

from app.content.checks.subject import Subject, at_element
from app.content.returns import PROPERTY, may_return, named
from app.engine import Element, ProcessDefinition, tasks_before
from app.engine.types import Problem


def check_returns(subject: Subject) -> Iterator[Problem]:
    for process, element in subject.elements():
        if may_return(element):
            for sentence in _faults(subject, process, element):
                yield at_element(process, element.id, sentence, column=PROPERTY)


def _faults(subject: Subject, process: ProcessDefinition, element: Element) -> Iterator[str]:
    if element.kind != "userTask":
        yield "只有用户任务能退回（returns）"
        return
    if process.repeats(element.id):
        yield "同时由多人办理（多实例）的环节不能退回，请在汇总以后的环节上写 returns"
        return
    before = tasks_before(subject.scheme.definitions, process, element.id)
    wanted = named(element)
    if wanted is None and not before:
        yield "returns 写的是 true，可在它之前没有能退回的用户任务"
    for name in wanted or ():
        if name not in {found for _, found in before}:
            yield _why(subject, process, name)


def _why(subject: Subject, process: ProcessDefinition, name: str) -> str:
    homes = [p for p, element in subject.elements() if element.id == name and element.kind == "userTask"]
    if not homes:
        return f"returns 里的“{name}”不是任何用户任务的编号"
    home = process if process in homes else homes[0]
    title = home.elements[name].name or name
    if home.repeats(name):
        return f"不能退回到“{title}”：它同时由多人办理（多实例）"
    return f"不能退回到“{title}”：它不在这一步之前，或者在另一个并行分支里，或者在已经办完的被调用流程里"
