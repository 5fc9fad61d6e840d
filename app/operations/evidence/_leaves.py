"""The leaves under a root: every case's number, its count of log rows and its head, packed, in pages."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

from app.operations.evidence import _merkle

PACKED = Struct(">QI32s")
"""Case id, seq and head as they are hashed: 8, 4 and 32 bytes, big-endian."""

PAGE = 1024
"""Leaves whose common node is kept, so that a root costs only the pages that changed; a power of two."""

DIGEST = 32


class Leaf(NamedTuple):
    """How far a case's chain had come: its number of rows and the keyed digest of the last."""

    case_id: int
    seq: int
    head: bytes


@dataclass(frozen=True, slots=True)
class Tree:
    """Leaves ordered by case id, and the node over each page of them."""

    leaves: bytes
    pages: bytes

    def __len__(self) -> int:
        return len(self.leaves) // PACKED.size

    def __iter__(self) -> Iterator[Leaf]:
        return map(Leaf._make, PACKED.iter_unpack(self.leaves))

    def root(self) -> bytes:
        return _merkle.root(_split(self.pages, DIGEST))

    def is_whole(self) -> bool:
        """Whether the pages are those of the leaves: `root` trusts them."""
        return self.pages == _pages(self.leaves)

    def find(self, case_id: int) -> int | None:
        """The place of a case's leaf."""
        index = _place(self.leaves, case_id)
        return index if index < len(self) and self.leaf(index).case_id == case_id else None

    def leaf(self, index: int) -> Leaf:
        return Leaf._make(PACKED.unpack_from(self.leaves, index * PACKED.size))

    def path(self, index: int) -> list[bytes]:
        """The audit path of a leaf: inside its page, then over the pages."""
        number, inside = divmod(index, PAGE)
        below = _merkle.path(_hashes(self.leaves, number), inside)
        return below + _merkle.path(_split(self.pages, DIGEST), number)

    def extended(self, leaves: Iterable[Leaf]) -> Tree:
        """The tree with these leaves put in or in the place of older ones of the same case."""
        packed = bytearray(self.leaves)
        dirty: set[int] = set()
        shifted = len(self)
        for leaf in sorted(leaves):
            index = _place(packed, leaf.case_id)
            start = end = index * PACKED.size
            if index < len(packed) // PACKED.size and _id_at(packed, index) == leaf.case_id:
                end += PACKED.size
            else:
                shifted = min(shifted, index)
            packed[start:end] = PACKED.pack(*leaf)
            dirty.add(index // PAGE)
        return Tree(bytes(packed), self._repaged(bytes(packed), dirty, shifted // PAGE))

    def _repaged(self, packed: bytes, dirty: set[int], moved: int) -> bytes:
        """The nodes over the pages: anew for the dirty ones and from the first on that moved."""
        count = len(packed) // PACKED.size
        kept = _split(self.pages, DIGEST)
        return b"".join(
            _page_root(packed, number) if number in dirty or number >= moved else kept[number]
            for number in range(-(-count // PAGE))
        )


def tree_of(leaves: Iterable[Leaf]) -> Tree:
    """A new tree; the leaves come in the order of their cases."""
    packed = b"".join(PACKED.pack(*leaf) for leaf in leaves)
    return Tree(packed, _pages(packed))


def unpacked(content: bytes, count: int) -> Tree | None:
    """The tree that `Tree.leaves` and `Tree.pages` together make up; None when the size is wrong."""
    end = count * PACKED.size
    if len(content) != end + -(-count // PAGE) * DIGEST:
        return None
    return Tree(content[:end], content[end:])


def _pages(leaves: bytes) -> bytes:
    count = len(leaves) // PACKED.size
    return b"".join(_page_root(leaves, number) for number in range(-(-count // PAGE)))


def _page_root(leaves: bytes, number: int) -> bytes:
    return _merkle.root(_hashes(leaves, number))


def _hashes(leaves: bytes, number: int) -> list[bytes]:
    """The hashes of the leaves of a page."""
    page = leaves[number * PAGE * PACKED.size : (number + 1) * PAGE * PACKED.size]
    return [_merkle.leaf_hash(leaf) for leaf in _split(page, PACKED.size)]


def _split(packed: bytes, size: int) -> list[bytes]:
    return [packed[start : start + size] for start in range(0, len(packed), size)]


def _place(leaves: bytes | bytearray, case_id: int) -> int:
    count = len(leaves) // PACKED.size
    return bisect_left(range(count), case_id, key=lambda index: _id_at(leaves, index))


def _id_at(leaves: bytes | bytearray, index: int) -> int:
    case_id: int = PACKED.unpack_from(leaves, index * PACKED.size)[0]
    return case_id
