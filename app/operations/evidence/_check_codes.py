"""Check codes 校验码: a state of a case in a few signs that a person can copy from paper."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from app.errors import Invalid

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""Of GB 32100-2015 (unified social credit codes): no I, O, S, V, Z."""

SIGNS = 12
"""Of the head: 59 bits, so that nobody finds another chain with the same ones."""

MISTAKEN = str.maketrans({"I": "1", "O": "0", "S": "5", "Z": "2", "—": "-", "–": "-", "−": "-", " ": None})
FORM = re.compile(rf"([1-9][0-9]{{0,17}})-([1-9][0-9]{{0,8}})-((?:[{ALPHABET}]-?){{{SIGNS}}})([{ALPHABET}])")


@dataclass(frozen=True, slots=True)
class CheckCode:
    """Case, number of its newest log row, and signs of that row's keyed digest, with a check sign behind."""

    case_id: int
    seq: int
    signs: str

    def __str__(self) -> str:
        """Like 1042-7-8K3Q-F9TX-M2WB-R."""
        groups = [self.signs[place : place + 4] for place in range(0, SIGNS, 4)]
        return "-".join([str(self.case_id), str(self.seq), *groups, self._check_sign()])

    def _check_sign(self) -> str:
        """As in GB 32100-2015: finds each wrong sign and each two that changed places."""
        body = f"{self.case_id}{self.seq}{self.signs}"
        total = sum(ALPHABET.index(sign) * pow(3, place, 31) for place, sign in enumerate(body))
        return ALPHABET[-total % 31]


def of_head(case_id: int, seq: int, head: bytes) -> CheckCode:
    number, signs = int.from_bytes(head), ""
    for _ in range(SIGNS):
        number, digit = divmod(number, len(ALPHABET))
        signs += ALPHABET[digit]
    return CheckCode(case_id, seq, signs)


def read(text: str) -> CheckCode:
    """The code that a person typed, in small letters or with other hyphens. Raises Invalid, field `code`."""
    typed = unicodedata.normalize("NFKC", text).upper().translate(MISTAKEN)
    found = FORM.fullmatch(typed)
    if found:
        code = CheckCode(int(found[1]), int(found[2]), found[3].replace("-", ""))
        if str(code).endswith(found[4]):
            return code
    raise Invalid({"code": ["校验码有误，请照原件逐字核对，如 1042-7-8K3Q-F9TX-M2WB-R。"]})
