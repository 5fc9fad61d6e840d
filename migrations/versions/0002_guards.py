"""guards: rows that nothing may change, and storage of the rows that change all the time

The guards hold whatever program writes, so that a defect can't alter history. They are no protection from the
owner of the database, who can drop them: that is what the keyed chain of `history` is for.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WRITTEN_ONCE = ("database_mark", "deployment", "deployment_file", "history", "act", "holiday", "proof_root")

# A case's rows are rewritten at every step: room for the new version on the same page, vacuum early.
REWRITTEN = ("case", "task", "timer")
STORAGE = {
    "fillfactor": 70,
    "autovacuum_vacuum_scale_factor": 0.02,
    "autovacuum_vacuum_threshold": 200,
    "autovacuum_analyze_scale_factor": 0.05,
    "autovacuum_vacuum_cost_delay": 1,
}


def upgrade() -> None:
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'rows of % are written once', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
    """)
    for table in WRITTEN_ONCE:
        op.execute(f"""
            CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse_change()
        """)
    for table in (*WRITTEN_ONCE, "history_payload"):
        op.execute(f"""
            CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()
        """)
    # An erasure empties the body (SQL null or JSON null) and may empty the salt; nothing else changes.
    op.execute("""
        CREATE TRIGGER only_erased BEFORE UPDATE ON history_payload FOR EACH ROW
        WHEN (new.body <> 'null'::jsonb OR (new.case_id, new.seq) <> (old.case_id, old.seq))
        EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE TRIGGER never_deleted BEFORE DELETE ON history_payload
        FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """)
    for table in REWRITTEN:
        settings = ", ".join(f"{name} = {value}" for name, value in STORAGE.items())
        op.execute(f'ALTER TABLE "{table}" SET ({settings})')


def downgrade() -> None:
    for table in REWRITTEN:
        op.execute(f'ALTER TABLE "{table}" RESET ({", ".join(STORAGE)})')
    op.execute("DROP TRIGGER never_deleted ON history_payload")
    op.execute("DROP TRIGGER only_erased ON history_payload")
    for table in (*WRITTEN_ONCE, "history_payload"):
        op.execute(f"DROP TRIGGER never_emptied ON {table}")
    for table in WRITTEN_ONCE:
        op.execute(f"DROP TRIGGER written_once ON {table}")
    op.execute("DROP FUNCTION refuse_change()")
