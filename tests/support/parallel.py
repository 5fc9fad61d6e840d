"""Several works at the same moment, each in a thread and a transaction of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from flask import Flask

from app.errors import DomainError
from app.extensions import atomic, db


def at_once(
    app: Flask,
    works: list[Callable[[], object]],
    opened: Callable[[], AbstractContextManager[object]] = atomic,
) -> list[object]:
    """What each came to, in their order; a DomainError is a result. `opened` is what each works in."""
    barrier, results = threading.Barrier(len(works)), list[object]([None] * len(works))

    def run(place: int, work: Callable[[], object]) -> None:
        with app.app_context():
            barrier.wait()
            try:
                with opened():
                    results[place] = work()
            except DomainError as refusal:
                results[place] = refusal
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    return results
