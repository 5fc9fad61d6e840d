"""long work: what was accepted, and the queue (procrastinate) that its chunks wait in

The queue's tables are those that its pinned release brings. Another release brings others, and tells what
changes by migrations of its own: who raises the pin sets `RELEASE` here, for new databases, and adds a
migration with those, for the ones that stand.
"""

from importlib import metadata, resources

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

RELEASE = "3.10.0"


def upgrade() -> None:
    if metadata.version("procrastinate") != RELEASE:
        raise RuntimeError(f"this migration makes the tables of procrastinate {RELEASE}; see its docstring")
    op.execute(resources.files("procrastinate").joinpath("sql", "schema.sql").read_text())
    code = sa.Text(collation="C")
    instant = sa.DateTime(timezone=True)
    json = postgresql.JSONB(astext_type=sa.Text())
    op.create_table(
        "work",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", code, nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("scheme_id", code, nullable=True),
        sa.Column("import_id", sa.BigInteger(), nullable=True),
        sa.Column("received_at", instant, nullable=True),
        sa.Column("asked", json, nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("lanes", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("state", code, nullable=False),
        sa.Column("message", sa.String(), nullable=True),
        sa.Column("digest", code, nullable=True),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("finished_at", instant, nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_work_organisation_id_organisation"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_work_account_id_account"),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import.id"], name="fk_work_import_id_import", ondelete="SET NULL"
        ),
        sa.UniqueConstraint("import_id", name="uq_work_import_id"),
        sa.PrimaryKeyConstraint("id", name="pk_work"),
    )
    op.create_index("ix_work_mine", "work", ["account_id", "id"])
    op.create_table(
        "work_item",
        sa.Column("work_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("values", json, nullable=False),
        sa.Column("state", code, nullable=False),
        sa.Column("message", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["work_id"], ["work.id"], name="fk_work_item_work_id_work", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("work_id", "number", name="pk_work_item"),
    )


def downgrade() -> None:
    op.drop_table("work_item")
    op.drop_table("work")
    tables = ", ".join(f"procrastinate_{name}" for name in ("periodic_defers", "events", "jobs", "workers"))
    # One of the queue's functions answers rows of its table.
    op.execute(f"DROP TABLE {tables} CASCADE")
    op.execute(r"""
        DO $$
        DECLARE made record;
        BEGIN
            FOR made IN SELECT oid::regprocedure AS name FROM pg_proc
                WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'procrastinate\_%'
            LOOP
                EXECUTE 'DROP FUNCTION ' || made.name;
            END LOOP;
        END $$
    """)
    for name in ("job_to_defer_v1", "job_status", "job_event_type"):
        op.execute(f"DROP TYPE procrastinate_{name}")
