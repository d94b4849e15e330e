"""``dutycenter rehearse``: the whole story with all its processes, and what may be done with it afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

DISPOSITIONS = {
    "acknowledged", "declined", "transferred", "heard", "hung_up_early", "voicemail", "busy", "no_answer", "rejected",
    "switched_off", "no_such_number", "congestion", "gateway_down", "failed", "dropped", "lost",
}  # fmt: skip
OUTCOMES = {"acknowledged", "declined", "reached", "not_reached", "not_called"}


def dutycenter(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody at a terminal would."""
    command = [sys.executable, "-m", "dutycenter", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=400, check=False)


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A small rehearsal, held once."""
    place = tmp_path_factory.mktemp("rehearsal")
    options = ["--people", "24", "--channels", "12", "--speed", "20", "--seed", "3"]
    done = dutycenter("rehearse", *options, "--dir", place / "town", "--json", place / "result.json", cwd=place)
    return place, done


class TestRehearse:
    def test_every_invariant_holds(self, rehearsal: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
        place, done = rehearsal
        assert done.returncode == 0, done.stdout + done.stderr
        result = json.loads((place / "result.json").read_text())
        assert {name for name, verdict in result["invariants"].items() if not verdict["holds"]} == set()
        assert len(result["invariants"]) >= 12
        assert sum(result["recipients"].values()) == 24
        assert set(result["recipients"]) <= OUTCOMES
        assert set(result["attempts"]) <= DISPOSITIONS
        assert result["calls_in"] >= 5
        assert result["calls"]["voicemail"] >= 1
        assert Path(result["report"]).read_bytes()[:5] == b"%PDF-"
        assert Path(result["recordings"]).is_dir()

    def test_every_command_works_on_it_afterwards(
        self, rehearsal: tuple[Path, subprocess.CompletedProcess[str]]
    ) -> None:
        place, _ = rehearsal
        verified = dutycenter("-c", place / "town" / "rehearsal.ini", "evidence", "verify", cwd=place)
        assert verified.returncode == 0, verified.stdout + verified.stderr
        assert "Everything holds." in verified.stdout

    def test_a_changed_recording_is_named_afterwards(
        self, rehearsal: tuple[Path, subprocess.CompletedProcess[str]]
    ) -> None:
        place, _ = rehearsal
        recording = next((place / "town" / "evidence").glob("*/*.wav"))
        name = json.loads(recording.with_suffix(".json").read_text())["file"]
        whole = recording.read_bytes()
        recording.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        verified = dutycenter("-c", place / "town" / "rehearsal.ini", "evidence", "verify", cwd=place)
        recording.write_bytes(whole)
        assert verified.returncode == 1
        assert f"({name}): the file was changed" in verified.stdout

    def test_a_folder_is_not_used_twice(self, rehearsal: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
        place, _ = rehearsal
        again = dutycenter("rehearse", "--dir", place / "town", cwd=place)
        assert again.returncode != 0
        assert "holds a rehearsal already" in again.stderr
