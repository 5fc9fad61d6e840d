"""User tasks against roles and forms: who does them, what they ask, what becomes a variable."""

import keyword
import re
from collections.abc import Iterator

from app.content import roles
from app.content.checks.subject import Subject, at_element, in_file
from app.content.forms import Form
from app.content.mapping import read_mapping
from app.content.reading import NAME
from app.engine import Element, ProcessDefinition
from app.engine.types import Problem

GIVEN = {"unit", "case", "person", "bars", "bars_elsewhere", "linked"}
"""Variables that the house gives to cases and that nothing else may set."""
_RESERVED = GIVEN | {"true", "false", "null", "loopCounter"}
_MANUAL = {"userTask", "manualTask"}


def check_tasks(subject: Subject) -> Iterator[Problem]:
    for process, element in subject.elements():
        if element.kind in _MANUAL:
            yield from _check_role(subject, process, element)
        if element.kind == "userTask":
            yield from _check_form(subject, process, element)
            yield from _check_status(process, element)
            yield from _check_prefill(subject, process, element)
        if element.kind == "boundaryEvent" and element.form:
            yield from _check_form(subject, process, element)
        if element.kind == "boundaryEvent" and element.properties.get("role"):
            yield from _check_role(subject, process, element)
        if element.kind == "endEvent" and element.parent is None and subject.listed(process):
            yield from _check_end(process, element)
    for form in subject.scheme.forms.values():
        yield from _check_lists(subject, form)
    if subject.readable:
        yield from _unused(subject)


def _check_role(subject: Subject, process: ProcessDefinition, element: Element) -> Iterator[Problem]:
    role, known = element.properties.get("role"), subject.scheme.roles
    if role:
        if role not in known:
            yield at_element(process, element.id, f"角色“{role}”不在 {roles.FILE} 里", column="role")
    elif not element.lane:
        sentence = "没有写明由谁办理；请放进泳道，或写上属性 role（子流程里面要写 role）"
        yield at_element(process, element.id, sentence, column="role")
    elif element.lane not in {role.title for role in known.values()}:
        sentence = f"所在的泳道“{element.lane}”不是 {roles.FILE} 里任何角色的名称"
        yield at_element(process, element.id, sentence, column="role")


def _check_prefill(subject: Subject, process: ProcessDefinition, element: Element) -> Iterator[Problem]:
    """Only what was entered in the same form fits it."""
    wanted = element.properties.get("prefill")
    sources = [e for _, e in subject.elements() if e.id == wanted and e.kind == "userTask"]
    if wanted and not sources:
        yield at_element(process, element.id, f"prefill 写的用户任务“{wanted}”不存在", column="prefill")
    elif wanted and element.form not in {source.form for source in sources}:
        sentence = f"prefill 写的用户任务“{wanted}”不是同一张表单，填过的内容不能沿用"
        yield at_element(process, element.id, sentence, column="prefill")


def _check_form(subject: Subject, process: ProcessDefinition, element: Element) -> Iterator[Problem]:
    if not element.form:
        yield at_element(process, element.id, "没有表单；请写上属性 formJsonSchemaFilename")
        return
    form = subject.scheme.forms.get(element.form)
    if form is None:
        yield at_element(process, element.id, f"表单 {element.form} 不存在或有错误")
    yield from _check_outputs(process, element, form)


def _check_lists(subject: Subject, form: Form) -> Iterator[Problem]:
    """A list of people begins a process of which each of them has only one at a time (LIFE-07)."""
    for field in form.fields.values():
        process = subject.scheme.processes.get(field.begins)
        if field.begins and (process is None or process.subject != "person" or process.unique is None):
            wanted = "关于人（subject: person）、写了 unique: year 的流程"
            sentence = f"x-begins 要写一个{wanted}，不能是“{field.begins}”"
            yield in_file(form.file, field.name, sentence)


def _check_outputs(process: ProcessDefinition, element: Element, form: Form | None) -> Iterator[Problem]:
    seen: set[str] = set()
    for variable, field in read_mapping(element.properties.get("outputs", "")):
        sentence = name_fault(variable)
        if sentence is None and variable in seen:
            sentence = f"变量“{variable}”写了两次"
        seen.add(variable)
        if sentence is None and form is not None and field not in form.fields:
            sentence = f"outputs 里的字段“{field}”不在表单 {element.form} 里"
        if sentence is not None:
            yield at_element(process, element.id, sentence, column="outputs")
        elif form is not None and form.fields[field].read_only:
            sentence = f"outputs 里的字段“{field}”是只读的，不会提交，变量总是空值"
            yield at_element(process, element.id, sentence, "warning", "outputs")


def name_fault(variable: str) -> str | None:
    """Why a variable may not be called so, or None if it may."""
    if not re.match(NAME, variable) or variable.startswith("__"):
        return f"变量名“{variable}”只能用英文字母、数字和下划线，且不以数字或两个下划线开头"
    if variable in _RESERVED or keyword.iskeyword(variable):
        return f"变量名“{variable}”是保留的，请换一个"
    return None


def _check_status(process: ProcessDefinition, element: Element) -> Iterator[Problem]:
    status = element.properties.get("status")
    if not status:
        yield at_element(
            process, element.id, "没有写状态（status），列表上看不出办到哪里", "warning", "status"
        )
    for name in re.findall(r"\{(.*?)\}", status or ""):
        if name != "role":
            sentence = f"状态里的 {{{name}}} 不会被替换；只能用 {{role}}（办理角色的名称）"
            yield at_element(process, element.id, sentence, column="status")


def _check_end(process: ProcessDefinition, element: Element) -> Iterator[Problem]:
    for key, what in (("status", "状态"), ("outcome", "结果代号")):
        if not element.properties.get(key):
            yield at_element(process, element.id, f"结束事件没有写{what}（{key}）", "warning", key)


def _unused(subject: Subject) -> Iterator[Problem]:
    scheme = subject.scheme
    records = scheme.records.values()
    named = {element.role for _, element in subject.elements()}
    named |= {process.start.role for process in scheme.processes.values()}
    named |= {role for record in records for role in record.roles}
    named |= {role for rule in scheme.overlays.values() for role in (rule.propose, rule.approve, rule.filed)}
    for role in scheme.roles.values():
        if role.id not in named and role.title not in named:
            yield in_file(subject.file(roles.FILE), role.id, f"角色“{role.id}”没有用到", "warning")
    used = {element.form for _, element in subject.elements()} | {record.form for record in records}
    for name, form in scheme.forms.items():
        if name not in used:
            yield in_file(form.file, None, "没有任何环节用到这个表单", "warning")
