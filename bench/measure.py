"""CPU time of this process and of the database's sessions, and Markdown tables."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Cpu:
    """CPU time in milliseconds: this process's, and that of the database sessions it watches."""

    client: float = 0.0
    server: float = 0.0

    @property
    def total(self) -> float:
        return self.client + self.server

    def per(self, count: int) -> Cpu:
        return Cpu(self.client / count, self.server / count)


@contextmanager
def cpu(backends: Iterable[int]) -> Iterator[Cpu]:
    """Measures the body; `backends` are the process ids of database sessions (Linux)."""
    spent, pids = Cpu(), list(backends)
    gc.collect()
    server, client = ran(pids), time.process_time_ns()
    yield spent
    spent.client = (time.process_time_ns() - client) / 1e6
    # A session that has just answered is still on its way to sleep, and accounted for when it is there.
    time.sleep(0.02)
    spent.server = ran(pids) - server


def ran(pids: Iterable[int]) -> float:
    """Milliseconds on a CPU; /proc/<pid>/stat would count in ticks of 10 ms."""
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids) / 1e6


def middle(runs: Sequence[Cpu]) -> Cpu:
    """The run in the middle by total."""
    return sorted(runs, key=lambda run: run.total)[len(runs) // 2]


def p50(work: Callable[[], object], backends: Sequence[int], times: int = 100) -> tuple[float, Cpu]:
    """Median wall time of a call in milliseconds, and the mean CPU time of one."""
    work()
    waited = []
    with cpu(backends) as spent:
        for _ in range(times):
            begin = time.perf_counter()
            work()
            waited.append(time.perf_counter() - begin)
    return statistics.median(waited) * 1000, spent.per(times)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    return "\n".join(row(line) for line in [head, ["---"] * len(head), *rows]) + "\n"


def row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"
