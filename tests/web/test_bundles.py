"""The committed bundles are the ones that the manifest names, and what the sources give where node exists."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "app/static/vendor"
FRONTEND = ROOT / "frontend"


def test_committed_bundles_match_the_manifest() -> None:
    manifest = json.loads((FRONTEND / "manifest.json").read_text())
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.iterdir()}
    assert found == manifest


def test_lock_file_names_no_registry() -> None:
    lock = json.loads((FRONTEND / "package-lock.json").read_text())
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []


@pytest.mark.skipif(
    shutil.which("node") is None or not (FRONTEND / "node_modules").is_dir(),
    reason="needs node and `npm ci` in frontend/",
)
def test_sources_give_the_committed_bundles() -> None:
    done = subprocess.run(
        ["node", "build.mjs", "--check"], cwd=FRONTEND, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_mark_of_the_diagram_viewer_is_untouched() -> None:
    """The viewer's licence asks that its mark stays visible; our style sheets don't speak of it."""
    assert "bjs-powered-by" in (VENDOR / "viewer.js").read_text()
    own = [*(ROOT / "app/static/css").glob("*.css"), *(FRONTEND / "src").glob("*.css")]
    assert own
    assert not any("bjs-powered-by" in sheet.read_text() for sheet in own)
