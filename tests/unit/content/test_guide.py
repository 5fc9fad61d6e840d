"""What the guide shows to designers is accepted as it stands there."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.content.calendar import CalendarFile, check_calendar
from app.content.catalogues import CatalogueFile
from app.content.clauses import CLAUSES_FILE
from app.content.dry_runs import read_script
from app.content.form_file import read_form
from app.content.head import HeadFile
from app.content.reading import read_record
from app.content.roles import RolesFile, check_roles
from app.content.scenario_file import ScenarioFile
from app.content.worlds import WorldFile, check_world
from app.engine.types import Problem

GUIDE = (Path(__file__).parents[3] / "docs/writing-a-scheme.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)


def block(language: str, key: str) -> bytes:
    """The only example in that language that has this key at the start of a line."""
    (found,) = [
        text for kind, text in BLOCKS if kind == language and re.search(rf"^ *{key}", text, re.MULTILINE)
    ]
    return str(found).encode()


@pytest.mark.parametrize(
    ("key", "load", "check"),
    [
        ("processes:", HeadFile().load, None),
        ("roles:$", RolesFile().load, lambda found: check_roles(found["roles"], (), "x")),
        ("dates:", CalendarFile().load, lambda found: check_calendar(found, "x")),
        ("CQ-01:", CLAUSES_FILE.deserialize, None),
        ("entries:", CatalogueFile().load, None),
        ("organisations:", WorldFile().load, lambda found: check_world(found, "x")),
        ("steps:", ScenarioFile().load, None),
    ],
)
def test_the_yaml_examples(
    key: str, load: Callable[[Any], Any], check: Callable[[Any], list[Problem]] | None
) -> None:
    problems: list[Problem] = []
    found = read_record(load, "guide.yaml", block("yaml", key), problems)
    assert problems == []
    assert check is None or check(found) == []


def test_the_example_of_a_dry_run() -> None:
    script = read_script("guide.yaml", block("yaml", "moves:"))
    assert [move.kind for move in script.moves or ()] == ["complete", "receive", "fire", "pass"]


def test_the_form_example() -> None:
    problems: list[Problem] = []
    form = read_form("forms/x/guide.json", block("json", '"type"'), {}, problems)
    assert problems == []
    assert form is not None
    assert form.load({"decision": "approve", "material": ["f-1"]})
