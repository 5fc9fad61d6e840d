"""which page saved a draft; what an ended session sent for many tasks at once is kept beside each form"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("task_draft", sa.Column("saved_from", sa.String(), nullable=True))
    op.add_column("kept_form", sa.Column("kind", sa.String(), nullable=False, server_default="task"))
    op.alter_column("kept_form", "kind", server_default=None)
    op.drop_constraint("pk_kept_form", "kept_form")
    op.create_primary_key("pk_kept_form", "kept_form", ["account_id", "task_id", "kind"])


def downgrade() -> None:
    op.execute("DELETE FROM kept_form WHERE kind <> 'task'")
    op.drop_constraint("pk_kept_form", "kept_form")
    op.create_primary_key("pk_kept_form", "kept_form", ["account_id", "task_id"])
    op.drop_column("kept_form", "kind")
    op.drop_column("task_draft", "saved_from")
