"""Numbers of persons, organisations and telephones: checked, taken apart, and made up for rehearsals.

Citizen numbers by GB 11643-1999, unified social credit codes by GB 32100-2015.
"""

import re
from datetime import date
from typing import Literal

import phonenumbers
from stdnum.cn import uscc

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_PROVINCES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
"""GB/T 2260; 81, 82 and 83 stand in residence permits of Hong Kong, Macao and Taiwan people."""
READS_LIKE_CITIZEN_ID = re.compile(
    r"(?<![0-9])[1-8][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx](?![0-9])"
)
"""A citizen's number within a text, a mistyped one too; a bank account of 18 digits holds no such date."""
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"

Gender = Literal["male", "female"]


def clean_citizen_id(text: str, today: date) -> str:
    """The 18-digit number in its written form. Raises ValueError with a sentence that does not show it.

    The county is not looked up: many valid numbers bear codes of counties that no longer exist.
    """
    number = re.sub(r"\s", "", text).upper()
    if re.fullmatch(r"[0-9]{15}", number):
        raise ValueError("这是旧的 15 位号码；请填写现在的 18 位身份证号码")
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        raise ValueError("身份证号码应当是 18 位：17 位数字加 1 位数字或 X")
    if not _PROVINCES.match(number):
        raise ValueError("身份证号码的前两位不是省级代码，请核对")
    try:
        born = birth_date(number)
    except ValueError:
        raise ValueError("身份证号码里的出生日期（第 7 至 14 位）不存在，请核对") from None
    if not date(1900, 1, 1) <= born <= today:
        raise ValueError("身份证号码里的出生日期（第 7 至 14 位）不合理，请核对")
    if number[17] != _check_character(number):
        raise ValueError("身份证号码的校验位不对，可能有一位填错了，请核对")
    return number


def birth_date(number: str) -> date:
    """The birth date in an 18-digit number; a date, since clocks had summer time in 1986–1991."""
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def gender(number: str) -> Gender:
    return "male" if int(number[16]) % 2 else "female"


def make_citizen_id(region: str, born: date, sequence: int, sex: Gender) -> str:
    """A made-up but well-formed number for rehearsals and scenarios; `sequence` is 0 to 499."""
    if not 0 <= sequence <= 499:
        raise ValueError("顺序号应当是 0 到 499")
    body = f"{region}{born:%Y%m%d}{2 * sequence + (sex == 'male'):03d}"
    return body + _check_character(body)


def _check_character(number: str) -> str:
    return _CHECK[sum(w * int(digit) for w, digit in zip(_WEIGHTS, number, strict=False)) % 11]


def clean_credit_code(text: str) -> str:
    """The 统一社会信用代码 in its written form. Raises ValueError with a sentence."""
    code = re.sub(r"[\s-]", "", text).upper()
    if len(code) != 18:
        raise ValueError("统一社会信用代码应当是 18 位")
    if not uscc.is_valid(code):
        raise ValueError("统一社会信用代码不正确（不含字母 I、O、S、V、Z；末位是校验位），请核对")
    return code


def make_credit_code(region: str, sequence: int) -> str:
    """A made-up but well-formed code of a public institution (12: registered with 机构编制)."""
    body = f"12{region}{sequence:08d}"
    body += _organisation_check(body[8:16])
    return body + uscc.calc_check_digit(body)


def _organisation_check(body: str) -> str:
    """The check character of GB 11714-1997 inside the credit code."""
    total = sum(
        weight * _CREDIT_ALPHABET.index(digit)
        for weight, digit in zip((3, 7, 9, 10, 5, 8, 4, 2), body, strict=True)
    )
    return "0123456789X0"[(11 - total % 11) % 11]


def clean_mobile(text: str) -> str:
    """A mobile number of the mainland as 11 digits. Raises ValueError with a sentence."""
    try:
        parsed = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        raise ValueError("手机号码应当是 11 位数字") from None
    mobile = phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.MOBILE
    if parsed.country_code != 86 or not mobile or not phonenumbers.is_valid_number(parsed):
        raise ValueError("这不是有效的手机号码，请核对")
    return str(parsed.national_number)
