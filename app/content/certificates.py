"""Numbers of certificates 证书编号: a scheme's pattern, and a check character by GB/T 17710 (ISO 7064)."""

import re
from string import Formatter
from typing import Any

from app.content.scheme import Scheme

PATTERN = "certificate_number"
"""The parameter of a scheme that holds the pattern, such as ``{region}{year}{sequence:06d}{check}``."""

_PARTS = ("region", "year", "grade", "sequence", "check")
_WIDTH = re.compile(r"0[1-9]d")
_CHECK = "0123456789X"


def pattern_fault(pattern: Any) -> str | None:
    """Why a text is no pattern of certificate numbers, as a sentence; None if it is one.

    `year` and `sequence` have to be there, since the sequence begins anew each year; `check` stands last.
    """
    try:
        parts = list(Formatter().parse(pattern)) if isinstance(pattern, str) else []
    except ValueError:
        return "花括号不成对"
    names = [name for _, name, _, _ in parts if name is not None]
    for _, name, spec, conversion in parts:
        wide = name == "sequence" and _WIDTH.fullmatch(spec or "")
        if name is not None and (name not in _PARTS or conversion or (spec and not wide)):
            known = " ".join(_PARTS)
            return f"不认识“{{{name}}}”的写法；可用的有 {known}，如 {{sequence:06d}}"
    if not re.fullmatch("[0-9A-Z-]*", "".join(text for text, *_ in parts)):
        return "花括号以外只能用数字、大写字母和短横"
    if any(names.count(name) > 1 for name in names):
        return "同一项不能写两次"
    if not {"year", "sequence"} <= set(names):
        return "要含有 {year} 和 {sequence}，否则不同年度的编号会相同"
    if "check" in names and not str(pattern).endswith("{check}"):
        return "{check} 是校验位，要写在最后"
    return None


def certificate_number(pattern: str, *, region: str, year: int, grade: int, sequence: int) -> str:
    """The number by a pattern without fault; `grade` is the grade's rank, 1 the highest."""
    body = pattern.removesuffix("{check}").format(region=region, year=year, grade=grade, sequence=sequence)
    return body + check_character(body) if pattern.endswith("{check}") else body


def trade_title(scheme: Scheme, code: str) -> str:
    """The name that a catalogue has for a trade; what stands in none is its own name."""
    entries = (entry for catalogue in scheme.catalogues.values() for entry in catalogue.entries)
    return next((entry.title for entry in entries if entry.code == code), code)


def check_character(number: str) -> str:
    """MOD 11-2 over the digits, 0–9 or X: finds each wrong digit and each two that changed places."""
    total = 0
    for digit in re.findall("[0-9]", number):
        total = (total + int(digit)) * 2 % 11
    return _CHECK[(12 - total) % 11]
