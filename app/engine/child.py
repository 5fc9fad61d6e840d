"""What runs in the child process: one job over strangers' files, within limits on time, memory and output."""

from __future__ import annotations

import resource
import sys
from base64 import b64decode
from dataclasses import asdict
from typing import Any

from app.engine.dry_run import DryRun, Move, Setting
from app.engine.reading import check_definitions, load_definitions
from app.engine.state import decode, encode
from app.engine.walk import walk
from app.errors import SchemeInvalid

MOST_ANSWER_BYTES = 8 * 1024 * 1024

Plain = dict[str, Any]


def _check(files: dict[str, bytes], request: Plain) -> Plain:
    return {"problems": [asdict(problem) for problem in check_definitions(files)]}


def _dry_run(files: dict[str, bytes], request: Plain) -> Plain:
    moves = None if request["moves"] is None else [Move(**move) for move in request["moves"]]
    try:
        definitions = load_definitions(files)
    except SchemeInvalid as refusal:
        return asdict(DryRun(problems=tuple(refusal.problems)))
    return asdict(walk(definitions, request["process"], moves, Setting(**request["setting"])))


JOBS = {"check": _check, "dry-run": _dry_run}


def _limit(seconds: int, size: int) -> None:
    """Bound what follows; the time that Python and the libraries took to start is not counted."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    most = int(spent.ru_utime + spent.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def main(job: str, seconds: str, size: str) -> None:
    """Answers the request on standard input; without an answer within the limits it ends in an error."""
    request = decode(sys.stdin.buffer.read())
    _limit(int(seconds), int(size))
    files = {name: b64decode(data) for name, data in request["files"].items()}
    answer = encode(JOBS[job](files, request))
    if len(answer) > MOST_ANSWER_BYTES:
        raise MemoryError
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
