"""The application with an embedded server of its own, as `make run` has it: for tests that take it away."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade

from app import create_app, embedded_postgres
from app.config import PROJECT, Settings
from app.extensions import db


@contextmanager
def own_server(given: Settings) -> Iterator[Flask]:
    """Keys and switches as given, data in a new folder that goes at the end; the tables are there."""
    with tempfile.TemporaryDirectory(prefix="own-") as name:
        folder = Path(name)
        # The system user that runs PostgreSQL for root has to pass through.
        folder.chmod(0o711)
        uploads, roots = folder / "uploads", folder / "roots"
        uploads.mkdir()
        roots.mkdir()
        places = {"data_folder": folder, "upload_folder": uploads, "roots_folder": roots}
        own = create_app(replace(given, **places, database_url=None))
        with own.app_context():
            upgrade(directory=str(PROJECT / "migrations"))
            yield own
            db.session.remove()
            db.engine.dispose()
        embedded_postgres.stop(folder / "postgres")
