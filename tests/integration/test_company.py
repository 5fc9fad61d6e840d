"""Reminders 催办, copies 抄送, phrases 常用语: who may, to whom, how often, what the log keeps of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    OTHER_BUREAU,
    OTHER_UNIT,
    at,
    case_row,
    complete,
    open_filing,
    open_review,
    task_of,
    tiny_world,
)

from app.errors import Closed, Conflict, Forbidden, Invalid, NotFound, Refused
from app.extensions import atomic, db
from app.models import Account, CaseCopy, History, HistoryPayload, Notice, Phrase, Task
from app.operations.company import copies, phrases, reminders
from app.operations.evidence.verify import verify_case
from app.operations.going_back import recalls
from app.operations.trials.worlds import Built

DEPARTMENT = "东溪区文化局"


@pytest.fixture
def world(app) -> Built:
    return tiny_world(senior=1, junior=2, technician=1)


@pytest.fixture
def case_id(world: Built) -> int:
    return open_review(world)


def remind(case_id: int, actor: Any, when: str, note: str = "") -> Any:
    with atomic():
        return reminders.remind(task_of(case_id), note, actor, at(when))


def send(case_id: int, actor: Any, note: str = "", *, accounts: Any = (), organisations: Any = ()) -> None:
    with atomic():
        copies.send(case_id, accounts, organisations, note, actor, at("2021-06-12 09:00"))


def told(**whom: Any) -> list[str]:
    return list(db.session.scalars(select(Notice.text).filter_by(**whom).order_by(Notice.id)))


def supervisor(world: Built, name: str) -> Any:
    return replace(world.actors[name], duties=frozenset({"supervisor"}))


class TestReminders:
    def test_the_unit_reminds_the_office_once_in_four_hours(self, world, case_id):
        unit = world.actors[LIBRARY]
        assert remind(case_id, unit, "2021-06-12 09:00", "月底要上会") == at("2021-06-12 13:00")
        told_office = told(organisation_id=world.organisations[BUREAU])
        assert told_office == [f"催办“初审”：{LIBRARY}、{unit.name}催请尽快办理。月底要上会"]
        with pytest.raises(Conflict, match=r"06月12日 13:00以后才能再催"):
            remind(case_id, unit, "2021-06-12 12:59")
        remind(case_id, unit, "2021-06-12 13:00")
        assert db.session.get_one(Task, task_of(case_id)).reminded_at == at("2021-06-12 13:00")

    def test_it_goes_to_who_has_taken_the_task(self, world, case_id):
        task, officer = task_of(case_id), world.actors["周审"].account_id
        db.session.execute(update(Task).where(Task.id == task).values(assignee_id=officer))
        remind(case_id, world.actors[LIBRARY], "2021-06-12 09:00")
        assert len(told(account_id=officer)) == 1
        assert told(organisation_id=world.organisations[BUREAU]) == []
        db.session.execute(update(Task).where(Task.id == task).values(assignee_id=None))
        db.session.commit()

    def test_where_it_is_the_persons_too_both_are_told(self, world, case_id):
        task, person = task_of(case_id), world.people["陈一"]
        more = {"person_id": person, "duties": ["applicant"], "created_at": at("2021-06-01 09:00")}
        own = Account(login="chen-yi", name="陈一", password_hash="-", **more)
        db.session.add(own)
        db.session.execute(update(Task).where(Task.id == task).values(person_id=person))
        db.session.commit()
        remind(case_id, supervisor(world, BUREAU), "2021-06-12 09:00")
        assert len(told(account_id=own.id)) == len(told(organisation_id=world.organisations[BUREAU])) == 1
        db.session.execute(update(Task).where(Task.id == task).values(person_id=None))
        db.session.commit()

    def test_who_may(self, world, case_id):
        for stranger in (OTHER_UNIT, OTHER_BUREAU, OFFICE):
            with pytest.raises(NotFound):
                remind(case_id, world.actors[stranger], "2021-06-12 09:00")
        with pytest.raises(NotFound):
            remind(case_id, supervisor(world, OTHER_BUREAU), "2021-06-12 09:00")
        with pytest.raises(Refused, match="由您或本机构办理"):
            remind(case_id, world.actors[BUREAU], "2021-06-12 09:00")
        remind(case_id, supervisor(world, BUREAU), "2021-06-12 09:00")
        remind(case_id, supervisor(world, OFFICE), "2021-06-12 14:00")
        complete(case_id, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-13 10:00")
        remind(case_id, world.actors[BUREAU], "2021-06-14 09:00")

    def test_not_what_is_over(self, world, case_id):
        task_id = task_of(case_id)
        complete(case_id, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-12 10:00")
        with pytest.raises(Conflict, match="不必催办"), atomic():
            reminders.remind(task_id, "", world.actors[LIBRARY], at("2021-06-12 11:00"))
        other = open_filing(world, "李二")
        with pytest.raises(Closed):
            remind(other, supervisor(world, BUREAU), "2021-07-01 00:00")

    def test_no_id_number_and_no_novel(self, world, case_id):
        for note in ("身份证500101199001011234", "长" * 201):
            with pytest.raises(Invalid):
                remind(case_id, world.actors[LIBRARY], "2021-06-12 09:00", note)

    def test_nothing_has_been_done_by_it(self, world, case_id):
        remind(case_id, world.actors[LIBRARY], "2021-06-12 09:00")
        done = select(Task.id).where(Task.case_id == case_id, Task.element == "fill")
        with atomic():
            recalls.recall(db.session.scalars(done).one(), world.actors[LIBRARY], at("2021-06-12 10:00"))

    def test_who_changes_the_mark_is_found(self, world, case_id):
        remind(case_id, world.actors[LIBRARY], "2021-06-12 09:00")
        db.session.execute(update(Task).where(Task.case_id == case_id).values(reminded_at=None))
        assert [found.what for found in verify_case(case_id)] == ["待办事项“初审”登记的催办与记录不符"]
        db.session.rollback()


class TestCopies:
    def test_a_colleague_and_the_department_are_told_and_the_log_knows(self, world, case_id):
        colleague, above = world.actors["周审"].account_id, world.organisations[DEPARTMENT]
        send(case_id, world.actors[BUREAU], "请留意", accounts=[colleague], organisations=[above])
        row = db.session.scalar(select(History).where(History.arguments["act"].astext == "copied"))
        assert row.arguments["to_name"] == f"{world.actors['周审'].name}、{DEPARTMENT}"
        assert "text" not in row.arguments, "what people write lies in the payload"
        body = select(HistoryPayload.body).where(
            HistoryPayload.case_id == case_id, HistoryPayload.seq == row.seq
        )
        assert db.session.scalar(body) == {"text": "请留意"}
        sentence = f"{world.actors[BUREAU].name}（{BUREAU}）抄送给您一件办件。请留意"
        assert told(account_id=colleague) == told(organisation_id=above) == [sentence]

    def test_it_is_read_by_who_received_it(self, world, case_id):
        send(case_id, world.actors[BUREAU], accounts=[world.actors["周审"].account_id])
        copy_id = db.session.scalars(select(CaseCopy.id)).one()
        for other in (BUREAU, LIBRARY):
            with pytest.raises(NotFound), atomic():
                copies.mark_read(copy_id, world.actors[other], at("2021-06-12 10:00"))
        for when in ("2021-06-12 10:00", "2021-06-12 11:00"):
            with atomic():
                assert copies.mark_read(copy_id, world.actors["周审"], at(when)) == case_id
        assert db.session.get_one(CaseCopy, copy_id).read_at == at("2021-06-12 10:00")

    def test_an_ended_case_too_and_it_stays_ended_when_it_was(self, world, case_id):
        complete(
            *(case_id, "first_review", {"decision": "reject", "opinion": "不符"}, world.actors[BUREAU]),
            "2021-06-12 08:00",
        )
        ended_at = case_row(case_id).ended_at
        send(case_id, world.actors[BUREAU], organisations=[world.organisations[LIBRARY]])
        assert case_row(case_id).ended_at == ended_at

    def test_whom_not(self, world, case_id):
        bureau = world.actors[BUREAU]
        strangers = [
            {"accounts": [world.actors[LIBRARY].account_id]},
            {"accounts": [bureau.account_id]},
            {"organisations": [world.organisations[OTHER_BUREAU]]},
            {"organisations": [world.organisations[BUREAU]]},
            {},
        ]
        for whom in strangers:
            with pytest.raises(Invalid):
                send(case_id, bureau, **whom)
        for other in (OTHER_UNIT, OTHER_BUREAU, OFFICE):
            with pytest.raises(NotFound):
                send(case_id, world.actors[other], organisations=[world.organisations[LIBRARY]])

    @pytest.mark.parametrize("lie", ["removed", "altered"])
    def test_a_copy_that_the_log_does_not_tell_is_found(self, world, case_id, lie):
        send(case_id, world.actors[BUREAU], "请留意", organisations=[world.organisations[DEPARTMENT]])
        forge = {"removed": delete(CaseCopy), "altered": update(CaseCopy).values(note="另一句")}[lie]
        db.session.execute(forge)
        assert any("抄送" in found.what for found in verify_case(case_id))
        db.session.rollback()


class TestPhrases:
    def add(self, text: str, actor: Any, *, shared: bool = False) -> int:
        with atomic():
            return phrases.add(text, shared=shared, actor=actor, now=at("2021-06-12 09:00"))

    def usable(self, actor: Any) -> list[str]:
        return list(
            db.session.scalars(select(Phrase.text).where(phrases.usable_by(actor)).order_by(Phrase.id))
        )

    def test_own_ones_and_the_offices(self, world):
        bureau, colleague = world.actors[BUREAU], world.actors["周审"]
        self.add("材料齐全，\n同意。", bureau)
        self.add("请补充聘用合同。", bureau, shared=True)
        assert self.usable(bureau) == ["材料齐全， 同意。", "请补充聘用合同。"]
        assert self.usable(colleague) == ["请补充聘用合同。"]
        assert self.usable(world.actors[OTHER_BUREAU]) == []

    def test_who_may_remove_one(self, world):
        bureau, colleague = world.actors[BUREAU], world.actors["周审"]
        own, shared = self.add("同意。", bureau), self.add("请补充。", bureau, shared=True)
        for phrase, actor, refusal in (
            (own, colleague, NotFound),
            (shared, world.actors[OTHER_BUREAU], NotFound),
            (shared, colleague, Forbidden),
        ):
            with pytest.raises(refusal), atomic():
                phrases.remove(phrase, actor)
        with atomic():
            phrases.remove(own, bureau)
            phrases.remove(shared, replace(colleague, duties=frozenset({"operator", "supervisor"})))
        assert self.usable(bureau) == []

    def test_neither_empty_nor_long_nor_twice_nor_too_many(self, world):
        actor = world.actors[BUREAU]
        for text in (" \n", "长" * 201):
            with pytest.raises(Invalid):
                self.add(text, actor)
        self.add("同意。", actor)
        with pytest.raises(Conflict, match="已有"):
            self.add("同意。", actor)
        for number in range(phrases.MOST - 1):
            self.add(f"第{number}条", actor)
        with pytest.raises(Conflict, match="最多"):
            self.add("再一条", actor)
