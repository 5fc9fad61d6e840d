"""Names sort as Chinese readers expect, by plain byte comparison."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.operations.finding._names import clean_name, name_key, person_key


@pytest.mark.parametrize(
    "names",
    [
        ["陈志强", "单玉芳", "解放", "曾国华", "张伟"],  # 单 shàn, 解 xiè, 曾 zēng
        ["区建国", "欧阳修", "朴正浩", "仇英"],  # 区 ōu, 朴 piáo, 仇 qiú
        ["令狐冲", "刘备", "万俟卨", "莫言"],
        ["查良镛", "张三"],  # 查 zhā before 张 zhāng
    ],
)
def test_surnames_are_read_as_surnames(names: list[str]) -> None:
    assert sorted(reversed(names), key=lambda name: person_key(name).encode()) == names


def test_tones_decide_before_the_next_character() -> None:
    assert sorted(["李伟", "离安", "黎娜"], key=person_key) == ["离安", "黎娜", "李伟"]


def test_homophones_keep_one_order() -> None:
    keys = [person_key(name) for name in ("张伟", "张玮", "章伟")]
    assert len(set(keys)) == 3


def test_an_organisations_name_has_no_surname() -> None:
    assert name_key("重庆市").startswith("chong2 qing4")
    assert name_key("单位食堂").startswith("dan1 wei4")


def test_one_form_of_a_name() -> None:
    assert clean_name("  阿卜杜拉•买买提 ") == clean_name("阿卜杜拉．买买提") == "阿卜杜拉·买买提"
    assert clean_name("张\u3000伟") == "张 伟"
    assert clean_name("\u202e张\u200b伟\u2066\x07 ") == "张伟"


@given(st.text(max_size=30))
def test_any_text_has_a_key_that_tells_it_apart(text: str) -> None:
    assert person_key(text).endswith(text)
    assert name_key(text).endswith(text)
