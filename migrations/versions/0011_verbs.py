"""what one has delegated is found; an administrator without an organisation hands over in the background"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

WAITS = sa.text("state = 'open' and owner_id is not null")


def upgrade() -> None:
    op.create_index("ix_task_delegated", "task", ["owner_id", "id"], postgresql_where=WAITS)
    op.alter_column("work", "organisation_id", nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM work WHERE organisation_id IS NULL")
    op.alter_column("work", "organisation_id", nullable=False)
    op.drop_index("ix_task_delegated", "task")
