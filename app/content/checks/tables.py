"""Decision tables: called and not there, there and not called, rows that overlap or leave gaps."""

from collections.abc import Iterator

from app.content.checks.subject import Subject, at_element, in_file
from app.engine import DecisionTable
from app.engine.coverage import gaps, overlaps
from app.engine.types import Problem

_LISTING = {"COLLECT", "RULE ORDER"}


def check_tables(subject: Subject) -> Iterator[Problem]:
    tables = subject.scheme.definitions.decisions
    called = {found.decision for _, diagram in subject.read() for found in diagram.decides}
    for table in tables.values():
        if subject.readable and table.id not in called:
            yield in_file(
                table.file, table.id, f"决策“{table.name}”（{table.id}）没有被任何流程调用", "warning"
            )
        yield from _check_coverage(table)
    for process, diagram in subject.read():
        for found in diagram.decides:
            decided = tables.get(found.decision)
            if decided and decided.hit_policy in _LISTING and not found.result:
                sentence = f"决策“{decided.name}”给出的是一列结果，要写上属性 resultVariable"
                yield at_element(process, found.element, sentence, column="resultVariable")


def _check_coverage(table: DecisionTable) -> Iterator[Problem]:
    told = f"决策“{table.name}”"
    if table.hit_policy == "UNIQUE":
        for sentence in overlaps(table):
            yield in_file(table.file, table.id, f"{told}要求只有一行符合，但{sentence}")
    if table.hit_policy not in _LISTING and not any(output.default for output in table.outputs):
        for sentence in gaps(table):
            yield in_file(table.file, table.id, f"{told}{sentence}；遇到时办件会停下来", "warning")
