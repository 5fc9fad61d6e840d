"""The diagrams of a deployment, byte for byte as they were published."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from app.extensions import db
from app.models import DeploymentFile


def sources(deployment_id: int, paths: Collection[str]) -> dict[str, str]:
    """The XML of the given files, by path."""
    query = select(DeploymentFile.path, DeploymentFile.content).where(
        DeploymentFile.deployment_id == deployment_id, DeploymentFile.path.in_(paths)
    )
    return {path: content.decode("utf-8", "replace") for path, content in db.session.execute(query)}
