"""Heads held against their signatures, their copies elsewhere, and the clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from dutycenter.ledger.anchors import Copy, Head, Unreadable, anchor_line, copied_since, copies
from dutycenter.ledger.faults import Proof
from dutycenter.ledger.keys import Chain, is_signed, key_id
from dutycenter.ledger.sealer import head_bytes


class HeadCheck:
    """Takes heads in the order of their sizes and names what is wrong with them or with their copies.

    Args:
        proof: is told what was changed.
        chain: the keys that heads must be signed with; None when it isn't known.
        anchor_file: the copies; None when there are none to hold heads against.
        anchored: bytes of that file when the proof began; copies behind are of later heads, or come late.
    """

    def __init__(self, proof: Proof, chain: Chain | None, anchor_file: Path | None, anchored: int) -> None:
        self.proof = proof
        self.chain = chain
        self.anchor_file = anchor_file
        self.anchored = anchored
        self.last_anchored = 0
        self._last_at: datetime | None = None
        self._copies: Iterator[Copy | Unreadable] = iter(())
        self._copy: Copy | None = None
        self._without: list[Head] = []
        self._foreign: list[tuple[str, str]] = []  # signed by a key that no entry introduces
        if anchor_file is not None and anchor_file.is_file():
            self._copies = copies(anchor_file, anchored)
            self._next()

    def check(self, head: Head, misfit: str | None) -> None:
        """One head; ``misfit`` is what the tree has against it."""
        subject = f"head:{head.size}"
        self.proof.heads += 1
        if misfit:
            self.proof.accuse(subject, misfit)
        anchored = self.proof.anchored
        if self.anchor_file is not None:
            self._hold_against_copy(head)
        wrong = self.signature_fault(head)
        if wrong and self._is_foreign(head) and self.proof.anchored > anchored and not misfit:
            self._foreign.append((subject, wrong))
        elif wrong:
            self.proof.accuse(subject, wrong)
        else:
            if self._last_at is not None and head.at < self._last_at:
                self.proof.accuse(subject, "is older than the head before it: the clock went back")
            self._last_at = head.at

    def signature_fault(self, head: Head) -> str | None:
        """What is wrong with a head's signature, if it is known who must have signed."""
        if self.chain is None:
            return None
        if head.key_id != key_id(self.chain.key_for(head.size)):
            return f"is signed with another key ({head.key_id})"
        return None if _signed_by(self.chain, head) else "its signature is wrong"

    def _is_foreign(self, head: Head) -> bool:
        return self.chain is not None and head.key_id not in {key_id(known) for _, known in self.chain.keys}

    def close(self, size: int, last: int) -> None:
        """No head follows.

        Args:
            size: leaves that are there.
            last: the size of the last head.
        """
        self._let_pass(None)
        self._look_again()
        if not self.proof.entries_in_doubt:  # otherwise it may be the entry of their key; their copies agree
            for subject, what in self._foreign:
                self.proof.accuse(subject, what)
        if size > last and self.last_anchored != size:
            self.proof.accuse(
                f"head:{size}" if self.last_anchored > last or self.anchor_file is None else f"leaf:{last}",
                f"the leaves {last} to {size - 1} lie beyond the last head: it was removed, or they were put in",
            )
        if self.anchor_file is not None and self.proof.heads and not self.anchor_file.is_file():
            self.proof.accuse("anchor", f"the file {self.anchor_file} is gone")

    def _hold_against_copy(self, head: Head) -> None:
        self._let_pass(head.size)
        copy = self._copy
        if copy is None or copy.size != head.size:
            self._without.append(head)
            return
        if copy.text == anchor_line(head):
            self.proof.anchored += 1
        elif self._is_genuine(copy):
            self.proof.accuse(f"head:{head.size}", "differs from its anchored copy: the ledger was rewritten")
        else:
            self.proof.accuse(f"anchor line {copy.number}", "was changed")
        self._next()

    def _look_again(self) -> None:
        """The clerk copies a head after its commit: the proof may have begun in between."""
        if self.anchor_file is None or not self._without or not self.anchor_file.is_file():
            return
        since = copied_since(self.anchor_file, self.anchored)
        for head in self._without:
            if anchor_line(head) in since:
                self.proof.anchored += 1
            else:
                self.proof.accuse(f"anchor of head:{head.size}", "is missing from the file")

    def _let_pass(self, size: int | None) -> None:
        """Copies of heads that the ledger doesn't have."""
        while self._copy is not None and (size is None or self._copy.size < size):
            if self._is_genuine(self._copy) or (size is None and self._is_of_a_later_key(self._copy)):
                self.proof.accuse(
                    f"head:{self._copy.size}",
                    "was anchored, but the ledger has no such head: its end was cut off or rewritten",
                )
            else:
                self.proof.accuse(f"anchor line {self._copy.number}", "was changed")
            self._next()

    def _next(self) -> None:
        before = self._copy
        for copy in self._copies:
            if isinstance(copy, Unreadable):
                self.proof.accuse(f"anchor line {copy.number}", "cannot be read")
            elif before is not None and copy.size <= before.size:
                if copy.text != before.text:
                    self.proof.accuse(f"anchor line {copy.number}", f"contradicts line {before.number}")
            else:
                self._copy, self.last_anchored = copy, copy.size
                return
        self._copy = None

    def _is_genuine(self, copy: Copy) -> bool:
        """Written by this product and signed: then it is the ledger that differs."""
        return (
            self.chain is not None
            and copy.size > 0
            and copy.text == anchor_line(copy)
            and copy.key_id == key_id(self.chain.key_for(copy.size))
            and _signed_by(self.chain, copy)
        )

    def _is_of_a_later_key(self, copy: Copy) -> bool:
        """Beyond the ledger's end a copy may bear a key whose introduction was cut off with the end."""
        return self.chain is not None and copy.text == anchor_line(copy) and self._is_foreign(copy)


def _signed_by(chain: Chain, head: Head) -> bool:
    return is_signed(chain.key_for(head.size), head.signature, head_bytes(head.size, head.at, head.sha256, head.sm3))
