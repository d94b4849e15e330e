from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dutycenter.frame.vendor import FILES, copy_vendor
from dutycenter.secret import secret_key


class TestSecretKey:
    def test_it_stays_the_same_and_is_its_owners_alone(self, tmp_path: Path) -> None:
        place = tmp_path / "var" / "secret"
        key = secret_key(place)

        assert len(key) == 64
        assert secret_key(place) == key
        assert stat.S_IMODE(place.stat().st_mode) == 0o600

    def test_whoever_starts_at_once_agrees(self, tmp_path: Path) -> None:
        with ThreadPoolExecutor(8) as pool:
            keys = set(pool.map(secret_key, [tmp_path / "secret"] * 8))

        assert len(keys) == 1
        assert [file.name for file in tmp_path.iterdir()] == ["secret"]


class TestCopyVendor:
    @pytest.fixture
    def node_modules(self, tmp_path: Path) -> Path:
        """Libraries as npm lays them down."""
        for source, _target in FILES:
            file = tmp_path / "node_modules" / source
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(source)
        return tmp_path / "node_modules"

    def test_it_copies_every_file_a_page_asks_for(self, node_modules: Path, tmp_path: Path) -> None:
        copied = copy_vendor(node_modules, tmp_path / "vendor")

        assert {file.relative_to(tmp_path / "vendor").as_posix() for file in copied} == {target for _s, target in FILES}
        assert all(file.is_file() for file in copied)

    def test_it_leaves_alone_what_is_newest(self, node_modules: Path, tmp_path: Path) -> None:
        first = copy_vendor(node_modules, tmp_path / "vendor")[0]
        first.write_text("kept")

        copy_vendor(node_modules, tmp_path / "vendor")

        assert first.read_text() == "kept"

    def test_it_says_what_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            copy_vendor(tmp_path, tmp_path / "vendor")
