"""A check code survives being copied by hand, and a slip of the hand is told."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.errors import Invalid
from app.operations.evidence._check_codes import ALPHABET, of_head, read

codes = st.builds(
    of_head,
    st.integers(1, 10**18 - 1),
    st.integers(1, 10**9 - 1),
    st.binary(min_size=32, max_size=32),
)


def swapped(text: str, place: int) -> str:
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


@given(codes)
def test_it_is_read_as_it_was_written(code) -> None:
    assert read(str(code)) == code


@given(codes)
def test_it_may_be_typed_small_wide_spaced_or_without_the_inner_hyphens(code) -> None:
    case_id, seq, *signs = str(code).lower().split("-")
    assert read(f" {case_id} – {seq} — {''.join(signs)} ") == code
    assert read(str(code).replace("-", "－").replace("1", "Ｉ").replace("0", "o")) == code


@given(codes, st.data())
def test_every_wrong_sign_is_told(code, data) -> None:
    text = str(code)
    place = data.draw(st.sampled_from([place for place, sign in enumerate(text) if sign != "-"]))
    wrong = data.draw(st.sampled_from(ALPHABET))
    assume(wrong != text[place])
    with pytest.raises(Invalid):
        read(text[:place] + wrong + text[place + 1 :])


@given(codes, st.data())
def test_two_neighbours_that_changed_places_are_told(code, data) -> None:
    text = str(code)
    pairs = [n for n in range(len(text) - 1) if "-" not in text[n : n + 2] and text[n] != text[n + 1]]
    assume(pairs)
    with pytest.raises(Invalid):
        read(swapped(text, data.draw(st.sampled_from(pairs))))


@pytest.mark.parametrize(
    "text", ["", "1042", "1042-7", "1042-7-8K3Q-F9TX-M2WB", "校验码", "-" * 5000, "1" * 99999]
)
def test_what_is_no_code_is_told_with_an_example(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read(text)
    assert "如 1042-7-" in refusal.value.fields["code"][0]


@given(st.text(max_size=60))
def test_any_text_is_read_or_told(text: str) -> None:
    with contextlib.suppress(Invalid):
        read(text)
