"""`python -m app.embedded_postgres {start|stop|status|psql} DIR`."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from app.embedded_postgres import PORT, running, start, stop
from app.embedded_postgres.account import programs
from app.embedded_postgres.process import SUPERUSER


def main(arguments: list[str]) -> int:
    """The exit status of the command."""
    if len(arguments) != 2 or arguments[0] not in ("start", "stop", "status", "psql"):
        print("用法：python -m app.embedded_postgres {start|stop|status|psql} 数据目录", file=sys.stderr)
        return 2
    command, folder = arguments[0], Path(arguments[1])
    if command == "start":
        print(start(folder).url("postgres"), flush=True)
        print("内置数据库已启动，按 Ctrl-C 停止。", flush=True)
        with suppress(KeyboardInterrupt):
            signal.pause()
        return 0
    if command == "stop":
        print("内置数据库已停止。" if stop(folder) else "内置数据库没有运行。")
        return 0
    socket_folder = running(folder)
    if socket_folder is None:
        print("内置数据库没有运行。")
        return 3
    if command == "status":
        print(f"内置数据库正在运行，套接字在 {socket_folder}。")
        return 0
    psql = str(programs() / "psql")
    os.execv(psql, [psql, "-h", str(socket_folder), "-p", str(PORT), "-U", SUPERUSER])  # noqa: S606


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
