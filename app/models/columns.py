"""Column shorthands: every instant is a `timestamptz`, every plain structure a `jsonb`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import mapped_column

Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
OptionalInstant = Annotated[datetime | None, mapped_column(DateTime(timezone=True))]
Json = Annotated[dict[str, Any], mapped_column(JSONB)]
JsonList = Annotated[list[Any], mapped_column(JSONB)]
Code = Annotated[str, mapped_column(Text(collation="C"))]
OptionalCode = Annotated[str | None, mapped_column(Text(collation="C"))]

OrganisationRef = Annotated[int, mapped_column(ForeignKey("organisation.id"))]
OptionalOrganisationRef = Annotated[int | None, mapped_column(ForeignKey("organisation.id"))]
AccountRef = Annotated[int, mapped_column(ForeignKey("account.id"))]
OptionalAccountRef = Annotated[int | None, mapped_column(ForeignKey("account.id"))]
CaseRef = Annotated[int, mapped_column(ForeignKey("case.id"))]
