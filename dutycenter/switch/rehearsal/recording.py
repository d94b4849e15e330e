"""Recordings as the switch writes them: what was said and played is laid on a track, mixed when it stops."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dutycenter.switch.rehearsal.audio import RATE, Sound, samples

SAID, HEARD = 0, 1  # left: what the telephone sends; right: what the switch plays to it
NOISE = np.random.default_rng(7).integers(-12, 13, RATE * 10, dtype=np.int16)


def wav_header(channels: int, frames: int) -> bytes:
    """The 44 bytes before the samples."""
    size = frames * channels * 2
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, channels, RATE, RATE * channels * 2, channels * 2, 16,
        b"data", size,
    )  # fmt: skip


@dataclass
class _Piece:
    side: int
    start: float  # product seconds since the recording began
    sound: Sound
    repeat: bool
    end: float | None = None  # cut off here


@dataclass
class Recording:
    """One file being recorded.

    Args:
        path: the file.
        stereo: two channels, or both sides mixed into one.
        began: monotonic product time.
    """

    path: Path
    stereo: bool
    began: float
    sides: tuple[int, ...] = (SAID, HEARD)
    pieces: list[_Piece] = field(default_factory=list)

    def open(self) -> None:
        """Make the file, so that it is there from the first moment.

        Raises:
            OSError: it cannot be made.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(wav_header(2 if self.stereo else 1, 0))

    def add(self, side: int, at: float, sound: Sound, repeat: bool = False) -> _Piece | None:
        """Lay a sound on one side, from the moment ``at`` on; None when this side isn't recorded."""
        if side not in self.sides:
            return None
        piece = _Piece(side, at - self.began, sound, repeat)
        self.pieces.append(piece)
        return piece

    def cut(self, piece: _Piece, at: float) -> None:
        """The sound ended here, before its end."""
        piece.end = at - self.began

    def write(self, ended: float) -> int:
        """Mix and write all of it; samples on each channel."""
        length = samples(ended - self.began)
        left, right = self._side(SAID, length), self._side(HEARD, length)
        if self.stereo:
            data = np.empty((length, 2), "<i2")
            data[:, 0], data[:, 1] = left, right
        else:
            mixed = left.astype(np.int32) + right if HEARD in self.sides else left
            data = np.clip(mixed, -32768, 32767).astype("<i2")
        with self.path.open("wb") as file:
            file.write(wav_header(2 if self.stereo else 1, length))
            file.write(data.tobytes())
        return length

    def _side(self, side: int, length: int) -> NDArray[np.int16]:
        track = np.resize(NOISE, length) if side == SAID else np.zeros(length, np.int16)
        for piece in self.pieces:
            if piece.side != side or not len(piece.sound):
                continue
            # What began before the recording is heard from where it is by then.
            start = samples(piece.start) if piece.start >= 0 else -samples(-piece.start)
            stop = length if piece.end is None else min(length, samples(piece.end))
            if not piece.repeat:
                stop = min(stop, start + len(piece.sound))
            begin = max(0, start)
            if stop <= begin:
                continue
            if piece.repeat:
                sound = np.resize(np.roll(piece.sound, -((begin - start) % len(piece.sound))), stop - begin)
            else:
                sound = piece.sound[begin - start : stop - start]
            target = track[begin:stop]
            np.clip(target.astype(np.int32) + sound, -32768, 32767, out=target, casting="unsafe")
        return track
