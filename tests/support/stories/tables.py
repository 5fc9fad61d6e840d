"""Stories of tables of scores that are imported."""

from __future__ import annotations

import csv
from io import StringIO

from app.extensions import atomic
from app.operations.long_work import imports, work
from support.phased import PHASED, publish_phased, waiting_for_scores
from support.stories import Act, Stage, story
from support.world import LIBRARY, OFFICE, at

NOW = at("2021-07-01 09:00")
HEAD = ["办件编号", "姓名", "证件号码", "单位", "等级", "缺考", "理论成绩", "实作成绩", "评价", "考试日期"]


def _upload(stage: Stage, content: bytes) -> int:
    actor = stage.actors[OFFICE]
    return imports.upload(f"{PHASED}/enter", "成绩.csv", content, actor=actor, now=NOW, at=NOW)


def _scores(stage: Stage) -> bytes:
    publish_phased()
    table = StringIO()
    lines = csv.writer(table)
    lines.writerow(HEAD)
    for name in ("陈一", "李二"):
        case_id = waiting_for_scores(stage.built, name)
        known = [f"{PHASED}-{case_id}", name, "110101****0011", LIBRARY, "高级工"]
        lines.writerow([*known, "", 61, 100, "良好", "2021/6/30"])
    return table.getvalue().encode()


def _uploaded(stage: Stage) -> int:
    content = _scores(stage)
    with atomic():
        return _upload(stage, content)


@story("imports.upload")
def scores_are_uploaded(stage: Stage) -> Act:
    content = _scores(stage)
    return lambda: _upload(stage, content)


@story("imports.confirm", "tasks.mark_pending")
def scores_are_confirmed(stage: Stage) -> Act:
    uploaded = _uploaded(stage)
    return lambda: imports.confirm(uploaded, "all", actor=stage.actors[OFFICE], at=NOW)


@story("imports.go_on", parts=True)
def scores_are_imported(stage: Stage) -> Act:
    uploaded, office = _uploaded(stage), stage.actors[OFFICE]
    with atomic():
        imports.confirm(uploaded, "all", actor=office, at=NOW)
    return lambda: imports.go_on(uploaded, actor=office, at=NOW, transaction=atomic)


@story("imports.drop")
def scores_are_dropped(stage: Stage) -> Act:
    uploaded = _uploaded(stage)
    return lambda: imports.drop(uploaded, actor=stage.actors[OFFICE])


@story("imports.clean_up", again=True)
def old_scores_go(stage: Stage) -> Act:
    _uploaded(stage)
    return lambda: imports.clean_up(at("2021-07-03 09:00"))


@story("imports.end", again=True)
def an_import_is_ended(stage: Stage) -> Act:
    uploaded = _uploaded(stage)
    with atomic():
        imports.confirm(uploaded, "all", actor=stage.actors[OFFICE], at=NOW)
    return lambda: imports.end(uploaded, "没有导入")


@story("work.accept_import")
def scores_are_handed_over(stage: Stage) -> Act:
    uploaded, office = _uploaded(stage), stage.actors[OFFICE]
    return lambda: work.accept_import(uploaded, "all", actor=office, at=NOW, now=NOW)
