"""证据状态: recordings, the ledger, and the head by which all of it can be proved."""

from __future__ import annotations

from collections.abc import Sequence

from dutycenter.vocabulary import RecordingKind, RecordingState
from reports.chapters import Telling
from reports.facts import Head
from reports.paper import Block, Cell, Note, Paragraph, Part, Section
from reports.words import Words


def tell(t: Telling) -> Section:
    """The chapter."""
    _ = t.gettext
    parts = [Part(_("Recordings"), _recordings(t)), Part(_("Ledger and seal"), _ledger(t))]
    return Section(_("State of the evidence"), parts=parts)


def _recordings(t: Telling) -> list[Block]:
    w, _ = t.words, t.gettext
    found = [recording for recording in t.facts.recordings if not recording.exercise]
    if not found:
        return [Paragraph(_("There is no recording of %(this)s.", this=t.terms.this))]
    always = (RecordingState.KEPT, RecordingState.MISSING)
    states = [state for state in RecordingState if state in always or t.facts.recorded(state)]
    groups = [(w.label(kind), {"kind": kind}, [r for r in found if r.kind is kind]) for kind in RecordingKind]
    rows: list[Sequence[Cell | str]] = [
        (
            name,
            w.count(sum(r.count for r in chosen), t.rows("recordings", **filters)),
            *(
                w.count(sum(r.count for r in chosen if r.state is state), t.rows("recordings", state=state, **filters))
                for state in states
            ),
            w.count(sum(r.count for r in chosen if r.foundling), t.rows("recordings", foundling="1", **filters)),
            w.wait(round(sum(r.seconds for r in chosen))),
            w.size(sum(r.bytes for r in chosen)),
        )
        for name, filters, chosen in (*groups, (_("Total"), {}, found))
    ]
    table = t.maker.table(
        _("Recordings kept as evidence"),
        (_("Recording"), _("In all"), *(w.label(state) for state in states), _("Foundlings"),
         _("Length"), _("Size")),
        rows,
        queries=["recordings"],
        counting=_("A foundling is a recording that belongs to no known call."),
        total=True,
    )  # fmt: skip
    missing = t.facts.recorded(RecordingState.MISSING)
    foundlings = sum(r.count for r in found if r.foundling)
    said = [
        _("Recordings: %(n)s, of which kept by their hashes: %(kept)s.",
          n=w.number(t.facts.recorded()), kept=w.number(t.facts.recorded(RecordingState.KEPT))),
        _("Files missing: %(n)s; the cause must be found.", n=w.number(missing))
        if missing else _("No file is missing."),
    ]  # fmt: skip
    if foundlings:
        said.append(_("Without a known call: %(n)s, kept apart.",
                      n=w.number(foundlings)))  # fmt: skip
    return [Paragraph(w.join(said)), table]


def _ledger(t: Telling) -> list[Block]:
    ledger, w, _ = t.facts.ledger, t.words, t.gettext
    waiting = ledger.entries - ledger.sealed
    if not ledger.entries:
        said = [_("The ledger has no entry of %(this)s.", this=t.terms.this)]
    elif waiting:
        said = [_("Entries in the ledger: %(n)s; sealed %(sealed)s, not sealed yet %(waiting)s.",
                  n=w.number(ledger.entries), sealed=w.number(ledger.sealed), waiting=w.number(waiting))]  # fmt: skip
    else:
        said = [_("Entries in the ledger: %(n)s, all sealed.", n=w.number(ledger.entries))]
    if ledger.replays:
        said.append(_("Replays: %(n)s; recordings replayed: %(recordings)s; listeners: %(people)s. Each stands in the ledger.",
                      n=w.number(ledger.replays), recordings=w.number(ledger.replayed),
                      people=w.number(ledger.listeners)))  # fmt: skip
    else:
        said.append(_("No recording was replayed."))
    blocks: list[Block] = [Paragraph(w.join(said))]
    if ledger.head is None:
        return [*blocks, Note(_("The ledger has no signed head up to now: it cannot prove this period's data yet."))]  # fmt: skip
    blocks.append(Paragraph(_(
        "The signed head below was made on %(at)s and covers the first %(n)s entries. If any of "
"them were changed, taken out or put in between, the root computed anew would not be "
"this one.",
        at=w.moment(ledger.head.at), n=w.number(ledger.head.size))))  # fmt: skip
    lines, hashes, code = proof(w, ledger.head)
    blocks.append(t.maker.proof(
        _("Signed head of the ledger"), lines, hashes, code, queries=["ledger"],
        counting=_("Entries of the reports themselves are left out; the head is the first that covers all "
"entries, or the last there is."),
    ))  # fmt: skip
    return blocks


def proof(w: Words, head: Head) -> tuple[list[tuple[str, str]], list[tuple[str, str]], str]:
    """A head as lines, as hashes, and as what its QR code says."""
    lines = [
        (w.gettext("Covers entries"), w.gettext("the first %(n)s", n=w.number(head.size))),
        (w.gettext("Made at"), w.moment(head.at)),
    ]
    hashes = [("SHA-256", head.sha256), ("SM3", head.sm3), (w.gettext("Signing key"), head.key_id)]
    code = f"dutycenter-head {head.size} {head.at:%Y-%m-%dT%H:%M:%SZ} sha256:{head.sha256} sm3:{head.sm3} key:{head.key_id}"
    return lines, hashes, code
