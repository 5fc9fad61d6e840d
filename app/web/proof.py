"""Checking a check code 校验码: open to all, since whoever holds a paper may ask whether it is true."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from app.errors import Invalid
from app.queries import proofs

bp = Blueprint("proof", __name__, url_prefix="/proof")


@bp.get("/")
def check() -> Any:
    """Tells nothing of the case but its number, and that to nobody who doesn't know its head."""
    code = request.args.get("code", "").strip()
    try:
        checked = proofs.check(code) if code else None
    except Invalid as refusal:
        return render_template("proof/check.html", code=code, errors=refusal.fields, checked=None), 422
    return render_template("proof/check.html", code=code, errors={}, checked=checked)
