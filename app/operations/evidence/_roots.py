"""The root file outside the database, a chained line an hour, and the leaves under the newest root."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from app.operations.evidence import _leaves
from app.operations.evidence._leaves import Tree
from app.operations.road._history import GENESIS, canonical
from app.operations.uploads._disk import DRAFT, flush_folder, write_whole

FILE = "roots.jsonl"
LONGEST_LINE = 4096
LABEL = b"root"
"""Stands before what is keyed, so that no history row can be passed off as a root."""


@dataclass(frozen=True, slots=True)
class Root:
    """One line: the Merkle root (RFC 6962) over the heads of all `cases` at an instant of the real clock.

    `previous` is the SHA-256 of the line before. `ground` says why the record was begun anew, where it was.
    """

    number: int
    at: datetime
    cases: int
    root: bytes
    previous: bytes
    ground: str | None
    key_id: str
    mac: bytes = b""

    def plain(self) -> dict[str, Any]:
        """The line as JSON has it: digests in hexadecimal, the instant in UTC."""
        plain: dict[str, Any] = orjson.loads(self.line())
        return plain

    def line(self) -> bytes:
        told = {
            name: value.hex() if isinstance(value, bytes) else value for name, value in asdict(self).items()
        }
        return canonical(told)

    def digest(self) -> bytes:
        return sha256(self.line()).digest()

    def keyed(self, key: bytes) -> bytes:
        """What `mac` has to be: HMAC-SHA-256 over all else."""
        covered = {name: value for name, value in self.plain().items() if name != "mac"}
        return hmac.new(key, LABEL + canonical(covered), sha256).digest()


def parse(line: bytes) -> Root | None:
    """The root that a line tells of; None for what no root's line is, to the byte."""
    try:
        plain = orjson.loads(line)
        digests = {name: bytes.fromhex(plain[name]) for name in ("root", "previous", "mac")}
        root = Root(**{**plain, **digests, "at": datetime.fromisoformat(plain["at"])})
        typed = (type(root.number), type(root.cases), type(root.key_id)) == (int, int, str)
        return root if typed and root.line() == line else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def of_row(row: Any) -> Root:
    """The root that a row of the database tells of."""
    return Root(**{field.name: getattr(row, field.name) for field in fields(Root)})


@dataclass(frozen=True)
class RootFile:
    """The folder outside the database. A line is the commit: leaves without their line count for nothing."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / FILE

    def lines(self) -> Iterator[bytes]:
        """All whole lines; one that a fall of the machine cut short is none."""
        if self.path.exists():
            with self.path.open("rb") as file:
                yield from (line[:-1] for line in file if line.endswith(b"\n"))

    def newest(self) -> Root | None:
        """The last line's root; None when there is no line, or none that can be read."""
        if not self.path.exists():
            return None
        with self.path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 2 * LONGEST_LINE))
            whole = file.read().rpartition(b"\n")[0]
        return parse(whole.rpartition(b"\n")[2])

    def tree(self, root: Root) -> Tree | None:
        """The leaves under a root; None when they are lost or are not those of the root."""
        path = self._leaves(root.number)
        tree = _leaves.unpacked(path.read_bytes(), root.cases) if path.exists() else None
        return tree if tree is not None and tree.root() == root.root else None

    def append(self, root: Root, tree: Tree) -> None:
        """Adds a line; from then on it stands, whatever becomes of the machine. One writer at a time."""
        for draft in self.folder.glob(f"{DRAFT}*"):
            draft.unlink()
        write_whole(self._leaves(root.number), tree.leaves + tree.pages)
        whole = sum(len(line) + 1 for line in self.lines())
        with self.path.open("ab") as file:
            if file.tell() > whole:
                file.truncate(whole)
            file.write(root.line() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        flush_folder(self.folder)
        # The leaves before stay for whoever has just read the line before.
        self._leaves(root.number - 2).unlink(missing_ok=True)

    def _leaves(self, number: int) -> Path:
        return self.folder / f"leaves-{number}"


def broken_lines(lines: Iterable[bytes], keys: Mapping[str, bytes]) -> Iterator[str]:
    """What is wrong with the root file, in sentences; nothing when all is well."""
    before: Root | None = None
    for place, line in enumerate(lines, 1):
        root = parse(line)
        if root is None:
            yield f"存证文件第 {place} 行无法识别"
            return
        if before is None:
            follows = root.ground is not None or (root.number, root.previous) == (1, GENESIS)
        else:
            follows = (root.number, root.previous) == (before.number + 1, before.digest())
        if not follows:
            yield f"存证文件第 {place} 行与前一行不相衔接"
        key = keys.get(root.key_id)
        if key is None:
            yield f"存证文件第 {place} 行所用的密钥 {root.key_id} 不在手边"
        elif not hmac.compare_digest(root.keyed(key), root.mac):
            yield f"存证文件第 {place} 行被改动过"
        before = root
