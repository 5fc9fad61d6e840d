"""Processes of the program on a test's database."""

from __future__ import annotations

import os

from app.config import Settings


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment in which a process has these settings, with its switches at their defaults."""
    return {
        **os.environ,
        "DATABASE_URL": settings.database_url or "",
        "SECRET_KEY": settings.secret_key,
        "HISTORY_KEY": settings.history_key.hex(),
        "ID_NUMBER_KEY": settings.id_number_key.hex(),
        "ID_INDEX_KEY": settings.id_index_key.hex(),
        "APP_DATA": str(settings.data_folder),
        "APP_UPLOADS": str(settings.upload_folder),
        "APP_ROOTS": str(settings.roots_folder),
    }
