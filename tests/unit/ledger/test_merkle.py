"""The tree against RFC 6962's own definition, and its proofs against each other."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dutycenter.ledger.merkle import (
    Frontier,
    inclusion_proof,
    leaf_hash,
    root_from_inclusion,
    root_of,
    sha256,
    sm3,
    unpack,
)

leaves = st.lists(st.binary(max_size=8), max_size=70)


class TestHashes:
    def test_sm3_is_the_standards(self) -> None:
        # GB/T 32905-2016, appendix A.1
        assert sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"

    def test_the_empty_tree_is_the_hash_of_nothing(self) -> None:
        assert Frontier(sha256).root() == hashlib.sha256(b"").digest()


class TestFrontier:
    @given(leaves)
    def test_it_grows_to_the_rfcs_root(self, entries: list[bytes]) -> None:
        hashes = [leaf_hash(sha256, entry) for entry in entries]
        tree = Frontier(sha256)
        for leaf in hashes:
            tree.add(leaf)
        assert tree.root() == root_of(sha256, hashes)

    @given(leaves, leaves)
    def test_it_goes_on_from_what_was_kept(self, first: list[bytes], second: list[bytes]) -> None:
        whole = Frontier(sm3)
        for entry in first:
            whole.add(leaf_hash(sm3, entry))
        again = Frontier(sm3, whole.size, unpack(whole.packed()))
        for entry in second:
            again.add(leaf_hash(sm3, entry))
        assert again.root() == root_of(sm3, [leaf_hash(sm3, entry) for entry in first + second])

    def test_it_refuses_a_frontier_that_cannot_be(self) -> None:
        with pytest.raises(ValueError, match="complete subtrees"):
            Frontier(sha256, 3, [b"x" * 32])


class TestInclusion:
    @given(st.lists(st.binary(max_size=8), min_size=1, max_size=70), st.data())
    def test_a_proof_leads_to_the_root_and_no_other_leaf_does(self, entries: list[bytes], data: st.DataObject) -> None:
        hashes = [leaf_hash(sha256, entry) for entry in entries]
        position = data.draw(st.integers(0, len(hashes) - 1))
        proof = inclusion_proof(sha256, position, hashes)
        assert root_from_inclusion(sha256, hashes[position], position, len(hashes), proof) == root_of(sha256, hashes)
        forged = leaf_hash(sha256, b"forged entry")
        assert root_from_inclusion(sha256, forged, position, len(hashes), proof) != root_of(sha256, hashes)

    def test_it_refuses_a_proof_of_the_wrong_length(self) -> None:
        hashes = [leaf_hash(sha256, bytes([n])) for n in range(5)]
        proof = inclusion_proof(sha256, 2, hashes)
        with pytest.raises(ValueError, match="short"):
            root_from_inclusion(sha256, hashes[2], 2, 5, proof[:-1])
        with pytest.raises(ValueError, match="long"):
            root_from_inclusion(sha256, hashes[2], 2, 5, [*proof, proof[0]])
