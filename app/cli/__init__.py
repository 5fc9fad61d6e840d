"""The `flask` commands of operators and process designers."""

from __future__ import annotations

from flask import Flask

from app.cli import operators, proof, schemes


def register(app: Flask) -> None:
    """Adds the commands to the application."""
    for command in (*schemes.COMMANDS, *operators.COMMANDS, *proof.COMMANDS):
        app.cli.add_command(command)
