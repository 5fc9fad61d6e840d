"""applicants: whose task it is besides the unit's, their accounts, how they set a first password"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.add_column("task", sa.Column("person_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key("fk_task_person_id_person", "task", "person", ["person_id"], ["id"])
    there = sa.text("person_id is not null")
    op.create_index("ix_task_person", "task", ["person_id", "id"], postgresql_where=there)
    live = sa.text("'applicant' = any(duties) and disabled_at is null")
    op.create_index("ix_account_applicant", "account", ["person_id"], unique=True, postgresql_where=live)
    op.create_table(
        "activation",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", instant, nullable=False),
        sa.Column("expires_at", instant, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_activation_account_id_account"),
        sa.PrimaryKeyConstraint("account_id", name="pk_activation"),
    )


def downgrade() -> None:
    op.drop_table("activation")
    op.drop_index("ix_account_applicant", "account")
    op.drop_index("ix_task_person", "task")
    op.drop_constraint("fk_task_person_id_person", "task", type_="foreignkey")
    op.drop_column("task", "person_id")
