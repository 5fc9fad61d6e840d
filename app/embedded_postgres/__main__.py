"""`python -m app.embedded_postgres {start|stop|status|psql|pg_dump|pg_restore} DIR [arguments]`."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from app.embedded_postgres import PORT, PostgresError, running, start, stop
from app.embedded_postgres.account import programs
from app.embedded_postgres.process import SUPERUSER

CLIENTS = ("psql", "pg_dump", "pg_restore")
USAGE = "用法：python -m app.embedded_postgres {start|stop|status|psql|pg_dump|pg_restore} 数据目录 [参数…]"


def main(arguments: list[str]) -> int:
    """The exit status of the command; a client program takes this process's place."""
    match arguments:
        case ["start", folder]:
            print(start(Path(folder)).url("postgres"))
            print("内置数据库已启动，按 Ctrl-C 停止。", flush=True)
            with suppress(KeyboardInterrupt):
                signal.pause()
            return 0
        case ["stop", folder]:
            print("内置数据库已停止。" if stop(Path(folder)) else "内置数据库没有运行。")
            return 0
        case ["status" | "psql" | "pg_dump" | "pg_restore" as command, folder, *rest]:
            socket_folder = running(Path(folder))
            if socket_folder is None:
                print("内置数据库没有运行。", file=sys.stderr)
                return 3
            if command in CLIENTS:
                _become(command, socket_folder, rest)
            print(f"内置数据库正在运行，套接字在 {socket_folder}。")
            return 0
    print(USAGE, file=sys.stderr)
    return 2


def _become(program: str, socket_folder: Path, arguments: list[str]) -> None:
    connection = {"PGHOST": str(socket_folder), "PGPORT": str(PORT), "PGUSER": SUPERUSER}
    os.execve(programs() / program, [program, *arguments], {**os.environ, **connection})


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except PostgresError as error:
        sys.exit(str(error))
