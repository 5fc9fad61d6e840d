"""Deployments 发布版本: immutable, numbered, hashed copies of whole schemes."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Code, Id, Instant, OptionalAccountRef


class Deployment(Model):
    """One published version of a scheme; every case is pinned to one (decision 14)."""

    __tablename__ = "deployment"
    __table_args__ = (
        UniqueConstraint("scheme_id", "number"),
        UniqueConstraint("scheme_id", "hash"),
    )

    id: Mapped[Id]
    scheme_id: Mapped[Code]
    number: Mapped[int]
    hash: Mapped[Code]
    name: Mapped[str]
    jurisdiction: Mapped[Code]
    year: Mapped[int]
    effective_at: Mapped[Instant]
    published_at: Mapped[Instant]
    published_by: Mapped[OptionalAccountRef]


class DeploymentFile(Model):
    """One file of a deployment, byte for byte."""

    __tablename__ = "deployment_file"

    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployment.id"), primary_key=True)
    path: Mapped[Code] = mapped_column(primary_key=True)
    content: Mapped[bytes]
