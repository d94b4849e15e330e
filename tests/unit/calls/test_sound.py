"""What can be told of a recording by its sound; and room on the disk."""

from __future__ import annotations

import struct
import wave
from datetime import timedelta
from pathlib import Path

import pytest

from dutycenter.calls import store
from dutycenter.calls.sound import Silence, listen
from dutycenter.calls.store import Store
from dutycenter.work import Work


def write(path: Path, *parts: tuple[float, int, int]) -> Path:
    """A stereo WAV of parts: seconds, and how loud each channel is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setparams((2, 2, 8000, 0, "NONE", ""))
        for seconds, left, right in parts:
            sound.writeframes(struct.pack("<hhhh", left, right, -left, -right) * int(seconds * 4000))
    return path


class TestListen:
    def test_a_channel_that_says_nothing_for_long_is_named(self, tmp_path: Path) -> None:
        sound = listen(write(tmp_path / "a.wav", (3, 5000, 5000), (10, 0, 5000), (2, 5000, 5000)))
        assert (sound.seconds, sound.channels, sound.truncated) == (15, 2, False)
        assert sound.silences == (Silence(0, 3.0, 13.0),)

    def test_a_pause_is_no_silence(self, tmp_path: Path) -> None:
        assert listen(write(tmp_path / "a.wav", (3, 5000, 5000), (5, 0, 0), (2, 5000, 5000))).silences == ()

    def test_silence_to_the_very_end_is_named(self, tmp_path: Path) -> None:
        sound = listen(write(tmp_path / "a.wav", (1, 5000, 5000), (90, 5000, 0)))
        assert sound.silences == (Silence(1, 1.0, 91.0),)

    def test_a_file_cut_off_is_truncated(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.wav", (4, 5000, 5000))
        path.write_bytes(path.read_bytes()[:-16000])
        sound = listen(path)
        assert (sound.truncated, sound.seconds) == (True, 3.5)

    @pytest.mark.parametrize(("lasted", "missing"), [(4.0, None), (10.0, 6000), (None, None)])
    def test_a_recording_shorter_than_its_leg_has_a_gap(
        self, tmp_path: Path, lasted: float | None, missing: int | None
    ) -> None:
        sound = listen(write(tmp_path / "a.wav", (4, 5000, 5000)))
        found = sound.findings(None if lasted is None else timedelta(seconds=lasted))
        assert found.get("missing_ms") == missing

    def test_what_is_no_wav_is_said_to_be_none(self, tmp_path: Path) -> None:
        (tmp_path / "a.wav").write_bytes(b"RIFF")
        assert listen(tmp_path / "a.wav").findings(None) == {"unreadable": True}


class TestStore:
    def test_a_full_disk_leaves_the_file_where_it_lies_and_hashes_it(
        self, sqlite_work: Work, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept = Store(sqlite_work.settings)
        source = write(kept.incoming / "a.wav", (1, 5000, 5000))

        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(store.os, "fsync", full)
        content = kept.take("a.wav")
        assert content is not None
        assert kept.path("a.wav", content.sha256) == source
        assert list(kept.kept.iterdir()) == []
