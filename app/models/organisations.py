"""Units, departments and offices, and the two dated relations between them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Code, Id, Instant, OptionalCode, OptionalInstant, OrganisationRef


class Region(Model):
    """A division of GB/T 2260, as valid in a period."""

    __tablename__ = "region"

    code: Mapped[Code] = mapped_column(primary_key=True)
    name: Mapped[str]
    parent: Mapped[OptionalCode]
    version: Mapped[int] = mapped_column(default=1)


class Organisation(Model):
    """A unit 单位, a superior department 主管部门 or an office 经办机构; `name` is today's name.

    `level`, `system` and `nature` are the facts by which a scheme tells organisations apart;
    `code` is the 统一社会信用代码 (GB 32100), unique where it is known.
    """

    __tablename__ = "organisation"
    __table_args__ = (
        Index("ix_organisation_code", "code", unique=True, postgresql_where="code is not null"),
        Index("ix_organisation_name_key", "name_key", "id"),
    )

    id: Mapped[Id]
    kind: Mapped[Code]
    name: Mapped[str]
    name_key: Mapped[Code]
    code: Mapped[OptionalCode]
    region: Mapped[Code]
    level: Mapped[OptionalCode]
    system: Mapped[OptionalCode]
    nature: Mapped[OptionalCode]
    contact: Mapped[str | None]
    telephone: Mapped[str | None]
    address: Mapped[str | None]
    profile_complete: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[Instant]
    closed_at: Mapped[OptionalInstant]
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))


class OrganisationName(Model):
    """A name that an organisation bore from an instant on (LIFE-04: history keeps the old name)."""

    __tablename__ = "organisation_name"

    id: Mapped[Id]
    organisation_id: Mapped[OrganisationRef] = mapped_column(index=True)
    name: Mapped[str]
    valid_from: Mapped[Instant]
    valid_to: Mapped[OptionalInstant]


class Subordination(Model):
    """隶属: `organisation_id` stands under `superior_id` from `valid_from` to `valid_to` (exclusive)."""

    __tablename__ = "subordination"

    id: Mapped[Id]
    organisation_id: Mapped[OrganisationRef] = mapped_column(index=True)
    superior_id: Mapped[OrganisationRef] = mapped_column(index=True)
    valid_from: Mapped[Instant]
    valid_to: Mapped[OptionalInstant]


class Jurisdiction(Model):
    """管辖: which office performs a function for a region, level and system; null means any."""

    __tablename__ = "jurisdiction"
    __table_args__ = (Index("ix_jurisdiction_function", "function", "region"),)

    id: Mapped[Id]
    office_id: Mapped[OrganisationRef] = mapped_column(index=True)
    function: Mapped[Code]
    region: Mapped[Code]
    level: Mapped[OptionalCode]
    system: Mapped[OptionalCode]
    valid_from: Mapped[Instant]
    valid_to: Mapped[OptionalInstant]
    ground: Mapped[str | None]
