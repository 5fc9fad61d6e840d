"""Stories of what happens around a certificate."""

from __future__ import annotations

from datetime import date

from app.content.identity import make_citizen_id
from app.extensions import atomic
from app.operations import cases, messages, tasks
from support.life import LIFE, archived, certified, complete_life, open_award, sanctioned, start_about
from support.stories import Act, Stage, story
from support.world import BUREAU, LIBRARY, OFFICE, OTHER_UNIT, at, task_of


@story("releases.release_waiting")
def a_list_is_published(stage: Stage) -> Act:
    for name in ("陈一", "李二"):
        open_award(stage.built, name)
    office, when = stage.actors[OFFICE], at("2021-09-10 09:00")
    with atomic():
        unit = stage.organisations[OFFICE]
        case_id = cases.start(LIFE, "publication", unit_id=unit, actor=office, received_at=when)
        task_id = task_of(case_id)
    return lambda: tasks.complete(task_id, {"text": "名单见附件"}, office, when)


@story("certificates.issue_certificate", parts=True)
def certificates_are_issued(stage: Stage) -> Act:
    publish = a_list_is_published(stage)
    with atomic():
        publish()
    return lambda: messages.deliver(atomic)


@story("certificates.reissue_certificate")
def a_certificate_is_lost(stage: Stage) -> Act:
    case_id, bureau = certified(stage.built), stage.actors[BUREAU]
    return lambda: cases.message(case_id, "lost", {"reason": "遗失"}, bureau, at("2021-09-12 09:00"))


@story("archives.archive_case")
def a_case_is_archived(stage: Stage) -> Act:
    task_id, office = task_of(certified(stage.built), "file"), stage.actors[OFFICE]
    return lambda: tasks.complete(task_id, {}, office, at("2021-09-20 10:00"))


@story("bars.impose_bar", "certificates.revoke_certificate")
def a_sanction_is_decided(stage: Stage) -> Act:
    case_id = start_about(stage.built, "sanction", archived(stage.built), BUREAU, "2021-10-08 10:00")
    task_id, values = task_of(case_id), {"kind": "next_examination", "ground": "弄虚作假"}
    return lambda: tasks.complete(task_id, values, stage.actors[BUREAU], at("2021-10-08 10:00"))


@story("bars.lift_bar", "certificates.restore_certificate")
def a_sanction_is_quashed(stage: Stage) -> Act:
    values = {"kind": "next_examination", "ground": "弄虚作假"}
    sanction = sanctioned(stage.built, archived(stage.built), values)
    review = task_of(start_about(stage.built, "review", sanction, OFFICE, "2021-10-20 09:00"))
    decided = {"decision": "approve", "ground": "证据不足"}
    return lambda: tasks.complete(review, decided, stage.actors[OFFICE], at("2021-10-21 09:00"))


@story("corrections.correct_id_number")
def a_number_is_corrected(stage: Stage) -> Act:
    number = make_citizen_id("110101", date(1980, 5, 1), 77, "male")
    about = open_award(stage.built)
    case_id = start_about(stage.built, "correction", about, LIBRARY, "2021-09-02 09:00")
    complete_life(case_id, "enter", {"number": number}, stage.actors[LIBRARY], at("2021-09-02 10:00"))
    task_id, values = task_of(case_id), {"decision": "approve", "ground": "户口簿"}
    return lambda: tasks.complete(task_id, values, stage.actors[BUREAU], at("2021-09-03 09:00"))


@story("transfers.transfer_person")
def somebody_is_transferred(stage: Stage) -> Act:
    about = open_award(stage.built)
    task_id = task_of(start_about(stage.built, "transfer", about, LIBRARY, "2021-09-02 09:00"))
    values, unit = {"new_unit": OTHER_UNIT}, stage.actors[LIBRARY]
    return lambda: tasks.complete(task_id, values, unit, at("2021-09-02 10:00"))
