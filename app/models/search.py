"""What is found by typing: keys of people, organisations and cases, each in the places it is seen from."""

from __future__ import annotations

from sqlalchemy import DDL, ForeignKey, Index, event
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.columns import Code


class PersonKey(Model):
    """One way to type a person: the name in signs, pinyin or initials, from any sign on; the number.

    `inside`: the key begins behind the first sign of the name. `unit_id` is each unit that the person is in,
    or was in, or has a case in, and `region` that unit's: so a look-up reads a range of what a unit, or an
    office's region, may have seen, however many people there are elsewhere.
    """

    __tablename__ = "person_key"
    __table_args__ = (
        Index("ix_person_key_unit", "unit_id", "inside", "key", "person_id"),
        Index("ix_person_key_region", "region", "inside", "key", "person_id"),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    inside: Mapped[bool] = mapped_column(primary_key=True)
    key: Mapped[Code] = mapped_column(primary_key=True)
    region: Mapped[Code]


class OrganisationKey(Model):
    """One way to type an organisation's name, today's or an earlier one."""

    __tablename__ = "organisation_key"
    __table_args__ = (Index("ix_organisation_key_region", "region", "inside", "key", "organisation_id"),)

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    inside: Mapped[bool] = mapped_column(primary_key=True)
    key: Mapped[Code] = mapped_column(primary_key=True)
    region: Mapped[Code]


class CaseKey(Model):
    """A case's trade, in each unit that the case belongs or belonged to; a trigger follows the case's row."""

    __tablename__ = "case_key"
    __table_args__ = (
        Index("ix_case_key_unit", "unit_id", "trade", "case_id"),
        Index("ix_case_key_region", "region", "trade", "case_id"),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    trade: Mapped[Code]
    region: Mapped[Code]


# Whatever writes a case's row, one statement for thousands included, its trade is found where it was and is;
# and a step that leaves it as it is costs no statement. Tables made without migrations have it, too.
FOLLOW_CASES = (
    """
    CREATE FUNCTION follow_case_key() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF new.listed ->> 'trade' IS NULL THEN
            DELETE FROM case_key WHERE case_id = new.id;
        ELSE
            IF TG_OP = 'UPDATE' THEN
                UPDATE case_key SET trade = new.listed ->> 'trade' WHERE case_id = new.id;
            END IF;
            INSERT INTO case_key (case_id, unit_id, trade, region)
            SELECT new.id, o.id, new.listed ->> 'trade', o.region FROM organisation o
            WHERE o.id = new.unit_id ON CONFLICT DO NOTHING;
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER case_key_begins AFTER INSERT ON "case" FOR EACH ROW
    WHEN (new.listed ->> 'trade' IS NOT NULL) EXECUTE FUNCTION follow_case_key()
    """,
    """
    CREATE TRIGGER case_key_follows AFTER UPDATE OF listed, unit_id ON "case" FOR EACH ROW
    WHEN (old.listed ->> 'trade' IS DISTINCT FROM new.listed ->> 'trade' OR old.unit_id <> new.unit_id)
    EXECUTE FUNCTION follow_case_key()
    """,
)
for statement in FOLLOW_CASES:
    event.listen(CaseKey.__table__, "after_create", DDL(statement))
