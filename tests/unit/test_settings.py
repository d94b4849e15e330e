"""Settings: every fault named at once, nothing guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dutycenter.settings import SettingsError, load


class TestLoad:
    def test_it_has_a_default_for_everything(self, tmp_path: Path) -> None:
        settings = load({}, here=tmp_path)
        assert settings.recordings_dir == tmp_path / "var" / "recordings"
        assert settings.database_url == f"sqlite:///{tmp_path}/var/dutycenter.sqlite"

    def test_it_moves_everything_with_var_dir(self, tmp_path: Path) -> None:
        assert load({"var.dir": "elsewhere"}, here=tmp_path).reports_dir == tmp_path / "elsewhere" / "reports"

    def test_it_names_every_fault_in_one_message(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError) as caught:
            load({"switch.prot": "1", "ivr.port": "eighty", "time_zone": "Mars/Olympus"}, here=tmp_path)
        lines = str(caught.value).splitlines()
        assert len(lines) == 3
        assert "did you mean switch.port?" in str(caught.value)

    @pytest.mark.parametrize("raw", ["0", "-1", "inf x", "65536"])
    def test_it_refuses_absurd_ports(self, raw: str, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match=r"ivr\.port"):
            load({"ivr.port": raw}, here=tmp_path)

    def test_it_leaves_pyramids_own_settings_alone(self, tmp_path: Path) -> None:
        load({"pyramid.reload_templates": "true"}, here=tmp_path)
