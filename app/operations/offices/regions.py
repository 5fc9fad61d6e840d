"""The table of regions (GB/T 2260), seeded from a file that is part of no deployment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.dialects.postgresql import insert as upsert

from app.errors import Invalid
from app.extensions import db
from app.models import Region

_CODE = re.compile(r"[1-9][0-9]{5}")


def load_file(path: Path) -> int:
    """Writes the regions of a YAML file such as bpmn/common/regions.yaml; answers how many."""
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return load(document["regions"], document["version"])


def load(regions: Mapping[str, str], version: int) -> int:
    """Writes code and name of regions; a code that stands already takes the name of the newer version.

    Raises Invalid for what is no six-digit code.
    """
    for code in regions:
        if not _CODE.fullmatch(code):
            raise Invalid({"regions": [f"“{code}”不是六位行政区划代码。"]})
    rows = [
        {"code": code, "name": name, "parent": parent_of(code), "version": version}
        for code, name in regions.items()
    ]
    statement = upsert(Region)
    newer = statement.excluded
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["code"],
            set_={"name": newer.name, "parent": newer.parent, "version": newer.version},
            where=Region.version <= newer.version,
        ),
        rows,
    )
    return len(rows)


def prefix(code: str) -> str:
    """The digits that all divisions of a region share: 500000 gives 50, 411300 gives 4113."""
    return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code


def related(one: str, other: str) -> bool:
    """Whether one of two regions lies in the other, or they are the same."""
    return one.startswith(prefix(other)) or other.startswith(prefix(one))


def parent_of(code: str) -> str | None:
    """The division that a code lies in: 500101 in 500100, that in 500000, a province in none."""
    if not code.endswith("00"):
        return code[:4] + "00"
    return None if code.endswith("0000") else code[:2] + "0000"


def with_parents(code: str) -> list[str]:
    """The code and those it lies in, the nearest first."""
    codes = [code]
    while parent := parent_of(codes[-1]):
        codes.append(parent)
    return codes
