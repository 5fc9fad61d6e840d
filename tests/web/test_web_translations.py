"""Every text of a page can be translated: Chinese is the source language, and none escapes extraction."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from babel.messages.extract import extract_from_dir

APP = Path(__file__).parents[2] / "app"
CHINESE = re.compile("[\u4e00-\u9fff]")
CODE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.S)
PLAIN = re.compile(r'_\(\s*("[^"]*"|\'[^\']*\')')
EXEMPT = {"filters.py", "schemes.py"}
"""How days and truth values are written: a language of its own would need its own rules, not a catalogue."""


def test_templates_say_nothing_untranslatable() -> None:
    found = []
    for path in (APP / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        outside = CODE.sub("", text)
        inside = PLAIN.sub("", " ".join(CODE.findall(re.sub(r"\{#.*?#\}", "", text, flags=re.S))))
        found += [
            f"{path.name}: {line.strip()}" for line in (outside + inside).splitlines() if CHINESE.search(line)
        ]
    assert found == []


def test_views_say_nothing_untranslatable() -> None:
    found = []
    for path in (APP / "web").glob("*.py"):
        if path.name not in EXEMPT:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found += [f"{path.name}: {text}" for text in _plain_texts(tree) if CHINESE.search(text)]
    assert found == []


def _plain_texts(tree: ast.AST) -> list[str]:
    """String constants that are neither docstrings, nor marked for translation, nor an error's sentence."""
    marked: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("_", "_l", "Forbidden"):
            marked |= {id(part) for argument in node.args for part in ast.walk(argument)}
        if isinstance(node, ast.Expr):
            marked |= {id(part) for part in ast.walk(node) if isinstance(node.value, ast.Constant)}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in marked)
    return [node.value for node in constants if isinstance(node.value, str)]


def test_extraction_finds_the_texts_of_templates_and_views() -> None:
    methods = [("web/**.py", "python"), ("templates/**.html", "jinja2")]
    keywords = {"_": None, "_l": None}
    found = {message for _, _, message, *_ in extract_from_dir(str(APP), methods, keywords=keywords)}
    assert {"待办", "已提交。办件现在的状态：%(status)s", "没有找到该页面"} <= found
