"""The READMEs lead to every document, and every setting is told in one of them."""

from __future__ import annotations

import re

from app.config import PROJECT

DOCS = {path.name: path.read_text(encoding="utf-8") for path in (PROJECT / "docs").glob("*.md")}
SETTING = re.compile(r'"(APP_[A-Z_]+)"')


def test_each_document_is_linked() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        text = (PROJECT / name).read_text(encoding="utf-8")
        assert [doc for doc in DOCS if f"(docs/{doc})" not in text] == [], name


def test_each_setting_is_told() -> None:
    known = set(SETTING.findall((PROJECT / "app" / "config.py").read_text(encoding="utf-8")))
    told = "\n".join(DOCS.values())
    assert [name for name in sorted(known) if f"`{name}`" not in told and f"{name}=" not in told] == []
