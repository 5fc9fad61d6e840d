"""Runs every measurement and prints the tables of README.md."""

from __future__ import annotations

import platform
import subprocess
import sys
from datetime import UTC, datetime

import psutil

BENCHES = {
    "engine": "The engine alone, beside the stock one",
    "completion": "A completed task, beside the same statements alone",
    "rework": "A hundred rounds of rework",
    "storm": "20,000 timers due at one instant",
    "volume": "Inbox and claim at volume",
    "inbox": "An inbox up to a million open tasks",
    "search": "A search among up to a million people",
    "midnight": "100,000 pledges due at one midnight",
}


def main() -> None:
    cores, load = psutil.cpu_count(), psutil.getloadavg()[0]
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}, {cores} cores,")
    print(f"load {load:.1f} before the run, Python {platform.python_version()}\n")
    for name in sys.argv[1:] or BENCHES:
        print(f"## {BENCHES[name]}\n", flush=True)
        # A process each: what one has left in memory does not weigh on the next.
        subprocess.run([sys.executable, "-m", f"bench.{name}"], check=True)


if __name__ == "__main__":
    main()
