"""The migrations make what the models say, can be taken back, and guard the rows that are written once."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.config import PROJECT
from app.extensions import db, own_tables

NOON = datetime(2021, 6, 1, 4, tzinfo=UTC)
MIGRATIONS = str(PROJECT / "migrations")

WRITTEN_ONCE = {
    "proof_root": "INSERT INTO proof_root VALUES (1, :at, 0, 'r', 'p', NULL, 'k', 'm')",
    "database_mark": "INSERT INTO database_mark VALUES (1, true, :at)",
    "act": "INSERT INTO act (at, kind, actor_name, detail) VALUES (:at, 'a.b', '系统', '{}')",
    "holiday": "INSERT INTO holiday VALUES (1, :day, true, '调休', NULL, :at)",
    "deployment": (
        "INSERT INTO deployment"
        " (scheme_id, number, hash, name, jurisdiction, year, effective_at, published_at)"
        " VALUES ('s', 1, 'h', 'n', '500000', 2021, :at, :at)"
    ),
}
CHANGE = {
    "proof_root": "UPDATE proof_root SET root = 'y'",
    "database_mark": "UPDATE database_mark SET rehearsal = false",
    "act": "UPDATE act SET ground = '另一个'",
    "holiday": "UPDATE holiday SET is_workday = false",
    "deployment": "UPDATE deployment SET effective_at = now()",
}


def migration_context(connection) -> MigrationContext:
    return MigrationContext.configure(connection, opts={"compare_type": True, "include_name": own_tables})


def write(statement: str) -> None:
    db.session.execute(text(statement), {"at": NOON, "day": date(2021, 9, 18)})
    db.session.commit()


def refused(statement: str) -> None:
    with pytest.raises(DBAPIError, match="RestrictViolation"):
        db.session.execute(text(statement))
    db.session.rollback()


@pytest.mark.usefixtures("app")
def test_the_migrated_tables_are_those_of_the_models() -> None:
    with db.engine.connect() as connection:
        assert compare_metadata(migration_context(connection), db.metadata) == []


@pytest.mark.usefixtures("app")
def test_every_migration_can_be_taken_back_and_made_again() -> None:
    downgrade(directory=MIGRATIONS, revision="base")
    try:
        with db.engine.connect() as connection:
            left = connection.execute(
                text(
                    "SELECT relname FROM pg_class"
                    " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r','S')"
                )
            )
            assert set(left.scalars()) == {"alembic_version"}
            functions = "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            assert connection.execute(text(functions)).scalar() == 0
    finally:
        upgrade(directory=MIGRATIONS)
    with db.engine.connect() as connection:
        assert compare_metadata(migration_context(connection), db.metadata) == []


@pytest.mark.corrupts
@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("table", WRITTEN_ONCE)
def test_rows_written_once_are_neither_changed_nor_removed(table: str) -> None:
    write(WRITTEN_ONCE[table])
    refused(CHANGE[table])
    refused(f"DELETE FROM {table}")
    refused(f"TRUNCATE {table} CASCADE")
    assert db.session.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 1


@pytest.fixture
def history_row(app) -> None:
    write(WRITTEN_ONCE["deployment"])
    write("INSERT INTO deployment_file SELECT id, 'a.bpmn', 'x' FROM deployment")
    write(
        "INSERT INTO organisation (kind, name, name_key, region, profile_complete, created_at)"
        " VALUES ('unit', '甲单位', 'jia', '500101', true, :at)"
    )
    write(
        'INSERT INTO "case" (jurisdiction, scheme_id, deployment_id, process, unit_id, state, status, listed,'
        " engine_state, engine, seq, head, started_at, updated_at)"
        " SELECT '500000', 's', d.id, 'p', o.id, 'running', '', '{}', 'x', '1', 1, 'x', :at, :at"
        " FROM deployment d, organisation o"
    )
    write(
        "INSERT INTO history (case_id, seq, call, at, recorded_at, actor_name, arguments, happened,"
        " state_digest, previous, mac, key_id)"
        " SELECT id, 1, 'start', :at, :at, '系统', '{}', '[]', 'x', 'x', 'x', 'k' FROM \"case\""
    )
    write("INSERT INTO history_payload SELECT id, 1, 'salt', '{\"a\": 1}' FROM \"case\"")


@pytest.mark.corrupts
@pytest.mark.usefixtures("history_row")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history SET actor_name = '别人'",
        "DELETE FROM history",
        "TRUNCATE history CASCADE",
        "UPDATE deployment_file SET content = 'y'",
        "DELETE FROM deployment_file",
        "UPDATE history_payload SET body = '{\"a\": 2}'",
        "UPDATE history_payload SET body = NULL, seq = 2",
        "DELETE FROM history_payload",
    ],
)
def test_the_log_and_the_deployments_stand(statement: str) -> None:
    refused(statement)


@pytest.mark.corrupts
@pytest.mark.usefixtures("history_row")
@pytest.mark.parametrize("emptied", ["NULL", "'null'::jsonb"])
def test_an_erasure_empties_a_payload_and_nothing_else(emptied: str) -> None:
    write(f"UPDATE history_payload SET body = {emptied}, salt = ''")
    assert db.session.execute(text("SELECT count(*) FROM history")).scalar() == 1
    refused("UPDATE history_payload SET body = '{\"a\": 1}'")


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("table", ["case", "task", "timer"])
def test_rewritten_tables_leave_room_and_are_vacuumed_early(table: str) -> None:
    options = db.session.execute(
        text("SELECT reloptions FROM pg_class WHERE relname = :name AND relkind = 'r'"), {"name": table}
    ).scalar()
    settings = dict(option.split("=") for option in options)
    assert int(settings["fillfactor"]) < 100
    assert float(settings["autovacuum_vacuum_scale_factor"]) < 0.2
