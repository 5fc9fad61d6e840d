"""cases are found by who began them"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

FIRST = sa.text("seq = 1")


def upgrade() -> None:
    op.create_index("ix_history_begun_by", "history", ["actor_id", "case_id"], postgresql_where=FIRST)
    op.create_index("ix_history_begun_for", "history", ["office_id", "case_id"], postgresql_where=FIRST)


def downgrade() -> None:
    op.drop_index("ix_history_begun_for", "history")
    op.drop_index("ix_history_begun_by", "history")
