"""Named dates moved after publication: by two people, for timers not yet fired (decision 6, 延期)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    OTHER_BUREAU,
    OTHER_UNIT,
    SCHEME,
    at,
    case_row,
    complete,
    make_world,
    open_filing,
    open_review,
    publish_tiny,
    register_posts,
    task_of,
)

from app.errors import Closed, Conflict, Forbidden, Invalid, NotFound, Refused
from app.extensions import atomic, db
from app.models import Act, Case, History, Overlay, Task, Timer
from app.operations import cases, timers
from app.operations.dates import overlays
from app.operations.evidence.replay import replay
from app.operations.trials.worlds import Built
from app.queries import overlays as overlay_queries

FILLED = {"grade": "junior", "summary": "近五年工作扎实。"}
DECIDED = "2021-06-20 09:00"
CLOSES, LATER = at("2021-07-01 00:00"), at("2021-07-11 00:00")
EAST, WEST = "990101", "990102"


@pytest.fixture
def world(app: Flask) -> Built:
    publish_tiny()
    built = make_world()
    for unit in (LIBRARY, OTHER_UNIT):
        register_posts(built, {"junior": 3, "technician": 2}, unit=unit)
    return built


def propose(world: Built, day: str | None = "2021-07-10", by: str = OFFICE, **how: Any) -> int:
    asked = {"name": "filing_closes", "ground": "考试院延期通知", "now": at(DECIDED), **how}
    with atomic():
        return overlays.propose(SCHEME, day=day, actor=world.actors[by], **asked)


def approve(world: Built, overlay_id: int, by: str = "吴审", when: str = DECIDED) -> None:
    with atomic():
        overlays.approve(overlay_id, actor=world.actors[by], now=at(when))


def carry_out(when: str = DECIDED, **how: Any) -> int:
    return overlays.carry_out(lambda scheme_id: at(when), atomic, **how)


def postpone(world: Built, day: str | None = "2021-07-10", **how: Any) -> int:
    """Proposed, approved and carried out."""
    overlay_id = propose(world, day, **how)
    approve(world, overlay_id)
    carry_out()
    return overlay_id


def fix_exam(world: Built, day: str = "2021-09-18", by: str = BUREAU, area: str = EAST) -> int:
    return postpone(world, day, by=by, name="exam", area=area)


def row_of(overlay_id: int) -> Overlay:
    return db.session.get(Overlay, overlay_id, populate_existing=True)


def due(case_id: int, name: str = "申报截止") -> datetime | None:
    wanted = select(Timer.due_at).where(Timer.case_id == case_id, Timer.name == name)
    return db.session.scalars(wanted).one()


def sweep(when: datetime) -> timers.Swept:
    return timers.sweep(lambda scheme_id: when, atomic)


def calls(case_id: int) -> list[str]:
    return list(
        db.session.scalars(select(History.call).where(History.case_id == case_id).order_by(History.seq))
    )


def in_final_review(world: Built) -> int:
    case_id = open_review(world)
    complete(case_id, "first_review", {"decision": "approve"}, world.actors[BUREAU], "2021-06-11 11:00")
    return case_id


class TestTwoPeople:
    def test_a_proposal_alone_moves_nothing(self, world: Built) -> None:
        case_id = open_filing(world)
        propose(world)
        assert carry_out() == 0
        assert due(case_id) == CLOSES

    def test_nobody_approves_their_own(self, world: Built) -> None:
        overlay_id = propose(world, by="吴审")
        with pytest.raises(Refused, match="另一人"):
            approve(world, overlay_id)
        approve(world, overlay_id, by=OFFICE)
        assert row_of(overlay_id).state == "approved"

    @pytest.mark.parametrize("by", [BUREAU, LIBRARY])
    def test_who_does_not_hold_the_role_proposes_and_approves_nothing(self, world: Built, by: str) -> None:
        with pytest.raises(Forbidden, match="省考核办"):
            propose(world, by=by)
        with pytest.raises(Forbidden, match="省考核办"):
            approve(world, propose(world), by=by)

    def test_it_is_decided_once(self, world: Built) -> None:
        overlay_id = propose(world)
        approve(world, overlay_id)
        with pytest.raises(Conflict, match="已经办过"):
            approve(world, overlay_id)
        with pytest.raises(Conflict, match="已经办过"), atomic():
            overlays.withdraw(overlay_id, actor=world.actors[OFFICE], now=at(DECIDED))

    def test_a_rejection_needs_its_reason_and_moves_nothing(self, world: Built) -> None:
        case_id, overlay_id = open_filing(world), propose(world)
        with pytest.raises(Invalid), atomic():
            overlays.reject(overlay_id, opinion=" ", actor=world.actors["吴审"], now=at(DECIDED))
        with atomic():
            overlays.reject(overlay_id, opinion="理由不足", actor=world.actors["吴审"], now=at(DECIDED))
        carry_out()
        assert (row_of(overlay_id).state, row_of(overlay_id).opinion) == ("rejected", "理由不足")
        assert due(case_id) == CLOSES

    def test_only_the_proposing_office_withdraws(self, world: Built) -> None:
        overlay_id = propose(world)
        with pytest.raises(Forbidden), atomic():
            overlays.withdraw(overlay_id, actor=world.actors[BUREAU], now=at(DECIDED))
        with atomic():
            overlays.withdraw(overlay_id, actor=world.actors["吴审"], now=at(DECIDED))
        assert row_of(overlay_id).state == "withdrawn"

    def test_both_are_logged_with_their_grounds(self, world: Built) -> None:
        approve(world, propose(world))
        told = select(Act.kind, Act.actor_name, Act.ground).where(Act.kind.startswith("overlay."))
        assert [tuple(row) for row in db.session.execute(told.order_by(Act.id))] == [
            ("overlay.proposed", OFFICE, "考试院延期通知"),
            ("overlay.approved", "吴审", "考试院延期通知"),
        ]


REFUSED_DAYS = [
    ("2021-06-19", {}, "已经过去"),
    ("2021-08-01", {}, "只能定在2021-05-25 至 2021-07-31"),
    ("2021-06-30", {}, "没有变化"),
    ("2021-02-30", {}, "不是日期"),
    ("2021-06-25", {"area": "110000"}, "地区"),
    ("2021-07-10", {"ground": " "}, "依据"),
]


class TestWhatIsRefused:
    @pytest.mark.parametrize(("day", "how", "says"), REFUSED_DAYS)
    def test_a_day_that_cannot_be(self, world: Built, day: str, how: dict[str, Any], says: str) -> None:
        with pytest.raises(Invalid) as refusal:
            propose(world, day, **how)
        ((sentence,),) = refusal.value.fields.values()
        assert says in sentence

    def test_a_day_that_puts_dates_out_of_order(self, world: Built) -> None:
        with pytest.raises(Invalid) as refusal:
            propose(world, "2021-06-01 00:00", now=at("2021-05-20 09:00"))
        assert "应当早于" in refusal.value.fields["day"][0]

    def test_a_day_that_has_passed_before_it_was_approved(self, world: Built) -> None:
        overlay_id = propose(world, "2021-06-25")
        with pytest.raises(Invalid) as refusal:
            approve(world, overlay_id, when="2021-06-26 00:00")
        assert "已经过去" in refusal.value.fields["day"][0]

    def test_a_city_outside_the_range_is_told_the_range(self, world: Built) -> None:
        """HN-11: fixed by each city within what the province allows."""
        with pytest.raises(Invalid) as refusal:
            propose(world, "2022-01-01", by=BUREAU, name="exam", area=EAST)
        assert refusal.value.fields["day"] == ["“考试日（尚未确定）”只能定在2021-06-30 至 2021-12-31。"]

    def test_a_city_fixes_no_other_citys_day(self, world: Built) -> None:
        with pytest.raises(Forbidden, match="该地区"):
            propose(world, "2021-09-18", by=OTHER_BUREAU, name="exam", area=EAST)

    def test_a_scope_that_the_scheme_does_not_allow(self, world: Built) -> None:
        with pytest.raises(Refused, match="只能为一个地区的办件调整"):
            propose(world, "2021-09-18", by=BUREAU, name="exam")

    def test_a_date_that_is_not_to_be_moved(self, world: Built) -> None:
        with pytest.raises(NotFound, match="可以调整"):
            propose(world, "2021-07-10", name="filing_opens")

    def test_a_case_that_is_over(self, world: Built) -> None:
        case_id = open_filing(world)
        sweep(CLOSES + timedelta(seconds=60))
        with pytest.raises(Refused, match="已经办结"):
            propose(world, case_id=case_id)


class TestTheReachOfAnOverlay:
    def test_timers_and_closings_move_and_nobody_lapses_on_the_old_day(self, world: Built) -> None:
        case_id = open_filing(world)
        overlay_id = postpone(world)
        assert due(case_id) == LATER
        assert db.session.get_one(Task, task_of(case_id)).closes_at == LATER
        assert sweep(CLOSES + timedelta(hours=1)).fired == 0
        complete(case_id, "fill", FILLED, world.actors[LIBRARY], "2021-07-05 10:00")
        assert (row_of(overlay_id).moved, row_of(overlay_id).carried_out_at) == (1, at(DECIDED))

    def test_only_timers_that_used_the_date_are_touched(self, world: Built) -> None:
        reviewed, _filing = in_final_review(world), open_filing(world, "李二")
        before = case_row(reviewed).seq
        overlay_id = propose(world)
        told = overlay_queries.effect(row_of(overlay_id), at(DECIDED))
        assert (told.cases, told.timers) == (1, 1), "the review has a timer of its own, by other dates"
        approve(world, overlay_id)
        carry_out()
        assert case_row(reviewed).seq == before

    def test_what_has_fired_is_not_undone(self, world: Built) -> None:
        lapsed = open_filing(world)
        sweep(CLOSES + timedelta(seconds=60))
        overlay_id = propose(world, now=CLOSES + timedelta(days=1))
        approve(world, overlay_id, when="2021-07-02 09:00")
        carry_out("2021-07-02 09:00")
        assert case_row(lapsed).outcome == "lapsed"

    def test_what_was_due_before_the_decision_stays_due_though_nothing_swept(self, world: Built) -> None:
        """The rule doesn't depend on how punctual the scheduler was."""
        case_id = open_filing(world)
        overlay_id = propose(world, now=CLOSES + timedelta(days=1))
        approve(world, overlay_id, when="2021-07-02 09:00")
        carry_out("2021-07-02 09:00")
        assert (case_row(case_id).outcome, calls(case_id)[-1]) == ("lapsed", "fire")

    def test_new_cases_have_the_new_day(self, world: Built) -> None:
        postpone(world)
        assert due(open_filing(world, when="2021-06-25 09:00")) == LATER

    def test_an_earlier_day_closes_earlier(self, world: Built) -> None:
        case_id = open_filing(world)
        postpone(world, "2021-06-25")
        with pytest.raises(Closed):
            complete(case_id, "fill", FILLED, world.actors[LIBRARY], "2021-06-26 00:00")
        sweep(at("2021-06-26 00:01"))
        assert case_row(case_id).outcome == "lapsed"

    def test_an_area_is_no_other_area(self, world: Built) -> None:
        east, west = open_filing(world), open_filing(world, "赵四", unit=OTHER_UNIT)
        postpone(world, area=WEST)
        assert (due(east), due(west)) == (CLOSES, LATER)

    def test_a_case_before_an_area_before_the_scheme_and_the_newest_wins(self, world: Built) -> None:
        mine, other = open_filing(world), open_filing(world, "李二")
        west = open_filing(world, "赵四", unit=OTHER_UNIT)
        postpone(world, "2021-07-20", case_id=mine)
        postpone(world, "2021-07-15", area=EAST)
        postpone(world, "2021-07-05")
        postpone(world, "2021-07-10")
        ends = [due(case_id) - timedelta(days=1) for case_id in (mine, other, west)]
        assert ends == [at("2021-07-20"), at("2021-07-15"), at("2021-07-10")]

    def test_a_date_can_become_undetermined_and_then_nothing_fires(self, world: Built) -> None:
        case_id = open_filing(world)
        postpone(world, None)
        assert due(case_id) is None
        assert sweep(at("2022-01-01 00:00")).fired == 0

    def test_the_windows_in_which_a_unit_may_begin_move_with_it(self, world: Built) -> None:
        def begin(unit: str) -> None:
            with atomic():
                actor, unit_id = world.actors[unit], world.organisations[unit]
                when = at("2021-07-05 09:00")
                cases.start(SCHEME, "roster", unit_id=unit_id, actor=actor, received_at=when)

        postpone(world, area=WEST)
        begin(OTHER_UNIT)
        with pytest.raises(Closed):
            begin(LIBRARY)


class TestAnUndeterminedDate:
    def test_a_city_fixes_it_and_the_province_is_told(self, world: Built) -> None:
        case_id = in_final_review(world)
        assert due(case_id, "考试开始") is None
        overlay_id = fix_exam(world)
        assert due(case_id, "考试开始") == at("2021-09-18 00:00")
        assert row_of(overlay_id).filed_for == world.organisations[OFFICE]

    def test_another_city_waits_on(self, world: Built) -> None:
        case_id = in_final_review(world)
        fix_exam(world, by=OTHER_BUREAU, area=WEST)
        assert due(case_id, "考试开始") is None


class TestBetweenApprovalAndTheTimers:
    """Whatever comes first to a case finds the new day, though its timers have not been reached."""

    @pytest.fixture
    def case_id(self, world: Built) -> int:
        found = open_filing(world)
        approve(world, propose(world))
        return found

    def test_a_person_has_the_new_day(self, world: Built, case_id: int) -> None:
        complete(case_id, "fill", FILLED, world.actors[LIBRARY], "2021-07-05 10:00")
        assert calls(case_id) == ["start", "retime", "complete"]

    def test_the_sweep_does_not_fire_on_the_old_day(self, case_id: int) -> None:
        swept = sweep(CLOSES + timedelta(hours=1))
        assert (swept.fired, swept.retimed, swept.parked) == (0, 1, 0)
        assert due(case_id) == LATER

    def test_a_stopped_work_goes_on_and_does_nothing_twice(self, world: Built, case_id: int) -> None:
        others = [open_filing(world, person, when="2021-06-10 09:30") for person in ("李二", "王三")]
        assert carry_out(limit=1) == 1
        assert carry_out() == 2
        assert carry_out() == 0
        assert [calls(one).count("retime") for one in (case_id, *others)] == [1, 0, 0]

    def test_the_replay_is_byte_equal(self, case_id: int) -> None:
        carry_out()
        replayed = replay(case_id)
        assert replayed.differs_at is None
        assert replayed.instance is not None
        assert replayed.instance.dump() == case_row(case_id).engine_state


def test_a_case_that_cannot_be_moved_is_an_incident_and_stops_no_other(world: Built) -> None:
    broken, sound = open_filing(world), open_filing(world, "李二")
    state = case_row(broken).engine_state
    with atomic():
        db.session.execute(update(Case).where(Case.id == broken).values(engine_state=b"\x00nonsense"))
    postpone(world)
    assert due(sound) == LATER
    with atomic():
        db.session.execute(update(Case).where(Case.id == broken).values(engine_state=state))
