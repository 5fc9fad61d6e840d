"""A backup that was made while people worked, restored elsewhere by the commands of docs/operating.md."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select
from support.own_server import own_server
from support.world import LIBRARY, complete, make_world, open_filing, publish_tiny, register_posts

from app import create_app, embedded_postgres
from app.config import PROJECT
from app.errors import DomainError
from app.extensions import db
from app.models import Case, History, Person
from app.operations.evidence import verify
from app.operations.registers import people

FILLED = {"grade": "junior", "summary": "近五年工作扎实。"}


def database(command: str, folder: Path, *arguments: object) -> None:
    """One of the commands that the guide for operators names."""
    words = [sys.executable, "-m", "app.embedded_postgres", command, folder, *arguments]
    subprocess.run([str(word) for word in words], cwd=PROJECT, env={**os.environ}, check=True)


def test_a_backup_under_load_restores_to_a_database_that_verifies(app: Flask, tmp_path: Path) -> None:
    dump = tmp_path / "workergrade.dump"
    given = app.extensions["settings"]
    with own_server(given) as busy:
        publish_tiny()
        world = make_world()
        register_posts(world, {"junior": 2})
        number = people.id_number_of(db.session.get_one(Person, world.people["陈一"]))
        db.session.rollback()
        enough = threading.Event()

        def work() -> None:
            with busy.app_context():
                while not enough.is_set():
                    for name in ("陈一", "李二", "王三"):
                        try:
                            case_id = open_filing(world, name)
                            complete(case_id, "fill", FILLED, world.actors[LIBRARY], "2021-06-11 10:00")
                        except DomainError:
                            db.session.rollback()
                db.session.remove()

        worker = threading.Thread(target=work)
        worker.start()
        database("pg_dump", busy.extensions["settings"].postgres_folder, "-Fc", "-f", dump, "workergrade")
        enough.set()
        worker.join()
        worked = db.session.scalar(select(func.count()).select_from(History)) or 0
    with own_server(given) as fresh:
        db.session.remove()
        db.engine.dispose()
        folder = fresh.extensions["settings"].postgres_folder
        database("psql", folder, "-q", "-c", "DROP DATABASE workergrade", "postgres")
        database("psql", folder, "-q", "-c", "CREATE DATABASE workergrade OWNER workergrade", "postgres")
        database("pg_restore", folder, "-d", "workergrade", dump)
        assert list(verify.verify_all()) == []
        assert 0 < (db.session.scalar(select(func.count()).select_from(History)) or 0) <= worked
        assert people.id_number_of(db.session.get_one(Person, world.people["陈一"])) == number
        assert db.session.scalar(select(func.count()).select_from(Case))
        db.session.rollback()


def test_without_its_keys_a_backup_is_not_to_be_trusted(app: Flask) -> None:
    """Why the guide says to keep the keys with it."""
    given = app.extensions["settings"]
    with own_server(given) as own:
        publish_tiny()
        world = make_world()
        open_filing(world)
        other = replace(own.extensions["settings"], history_keys={"other": b"o" * 32})
        stranger = create_app(other)
        with stranger.app_context():
            found = list(verify.verify_all())
            db.session.remove()
            db.engine.dispose()
    assert found
    assert all("密钥" in finding.what for finding in found)
    assert not embedded_postgres.running(own.extensions["settings"].postgres_folder)
