"""Deadlines against the calendar: windows that end before they begin, deadlines without a day."""

from collections.abc import Iterator

from app.content import calendar, head
from app.content.checks.subject import Subject, at_element, in_file
from app.engine.types import Problem


def check_deadlines(subject: Subject) -> Iterator[Problem]:
    yield from _windows(subject)
    yield from _never_due(subject)


def _windows(subject: Subject) -> Iterator[Problem]:
    """Processes that can be started by hand from a date until an earlier one."""
    dates, known = subject.scheme.calendar.resolve(), subject.scheme.calendar.dates
    for process in subject.scheme.processes.values():
        opens, closes = process.start.opens or "", process.start.closes or ""
        first, last = dates.get(opens), dates.get(closes)
        if first is not None and last is not None and first >= last:
            window = f"“{known[opens].title}”（{opens}）到“{known[closes].title}”（{closes}）"
            sentence = f"流程“{process.id}”的办理时间从{window}，还没开始就结束了；请核对 {calendar.FILE}"
            yield in_file(subject.file(head.FILE), process.id, sentence)


def _never_due(subject: Subject) -> Iterator[Problem]:
    """Timers on the border of an activity whose date has no day: what they should end goes on for ever."""
    unset = {name for name, found in subject.scheme.calendar.dates.items() if found.day is None}
    for process in subject.processes.values():
        for found in process.expressions:
            element = process.elements.get(found.element)
            if element is None or element.kind != "boundaryEvent":
                continue
            for name in sorted(found.expression.date_names & unset):
                title = subject.scheme.calendar.dates[name].title
                sentence = f"期限用的日期“{title}”（{name}）在 {calendar.FILE} 里没有日期"
                if name in subject.scheme.overlays:
                    yield at_element(process, found.element, f"{sentence}；补定以前不会到期", "warning")
                else:
                    told = f"{sentence}，也没有写在 overlays 里由人补定，永远不会到期"
                    yield at_element(process, found.element, told)
