"""User tasks whose values may be imported as a table: can the form be filled in by cells (CQ-23)?"""

from collections.abc import Iterator

from app.content.checks.subject import Subject, at_element
from app.content.form_cells import NAME, NUMBER, TO_READ, columns_of, misfits, repeated
from app.content.forms import Form
from app.engine import Element, ProcessDefinition
from app.engine.types import Problem

RESERVED = {NUMBER, NAME, *TO_READ}


def check_imports(subject: Subject) -> Iterator[Problem]:
    for process, element in subject.elements():
        if "import" not in element.properties:
            continue
        form = subject.scheme.forms.get(element.form or "")
        for sentence in _faults(process, element, form):
            yield at_element(process, element.id, sentence, column="import")


def _faults(process: ProcessDefinition, element: Element, form: Form | None) -> Iterator[str]:
    if element.properties["import"] != "true":
        yield "import 只能写 true"
    if element.kind != "userTask":
        yield "只有用户任务可以导入"
    if element.kind == "userTask" and process.repeats(element.id):
        yield "同一办件里会有几个这样的待办，凭办件编号认不出是哪一个，不能导入"
    if form is None:
        return
    for field in misfits(form):
        yield f"表单里的“{field.title}”不能填在表格里（附件、人员、证件号码、列表），不能导入"
    titles = [field.title for field in form.fields.values()]
    for title in sorted(repeated(titles) | RESERVED & set(titles)):
        yield f"表单里的“{title}”与表格的其他列重名，请改名"
    if not columns_of(form):
        yield "表单没有要填写的内容，不用导入"
