"""Names under which a case's log tells of what its company does, for those who write and check it."""

from __future__ import annotations

RECALLED, REMINDED, COPIED, ABSORBED = "recalled", "reminded", "copied", "absorbed"
