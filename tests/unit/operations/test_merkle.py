"""Roots and audit paths are RFC 6962's, whatever the number of leaves and however the tree came about."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator
from hashlib import sha256
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import PROJECT
from app.operations.evidence import _leaves, _merkle
from app.operations.evidence._leaves import PACKED, Leaf, Tree, tree_of, unpacked

INPUTS = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The test vectors of Google's Certificate Transparency."""

heads = st.binary(min_size=32, max_size=32)
cases = st.dictionaries(st.integers(1, 60), st.tuples(st.integers(1, 2**31 - 1), heads), max_size=40)


@pytest.fixture(scope="module", autouse=True)
def _small_pages() -> Iterator[None]:
    """Pages of four leaves, so that small trees have many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_leaves, "PAGE", 4)
        yield


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script that outsiders check proofs with."""
    spec = importlib.util.spec_from_file_location("verify_proof", PROJECT / "tools" / "verify_proof.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def leaves_of(known: dict[int, tuple[int, bytes]]) -> list[Leaf]:
    return [Leaf(case_id, *known[case_id]) for case_id in sorted(known)]


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word by word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + by_definition(leaves[:half]) + by_definition(leaves[half:])).digest()


def proof(tree: Tree, index: int) -> dict[str, Any]:
    leaf = tree.leaf(index)
    return {
        "case": leaf.case_id,
        "seq": leaf.seq,
        "head": leaf.head.hex(),
        "index": index,
        "path": [step.hex() for step in tree.path(index)],
        "root": {"cases": len(tree)},
    }


@pytest.mark.parametrize("count", range(len(ROOTS)))
def test_known_roots(count: int) -> None:
    hashes = [_merkle.leaf_hash(bytes.fromhex(text)) for text in INPUTS[:count]]
    assert _merkle.root(hashes).hex() == ROOTS[count]


@given(cases)
def test_the_root_over_pages_is_that_of_the_definition(known) -> None:
    leaves = leaves_of(known)
    assert tree_of(leaves).root() == by_definition([PACKED.pack(*leaf) for leaf in leaves])


@given(cases, cases)
def test_a_tree_that_grew_is_the_tree_built_at_once(known, newer) -> None:
    grown, built = tree_of(leaves_of(known)).extended(leaves_of(newer)), tree_of(leaves_of(known | newer))
    assert grown == built
    assert list(grown) == leaves_of(known | newer)
    assert grown.is_whole()


@given(cases)
def test_outsiders_get_from_every_leaf_to_the_root(script: ModuleType, known) -> None:
    tree = tree_of(leaves_of(known))
    for index, leaf in enumerate(tree):
        assert tree.find(leaf.case_id) == index
        assert script.root_of(proof(tree, index)) == tree.root().hex()
    assert all(tree.find(case_id) is None for case_id in set(range(70)) - known.keys())


@given(cases.filter(bool), st.data())
def test_no_other_leaf_gets_there(script: ModuleType, known, data) -> None:
    tree = tree_of(leaves_of(known))
    told = proof(tree, data.draw(st.integers(0, len(tree) - 1)))
    lie = data.draw(
        st.sampled_from(
            [
                {"case": told["case"] + 1},
                {"seq": told["seq"] - 1},
                {"head": sha256(b"another").hexdigest()},
                {"index": told["index"] + 1},
                {"path": [*told["path"], "00" * 32]},
                {"path": [sha256(b"x").hexdigest(), *told["path"][1:]]},
                {"path": told["path"][:-1] or ["00" * 32]},
            ]
        )
    )
    with contextlib.suppress(script.NotProved):
        assert script.root_of(told | lie) != tree.root().hex()


@given(cases, st.data())
def test_a_file_that_was_cut_or_changed_is_no_tree_of_its_root(known, data) -> None:
    tree = tree_of(leaves_of(known))
    content = tree.leaves + tree.pages
    assert unpacked(content, len(tree)) == tree
    assert unpacked(content + b"\0", len(tree)) is None
    if known:
        place = data.draw(st.integers(0, len(content) - 1))
        changed = bytearray(content)
        changed[place] ^= 1
        found = unpacked(bytes(changed), len(tree))
        assert found is not None
        assert found.root() != tree.root() or not found.is_whole()
