"""Templates carry no script of their own and trust no text; what comes of it: test_web_canaries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.config import PROJECT

TEMPLATES = sorted(Path(PROJECT, "app", "templates").rglob("*.html"))
INLINE = r"\sstyle=|<style|\son[a-z]+=|javascript:|<script(?![^>]*(?:src=|application/json))"
TRUSTING = r"\|\s*safe\b|autoescape\s+false"


@pytest.mark.parametrize("pattern", [INLINE, TRUSTING])
def test_templates_carry_no_script_and_mark_nothing_as_safe(pattern: str) -> None:
    found = [path.name for path in TEMPLATES if re.search(pattern, path.read_text(encoding="utf-8"))]
    assert found == []
