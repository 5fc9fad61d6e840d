"""The house's rooms: who may import whom, who may know the engine, and who may ask what time it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app"

FLOORS = (
    {"models", "extensions", "clock", "config", "errors", "embedded_postgres"},
    {"engine"},
    {"content"},
    {"operations", "queries", "documents"},
    {"edge", "demo", "jobs"},
    {"web", "api", "scheduler", "worker", "cli"},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
PURE = {"engine", "content"}
PURE_MAY_USE = {"engine", "content", "errors"}
IMPURE = ("flask", "sqlalchemy", "psycopg", "alembic", "werkzeug", "apscheduler", "procrastinate", "requests")
CLOCK_READS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
    ("func", "now"),
    ("func", "current_timestamp"),
}

Files = list[tuple[str, str]]


def source_files() -> Files:
    """Every file of the product, as (path below app, source)."""
    return [(path.relative_to(APP).as_posix(), path.read_text()) for path in sorted(APP.rglob("*.py"))]


def room_of(path: str) -> str:
    return path.split("/")[0].removesuffix(".py")


def imported(path: str, source: str) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of each import, also of those in functions; relative ones made absolute."""
    package = ["app", *path.split("/")[:-1]]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) - node.level + 1]] if node.level else []
            base += [node.module] if node.module else []
            yield from ((node.lineno, ".".join([*base, name.name])) for name in node.names)


def upward_imports(files: Files) -> list[str]:
    """Imports of a higher room, of a room without a floor, and what the pure rooms may not use."""
    wrong = []
    for path, source in files:
        room = room_of(path)
        if room == "__init__":
            continue
        for line, name in imported(path, source):
            if not name.startswith("app."):
                continue
            target = name.split(".")[1]
            up = FLOOR.get(target, 99) > FLOOR.get(room, -1)
            if target != room and (up or (room in PURE and target not in PURE_MAY_USE)):
                wrong.append(f"{path}:{line} {room} imports {name}")
    return wrong


def foreign_imports(files: Files) -> list[str]:
    """SpiffWorkflow outside the engine; the web or a database inside the pure rooms."""
    wrong = []
    for path, source in files:
        for line, name in imported(path, source):
            impure = room_of(path) in PURE and name.lower().startswith(IMPURE)
            if impure or (name.startswith("SpiffWorkflow") and room_of(path) != "engine"):
                wrong.append(f"{path}:{line} imports {name}")
    return wrong


def clock_reads(files: Files) -> list[str]:
    """Readings of a clock, the machine's or the database's, outside app/clock.py."""
    wrong = []
    for path, source in files:
        if path == "clock.py":
            continue
        names = [
            (line, tuple(name.split(".")[-2:]))
            for line, name in imported(path, source)
            if name[:5] == "time."
        ]
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
                owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
                names.append((node.lineno, (owner, node.attr)))
        wrong += [f"{path}:{line} {'.'.join(name)}" for line, name in names if name in CLOCK_READS]
    return wrong


def circles(files: Files) -> list[str]:
    """Modules that import each other, also inside functions; what is imported for types alone is left out."""
    modules = {".".join(["app", *path.removesuffix(".py").split("/")]): (path, text) for path, text in files}
    named = {name.removesuffix(".__init__"): found for name, found in modules.items()}
    graph = {}
    for module, (path, source) in named.items():
        passed_over = [
            range(node.lineno, (node.end_lineno or 0) + 1)
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        ]
        names = [name for at, name in imported(path, source) if not any(at in some for some in passed_over)]
        found = {name if name in named else name.rpartition(".")[0] for name in names}
        graph[module] = (found & named.keys()) - {module}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        return circle.args[1]
    return []


@pytest.mark.parametrize("check", [upward_imports, foreign_imports, clock_reads, circles])
def test_the_product_keeps_the_rules(check) -> None:
    assert check(source_files()) == []


def test_every_room_has_a_floor() -> None:
    rooms = {room_of(path) for path, _ in source_files()} - {"__init__"}
    assert rooms <= FLOOR.keys()


@pytest.mark.parametrize(
    ("check", "path", "source"),
    [
        (upward_imports, "operations/tasks.py", "from app.web import pages"),
        (upward_imports, "operations/tasks.py", "from app import web"),
        (upward_imports, "operations/tasks.py", "def f():\n    from ..web.pages import page"),
        (upward_imports, "models/cases.py", "from app.engine import Instance"),
        (upward_imports, "engine/runtime.py", "from app.clock import now"),
        (upward_imports, "content/scheme.py", "import app.extensions"),
        (upward_imports, "content/scheme.py", "import app.somewhere_new"),
        (foreign_imports, "content/scheme.py", "from SpiffWorkflow.bpmn import workflow"),
        (foreign_imports, "engine/runtime.py", "import sqlalchemy.orm"),
        (foreign_imports, "content/forms.py", "from flask_babel import gettext"),
        (clock_reads, "operations/tasks.py", "from datetime import datetime\ndatetime.now(UTC)"),
        (clock_reads, "operations/tasks.py", "import datetime\nf = datetime.datetime.now"),
        (clock_reads, "queries/inbox.py", "from datetime import date\ndate.today()"),
        (clock_reads, "scheduler.py", "from time import time"),
        (clock_reads, "models/cases.py", "mapped_column(server_default=func.now())"),
    ],
)
def test_a_breach_is_found(check, path: str, source: str) -> None:
    assert check([(path, source)]) != []


@pytest.mark.parametrize(
    ("check", "path", "source"),
    [
        (upward_imports, "web/pages.py", "from app.operations import tasks\nfrom app import clock"),
        (upward_imports, "content/scheme.py", "from app.engine import load_definitions\nimport app.errors"),
        (foreign_imports, "engine/parser.py", "import SpiffWorkflow"),
        (clock_reads, "scheduler.py", "import time\nfrom app import clock\ntime.monotonic()\nclock.now()"),
    ],
)
def test_what_is_allowed_passes(check, path: str, source: str) -> None:
    assert check([(path, source)]) == []


def test_a_circle_is_found_and_types_make_none() -> None:
    back = "    from app.web import pages"
    first = ("web/pages.py", "from app.web.forms import Form")
    found = circles([first, ("web/forms.py", f"def form():\n{back}")])
    assert set(found) == {"app.web.pages", "app.web.forms"}
    assert circles([first, ("web/forms.py", f"if TYPE_CHECKING:\n{back}")]) == []


def test_what_lint_and_types_pass_over_says_why() -> None:
    bare = re.compile(r"# (noqa(?!: [A-Z]+[0-9]+ - \S)|type: ignore(?!\[[a-z-]+\]  # \S))")
    wrong = [path for path, source in source_files() if bare.search(source)]
    assert wrong == []
