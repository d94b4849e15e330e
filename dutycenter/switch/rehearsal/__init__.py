"""Simulated telephones behind a real event socket, for development and drills.

The product's own switch code runs unchanged against it: it speaks the event
socket's protocol over TCP in both directions, sends the events that
FreeSWITCH sends, in its order and with its headers, and writes real
recordings. ``RehearsalSwitch`` is started by the role ``rehearsal`` and by
tests; nothing else of this package is used from outside, except the
``rehearsal …`` api commands.
"""

from __future__ import annotations

from dutycenter.switch.rehearsal.exchange import Town
from dutycenter.switch.rehearsal.people import People
from dutycenter.switch.rehearsal.switch import RehearsalSwitch

__all__ = ["People", "RehearsalSwitch", "Town"]
