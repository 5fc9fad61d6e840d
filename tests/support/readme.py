"""The walks of the READMEs, as somebody reads them: a table a scheme, a line a thing to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from app.config import PROJECT

FILES = ("README.md", "README.zh-CN.md")
LINE = re.compile(r"\| `([a-z0-9-]+)` \| (「.+」) \| (.+) \|")
WORD = re.compile(r"(选|填|为)?「([^」]+)」")


@dataclass(frozen=True)
class Step:
    """Sign in as `login`, do what `words` say one after the other, and find `seen` on the page.

    A word is told by what stands before it: nothing (click it), 选 (choose it), 填 (a field), 为 (its text).
    """

    login: str
    words: tuple[tuple[str, str], ...]
    seen: str


def walks(file: str) -> dict[str, list[Step]]:
    """The steps by the heading of each walk, which is what a scheme's name begins with."""
    found: dict[str, list[Step]] = {}
    heading = ""
    for line in Path(PROJECT / file).read_text(encoding="utf-8").splitlines():
        heading = line.removeprefix("### ") if line.startswith("#") else heading
        step = LINE.fullmatch(line.strip())
        if step:
            login, words, seen = step.groups()
            found.setdefault(heading, []).append(Step(login, tuple(WORD.findall(words)), seen))
    return found
