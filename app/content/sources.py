"""Which files make up a scheme: on disk, in a deployment, in its hash."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from app.content.yaml_text import YamlError, read_yaml
from app.engine.types import Problem
from app.errors import SchemeInvalid

LARGEST_FILE = 2 * 1024 * 1024
_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_CALLED = re.compile(rb"""calledElement\s*=\s*["']\s*([^"'\s]+)|calledDecisionId\s*>\s*([^<\s]+)""")
_DEFINED = re.compile(rb"""<(?:[\w-]+:)?(?:process|decision)\s[^<>]*?\bid\s*=\s*["']([^"']+)""")
_COMMON_FORM = re.compile(rb"""value\s*=\s*["']\s*common/([\w.-]+\.json)""")


def scheme_hash(files: Mapping[str, bytes]) -> str:
    """The SHA-256 by which a content is known: over every path and its content, in the paths' order."""
    digest = hashlib.sha256()
    for path in sorted(files):
        for part in (path.encode(), files[path]):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def scheme_folders(root: Path) -> list[str]:
    """The ids of the schemes that lie on disk."""
    return sorted(path.parent.name for path in (root / "bpmn").glob("*/scheme.yaml"))


def read_scheme_folder(root: Path, scheme_id: str) -> dict[str, bytes]:
    """What a deployment pins (decision 14): the scheme's folder, its forms, and what it calls of `common`.

    `root` holds `bpmn` and `forms`. Raises SchemeInvalid if there is no such scheme or a file is not fit.
    """
    folder = root / "bpmn" / scheme_id
    if not _ID.fullmatch(scheme_id) or not (folder / "scheme.yaml").is_file():
        raise SchemeInvalid([Problem(f"bpmn/{scheme_id}/scheme.yaml", f"没有找到方案“{scheme_id}”")])
    own = _read(root, [*folder.rglob("*"), *(root / "forms" / scheme_id).rglob("*.json")])
    drawn = {name for content in own.values() for name in _DEFINED.findall(content)}
    listed = _listed(own[f"bpmn/{scheme_id}/scheme.yaml"]) - drawn
    diagrams = own | _called_parts(own, listed, _read(root, (root / "bpmn" / "common").glob("*.*mn")))
    names = {name.decode() for content in diagrams.values() for name in _COMMON_FORM.findall(content)}
    return diagrams | _read(root, (root / "forms" / "common" / name for name in sorted(names)))


def _read(root: Path, paths: Iterable[Path]) -> dict[str, bytes]:
    found = {}
    for path in sorted(paths):
        name = path.relative_to(root).as_posix()
        if not path.is_file() or any(part.startswith((".", "~")) for part in path.parts[len(root.parts) :]):
            continue
        if not name.isprintable():
            shown = "".join(sign if sign.isprintable() else "?" for sign in name)
            raise SchemeInvalid([Problem(shown, f"文件名“{shown}”里有不能识别的字符，请改名")])
        if not path.resolve().is_relative_to(root.resolve()):
            # A link in a stranger's folder would publish whatever the operator can read.
            raise SchemeInvalid([Problem(name, f"“{path.name}”指向别处的文件，请换成文件本身")])
        if path.stat().st_size > LARGEST_FILE:
            raise SchemeInvalid([Problem(name, f"文件“{path.name}”太大（最多 2 MB）")])
        found[name] = path.read_bytes()
    return found


def _listed(sheet: bytes) -> set[bytes]:
    """The ids of the processes in scheme.yaml; none where it cannot be read, which its check tells."""
    try:
        head = read_yaml(sheet)
    except YamlError:
        return set()
    processes = head.get("processes") if isinstance(head, dict) else None
    return {str(name).encode() for name in processes} if isinstance(processes, dict) else set()


def _called_parts(
    own: Mapping[str, bytes], listed: Iterable[bytes], common: Mapping[str, bytes]
) -> dict[str, bytes]:
    """The common diagrams and tables that are listed, or called by these files or by one another."""
    homes = {name: path for path, content in common.items() for name in _DEFINED.findall(content)}
    found: dict[str, bytes] = {}
    wanted = [*listed, *(name for path in own if path.endswith(".bpmn") for name in _called(own[path]))]
    while wanted:
        path = homes.get(wanted.pop())
        if path and path not in found:
            found[path] = common[path]
            wanted += _called(common[path])
    return found


def _called(content: bytes) -> list[bytes]:
    return [b"".join(groups) for groups in _CALLED.findall(content)]
