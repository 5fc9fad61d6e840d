"""Runs the migrations on the application's own database: `flask db upgrade`."""

from alembic import context
from flask import current_app


def run() -> None:
    """Every migration of one call in one transaction: all of them stand, or none."""
    extension = current_app.extensions["migrate"]
    options = {**extension.configure_args, "render_as_batch": False, "target_metadata": extension.db.metadata}
    if context.is_offline_mode():
        context.configure(url=extension.db.engine.url, literal_binds=True, **options)
        with context.begin_transaction():
            context.run_migrations()
        return
    with extension.db.engine.connect() as connection:
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()


run()
