"""What a scheme's check knows of a capability: its name, what goes in and out, and how it may refuse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CapabilityDeclaration:
    """A named effect that a service task may cause.

    `inputs` and `outputs` map a name to its title in Chinese; a refusal code in `refusals` can be caught
    by an error boundary event. `optional` inputs may be left out. `parameters` are those that the scheme has
    to give for it. `locks_quota` tells the sweep to give such a case a transaction of its own (decision 4),
    `changes_unit` that the case belongs to the unit of the output `unit` afterwards.

    A case may be given back 退回 to a step before the effect if another capability undoes it (`undone_by`)
    or if it does no harm that it is caused again (`repeatable`); else not any more.
    """

    name: str
    title: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    outputs: Mapping[str, str] = field(default_factory=dict)
    refusals: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    locks_quota: bool = False
    changes_unit: bool = False
    undone_by: str | None = None
    repeatable: bool = False
