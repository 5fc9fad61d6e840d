"""The REST API under /api/v1."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Adds the API to the application."""
