"""The public page that verifies a certificate by its number; nothing of the person is shown (ALL-05)."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from app import edge
from app.queries import certificates

bp = Blueprint("verify", __name__, url_prefix="/verify")


@bp.get("")
def show() -> str:
    """Whether a number is that of a valid or a revoked certificate, with trade, grade and date of issue."""
    number = request.args.get("number", "").strip()
    if number:
        edge.count_lookup()
    found = certificates.verified(number)
    return render_template("verify/show.html", number=number, found=found)
