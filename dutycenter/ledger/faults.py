"""What a verification found: figures, and each thing that is not as it was."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fault:
    """One thing that is not as it was: what, and what is wrong with it."""

    subject: str
    what: str


@dataclass
class Proof:
    """What was checked, and what failed."""

    entries: int = 0
    heads: int = 0
    anchored: int = 0
    stamped: int = 0
    unsealed: int = 0
    faults: list[Fault] = field(default_factory=list)
    explained: set[int] = field(default_factory=set)  # entries without a leaf, whose leaf is named already

    @property
    def holds(self) -> bool:
        return not self.faults

    @property
    def accused(self) -> set[str]:
        """The subjects of all faults."""
        return {fault.subject for fault in self.faults}

    @property
    def entries_in_doubt(self) -> bool:
        """An entry or a leaf was changed or removed: what it told of may be missing elsewhere, and is not to blame."""
        return any(fault.subject.startswith(("entry:", "leaf:")) for fault in self.faults)

    def accuse(self, subject: str, what: str) -> None:
        self.faults.append(Fault(subject, what))
