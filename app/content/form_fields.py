"""The fields of a form, as everything that shows or accepts them needs them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LONGEST_LINE = 200
LONGEST_TEXT = 4000
MOST_ITEMS = 200
"""Bounds of a text of one line, of several, and of a list, unless the form sets its own."""

Complain = Callable[[str, str], None]
"""Takes the field's name and a sentence about it."""


@dataclass(frozen=True, slots=True)
class Option:
    """`taken`: why it can't be chosen here, as a sentence; empty where it can."""

    value: Any
    label: str
    group: str = ""
    taken: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One field. Options are those that `enum`, `oneOf` or `x-options` give; None: free input.

    `item` is what an array holds; a table of rows has `columns` instead. `begins`: the process of which each
    person that is chosen gets a case.
    """

    name: str
    type: str
    title: str
    widget: str
    help: str = ""
    format: str = ""
    options: Sequence[Option] | None = None
    const: Any = None
    default: Any = None
    read_only: bool = False
    required: bool = False
    limits: Mapping[str, Any] = field(default_factory=dict)
    sentences: Mapping[str, str] = field(default_factory=dict)
    clauses: Sequence[str] = ()
    accept: Sequence[str] = ()
    max_bytes: int | None = None
    width: int | None = None
    rows: int = 1
    begins: str = ""
    item: "Field | None" = None
    columns: Sequence["Field"] = ()
