"""who is told what: notices to accounts, reminders, copies, phrases, and the outbox with its addresses"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("task", sa.Column("reminded_at", INSTANT, nullable=True))
    _notices()
    _company()
    _outbox()


def _notices() -> None:
    op.alter_column("notice", "organisation_id", nullable=True)
    op.alter_column("notice", "case_id", nullable=True)
    op.alter_column("notice", "token", nullable=True)
    op.add_column("notice", sa.Column("account_id", sa.BigInteger(), nullable=True))
    op.add_column("notice", sa.Column("kind", CODE, server_default="case", nullable=False))
    op.create_foreign_key("fk_notice_account_id_account", "notice", "account", ["account_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_notice_one_recipient"), "notice", "num_nonnulls(account_id, organisation_id) = 1"
    )
    op.create_index("ix_notice_account", "notice", ["account_id", "id"])
    op.drop_index("ix_notice_case", "notice")
    one_a_token = [("ix_notice_case", ["case_id", "token"], "account_id is null")]
    one_a_token += [("ix_notice_case_account", ["case_id", "token", "account_id"], "account_id is not null")]
    for name, columns, those in one_a_token:
        op.create_index(name, "notice", columns, unique=True, postgresql_where=sa.text(those))


def _company() -> None:
    op.create_table(
        "case_copy",
        _id(),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("organisation_id", sa.BigInteger(), nullable=True),
        sa.Column("sent_by", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("sent_at", INSTANT, nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "num_nonnulls(account_id, organisation_id) = 1", name=op.f("ck_case_copy_one_recipient")
        ),
        _reference("case_copy", "case_id", "case"),
        _reference("case_copy", "account_id", "account"),
        _reference("case_copy", "organisation_id", "organisation"),
        _reference("case_copy", "sent_by", "account"),
        sa.PrimaryKeyConstraint("id", name="pk_case_copy"),
    )
    op.create_index("ix_case_copy_account", "case_copy", ["account_id", "id"])
    op.create_index("ix_case_copy_organisation", "case_copy", ["organisation_id", "id"])
    op.create_index("ix_case_copy_case", "case_copy", ["case_id", "seq"])
    op.create_table(
        "phrase",
        _id(),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("organisation_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.CheckConstraint("num_nonnulls(account_id, organisation_id) = 1", name=op.f("ck_phrase_one_owner")),
        _reference("phrase", "account_id", "account"),
        _reference("phrase", "organisation_id", "organisation"),
        _reference("phrase", "made_by", "account"),
        sa.PrimaryKeyConstraint("id", name="pk_phrase"),
    )
    op.create_index("ix_phrase_account", "phrase", ["account_id", "id"])
    op.create_index("ix_phrase_organisation", "phrase", ["organisation_id", "id"])


def _outbox() -> None:
    op.create_table(
        "contact",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", CODE, nullable=False),
        sa.Column("address_cipher", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", CODE, nullable=False),
        sa.Column("kinds", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        _reference("contact", "account_id", "account"),
        sa.PrimaryKeyConstraint("account_id", "channel", name="pk_contact"),
    )
    op.create_table(
        "outbox",
        _id(),
        sa.Column("key", CODE, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", CODE, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("state", CODE, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        _reference("outbox", "account_id", "account"),
        _reference("outbox", "case_id", "case"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    for name, columns, state in (
        ("waiting", ["next_at", "id"], "state = 'waiting'"),
        ("sending", ["id"], "state = 'sending'"),
        ("failed", ["id"], "state in ('unknown', 'given_up')"),
    ):
        op.create_index(f"ix_outbox_{name}", "outbox", columns, postgresql_where=sa.text(state))
    op.create_index("ix_outbox_account", "outbox", ["account_id", "id"])


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _reference(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}_{to}")


def downgrade() -> None:
    for table in ("outbox", "contact", "phrase", "case_copy"):
        op.drop_table(table)
    # What was told to accounts, or of no case, has no place in the table as it was.
    op.execute("DELETE FROM notice WHERE organisation_id IS NULL OR case_id IS NULL OR token IS NULL")
    for name in ("ix_notice_case_account", "ix_notice_case", "ix_notice_account"):
        op.drop_index(name, "notice")
    op.create_index("ix_notice_case", "notice", ["case_id", "token"], unique=True)
    op.drop_constraint("ck_notice_one_recipient", "notice")
    op.drop_column("notice", "kind")
    op.drop_column("notice", "account_id")
    for column in ("token", "case_id", "organisation_id"):
        op.alter_column("notice", column, nullable=False)
    op.drop_column("task", "reminded_at")
