"""What is asked of the cases of one transaction at once."""

from __future__ import annotations

from collections.abc import Sequence

from app.operations.capabilities import Together


class Odd:
    """Which cases are odd; remembers who was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def __call__(self, case_ids: Sequence[int]) -> set[int]:
        self.asked.append(list(case_ids))
        return {case_id for case_id in case_ids if case_id % 2}


def test_one_question_for_all_that_move_together() -> None:
    odd, together = Odd(), Together([1, 2, 3])
    assert [together.ask(odd, case_id) for case_id in (1, 2, 3)] == [True, False, True]
    assert odd.asked == [[1, 2, 3]]


def test_a_case_that_moves_alone_is_asked_for_each_time() -> None:
    odd, together = Odd(), Together()
    assert [together.ask(odd, 1), together.ask(odd, 1)] == [True, True]
    assert odd.asked == [[1], [1]]


def test_one_that_is_not_of_the_batch_is_never_taken_for_a_no() -> None:
    odd, together = Odd(), Together([2, 4])
    assert not together.ask(odd, 2)
    assert together.ask(odd, 5)


def test_what_was_forgotten_is_asked_again() -> None:
    odd, together = Odd(), Together([1, 2])
    together.ask(odd, 1)
    together.forget(odd)
    together.ask(odd, 2)
    assert odd.asked == [[1, 2], [1, 2]]
