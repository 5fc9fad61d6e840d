"""Files that are on the disk whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

DRAFT = ".draft-"
"""How the names of files begin that a killed process may leave behind."""


def write_whole(path: Path, content: bytes) -> None:
    """Written beside its place, flushed to the disk, then moved there."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=DRAFT)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Makes sure that the names in a folder outlive a fall of the machine."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
