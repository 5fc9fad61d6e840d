"""who has a task, who was asked for an opinion, who acts for whom"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

PARTS = (
    ("free", "office_id", "assignee_id is null"),
    ("own", "assignee_id", "assignee_id is not null"),
    ("taken", "office_id", "assignee_id is not null"),
)
ORDERS = (("opened", "opened_at"), ("due", "coalesce(due_at, 'infinity'::timestamptz)"))


def upgrade() -> None:
    op.add_column("task", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("task", sa.Column("assignee_id", sa.BigInteger(), nullable=True))
    op.add_column("task", sa.Column("owner_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "task", sa.Column("delegated", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("task", sa.Column("awaits", sa.Integer(), server_default=sa.text("0"), nullable=False))
    for column in ("assignee_id", "owner_id"):
        op.create_foreign_key(f"fk_task_{column}_account", "task", "account", [column], ["id"])
    op.execute("UPDATE task SET due_at = closes_at WHERE state = 'open' AND closes_at IS NOT NULL")
    for part, owner, those in PARTS:
        for order, key in ORDERS:
            where = sa.text(f"state = 'open' and {those}")
            op.create_index(
                f"ix_task_{part}_{order}", "task", [owner, sa.text(key), "id"], postgresql_where=where
            )
    op.drop_index("ix_task_inbox", table_name="task")
    _cosigner()
    _deputy()


def _cosigner() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "cosigner",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", instant, nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("verdict", sa.Text(collation="C"), nullable=True),
        sa.Column("opinion", sa.String(), nullable=True),
        sa.Column("given_at", instant, nullable=True),
        sa.Column("given_by", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", instant, nullable=True),
        sa.Column("removed_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_cosigner_task_id_task"),
        *(
            sa.ForeignKeyConstraint([column], ["account.id"], name=f"fk_cosigner_{column}_account")
            for column in ("account_id", "asked_by", "given_by", "removed_by")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_cosigner"),
    )
    op.create_index("ix_cosigner_task", "cosigner", ["task_id", "id"])
    op.create_index(
        "ix_cosigner_asked",
        "cosigner",
        ["account_id", "task_id"],
        unique=True,
        postgresql_where=sa.text("given_at is null and removed_at is null"),
    )


def _deputy() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "deputy",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("principal_id", sa.BigInteger(), nullable=False),
        sa.Column("deputy_id", sa.BigInteger(), nullable=False),
        sa.Column("scheme_id", sa.Text(collation="C"), nullable=True),
        sa.Column("valid_from", instant, nullable=False),
        sa.Column("valid_to", instant, nullable=False),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", instant, nullable=False),
        sa.Column("revoked_at", instant, nullable=True),
        sa.Column("revoked_by", sa.BigInteger(), nullable=True),
        *(
            sa.ForeignKeyConstraint([column], ["account.id"], name=f"fk_deputy_{column}_account")
            for column in ("principal_id", "deputy_id", "made_by", "revoked_by")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_deputy"),
    )
    op.create_index(
        "ix_deputy_deputy",
        "deputy",
        ["deputy_id", "valid_to"],
        postgresql_where=sa.text("revoked_at is null"),
    )
    op.create_index("ix_deputy_principal", "deputy", ["principal_id", "id"])


def downgrade() -> None:
    op.drop_table("deputy")
    op.drop_table("cosigner")
    op.create_index(
        "ix_task_inbox", "task", ["office_id", "opened_at", "id"], postgresql_where=sa.text("state = 'open'")
    )
    for part, _, _ in PARTS:
        for order, _ in ORDERS:
            op.drop_index(f"ix_task_{part}_{order}", table_name="task")
    for column in ("awaits", "delegated", "owner_id", "assignee_id", "due_at"):
        op.drop_column("task", column)
