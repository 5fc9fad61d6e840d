"""What an ended session sent in a form for many tasks, or in a return: kept beside the first, shown again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, request
from flask_babel import gettext as _

from app import edge
from app.models import KeptForm
from app.operations.actors import Actor
from app.operations.company import kept_forms
from app.operations.company.kept_forms import Kind
from app.queries import desk as beside
from app.queries.inbox import Desk, desk_of
from app.queries.paging import read_id_cursor
from app.web.listing import ticked, url_in_list
from app.web.schemes import real_now
from app.web.session import signed_in

KEPT = "_kept"
"""Names the first task, in the address that the sign-in leads back to and in the form that came of it."""
TASKS = "_tasks"


def lapsed_desk(actor: Actor) -> Desk:
    """What is open for somebody whose session has ended."""
    return desk_of(actor, real_now())


def keep(
    kind: Kind, actor: Actor, task_ids: Sequence[int], values: dict[str, Any], endpoint: str, **own: Any
) -> str | None:
    """Keeps the values, and which tasks were ticked; where to go on after the sign-in."""
    if not task_ids or actor.account_id is None:
        return None
    kept = values | {TASKS: ticked(request.form)}
    with edge.transaction():
        kept_forms.keep(actor.account_id, task_ids[0], kept, edge.received_at(), kind)
    flash(_("登录已超时。您填写的内容已经保留，登录后可以接着办理；上传的文件需要重新选择。"), "warning")
    return url_in_list(endpoint, **own, **{KEPT: task_ids[0]})


def found(kind: Kind) -> KeptForm | None:
    """What the address, or the form that came of it, says was kept; nothing of anybody else's."""
    first = read_id_cursor(request.values.get(KEPT))
    return beside.kept(first, signed_in().actor.account_id, kind) if first is not None else None


def shown(kind: Kind) -> dict[str, Any]:
    """What a page needs of it: `said` is what was typed, now or before the session ended."""
    kept = found(kind)
    return {"kept": kept, "said": request.form or (kept.values if kept else {})}


def tasks_asked(kept: KeptForm | None) -> list[int]:
    """Those that were ticked, now or before the session ended."""
    ids: list[int] = kept.values.get(TASKS, []) if kept else []
    return ids or ticked(request.args)


def forget(kind: Kind) -> None:
    """Once it was done."""
    kept = found(kind)
    if kept is not None:
        with edge.transaction():
            kept_forms.forget(kept.account_id, kept.task_id, kind)
