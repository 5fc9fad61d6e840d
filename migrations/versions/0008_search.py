"""search: keys of people, organisations and cases, filled for all that stand

The keys are those that the program makes when this runs; whoever changes how they are made adds a migration
that empties the tables and fills them again (`fill`).
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

import sqlalchemy as sa
from alembic import op

from app.operations.finding._search_keys import organisation_keys, person_keys

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = {"person_key": "person_id", "organisation_key": "organisation_id", "case_key": "case_id"}
CHUNK = 1000

PEOPLE = """
    SELECT p.id, p.name, p.id_number_index, p.id_number_head, p.id_number_tail,
           array(SELECT h.trade FROM holding h WHERE h.person_id = p.id AND h.ended_at IS NULL),
           array(SELECT p.unit_id WHERE p.unit_id IS NOT NULL
                 UNION SELECT c.unit_id FROM "case" c WHERE c.person_id = p.id)
    FROM person p WHERE p.id > :after ORDER BY p.id LIMIT :chunk
"""
NAMES = "SELECT organisation_id, name FROM organisation_name ORDER BY organisation_id"


def upgrade() -> None:
    code = sa.Text(collation="C")
    op.create_table("person_key", *_columns("person_id", code))
    op.create_table("organisation_key", *_columns("organisation_id", code, unit=False))
    op.create_table(
        "case_key",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("trade", code, nullable=False),
        sa.Column("region", code, nullable=False),
    )
    _follow_cases()
    fill(op.get_bind())
    _constrain()
    op.create_index(
        "ix_act_looked_up", "act", ["actor_id", "id"], postgresql_where=sa.text("kind = 'person.looked_up'")
    )


def downgrade() -> None:
    op.drop_index("ix_act_looked_up", "act")
    op.execute('DROP TRIGGER case_key_begins ON "case"')
    op.execute('DROP TRIGGER case_key_follows ON "case"')
    op.execute("DROP FUNCTION follow_case_key()")
    for table in TABLES:
        op.drop_table(table)


def _columns(owner: str, code: sa.Text, unit: bool = True) -> list[sa.Column]:
    ids = [owner, "unit_id"] if unit else [owner]
    return [
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ids),
        sa.Column("inside", sa.Boolean(), nullable=False),
        sa.Column("key", code, nullable=False),
        sa.Column("region", code, nullable=False),
    ]


def _follow_cases() -> None:
    """Whatever writes the case's row, its trade is found where it was and where it is."""
    op.execute("""
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
    """)
    op.execute("""
        CREATE TRIGGER case_key_begins AFTER INSERT ON "case" FOR EACH ROW
        WHEN (new.listed ->> 'trade' IS NOT NULL) EXECUTE FUNCTION follow_case_key()
    """)
    op.execute("""
        CREATE TRIGGER case_key_follows AFTER UPDATE OF listed, unit_id ON "case" FOR EACH ROW
        WHEN (old.listed ->> 'trade' IS DISTINCT FROM new.listed ->> 'trade' OR old.unit_id <> new.unit_id)
        EXECUTE FUNCTION follow_case_key()
    """)


def _constrain() -> None:
    """After the filling: a million people have some twelve million keys."""
    units = [("person_key", "unit_id"), ("case_key", "unit_id")]
    for table, owner in [*TABLES.items(), *units]:
        referred = owner.removesuffix("_id").replace("unit", "organisation")
        op.create_foreign_key(f"fk_{table}_{owner}_{referred}", table, referred, [owner], ["id"])
    op.create_primary_key("pk_person_key", "person_key", ["person_id", "unit_id", "inside", "key"])
    op.create_primary_key("pk_organisation_key", "organisation_key", ["organisation_id", "inside", "key"])
    op.create_primary_key("pk_case_key", "case_key", ["case_id", "unit_id"])
    keyed = ["inside", "key"]
    op.create_index("ix_person_key_unit", "person_key", ["unit_id", *keyed, "person_id"])
    op.create_index("ix_person_key_region", "person_key", ["region", *keyed, "person_id"])
    op.create_index("ix_organisation_key_region", "organisation_key", ["region", *keyed, "organisation_id"])
    op.create_index("ix_case_key_unit", "case_key", ["unit_id", "trade", "case_id"])
    op.create_index("ix_case_key_region", "case_key", ["region", "trade", "case_id"])


def fill(connection: sa.Connection) -> None:
    """Writes the keys of all that stand into empty tables."""
    connection.execute(
        sa.text(
            "INSERT INTO case_key (case_id, unit_id, trade, region)"
            " SELECT c.id, o.id, c.listed ->> 'trade', o.region"
            " FROM \"case\" c JOIN organisation o ON o.id = c.unit_id WHERE c.listed ->> 'trade' IS NOT NULL"
        )
    )
    regions = dict(connection.execute(sa.text("SELECT id, region FROM organisation")).tuples().all())
    _fill_organisations(connection, regions)
    after = 0
    while people := connection.execute(sa.text(PEOPLE), {"after": after, "chunk": CHUNK}).all():
        _copy(connection, "person_key (person_id, unit_id, inside, key, region)", _of_people(people, regions))
        after = people[-1].id


def _fill_organisations(connection: sa.Connection, regions: dict[int, str]) -> None:
    rows = connection.execute(sa.text(NAMES)).all()
    keys = (
        (owner, inside, key, regions[owner])
        for owner, named in groupby(rows, lambda row: row.organisation_id)
        for inside, key in organisation_keys(row.name for row in named)
    )
    _copy(connection, "organisation_key (organisation_id, inside, key, region)", keys)


def _of_people(people: Sequence[sa.Row], regions: dict[int, str]) -> Iterable[tuple[object, ...]]:
    for person_id, name, index, head, tail, trades, units in people:
        keys = person_keys(name, bytes(index), head, tail, trades)
        for unit_id in units:
            yield from ((person_id, unit_id, inside, key, regions[unit_id]) for inside, key in keys)


def _copy(connection: sa.Connection, columns: str, rows: Iterable[tuple[object, ...]]) -> None:
    with connection.connection.cursor() as cursor, cursor.copy(f"COPY {columns} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
