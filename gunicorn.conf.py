"""gunicorn's settings: each worker builds the application after the fork, so no connection is ever shared."""

import logging
import os

from app import embedded_postgres
from app.config import read_settings

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_WORKERS", "2"))
worker_class = "gthread"
threads = 8
# A request gives up after 30 s by itself; a worker that hangs longer is replaced.
timeout = 60
graceful_timeout = 30
preload_app = False
control_socket_disable = True


def on_starting(_server):
    """The master keeps the embedded database up while workers come and go."""
    settings = read_settings()
    if settings.database_url is None:
        embedded_postgres.start(settings.postgres_folder)


def post_worker_init(worker):
    """Every worker sweeps and does long work; row locks decide who fires a timer, the queue who does what."""
    from app import scheduler
    from app import worker as long_work

    logging.basicConfig(level=logging.INFO, format=scheduler.LOG_FORMAT)
    scheduler.start(worker.wsgi)
    worker.long_work = long_work.start(worker.wsgi)


def worker_exit(_server, worker):
    """Long work stops after the item that it is at; another worker goes on with it."""
    if running := getattr(worker, "long_work", None):
        running.stop(wait=10)
