"""a reviewer's desk: saved filters, who has a task open, what was sent after a session had ended"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    code = sa.Text(collation="C")
    instant = sa.DateTime(timezone=True)
    json = postgresql.JSONB(astext_type=sa.Text())
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("list", code, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("asked", json, nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_saved_filter_account_id_account"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_saved_filter_organisation_id_organisation"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_saved_filter"),
    )
    op.create_index("ix_saved_filter_own", "saved_filter", ["account_id", "list", "name"], unique=True)
    op.create_index("ix_saved_filter_office", "saved_filter", ["organisation_id", "list"])
    op.create_table(
        "task_presence",
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", instant, nullable=False),
        sa.Column("seen_at", instant, nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_task_presence_task_id_task"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_task_presence_account_id_account"),
        sa.PrimaryKeyConstraint("task_id", "account_id", name="pk_task_presence"),
    )
    op.create_table(
        "kept_form",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("values", json, nullable=False),
        sa.Column("kept_at", instant, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_kept_form_account_id_account"),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_kept_form_task_id_task"),
        sa.PrimaryKeyConstraint("account_id", "task_id", name="pk_kept_form"),
    )


def downgrade() -> None:
    op.drop_table("kept_form")
    op.drop_table("task_presence")
    op.drop_table("saved_filter")
