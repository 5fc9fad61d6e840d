"""The desk's lists side by side, and the way from one item of a list to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from werkzeug.wrappers import Response

from app.models import Task
from app.queries import copies, delegated, inbox
from app.queries.inbox import By, Desk
from app.queries.tasks import TaskPage
from app.web.listing import asked, asked_days, url_in_list
from app.web.schemes import now_of, real_now
from app.web.session import signed_in

TABS = (
    ("inbox.index", _l("待办")),
    ("inbox.asked", _l("待我会签")),
    ("inbox.delegated", _l("委派出去的")),
    ("inbox.done", _l("已办")),
    ("started.index", _l("我发起的")),
    ("copies.index", _l("抄送我的")),
)
FROM_INBOX = "inbox"


@dataclass(frozen=True)
class Place:
    """The list that somebody works through, as the address asks for it."""

    desk: Desk
    wanted: inbox.TaskFilter
    by: By

    @classmethod
    def asked(cls) -> Place:
        office_wide = request.args.get("view") == "office"
        desk = inbox.desk_of(signed_in().actor, real_now(), office_wide=office_wide)
        return cls(desk, wanted_tasks(), "due" if request.args.get("by") == "due" else "opened")

    def following(self, task: Task) -> int | None:
        """The task that comes after one, whether that is still in the list or done; else the first one."""
        after = inbox.place_of(task, self.by)
        return self._first_but(task, after) or self._first_but(task, None)

    def _first_but(self, task: Task, after: str | None) -> int | None:
        # Whatever the list shows of colleagues' tasks, the next one is open for oneself.
        rows = inbox.open_tasks(own_desk(), self.wanted, after, self.by).rows
        return next((row.task.id for row in rows if row.task.id != task.id and _in_time(row.task)), None)


def _in_time(task: Task) -> bool:
    return task.closes_at is None or task.closes_at > now_of(task.scheme_id)


def own_desk() -> Desk:
    """What is open for whoever is signed in."""
    return inbox.desk_of(signed_in().actor, real_now())


def wanted_tasks() -> inbox.TaskFilter:
    """What the address narrows the list to."""
    begin, end = asked_days("from", "to")
    return inbox.TaskFilter(asked("kind"), asked("unit"), asked("name"), begin, end)


def in_list() -> bool:
    """Whether the task was come to from the list, so that the next of it follows."""
    return request.args.get("list") == FROM_INBOX


def list_address() -> str:
    """The address of the list that the present task was come to from."""
    return url_in_list("inbox.index", list=None)


def desk_tabs() -> Sequence[tuple[str, str, bool, str | None]]:
    """Label, address, whether it is the present page, and how much waits there."""
    of_me, by_me = delegated.awaited(own_desk())
    counts = {
        "inbox.asked": of_me,
        "inbox.delegated": by_me,
        "copies.index": copies.unread(signed_in().actor),
    }
    told = {endpoint: str(count) for endpoint, count in counts.items() if count}
    return [
        (_(str(label)), url_for(endpoint), request.endpoint == endpoint, told.get(endpoint))
        for endpoint, label in TABS
        if endpoint in current_app.view_functions
    ]


def elsewhere(address: str) -> Response:
    """A redirect off the desk: a script that swaps the main part loads the whole page instead."""
    if "HX-Request" in request.headers:
        return Response("", headers={"HX-Redirect": address})
    return redirect(address)


def onward(page: TaskPage, told: str) -> Response:
    """To the next task of the list that the person works through, else to the case; the result is told."""
    case_address = url_for("case.show", case_id=page.case.id)
    name = page.person.name if page.person else page.unit_name
    flash(Markup('{} <a href="{}">{}</a>').format(told, case_address, name), "done")
    if not in_list():
        return elsewhere(case_address)
    following = Place.asked().following(page.task)
    if following is None:
        return redirect(list_address())
    return redirect(url_in_list("tasks.show", task_id=following))
