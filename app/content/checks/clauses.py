"""Clauses: named but not in clauses.yaml, in it but without a home."""

from collections.abc import Iterator
from typing import Literal

from app.content import clauses
from app.content.checks.subject import Subject, in_file
from app.content.matrix import homes
from app.engine.types import Problem


def check_clauses(subject: Subject) -> Iterator[Problem]:
    scheme = subject.scheme
    housed: set[str] = set()
    for cited, home in homes(scheme, subject.scenarios.scenarios):
        if home.kind != "scenario":
            housed.add(cited)
        if cited not in scheme.clauses:
            sentence = f"{home.told}引用的条款“{cited}”不在 {clauses.FILE} 里"
            yield in_file(home.file, home.element, sentence, row=home.row)
    for clause in scheme.clauses:
        if clause not in housed and subject.readable:
            sentence = f"条款“{clause}”没有落实到任何环节、决策、日期、表单、角色或参数"
            severity: Literal["error", "warning"] = "error" if scheme.complete else "warning"
            yield in_file(subject.file(clauses.FILE), clause, sentence, severity)
