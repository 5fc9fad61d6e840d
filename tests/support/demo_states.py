"""What the demonstrations show, as `make run` makes them: a case in each of these states (issue 5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from sqlalchemy import select

from app.content import Scheme
from app.content.phases import statuses_of
from app.engine.definitions import Element
from app.extensions import db
from app.models import Case

SANCTION = {"拟处理", "待陈述申辩", "待决定", "待送达"}
APPEALED = {"已送达，复核期内", "复核中"}
ID_CORRECTION = {"待提交更正", "待核验"}
REFUND = {"待提交退费", "待审核退费"}
ADMINISTRATOR = {"待录入登记表", "待发放账户"}


def seen() -> set[str]:
    """The statuses of all cases, and those of each phase that a case has come to."""
    rows = db.session.execute(select(Case.status, Case.phases)).all()
    return {row.status for row in rows} | {status for row in rows for status in row.phases.values()}


def shown() -> Mapping[str, set[str]]:
    """By process, the statuses of its cases; by phase, those that it has in some case."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in db.session.execute(select(Case.process, Case.status, Case.phases)):
        found[row.process].add(row.status)
        for phase, status in row.phases.items():
            found[phase].add(status)
    return found


def declared(scheme: Scheme) -> Mapping[str, list[str]]:
    """By process or phase, every status that the diagrams let a case have, in the diagrams' order.

    A case has that of a task that waits, wherever it is drawn, of the end of its own process, and in each
    phase those that the phase's list offers. The end of another called process is no state of a case.
    """
    phases = {phase.process for phase in scheme.phases}
    own = {process: list(dict.fromkeys(_own(scheme, process, phases))) for process in scheme.processes}
    return own | {phase: statuses_of(scheme, phase) for phase in phases}


def _own(scheme: Scheme, process: str, phases: set[str]) -> Iterator[str]:
    drawn, met, ahead = scheme.definitions.processes, set(phases), [process]
    while ahead:
        name = ahead.pop()
        if name in met:
            continue
        met.add(name)
        ahead += sorted(drawn[name].called)
        for element in drawn[name].elements.values():
            ends = name == process and element.kind == "endEvent" and element.parent is None
            status = element.properties.get("status")
            if status and (ends or element.kind == "userTask"):
                yield _titled(scheme, element, status)


def _titled(scheme: Scheme, element: Element, status: str) -> str:
    """As `app.operations.road._standing` names it; a title is the role's, whichever office holds it."""
    if "{role}" not in status:
        return status
    return status.replace("{role}", scheme.role_named(element.role or "").title)


SEASON: Mapping[str, tuple[str | None, Mapping[str, str]]] = {
    "chongqing-2021": (
        None,
        {
            "post_filing": "待提交",
            "publicity": "待初审公示、公示中",
            "application": "待提交",
        },
    ),
    "henan-2025": ("filing", {"organising": "待组织申报"}),
    "jiangdu-2020": (None, {"picking": "待选择申报人员"}),
    "jiaozuo-2026": (
        None,
        {
            "registration": "待确定申报人员、网上注册报名中",
            "application": "待提交、已退回，待修改",
        },
    ),
    "nanyang-2021": (None, {}),
}
"""The states that end for everybody with a date that the notice lets nobody move far enough, and the stage
that shows them; without a name the usual one. Nanyang may extend its filing for an area that was flooded.
"""

_REISSUE = "待提交补发、申请已撤回、待审核补发、不予补发、证书已撤销，不能补发、已补发"
AHEAD: Mapping[str, Mapping[str, str]] = {
    "chongqing-2021": {
        "post_filing": "逾期未备案",
        "publicity": "逾期未公示、异议处理中",
        "application": "逾期未提交、逾期未报名、考试不合格、缺考、评审未通过、未予认定、成绩已取消、已归档",
        "exam_entry": "逾期未报名",
        "examination": "待录入成绩、成绩已录入",
        "score_publication": "查分中、成绩已公布、缺考、成绩待公布、考试合格、考试不合格",
        "assessment": "待申报评审、待评审、合格名单待公布、评审通过、评审未通过",
        "certification": "待认定、未予认定、结果待公布、已发证",
        "archiving": "已发证、已归档",
        "results_publication": "已公布",
        "sanction": "待通报",
        "score_correction": "待提出更正、待批准更正、不予更正、已更正，重新认定、已更正",
        "reissue": _REISSUE,
    },
    "henan-2025": {
        "organising": "待组织申报",
        "application": "考试不合格、缺考、综合评审不通过、已归档",
        "deferred_document": "视为资格审查不通过",
        "assessment": "待评审结论、评审结束，待公布",
        "results": "缺考、考试不合格、评审不通过、合格",
        "certification": "已发证，待归档、已归档",
        "results_publication": "已公布",
        "score_correction": (
            "待提出更正、待批准更正、不予更正、已更正，重新判定、已更正，结果重新认定、已更正"
        ),
        "reissue": _REISSUE,
    },
    "jiangdu-2020": {
        "picking": "逾期未添加",
        "application": "考评通过，已归档、到期不在职在岗、考评未通过",
        "assessment": "考评缺考、考评未通过、考评通过，待核对在职在岗",
        "on_post": "仍在职在岗、不在职在岗",
        "certification": "考评通过，待归档、考评通过，已归档",
        "reissue": _REISSUE,
    },
    "jiaozuo-2026": {
        "registration": "逾期未报名",
        "application": (
            "逾期未提交、退回后逾期未重新提交、资格审查不通过（容缺材料未补）、缺考、考试不合格、评审不通过、已归档"
        ),
        "confirmation": "现场审查材料已报送",
        "circular": "已通报、不予通报",
        "deferred_document": "视为资格审查不通过",
        "examination": "待录入成绩、缺考、成绩已录入",
        "score_publication": "成绩已公布、查分中、待更正成绩、成绩待公布、考试合格、考试不合格、缺考",
        "assessment": "评审通过、评审不通过",
        "certification": "已发证",
        "archiving": "已发证、已归档",
        "results_publication": "已公布",
        "sanction": "处理已生效、待收回证书",
        "score_correction": "待提出更正、待批准更正、不予更正、已更正，重新公布、已更正，重新认定、已更正",
        "reissue": _REISSUE,
    },
    "nanyang-2021": {
        "registration": "待登记报名人员",
        "application": "考试不合格、缺考、综合评审未通过、公示异议成立，不合格、已归档、待另行安排场次",
        "supplement": "首次考试前未补材料，待确定结果、未补材料，不通过",
        "examination": "待录入成绩、缺考、成绩待公布",
        "score_publication": "成绩已公布、查分中、成绩待公布、考试合格、考试不合格",
        "assessment": "待评审结论、待综合评审、评审通过、评审未通过",
        "publicity": "公示中、异议处理中、待公示结果、公示无异议、异议成立，不合格",
        "certification": "已发证",
        "archiving": "已发证，待归档、已归档",
        "results_publication": "已公布",
        "sanction": "待收回证书",
        "score_correction": "待提出更正、待批准更正、不予更正、已更正，重新认定、已更正",
        "reissue": _REISSUE,
    },
}
"""What nobody has come to where `make run` stops, since its time has not come; all else is shown."""


def missing(scheme: Scheme) -> Mapping[str, set[str]]:
    """By process or phase, the declared statuses that no case of this database has."""
    found = shown()
    lacking = {name: set(statuses) - found[name] for name, statuses in declared(scheme).items()}
    return {name: statuses for name, statuses in lacking.items() if statuses}


def named(lists: Mapping[str, str]) -> Mapping[str, set[str]]:
    """Lists as they are written above."""
    return {name: set(statuses.split("、")) for name, statuses in lists.items()}
