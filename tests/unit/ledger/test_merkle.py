"""The tree against RFC 6962's own definition, and its proofs against each other."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dutycenter.ledger.merkle import (
    STRIDE,
    Frontier,
    Subtree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_from_inclusion,
    root_of,
    roots_from_consistency,
    sha256,
    sm3,
    unpack,
)

leaves = st.lists(st.binary(max_size=8), max_size=70)


def subtree(hashes: list[bytes]) -> Subtree:
    return lambda start, stop: root_of(sha256, hashes[start:stop])


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
        tree.extend(hashes)
        assert tree.root() == root_of(sha256, hashes)

    @given(leaves, leaves)
    def test_it_goes_on_from_what_was_kept(self, first: list[bytes], second: list[bytes]) -> None:
        whole = Frontier(sm3)
        whole.extend([leaf_hash(sm3, entry) for entry in first])
        again = Frontier(sm3, whole.size, unpack(whole.packed()))
        again.extend([leaf_hash(sm3, entry) for entry in second])
        assert again.root() == root_of(sm3, [leaf_hash(sm3, entry) for entry in first + second])

    @given(st.integers(0, 700), st.integers(0, 700))
    def test_it_tells_of_each_subtree_that_it_completes_once(self, first: int, second: int) -> None:
        hashes = [leaf_hash(sha256, n.to_bytes(2, "big")) for n in range(first + second)]
        tree = Frontier(sha256)
        told = [*tree.extend(hashes[:first]), *tree.extend(hashes[first:])]
        assert [one.position for one in told] == list(range((first + second) >> STRIDE))
        for height, index, root in told:
            assert root == root_of(sha256, hashes[index << height : (index + 1) << height])

    def test_it_refuses_a_frontier_that_cannot_be(self) -> None:
        with pytest.raises(ValueError, match="complete subtrees"):
            Frontier(sha256, 3, [b"x" * 32])


class TestInclusion:
    @given(st.lists(st.binary(max_size=8), min_size=1, max_size=70), st.data())
    def test_a_proof_leads_to_the_root_and_no_other_leaf_does(self, entries: list[bytes], data: st.DataObject) -> None:
        hashes = [leaf_hash(sha256, entry) for entry in entries]
        position = data.draw(st.integers(0, len(hashes) - 1))
        proof = inclusion_proof(subtree(hashes), position, len(hashes))
        assert root_from_inclusion(sha256, hashes[position], position, len(hashes), proof) == root_of(sha256, hashes)
        forged = leaf_hash(sha256, b"forged entry")
        assert root_from_inclusion(sha256, forged, position, len(hashes), proof) != root_of(sha256, hashes)

    def test_it_refuses_a_proof_of_the_wrong_length(self) -> None:
        hashes = [leaf_hash(sha256, bytes([n])) for n in range(5)]
        proof = inclusion_proof(subtree(hashes), 2, 5)
        with pytest.raises(ValueError, match="short"):
            root_from_inclusion(sha256, hashes[2], 2, 5, proof[:-1])
        with pytest.raises(ValueError, match="long"):
            root_from_inclusion(sha256, hashes[2], 2, 5, [*proof, proof[0]])


class TestConsistency:
    @given(st.integers(1, 70), st.integers(0, 70))
    def test_a_proof_leads_to_both_roots_and_a_rewritten_tree_has_none(self, first: int, more: int) -> None:
        hashes = [leaf_hash(sha256, bytes([n])) for n in range(first + more)]
        old, new = root_of(sha256, hashes[:first]), root_of(sha256, hashes)
        proof = consistency_proof(subtree(hashes), first, first + more)
        assert roots_from_consistency(sha256, first, first + more, old, proof) == (old, new)
        if more:
            forged = [leaf_hash(sha256, b"forged"), *hashes[1:]]
            wrong = consistency_proof(subtree(forged), first, first + more)
            assert roots_from_consistency(sha256, first, first + more, old, wrong) != (old, root_of(sha256, forged))

    def test_it_refuses_a_proof_of_the_wrong_length(self) -> None:
        hashes = [leaf_hash(sha256, bytes([n])) for n in range(7)]
        old, proof = root_of(sha256, hashes[:3]), consistency_proof(subtree(hashes), 3, 7)
        with pytest.raises(ValueError, match="short"):
            roots_from_consistency(sha256, 3, 7, old, proof[:-1])
        with pytest.raises(ValueError, match="long"):
            roots_from_consistency(sha256, 3, 7, old, [*proof, proof[0]])
