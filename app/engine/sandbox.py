"""Checks strangers' diagrams in a process of its own, with little time and memory."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict

from app.engine.types import Problem

_CPU_SECONDS = 2
_MEMORY_BYTES = 512 * 1024 * 1024
_WAIT_SECONDS = 20


def check_in_child(files: Mapping[str, bytes]) -> list[Problem]:
    """`check_definitions` in a child process; one that needs too much or dies is a problem of the files."""
    request = json.dumps({name: b64encode(data).decode() for name, data in files.items()})
    try:
        done = subprocess.run(
            [sys.executable, "-m", "app.engine.sandbox"],
            input=request.encode(),
            capture_output=True,
            timeout=_WAIT_SECONDS,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        file = next(iter(files), "")
        return [Problem(file, "检查没能在限定的时间和内存内完成；请精简流程图或决策表后再试")]
    return [Problem(**problem) for problem in json.loads(done.stdout)]


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


def _main() -> None:
    from app.engine.reading import check_definitions

    request = json.loads(sys.stdin.buffer.read())
    _limit()
    problems = check_definitions({name: b64decode(data) for name, data in request.items()})
    json.dump([asdict(problem) for problem in problems], sys.stdout)


if __name__ == "__main__":
    _main()
