"""Numbers of persons, organisations and telephones."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.content.identity import (
    READS_LIKE_CITIZEN_ID,
    birth_date,
    clean_citizen_id,
    clean_credit_code,
    clean_mobile,
    gender,
    make_citizen_id,
    make_credit_code,
)
from app.content.masking import DEFAULT_ID_MASK, Mask

TODAY = date(2026, 1, 1)
births = st.dates(date(1900, 1, 1), TODAY)
regions = st.sampled_from(["110101", "220106", "500101", "411300", "810000", "830000", "512301"])
sexes = st.sampled_from(["male", "female"])
numbers = st.builds(make_citizen_id, regions, births, st.integers(0, 499), sexes)


def test_the_standard_s_own_example() -> None:
    # GB 11643-1999, annex A
    assert clean_citizen_id("11010519491231002x", TODAY) == "11010519491231002X"


@given(regions, births, st.integers(0, 499), sexes)
def test_a_number_tells_what_it_was_made_of(region: str, born: date, sequence: int, sex: str) -> None:
    number = make_citizen_id(region, born, sequence, sex)
    assert clean_citizen_id(number, TODAY) == number
    assert (number[:6], birth_date(number), gender(number)) == (region, born, sex)


@given(numbers, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(number: str, place: int, shift: int) -> None:
    wrong = str((int(number[place]) + shift) % 10)
    with pytest.raises(ValueError, match="请核对"):
        clean_citizen_id(number[:place] + wrong + number[place + 1 :], TODAY)


@given(numbers, st.integers(0, 16))
def test_two_neighbours_changed_round_are_always_found(number: str, place: int) -> None:
    turned = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if turned != number:
        with pytest.raises(ValueError, match="身份证"):
            clean_citizen_id(turned, TODAY)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("110105491231002", "旧的 15 位"),
        ("1101051949123100", "18 位"),
        ("11010519491231002Y", "18 位"),
        ("99010519491231002X", "省级代码"),
        ("110105194913310021", "不存在"),
        (make_citizen_id("110105", date(2026, 1, 2), 0, "male"), "不合理"),
        ("110105188001010010", "不合理"),
        ("110105194912310021", "校验位"),
        ("１１０１０５１９４９１２３１００２X", "18 位"),
        ("", "18 位"),
    ],
)
def test_a_wrong_number_is_told_what_is_wrong_and_never_repeated(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refusal:
        clean_citizen_id(text, TODAY)
    assert not text or text not in str(refusal.value)


@given(regions, st.integers(0, 99_999_999))
def test_made_up_credit_codes_are_well_formed(region: str, sequence: int) -> None:
    code = make_credit_code(region, sequence)
    assert clean_credit_code(f" {code[:8]} {code[8:].lower()}") == code


@pytest.mark.parametrize("text", ["91110000600037341K", "9111000060003734", "I1110000600037341L", ""])
def test_wrong_credit_codes_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="统一社会信用代码"):
        clean_credit_code(text)


def test_mobile_numbers_of_the_mainland() -> None:
    assert clean_mobile("+86 138-0013-8000") == "13800138000"
    for wrong in ("12345", "010-62781234", "+852 9123 4567", "号码"):
        with pytest.raises(ValueError, match="手机号码"):
            clean_mobile(wrong)


def test_the_notice_s_mask() -> None:
    assert Mask(6, 4, "****").apply("220106198001010062") == "220106****0062"


@given(numbers)
def test_the_default_mask_hides_birth_and_sequence(number: str) -> None:
    shown = DEFAULT_ID_MASK.apply(number)
    assert len(shown) == 18
    assert number[6:17] not in shown
    assert not set(shown[6:17]) & set("0123456789")


def test_a_number_too_short_to_hide_anything_in_is_hidden_whole() -> None:
    assert Mask(6, 4).apply("1234567890") == "****"
    assert Mask(3, 0).apply("1234") == "123****"


@given(number=numbers)
def test_a_number_within_a_text_is_seen_and_a_mistyped_one_too(number: str) -> None:
    assert READS_LIKE_CITIZEN_ID.search(f"证件{number}。")
    assert READS_LIKE_CITIZEN_ID.search(number[:-1] + ("1" if number[-1] != "1" else "2"))


@pytest.mark.parametrize("account", ["622848197859205133", "6228480402564890018", "41019919900230123"])
def test_an_account_is_no_number_of_a_person(account: str) -> None:
    assert not READS_LIKE_CITIZEN_ID.search(account)
