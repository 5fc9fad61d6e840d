"""Lets a process of its own, with little time and memory, deal with strangers' diagrams."""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.engine.state import decode, encode
from app.engine.types import Problem
from app.errors import SchemeInvalid

CPU_SECONDS = 4
MEMORY_BYTES = 512 * 1024 * 1024
WAIT_SECONDS: float = 45
"""The largest scheme takes a second of each; a machine with ten times its work still gets through."""
_ROOT = Path(__file__).parents[2]
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH")
"""All that the child learns of its surroundings: no keys, no database."""
_TOO_MUCH = "检查没能在限定的时间和内存内完成；请精简流程图或决策表后再试"
_bounded: set[bytes] = set()
"""Digests of the diagrams and tables that this process has seen a child get through."""

log = logging.getLogger(__name__)


class ChildFailed(Exception):
    """The child needed more than its limits, or died."""


def in_child(job: str, files: Mapping[str, bytes], **request: Any) -> dict[str, Any]:
    """The answer of a job of `app.engine.child` to plain data. Raises ChildFailed."""
    files_as_text = {name: b64encode(data).decode() for name, data in files.items()}
    limits = [str(CPU_SECONDS), str(MEMORY_BYTES)]
    try:
        done = subprocess.run(  # noqa: S603 - ourselves, by our own path, without a shell
            [sys.executable, "-m", "app.engine.child", job, *limits],
            input=encode({**request, "files": files_as_text}),
            cwd=_ROOT,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            capture_output=True,
            timeout=WAIT_SECONDS,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as failure:
        last = (failure.stderr or b"").decode(errors="replace").strip().rpartition("\n")[2]
        log.warning("%s in a child failed: %s %s", job, type(failure).__name__, last)
        raise ChildFailed from failure
    return decode(done.stdout)


def check_in_child(files: Mapping[str, bytes]) -> list[Problem]:
    """`check_definitions` in a child process; one that needs too much or dies is a problem of the files."""
    try:
        found = in_child("check", files)["problems"]
    except ChildFailed:
        return [too_much(files, _TOO_MUCH)]
    return [Problem(**problem) for problem in found]


def demand_bounded(files: Mapping[str, bytes]) -> None:
    """Raises SchemeInvalid unless a child gets through the diagrams and tables among the files.

    What is wrong with them is left to be told by who parses them next, which is safe then. A process asks
    once for a content.
    """
    drawn = {path: data for path, data in files.items() if path.endswith((".bpmn", ".dmn"))}
    digest = _digest(drawn)
    if digest in _bounded:
        return
    try:
        in_child("check", drawn)
    except ChildFailed:
        raise SchemeInvalid([too_much(drawn, _TOO_MUCH)]) from None
    _bounded.add(digest)


def too_much(files: Mapping[str, bytes], sentence: str) -> Problem:
    """The problem of files on which a child failed; which of them it was, nobody knows."""
    return Problem(next(iter(files), ""), sentence)


def _digest(files: Mapping[str, bytes]) -> bytes:
    parts = (part for path in sorted(files) for part in (path.encode(), files[path]))
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()
