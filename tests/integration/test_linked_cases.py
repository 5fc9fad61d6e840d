"""Cases about other cases: who may begin one, what it knows, to whom it speaks; corrections and transfers."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select, text
from support.life import (
    LIFE,
    certified,
    complete_life,
    life_files,
    open_award,
    publish_life,
    publish_list,
    sanctioned,
    start_about,
    variables,
)
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    OTHER_BUREAU,
    OTHER_UNIT,
    SCHEME,
    at,
    case_row,
    make_world,
    open_filing,
    publish_tiny,
    task_of,
    tiny_files,
)

from app.content.identity import make_citizen_id
from app.content.scenarios import read_scenarios
from app.errors import Invalid, NotFound, Refused
from app.extensions import atomic, db
from app.models import Account, Case, EnteredIdNumber, Person, Task
from app.operations import cases, deployments, tasks
from app.operations.access import accounts
from app.operations.evidence.replay import history_of, replay
from app.operations.registers import people
from app.operations.trials import scenarios
from app.operations.trials.worlds import Built

FRAUD = {"kind": "warning", "ground": "弄虚作假"}
RIGHT_NUMBER = make_citizen_id("110101", date(1981, 6, 2), 33, "female")
OTHERS_NUMBER = make_citizen_id("110101", date(1978, 11, 20), 2, "female")


@pytest.fixture
def world(app: Flask) -> Built:
    publish_tiny()
    publish_life()
    return make_world()


class TestBeginning:
    def test_it_is_about_the_other_ones_unit_and_person(self, world: Built) -> None:
        case_id = open_award(world)
        found = case_row(start_about(world, "sanction", case_id, BUREAU, "2021-09-02 09:00"))
        assert found.linked_case_id == case_id
        assert found.unit_id == world.organisations[LIBRARY]
        assert found.person_id == world.people["陈一"]

    def test_it_knows_itself_and_the_other_one_as_it_stood(self, world: Built) -> None:
        case_id = certified(world)
        known = variables(start_about(world, "sanction", case_id, BUREAU, "2021-09-12 09:00"))
        assert known["linked"] == {
            "id": case_id,
            "number": f"{LIFE}-{case_id}",
            "process": "award",
            "status": "待归档",
            "outcome": None,
            "trade": "图书资料业务员",
            "grade": "senior",
        }
        assert variables(case_id)["case"] == {"id": case_id, "number": f"{LIFE}-{case_id}"}

    def test_what_a_message_brings_stands_in_for_nothing_of_the_house(self, world: Built) -> None:
        with atomic():
            deployment_id = deployments.current(LIFE, at("2021-09-01 09:00"))
            case_id = cases.open_case(
                deployment_id,
                deployments.scheme(deployment_id).processes["award"],
                world.organisations[LIBRARY],
                world.people["陈一"],
                {"trade": "x", "grade": "senior", "case": {"id": 1}, "bars": "none", "unit": {"id": 1}},
                world.actors[LIBRARY],
                at("2021-09-01 09:00"),
                "passed",
            )
        known = variables(case_id)
        assert known["case"]["id"] == case_id
        assert known["bars"] == []
        assert known["unit"]["id"] == world.organisations[LIBRARY]

    @pytest.mark.parametrize("name", [LIBRARY, OTHER_UNIT, OTHER_BUREAU, OFFICE])
    def test_only_the_role_begins_it(self, world: Built, name: str) -> None:
        case_id = open_award(world)
        with pytest.raises(NotFound):
            start_about(world, "sanction", case_id, name, "2021-09-02 09:00")

    def test_about_nothing_about_what_never_was_and_about_another_scheme_s_case(self, world: Built) -> None:
        filing = open_filing(world)
        for about in (None, 10**15, filing):
            with pytest.raises(NotFound), atomic():
                cases.start(
                    LIFE,
                    "sanction",
                    unit_id=world.organisations[LIBRARY],
                    linked_case_id=about,
                    actor=world.actors[BUREAU],
                    received_at=at("2021-09-02 09:00"),
                )

    def test_a_case_of_no_person_has_no_sanction_of_a_person(self, world: Built) -> None:
        publication = publish_list(world)
        with pytest.raises(NotFound):
            start_about(world, "correction", publication, OFFICE, "2021-09-12 09:00")

    def test_what_begins_by_itself_is_about_no_case(self, world: Built) -> None:
        case_id = open_award(world)
        with pytest.raises(NotFound), atomic():
            cases.start(
                SCHEME,
                "posts",
                unit_id=world.organisations[LIBRARY],
                linked_case_id=case_id,
                actor=world.actors[LIBRARY],
                received_at=at("2021-06-02 09:00"),
            )

    def test_an_officer_begins_none_about_their_own_case(self, world: Built) -> None:
        """ALL-04"""
        case_id = open_award(world)
        with atomic():
            account = db.session.get_one(Account, world.actors[BUREAU].account_id)
            account.person_id = world.people["陈一"]
            actor = accounts.actor_for(account)
        with pytest.raises(Refused, match="申报人"), atomic():
            cases.start(
                LIFE, "sanction", linked_case_id=case_id, actor=actor, received_at=at("2021-09-02 09:00")
            )


class TestSpeaking:
    def test_the_message_goes_to_that_case_and_to_no_other(self, world: Built) -> None:
        case_id, other = open_award(world, "陈一"), open_award(world, "李二")
        publish_list(world)
        sanctioned(world, case_id, FRAUD)
        assert case_row(case_id).outcome == "cancelled"
        assert case_row(other).state == "running"

    def test_a_case_that_has_ended_hears_nothing_and_it_is_told(self, world: Built) -> None:
        """The message goes nowhere: an incident of the case that sent it, with the reason."""
        case_id = certified(world)
        sanctioned(world, case_id, FRAUD)
        again = sanctioned(world, case_id, FRAUD, "2021-10-09 10:00")
        waiting = db.session.execute(
            text("SELECT message FROM incident WHERE case_id = :case AND closed_at IS NULL"), {"case": again}
        ).scalars()
        assert ["voided" in message for message in waiting] == [True]

    def test_the_logs_of_both_replay_to_the_same_bytes(self, world: Built) -> None:
        case_id = certified(world)
        sanction = sanctioned(world, case_id, FRAUD)
        assert [replay(one).differs_at for one in (case_id, sanction)] == [None, None]


class TestCorrection:
    """LIFE-03: with proof, by a second person; duplicates and bars are checked again."""

    def asked(self, world: Built, number: str, about: int | None = None) -> int:
        about = about or open_award(world)
        case_id = start_about(world, "correction", about, LIBRARY, "2021-09-02 09:00")
        complete_life(case_id, "enter", {"number": number}, world.actors[LIBRARY], at("2021-09-02 10:00"))
        return case_id

    def decided(self, world: Built, case_id: int, decision: str) -> None:
        values = {"decision": decision, "ground": "户口簿"}
        complete_life(case_id, "examine", values, world.actors[BUREAU], at("2021-09-03 10:00"))

    def person(self, world: Built) -> Person:
        db.session.expire_all()
        return db.session.get_one(Person, world.people["陈一"])

    def test_the_second_person_s_consent_gives_the_person_the_number(self, world: Built) -> None:
        case_id = self.asked(world, RIGHT_NUMBER)
        before = people.id_number_of(self.person(world))
        self.decided(world, case_id, "approve")
        found = self.person(world)
        assert people.id_number_of(found) == RIGHT_NUMBER != before
        assert (found.birth_date, found.gender) == (date(1981, 6, 2), "female")
        assert people.find(RIGHT_NUMBER).id == found.id
        assert people.find(before) is None
        assert case_row(case_id).outcome == "corrected"

    def test_without_it_nothing_changes(self, world: Built) -> None:
        case_id = self.asked(world, RIGHT_NUMBER)
        before = people.id_number_of(self.person(world))
        self.decided(world, case_id, "reject")
        assert people.id_number_of(self.person(world)) == before
        assert case_row(case_id).outcome == "refused"

    def test_a_number_that_another_person_bears_is_refused(self, world: Built) -> None:
        case_id = self.asked(world, OTHERS_NUMBER)
        self.decided(world, case_id, "approve")
        assert case_row(case_id).outcome == "refused"
        assert people.find(OTHERS_NUMBER).id == world.people["李二"]

    @pytest.mark.parametrize("number", ["110101198106020001", "1101011981060200", "x", "110101209901010019"])
    def test_a_number_that_is_none_is_refused_at_its_field(self, world: Built, number: str) -> None:
        case_id = start_about(world, "correction", open_award(world), LIBRARY, "2021-09-02 09:00")
        with pytest.raises(Invalid) as refusal:
            complete_life(case_id, "enter", {"number": number}, world.actors[LIBRARY], at("2021-09-02 10:00"))
        assert refusal.value.fields.keys() == {"number"}
        assert db.session.scalars(select(EnteredIdNumber.id)).all() == []

    def test_the_number_stands_nowhere_in_clear(self, world: Built) -> None:
        """Decision 8's register alone holds it: no value, variable, log, draft or act does."""
        about = open_award(world)
        former = people.id_number_of(self.person(world))
        case_id = start_about(world, "correction", about, LIBRARY, "2021-09-02 09:00")
        with atomic():
            typed = {"number": RIGHT_NUMBER.lower()}
            tasks.save_draft(task_of(case_id), typed, world.actors[LIBRARY], at("2021-09-02 09:30"))
        complete_life(
            case_id, "enter", {"number": f" {RIGHT_NUMBER} "}, world.actors[LIBRARY], at("2021-09-02 10:00")
        )
        self.decided(world, case_id, "approve")
        for table in db.metadata.tables:
            rows = db.session.execute(text(f'SELECT t::text FROM "{table}" t')).scalars()
            for row in rows:
                assert RIGHT_NUMBER not in row.upper()
                assert former not in row
        states = db.session.scalars(select(Case.id)).all()
        assert all(RIGHT_NUMBER not in str(variables(one)) for one in states)
        assert RIGHT_NUMBER[:6] in variables(case_id)["number"]

    def test_the_former_number_is_kept_sealed(self, world: Built) -> None:
        former = people.id_number_of(self.person(world))
        case_id = self.asked(world, RIGHT_NUMBER)
        self.decided(world, case_id, "approve")
        kept = db.session.scalars(
            select(EnteredIdNumber).where(EnteredIdNumber.case_id == case_id, EnteredIdNumber.former)
        ).one()
        assert kept.index == people.index_of(former)

    def test_a_bar_goes_along_and_is_told_again(self, world: Built) -> None:
        about = open_award(world)
        sanctioned(world, about, {"kind": "next_examination", "ground": "作弊"}, "2021-09-01 12:00")
        case_id = self.asked(world, RIGHT_NUMBER, about)
        self.decided(world, case_id, "approve")
        assert [bar["ground"] for bar in variables(case_id)["bars"]] == ["作弊"]
        later = open_award(world, when="2021-09-05 09:00")
        assert [bar["ground"] for bar in variables(later)["bars"]] == ["作弊"]


class TestTransfer:
    """LIFE-05: the new unit confirms."""

    def moved(self, world: Built, about: int, to: str = OTHER_UNIT) -> int:
        case_id = start_about(world, "transfer", about, LIBRARY, "2021-09-12 09:00")
        complete_life(case_id, "name_unit", {"new_unit": to}, world.actors[LIBRARY], at("2021-09-12 10:00"))
        return case_id

    def test_the_new_unit_confirms_and_the_case_follows(self, world: Built) -> None:
        about = certified(world)
        case_id = self.moved(world, about)
        there = world.organisations[OTHER_UNIT]
        assert case_row(case_id).unit_id == there
        (confirm,) = db.session.scalars(select(Task).where(Task.case_id == case_id, Task.state == "open"))
        assert (confirm.element, confirm.office_id) == ("confirm", there)
        complete_life(case_id, "confirm", {}, world.actors[OTHER_UNIT], at("2021-09-13 10:00"))
        assert case_row(about).unit_id == there
        assert variables(about)["unit"]["name"] == OTHER_UNIT
        assert db.session.get_one(Person, world.people["陈一"]).unit_id == there

    def test_the_old_unit_can_say_nothing_more(self, world: Built) -> None:
        case_id = self.moved(world, certified(world))
        with pytest.raises(NotFound), atomic():
            tasks.complete(task_of(case_id), {}, world.actors[LIBRARY], at("2021-09-13 10:00"))

    @pytest.mark.parametrize("to", ["没有这个单位", BUREAU])
    def test_an_unknown_unit_leads_back_to_the_one_who_named_it(self, world: Built, to: str) -> None:
        case_id = self.moved(world, certified(world), to)
        assert case_row(case_id).unit_id == world.organisations[LIBRARY]
        (again,) = db.session.scalars(select(Task).where(Task.case_id == case_id, Task.state == "open"))
        assert again.element == "name_unit"

    def test_it_replays(self, world: Built) -> None:
        case_id = self.moved(world, certified(world))
        assert replay(case_id).differs_at is None
        assert [row.call for row in history_of(case_id)] == ["start", "complete"]


SCENARIO = """
title: 区人社局撤销证书，本人更正号码
clauses: []
world: organisations.yaml
cases:
  发证: {process: award, unit: 东溪区图书馆, person: 陈一, message: passed,
         payload: {trade: 图书资料业务员, grade: senior}, at: "2021-09-01 09:00"}
  公布: {process: publication, unit: 云岭省考核办, by: 云岭省考核办, at: "2021-09-10 09:00"}
  更正: {process: correction, about: 发证, by: 东溪区图书馆, at: "2021-09-12 09:00"}
  处理: {process: sanction, about: 发证, by: 东溪区人社局, at: "2021-09-20 09:00"}
  复核: {process: review, about: 处理, by: 云岭省考核办, at: "2021-09-25 09:00"}
steps:
  - {at: "2021-09-10 10:00", case: 公布, by: 云岭省考核办, task: publish, values: {text: 名单},
     expect: {capabilities: [release_waiting]}}
  - {at: "2021-09-11 09:00", case: 发证, by: 东溪区图书馆, message: lost, values: {reason: 遗失},
     refused: 没有找到}
  - {at: "2021-09-11 10:00", case: 发证, by: 东溪区人社局, message: lost, values: {proof: 声明.pdf},
     refused: 请填写“补发原因”}
  - {at: "2021-09-11 11:00", case: 发证, by: 东溪区人社局, message: lost,
     values: {reason: 遗失, proof: 声明.pdf}, expect: {capabilities: [reissue_certificate], status: 待归档}}
  - {at: "2021-09-12 10:00", case: 更正, by: 东溪区图书馆, task: enter,
     values: {number: "110101198106020661"}}
  - {at: "2021-09-13 10:00", case: 更正, by: 周审, task: examine,
     values: {decision: approve, ground: 户口簿},
     expect: {outcome: corrected, capabilities: [correct_id_number]}}
  - {at: "2021-09-21 10:00", case: 处理, by: 周审, task: decide,
     values: {kind: until, until: "2023-09-21", ground: 作弊},
     expect: {outcome: decided, sent: [voided]}}
  - {at: "2021-09-21 11:00", case: 发证, expect: {outcome: cancelled}}
  - {at: "2021-09-26 10:00", case: 复核, by: 吴审, task: examine, values: {decision: reject, ground: 维持},
     expect: {outcome: kept}}
"""


def test_a_scenario_plays_cases_about_cases_and_messages_with_forms(app: Flask) -> None:
    world = next(content for path, content in tiny_files().items() if path.endswith("organisations.yaml"))
    folder = f"bpmn/{LIFE}/scenarios/"
    files = {
        **life_files(),
        f"{folder}organisations.yaml": world,
        f"{folder}life.yaml": SCENARIO.encode(),
    }
    (result,) = scenarios.run_scheme(files).results
    assert result.failures == ()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("about: 发证, by: 东溪区图书馆", "about: 别的, by: 东溪区图书馆", "“别的”不在 cases 里"),
        ("about: 发证, by: 东溪区图书馆", "about: 发证", "要写明 by"),
    ],
)
def test_a_scenario_says_what_is_wrong_with_a_case_about_another(before: str, after: str, told: str) -> None:
    world = next(content for path, content in tiny_files().items() if path.endswith("organisations.yaml"))
    wrong = SCENARIO.replace(before, after, 1)
    assert wrong != SCENARIO
    found = read_scenarios({"x/scenarios/organisations.yaml": world, "x/scenarios/life.yaml": wrong.encode()})
    assert any(told in problem.message for problem in found.problems)
