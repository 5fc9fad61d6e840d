"""A small scheme without a fault, and ways to break it in one place."""

from pathlib import Path

from app.content import CapabilityDeclaration, check_scheme, read_scheme_folder
from app.engine.types import Problem

ROOT = Path(__file__).parent / "tiny_scheme"
BPMN = "bpmn/tiny-2021/"
FORMS = "forms/tiny-2021/"

CAPABILITIES = {
    "reserve_place": CapabilityDeclaration(
        "reserve_place",
        "占用名额",
        inputs={"grade": "等级", "basis": "依据"},
        optional=frozenset({"basis"}),
        outputs={"quota": "名额编号"},
        refusals={"no_vacancy": "没有空岗"},
    )
}


def tiny() -> dict[str, bytes]:
    """The files of the scheme, as a deployment holds them."""
    return read_scheme_folder(ROOT, "tiny-2021")


def changed(path: str, old: str, new: str) -> dict[str, bytes]:
    """The scheme with one passage of one file replaced."""
    files = tiny()
    text = files[path].decode()
    assert text.count(old) >= 1, f"{path} does not have {old!r}"
    return {**files, path: text.replace(old, new, 1).encode()}


def problems_of(files: dict[str, bytes]) -> list[Problem]:
    return check_scheme(files, CAPABILITIES)
