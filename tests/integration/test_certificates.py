"""Certificates: numbers without gaps, revoked and restored by other cases, issued again (ALL-05, LIFE-14)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from support.capability_kit import request
from support.life import (
    archived,
    certificate_of,
    certified,
    complete_life,
    open_award,
    publish_life,
    publish_list,
    sanctioned,
    start_about,
)
from support.world import (
    BUREAU,
    LIBRARY,
    OFFICE,
    OTHER_BUREAU,
    OTHER_UNIT,
    at,
    case_row,
    make_world,
    upload,
)

from app.content.certificates import certificate_number, check_character, pattern_fault
from app.errors import Invalid, NotFound, Refused
from app.extensions import atomic, db
from app.models import Certificate, CertificateCopy
from app.operations import capabilities, cases, messages
from app.operations.evidence.replay import history_of
from app.operations.trials.worlds import Built
from app.queries import certificates

PATTERN = "{region}{year}{sequence:06d}{check}"
FRAUD = {"kind": "warning", "ground": "弄虚作假"}


@pytest.fixture
def world(app: Flask) -> Built:
    publish_life()
    return make_world()


class TestNumbers:
    @given(digits=st.text("0123456789", min_size=2, max_size=20), data=st.data())
    def test_the_check_character_finds_a_wrong_digit_and_two_that_changed_places(
        self, digits: str, data: st.DataObject
    ) -> None:
        place = data.draw(st.integers(0, len(digits) - 2))
        other = data.draw(st.sampled_from([d for d in "0123456789" if d != digits[place]]))
        wrong = digits[:place] + other + digits[place + 1 :]
        assert check_character(wrong) != check_character(digits)
        swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
        if swapped != digits:
            assert check_character(swapped) != check_character(digits)

    def test_it_is_that_of_identity_numbers(self) -> None:
        """GB/T 17710 and GB 11643 are one; this number stands in the latter's text."""
        assert check_character("11010519491231002") == "X"
        assert check_character("44052418800101001") == "4"

    def test_a_number_by_the_pattern(self) -> None:
        number = certificate_number(PATTERN, region="500000", year=2021, grade=3, sequence=7)
        assert number == "5000002021000007" + check_character("5000002021000007")

    @pytest.mark.parametrize(
        ("pattern", "told"),
        [
            ("{year}{check}", "sequence"),
            ("{sequence:06d}", "year"),
            ("{year}{sequence}{sequence}", "两次"),
            ("{check}{year}{sequence}", "最后"),
            ("{year}{sequence}{name}", "name"),
            ("{year}{sequence.real}", "sequence.real"),
            ("{year!r}{sequence}", "year"),
            ("{year:>9}{sequence}", "year"),
            ("{year}{sequence:99999999d}", "sequence"),
            ("{year}{sequence", "花括号"),
            ("证{year}{sequence}", "数字"),
            (2021, "year"),
        ],
    )
    def test_what_is_no_pattern_is_told(self, pattern: object, told: str) -> None:
        assert told in (pattern_fault(pattern) or "")

    def test_the_pattern_of_the_tests_is_one(self) -> None:
        assert pattern_fault(PATTERN) is None


def test_a_certificate_is_issued_when_the_list_is_published(world: Built) -> None:
    case_id = certified(world)
    found = certificate_of(case_id)
    assert found.number == "9900002021000001" + check_character("9900002021000001")
    assert (found.state, found.copy, found.trade, found.grade) == ("valid", 1, "图书资料业务员", "senior")
    assert case_row(case_id).status == "待归档"


def test_only_those_that_wait_are_released(world: Built) -> None:
    first = open_award(world, "陈一")
    publish_list(world, "2021-09-10 09:00")
    late = open_award(world, "李二", when="2021-09-11 09:00")
    assert messages.deliver(atomic) == 0
    assert certificates.of_case(late) == []
    publish_list(world, "2021-09-12 09:00")
    numbers = [certificate_of(case_id).sequence for case_id in (first, late)]
    assert numbers == [1, 2]


def test_the_unit_cannot_release_its_own_case(world: Built) -> None:
    case_id = open_award(world)
    with pytest.raises(NotFound), atomic():
        cases.message(case_id, "list_published", {}, world.actors[LIBRARY], at("2021-09-10 09:00"))


def test_numbers_have_no_gap_when_many_are_issued_at_once(app: Flask, world: Built) -> None:
    waiting = [open_award(world, person) for person in ("陈一", "李二", "王三")]
    waiting.append(open_award(world, "赵四", unit=OTHER_UNIT))
    with pytest.raises(KeyboardInterrupt):
        publish_list(world, transaction=dying)

    def deliver() -> None:
        with app.app_context():
            messages.deliver(atomic)
            db.session.remove()

    threads = [threading.Thread(target=deliver) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(certificate_of(one).sequence for one in waiting) == [1, 2, 3, 4]


@contextmanager
def dying() -> Iterator[None]:
    """A transaction that ends after its work and before its commit."""
    with atomic():
        yield
        raise KeyboardInterrupt


def test_another_year_counts_anew_and_another_jurisdiction_by_itself(world: Built) -> None:
    publish_life(scheme="life-2022", year=2022)
    publish_life(scheme="neighbour-2021", jurisdiction="990100")
    certified(world, "陈一")
    certified(world, "李二", scheme="life-2022")
    certified(world, "王三", scheme="neighbour-2021")
    numbers = db.session.scalars(select(Certificate.number).order_by(Certificate.id)).all()
    assert [number[:16] for number in numbers] == ["9900002021000001", "9900002022000001", "9901002021000001"]


class TestRevoked:
    def test_a_sanction_revokes_the_certificate_of_the_case_that_it_is_about(self, world: Built) -> None:
        case_id = archived(world)
        sanction = sanctioned(world, case_id, FRAUD)
        found = certificate_of(case_id)
        assert (found.state, found.ground, found.revoked_by_case_id) == ("revoked", "弄虚作假", sanction)
        assert case_row(case_id).outcome == "passed"

    def test_a_case_still_under_way_hears_of_it(self, world: Built) -> None:
        case_id = certified(world)
        sanctioned(world, case_id, FRAUD)
        assert certificate_of(case_id).state == "revoked"
        assert case_row(case_id).outcome == "cancelled"

    def test_its_number_says_so_and_is_never_given_again(self, world: Built) -> None:
        case_id = certified(world)
        number = certificate_of(case_id).number
        sanctioned(world, case_id, FRAUD)
        (told,) = certificates.verified(number)
        assert told.state == "revoked"
        assert certificate_of(certified(world, "李二")).sequence == 2

    def test_a_review_restores_it_by_way_of_the_sanction(self, world: Built) -> None:
        case_id = archived(world)
        sanction = sanctioned(world, case_id, FRAUD)
        review = start_about(world, "review", sanction, OFFICE, "2021-10-20 09:00")
        decided = {"decision": "approve", "ground": "事实不清"}
        complete_life(review, "examine", decided, world.actors[OFFICE], at("2021-10-21 09:00"))
        found = certificate_of(case_id)
        assert (found.state, found.revoked_at, found.revoked_by_case_id) == ("valid", None, None)

    def test_where_there_is_none_the_sanction_goes_its_other_way(self, world: Built) -> None:
        case_id = open_award(world)
        sanction = sanctioned(world, case_id, FRAUD)
        assert case_row(sanction).outcome == "decided"


class TestLost:
    def said(self, world: Built, case_id: int, by: str, values: dict[str, Any]) -> str:
        with atomic():
            return cases.message(case_id, "lost", values, world.actors[by], at("2021-09-15 09:00"))

    def test_it_is_issued_again_under_the_same_number(self, world: Built) -> None:
        case_id = certified(world)
        number = certificate_of(case_id).number
        self.said(world, case_id, BUREAU, {"reason": "遗失", "proof": upload(world.actors[BUREAU])})
        self.said(world, case_id, BUREAU, {"reason": "又遗失"})
        found = certificate_of(case_id)
        assert (found.number, found.copy, found.state) == (number, 3, "valid")
        assert db.session.scalars(select(CertificateCopy.ground)).all() == ["遗失", "又遗失"]
        assert len(certificates.verified(number)) == 1

    def test_the_form_is_checked_and_nothing_happens_without_it(self, world: Built) -> None:
        case_id = certified(world)
        with pytest.raises(Invalid) as refusal:
            self.said(world, case_id, BUREAU, {"other": "x"})
        assert refusal.value.fields.keys() == {"reason", "other"}
        assert certificate_of(case_id).copy == 1

    def test_only_the_role_that_the_event_names_may_say_it(self, world: Built) -> None:
        case_id = certified(world)
        for name in (LIBRARY, OTHER_UNIT, OTHER_BUREAU, OFFICE):
            with pytest.raises(NotFound):
                self.said(world, case_id, name, {"reason": "遗失"})

    def test_what_was_said_stands_in_the_log_with_who_said_it(self, world: Built) -> None:
        case_id = certified(world)
        self.said(world, case_id, BUREAU, {"reason": "遗失"})
        row = [row for row in history_of(case_id) if row.call == "receive"][-1]
        assert (row.actor_name, row.body["values"]) == (BUREAU, {"reason": "遗失"})

    def test_a_revoked_one_is_not_issued_again(self, world: Built) -> None:
        case_id = certified(world)
        with atomic():
            capabilities.perform("revoke_certificate", request(case_id, {"ground": "弄虚作假"}))
            with pytest.raises(Refused):
                cases.message(
                    case_id, "lost", {"reason": "遗失"}, world.actors[BUREAU], at("2021-09-15 09:00")
                )
            db.session.rollback()


@pytest.mark.parametrize("number", ["", " ", "never-was", "9900002021000001", "x" * 10_000, "'; --", "证书"])
def test_a_number_that_never_was_is_unknown(world: Built, number: str) -> None:
    assert certificates.verified(number) == []


def test_a_number_is_found_however_it_is_typed(world: Built) -> None:
    number = certificate_of(certified(world)).number
    assert (
        certificates.verified(f" {number[:6]} {number[6:].lower()} ") == certificates.verified(number) != []
    )
