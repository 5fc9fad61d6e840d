"""Checks strangers' diagrams in a process of its own, with little time and memory."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from app.engine.types import Problem

CPU_SECONDS = 2
MEMORY_BYTES = 512 * 1024 * 1024
WAIT_SECONDS: float = 20
_ROOT = Path(__file__).parents[2]
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH")
"""All that the child learns of its surroundings: no keys, no database."""


def check_in_child(files: Mapping[str, bytes]) -> list[Problem]:
    """`check_definitions` in a child process; one that needs too much or dies is a problem of the files."""
    request = {name: b64encode(data).decode() for name, data in files.items()}
    limits = [str(CPU_SECONDS), str(MEMORY_BYTES)]
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "app.engine.sandbox", *limits],
            input=json.dumps(request).encode(),
            cwd=_ROOT,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            capture_output=True,
            timeout=WAIT_SECONDS,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        file = next(iter(files), "")
        return [Problem(file, "检查没能在限定的时间和内存内完成；请精简流程图或决策表后再试")]
    return [Problem(**problem) for problem in json.loads(done.stdout)]


def _limit(seconds: int, size: int) -> None:
    """Bound what follows; the time that Python and the libraries took to start is not counted."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    most = int(spent.ru_utime + spent.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _main() -> None:
    from app.engine.reading import check_definitions

    request = json.load(sys.stdin)
    _limit(int(sys.argv[1]), int(sys.argv[2]))
    problems = check_definitions({name: b64decode(data) for name, data in request.items()})
    json.dump([asdict(problem) for problem in problems], sys.stdout)


if __name__ == "__main__":
    _main()
