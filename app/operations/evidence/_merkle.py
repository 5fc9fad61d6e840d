"""Merkle trees as RFC 6962, section 2.1 has them: hashes of leaves and nodes, roots, audit paths."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

EMPTY = sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """Another prefix than a node's, so that no node can be passed off as a leaf."""
    return sha256(b"\x00" + leaf).digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """The root over hashes in their order; of leaves, or of equally large full subtrees and a last one."""
    level = list(hashes)
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else EMPTY


def path(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of the hash at `index`, from its neighbour upwards (RFC 6962, section 2.1.1)."""
    level, found = list(hashes), []
    while len(level) > 1:
        neighbour = index ^ 1
        if neighbour < len(level):
            found.append(level[neighbour])
        level, index = _above(level), index // 2
    return found


def _above(level: list[bytes]) -> list[bytes]:
    """The next level; an odd hash at the end goes up as it is."""
    paired = len(level) - len(level) % 2
    pairs = zip(level[:paired:2], level[1:paired:2], strict=True)
    return [sha256(b"\x01" + left + right).digest() for left, right in pairs] + level[paired:]
