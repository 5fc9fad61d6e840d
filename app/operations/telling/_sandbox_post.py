"""What stands in for every channel in a rehearsal: letters become files, which a page shows."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from app import clock
from app.operations.telling._letters import Letter, Never, NotNow
from app.operations.uploads._disk import write_whole

NEWEST = 100
REFUSED, BUSY = "refused", "busy"
"""An address that begins so is refused for good, or for the moment."""


class Sandbox:
    """Keeps what it is given, a file a letter; nobody outside hears of it."""

    idempotent = True

    def __init__(self, folder: Path, channel: str) -> None:
        self._folder, self._channel = folder, channel

    def send(self, letter: Letter) -> str:
        if letter.address.startswith(REFUSED):
            raise Never("演练：收件地址被拒收")
        if letter.address.startswith(BUSY):
            raise NotNow("演练：对方暂时不接受")
        name = hashlib.sha256(letter.key.encode()).hexdigest()[:32]
        content = {**asdict(letter), "channel": self._channel, "sent_at": clock.now().isoformat()}
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._folder / f"{name}.json", json.dumps(content, ensure_ascii=False).encode())
        return name


def letters(folder: Path, most: int = NEWEST) -> Sequence[dict[str, str]]:
    """The newest letters that went to the sandbox."""
    found = sorted(folder.glob("*.json"), key=os.path.getmtime, reverse=True) if folder.is_dir() else []
    return [json.loads(path.read_text(encoding="utf-8")) for path in found[:most]]
