"""Uploaded files: rows here, bytes under their digest outside the web root."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Code, Id, Instant, OptionalOrganisationRef


class Attachment(Model):
    """One upload; `name` is random and stands in addresses, `title` is the user's own file name."""

    __tablename__ = "attachment"

    id: Mapped[Id]
    name: Mapped[Code] = mapped_column(unique=True)
    digest: Mapped[Code] = mapped_column(index=True)
    title: Mapped[str]
    media_type: Mapped[Code]
    size: Mapped[int]
    organisation_id: Mapped[OptionalOrganisationRef] = mapped_column(index=True)
    uploaded_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    uploaded_at: Mapped[Instant]
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)
