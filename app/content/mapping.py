"""The `outputs` of a user task: which fields of its form become variables of the process."""

import re
from collections.abc import Mapping
from typing import Any

_SEPARATORS = re.compile(r"[;；\n]")


def read_mapping(text: str) -> list[tuple[str, str]]:
    """Pairs of (variable, field) from ``variable; variable=field``; without ``=`` both have one name."""
    parts = [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
    pairs = [part.partition("=") for part in parts]
    return [(left.strip(), (right if mark else left).strip()) for left, mark, right in pairs]


def output_mapping(text: str, loaded: Mapping[str, Any]) -> dict[str, Any]:
    """The variables that a form's values set; a field left empty sets None, so that no old value stays."""
    return {variable: loaded.get(field) for variable, field in read_mapping(text)}
