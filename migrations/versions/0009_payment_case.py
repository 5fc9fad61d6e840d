"""payments are found by their case: what is cancelled or shown read all of them"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_payment_case", "payment", ["case_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_payment_case", table_name="payment")
