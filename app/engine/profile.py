"""Which BPMN is executed; what is refused, where and why."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from app.engine.markup import BPMN
from app.engine.types import Problem


def executable(root: etree._Element) -> Iterator[etree._Element]:
    """The processes of a file that are meant to run."""
    return (process for process in root.iterfind(f"{BPMN}process") if process.get("isExecutable") != "false")


def check(root: etree._Element, file: str) -> list[Problem]:
    """What keeps the file's processes from being run as they are drawn."""
    return []
