"""What is typed into the search box: one form for all ways of writing, and no ID number ever overlooked."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.content.identity import make_citizen_id
from app.content.searching import MOST_WORDS, Word, folded, is_private, read_typed, signs
from app.operations.finding._search_keys import organisation_keys, person_keys

NAMES = st.text("张王李赵单曾仇解查吕伟芳秀英小明乐重行阿买提", min_size=2, max_size=6)
NUMBERS = st.builds(
    make_citizen_id,
    st.sampled_from(["110101", "500101", "410105"]),
    st.dates(date(1950, 1, 1), date(2005, 12, 31)),
    st.integers(0, 499),
    st.sampled_from(["male", "female"]),
)
GAPS = st.text(" \u3000\t-·", max_size=2)


def full_width(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


def keys(name: str) -> set[str]:
    return {key for _, key in person_keys(name, b"", "", "", ())}


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert "".join(signs(folded(text))) == folded(text)


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_anything_may_be_typed(text: str) -> None:
    typed = read_typed(text)
    assert len(typed.words) <= MOST_WORDS
    assert all(word.text or word.head or word.tail for word in typed.words)


@given(st.text("abcxyz019张伟医院", max_size=20), GAPS)
def test_width_case_and_gaps_make_no_difference(text: str, gap: str) -> None:
    assert folded(full_width(text.upper())) == folded(text)
    assert folded(gap.join(text)) == folded(text)


@given(NUMBERS, st.data())
def test_a_whole_number_is_known_however_it_is_written(number: str, data: st.DataObject) -> None:
    written = "".join(sign + data.draw(GAPS) for sign in number)
    for text in (written, written.lower(), full_width(written)):
        typed = read_typed(text)
        assert typed.number == number
        assert typed.private
        assert not typed.words


@given(NUMBERS, st.data())
def test_a_number_with_a_sign_too_few_or_too_many_is_private_too(number: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, 17))
    for text in (number[:place] + number[place + 1 :], number[:place] + "5" + number[place:]):
        assert is_private(text)
        assert is_private(f"张伟 {full_width(text)}")


@given(NAMES)
def test_whoever_is_registered_is_found_from_each_sign_on(name: str) -> None:
    for begin in range(len(name)):
        assert name[begin:] in keys(name)
        (word,) = read_typed(name[begin:]).words
        assert word.text in keys(name)


@given(NAMES)
def test_keys_are_such_as_can_be_typed(name: str) -> None:
    assert {key for key in keys(name) if key[0] not in "!#@="} == {
        folded(key) for key in keys(name) if key[0] not in "!#@="
    }


@pytest.mark.parametrize(
    ("name", "readings"),
    [
        ("单田芳", ["shantianfang", "dantianfang", "stf", "dtf"]),
        ("仇和", ["qiuhe", "chouhe", "qh", "ch"]),
        ("覃辉", ["tanhui", "qinhui", "th", "qh"]),
        ("尉迟恭", ["yuchigong", "weichigong", "ycg"]),
        ("李乐", ["lile", "liyue", "ll", "ly"]),
        ("吕布", ["lvbu", "lyubu", "lb"]),
        ("买买提·阿卜杜", ["maimaiti", "mmt", "mmtabd"]),
        ("王伟", ["wangwei", "ww", "wei"]),
    ],
)
def test_names_are_found_under_either_reading(name: str, readings: list[str]) -> None:
    for reading in readings:
        assert any(key.startswith(reading) for key in keys(name)), reading


def test_common_names_have_few_keys() -> None:
    assert sorted(keys("张伟") - {"#", "@", "!"}) == ["wei", "zhangwei", "zw", "伟", "张伟"]


def test_places_are_read_as_people_say_them() -> None:
    found = {key for _, key in organisation_keys(["重庆市长寿区第29中学"])}
    assert {"chongqingshichangshouqudi29zhongxue", "cqscsqd2zx", "29zhongxue", "第29中学"} <= found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("zhang wei", [Word("zhangwei")]),
        ("张 wei", [Word("张"), Word("wei")]),
        ("张wei", [Word("张"), Word("wei")]),
        ("z w 医院", [Word("zw"), Word("医院")]),
        ("第29中学", [Word("第29中学")]),
        ("1234", [Word("1234", tail="1234")]),
        ("１２３ｘ", [Word("123x", tail="123x")]),
        ("510***********1234", [Word("", "510", "1234")]),
        ("510102***********X", [Word("", "510102", "x")]),
        ("510102……1234", [Word("", "510102", "1234")]),
        ("***", []),
        ("%_\\", []),
        ("", []),
    ],
)
def test_words(text: str, words: list[Word]) -> None:
    assert list(read_typed(text).words) == words


def test_marks_over_vowels_are_no_difference() -> None:
    assert folded("zhāng wěi") == folded(unicodedata.normalize("NFD", "Zhāng Wěi")) == "zhangwei"
    assert folded("lǚ") == folded("lü") == folded("LÜ") == folded("lu:") == "lv"


def test_only_enough_of_a_number_is_looked_for() -> None:
    assert [read_typed(text).words[0].is_masked for text in ("510102*", "*1234", "51*12", "1234")] == [
        True,
        True,
        False,
        True,
    ]
