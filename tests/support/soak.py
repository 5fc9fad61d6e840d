"""How long a soak test goes on: so many rounds, or until its time is over."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator


def rounds(most: int, seconds: float) -> Iterator[int]:
    """0, 1, 2 …: at most so many, and none begun after so many seconds; `make soak` has to come to an end.

    A warning tells of a machine that was too slow for all of them.
    """
    begun = time.monotonic()
    for number in range(most):
        if time.monotonic() - begun > seconds:
            warnings.warn(f"{number} of {most} rounds in {seconds:.0f} s", stacklevel=2)
            return
        yield number
