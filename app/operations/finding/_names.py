"""Sort keys of Chinese names: pinyin, in an order that plain byte comparison gives."""

from __future__ import annotations

import unicodedata

from pypinyin import Style, lazy_pinyin

from app.errors import Invalid

# Read otherwise as a surname. Surnames with two living readings (覃, 牟, 隗) are left out.
_SURNAMES = {
    "万俟": "mo4 qi2",
    "尉迟": "yu4 chi2",
    "长孙": "zhang3 sun1",
    "澹台": "tan2 tai2",
    "单于": "chan2 yu2",
    "令狐": "ling2 hu2",
    "单": "shan4",
    "曾": "zeng1",
    "解": "xie4",
    "仇": "qiu2",
    "区": "ou1",
    "查": "zha1",
    "任": "ren2",
    "朴": "piao2",
    "盖": "ge3",
    "葛": "ge3",
    "华": "hua4",
    "乐": "yue4",
    "员": "yun4",
    "缪": "miao4",
    "冼": "xian3",
    "洗": "xian3",
    "纪": "ji3",
    "过": "guo1",
    "翟": "zhai2",
    "召": "shao4",
    "种": "chong2",
    "繁": "po2",
    "秘": "bi4",
    "折": "she2",
    "那": "na1",
    "盛": "sheng4",
    "应": "ying1",
    "燕": "yan1",
    "哈": "ha3",
    "祭": "zhai4",
    "谌": "chen2",
    "阚": "kan4",
    "曲": "qu1",
    "车": "che1",
    "都": "du1",
    "干": "gan1",
    "柏": "bai3",
    "宿": "su4",
    "薄": "bo2",
    "能": "nai4",
    "黑": "he4",
}


def clean_name(text: str) -> str:
    """One form of a name: compatibility characters folded, every separating dot the same, no stray spaces.

    Nothing in it is unseen, and nothing turns the direction of what stands beside it (UAX #9).
    """
    folded = unicodedata.normalize("NFKC", text)
    for dot in "•・‧∙⋅.":
        folded = folded.replace(dot, "·")
    spaced = " ".join(folded.split())
    return "".join(sign for sign in spaced if unicodedata.category(sign) not in ("Cc", "Cf")).strip()


def full_name(text: str) -> str:
    """An organisation's name as registered. Raises Invalid."""
    name = clean_name(text)
    if not 2 <= len(name) <= 100:
        raise Invalid({"name": ["请填写机构全称（2 至 100 个字）。"]})
    return name


def person_key(name: str) -> str:
    """The key of a person's name: surname by its own reading, syllable by syllable with tones."""
    reading = _surname(name)
    if not reading:
        return name_key(name)
    return _joined(f"{reading} {_pinyin(name[len(reading.split()) :])}", name)


def surname_readings(name: str) -> list[str]:
    """How a surname that one may misread is read, without tones, sign by sign; nothing for others."""
    return [syllable.rstrip("12345") for syllable in _surname(name).split()]


def _surname(name: str) -> str:
    for length in (2, 1):
        reading = _SURNAMES.get(name[:length])
        if reading and len(name) > length:
            return reading
    return ""


def name_key(name: str) -> str:
    """The key of an organisation's name. The name itself follows, so that homophones have one order."""
    return _joined(_pinyin(name), name)


def _pinyin(text: str) -> str:
    return " ".join(lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True)).lower()


def _joined(pinyin: str, name: str) -> str:
    return f"{pinyin}\x01{name}"
