"""The words for what organisations are told apart by: level, system and nature, by their codes."""

from __future__ import annotations

from collections.abc import Mapping


def _(text: str) -> str:
    """Marks a text for the catalogue of translations; pages translate it when they show it."""
    return text


LEVELS: Mapping[str, str] = {
    "central": _("中央"),
    "provincial": _("省属"),
    "municipal": _("市属"),
    "district": _("区县属"),
    "none": _("无隶属"),
}
SYSTEMS: Mapping[str, str] = {"party": _("党群系统"), "other": _("其他（政府系统等）")}
NATURES: Mapping[str, str] = {"agency": _("机关"), "institution": _("事业单位"), "enterprise": _("国有企业")}
