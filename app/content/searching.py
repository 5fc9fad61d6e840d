"""What people type into the search box: folded to one form, cut into words, an ID number known as one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LONGEST = 100
MOST_WORDS = 4
NUMBER_DIGITS = 15
"""So many digits may be somebody's ID number, perhaps a sign too few: they never go into an address."""

_HIDDEN = "*•●○.·×"
_MASKED = re.compile(rf"([0-9]{{0,6}})[{re.escape(_HIDDEN)}]+([0-9]{{0,4}}|[0-9]{{0,3}}x)")
_TAIL = re.compile("[0-9]{3}[0-9x]")
_WHOLE = re.compile("[0-9]{17}[0-9x]")
_GAPS = re.compile(r"[\s,;，；、/|]+")
_RUNS = re.compile(r"[a-z]+|[^a-z]+")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of what was typed, folded; all words have to fit.

    `head` and `tail`: of an ID number, as lists show it or its last four signs; lower case.
    """

    text: str
    head: str = ""
    tail: str = ""

    @property
    def is_masked(self) -> bool:
        """Whether it tells enough of an ID number to look for: its first six signs or its last four."""
        return len(self.head) == 6 or len(self.tail) == 4


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed; `number` are 18 signs that may be a whole ID number, or a certificate's."""

    words: Sequence[Word] = ()
    number: str | None = None
    private: bool = False


def read_typed(text: str) -> Typed:
    """Reads what was typed; nothing that can be looked for gives no words."""
    plain = _plain(text[:LONGEST])
    joined = "".join(sign for sign in plain if sign.isalnum())
    private = is_private(plain)
    if _WHOLE.fullmatch(joined):
        return Typed((), joined.upper(), private)
    words = [word for chunk in _chunks(plain) for word in _words(chunk)]
    return Typed(tuple(words[:MOST_WORDS]), None, private)


def is_private(text: str) -> bool:
    """Whether it might hold a whole ID number: then it belongs into no address and no log."""
    return sum(sign.isdigit() for sign in unicodedata.normalize("NFKC", text)) >= NUMBER_DIGITS


def folded(text: str) -> str:
    """One form of a name for finding it: full width, case, blanks, dots and tones make no difference."""
    return "".join(sign for sign in _plain(text) if sign.isalnum())


def signs(text: str) -> list[str]:
    """A folded name sign by sign; letters and digits in a row are one."""
    return re.findall(r"[a-z0-9]+|[^a-z0-9]", text)


def _plain(text: str) -> str:
    """Compatibility forms, case and marks over letters folded: zhāng is zhang, and lǚ lv, as it is typed."""
    lower = unicodedata.normalize("NFKC", text).casefold().replace("u:", "v")
    parted = unicodedata.normalize("NFD", lower).replace("u\u0308", "v")
    return "".join(sign for sign in parted if not unicodedata.combining(sign))


def _chunks(plain: str) -> Iterator[str]:
    """What stands between blanks; letters in a row stay together, since pinyin is typed in syllables."""
    letters = ""
    for chunk in _GAPS.split(plain):
        if re.fullmatch("[a-z'’]+", chunk):
            letters += chunk
            continue
        if letters:
            yield letters
        letters = ""
        if chunk:
            yield chunk
    if letters:
        yield letters


def _words(chunk: str) -> Iterator[Word]:
    """The words of a chunk: 张wei are two, of which both have to fit."""
    masked = _MASKED.fullmatch(chunk)
    if masked:
        if any(masked.groups()):
            yield Word("", *masked.groups())
        return
    text = folded(chunk)
    if _TAIL.fullmatch(text):
        yield Word(text, tail=text)
        return
    if re.search("[0-9]", text):
        if text:
            yield Word(text)
        return
    yield from (Word(run) for run in _RUNS.findall(text))
