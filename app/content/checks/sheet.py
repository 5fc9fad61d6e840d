"""scheme.yaml against the calendar, the roles, the forms and the diagrams."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from app.content import calendar, head, overlays
from app.content.certificates import PATTERN, pattern_fault
from app.content.checks.subject import Subject, in_file
from app.content.head import Process
from app.engine.types import Problem


def check_sheet(subject: Subject) -> Iterator[Problem]:
    scheme, file = subject.scheme, subject.file(head.FILE)
    folder = PurePosixPath(scheme.folder).name
    if scheme.id != folder:
        yield in_file(file, "id", f"id 是“{scheme.id}”，文件夹却叫“{folder}”；请改成一样")
    if scheme.opens is not None and scheme.opens not in scheme.calendar.dates:
        yield in_file(file, "opens", _unknown_date("opens", scheme.opens))
    for name, parameter in scheme.parameters.items():
        if parameter.value is None:
            sentence = f"参数“{name}”（{parameter.title}）还没有给出数值；用到它的地方会得到空值"
            yield in_file(file, name, sentence, "warning")
        elif name == PATTERN and (fault := pattern_fault(parameter.value)):
            yield in_file(file, name, f"参数“{name}”（{parameter.title}）：{fault}")
    yield from _check_grades(subject, file)
    for process in scheme.processes.values():
        yield from _check_process(subject, process, file)
    yield from _check_records(subject, file)
    yield from _check_phases(subject, file)
    for name, sentence in overlays.faults(scheme.overlays, scheme.calendar, scheme.roles):
        yield in_file(file, name, f"overlays 的“{name}”：{sentence}")


def _unknown_date(key: str, name: str) -> str:
    return f"{key} 写的日期“{name}”不在 {calendar.FILE} 里"


def _check_grades(subject: Subject, file: str) -> Iterator[Problem]:
    codes = [grade.code for grade in subject.scheme.grades]
    ranks = [grade.rank for grade in subject.scheme.grades]
    for grade in subject.scheme.grades:
        if codes.count(grade.code) > 1:
            yield in_file(file, grade.code, f"等级代号“{grade.code}”重复了")
        if ranks.count(grade.rank) > 1:
            yield in_file(file, grade.code, f"等级“{grade.title}”的名次 {grade.rank} 与别的等级相同")


def _check_phases(subject: Subject, file: str) -> Iterator[Problem]:
    """A phase is a process that another one calls; its end events say in which status it ends."""
    called = {name for drawn in subject.processes.values() for name in drawn.called}
    for phase in subject.scheme.phases if subject.readable else ():
        if phase.process not in called:
            sentence = f"阶段“{phase.title}”的流程“{phase.process}”没有被任何调用活动调用；请核对编号"
            yield in_file(file, phase.process, sentence)
            continue
        ends = [e for e in subject.processes[phase.process].elements.values() if e.kind == "endEvent"]
        for end in ends:
            if end.parent is None and "status" not in end.properties:
                told = f"阶段“{phase.title}”的结束事件“{end.name or end.id}”"
                sentence = f"{told}没有写 status，列表里看不出结果"
                yield in_file(file, phase.process, sentence, "warning")


def _check_process(subject: Subject, process: Process, file: str) -> Iterator[Problem]:
    told, start = f"流程“{process.id}”", process.start
    for key, name in (("from", start.opens), ("until", start.closes)):
        if name is not None and name not in subject.scheme.calendar.dates:
            yield in_file(file, process.id, f"{told}的 {_unknown_date(key, name)}")
    if start.role is not None and start.role not in subject.scheme.roles:
        yield in_file(file, process.id, f"{told}的发起角色“{start.role}”不在 roles.yaml 里")
    if start.role is None and start.message is None:
        yield in_file(file, process.id, f"{told}没有写明怎样开始（start 的 role 或 message），没有人能发起")
    if start.about is not None and start.role is None:
        yield in_file(file, process.id, f"{told}写了 about，要同时写明由哪个角色发起（role）")
    if start.offered_with is not None and start.offered_with not in _listed(subject):
        sentence = f"{told}的 offered_with“{start.offered_with}”，没有流程在 list 里列出它"
        yield in_file(file, process.id, sentence)
    role = subject.scheme.roles.get(start.role or "")
    if process.subject == "person" and role is not None and not role.applicant and start.about is None:
        sentence = (
            f"{told}关于一个人，由人发起时要写 about: case（从这个人的另一件办件发起），"
            "或者由写了 applicant: true 的角色（本人）发起"
        )
        yield in_file(file, process.id, sentence)
    if subject.readable:
        yield from _check_diagram(subject, process, file, told)


def _listed(subject: Subject) -> set[str]:
    return {name for process in subject.scheme.processes.values() for name in process.listed}


def _check_diagram(subject: Subject, process: Process, file: str, told: str) -> Iterator[Problem]:
    drawn, start = subject.processes.get(process.id), process.start
    if drawn is None:
        yield in_file(file, process.id, f"{told}没有流程图；请核对编号，或画出这个流程")
        return
    if start.message is not None and start.message not in drawn.start_messages:
        sentence = f"{told}的开始消息“{start.message}”，流程图里没有这样的消息开始事件"
        yield in_file(file, process.id, sentence)
    if start.role is not None and drawn.start is None:
        yield in_file(file, process.id, f"{told}写明由人发起，流程图里却没有普通开始事件")
    for message in drawn.start_messages:
        if message != start.message:
            sentence = f"{told}的流程图由消息“{message}”开始，start 里却没有写"
            yield in_file(file, process.id, sentence, "warning")


def _check_records(subject: Subject, file: str) -> Iterator[Problem]:
    for record in subject.scheme.records.values():
        for role in record.roles:
            if role not in subject.scheme.roles:
                yield in_file(file, record.id, f"登记项“{record.id}”的角色“{role}”不在 roles.yaml 里")
        if record.form not in subject.scheme.forms:
            yield in_file(file, record.id, f"登记项“{record.id}”的表单 {record.form} 不存在或有错误")
