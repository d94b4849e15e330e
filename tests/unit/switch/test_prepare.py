"""The script that writes FreeSWITCH's configuration."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

FOLDER = Path(__file__).parents[3] / "deploy" / "freeswitch"
SETTINGS = "[app:main]\nuse = egg:dutycenter\n"
MACHINE = """[switch]
listen_address = 192.0.2.10
[desks]
1001 =
1002 = given-password
[gateway pstn]
proxy = 203.0.113.5
username = 0731
password = a"b<c&d
register = yes
prefixes = 1 0731
"""


class Prepared:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ini, self.machine, self.made = folder / "dc.ini", folder / "switch.ini", folder / "made"
        self.ini.write_text(SETTINGS)
        self.machine.write_text(MACHINE)

    def run(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "ignore", FOLDER / "prepare", "-c", self.ini, "-s", self.machine, self.made],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def text(self, name: str) -> str:
        return (self.made / "generated" / name).read_text(encoding="utf-8")

    def variables(self) -> dict[str, str]:
        found = ElementTree.fromstring(self.text("vars.xml")).iter("X-PRE-PROCESS")
        return dict(one.attrib["data"].split("=", 1) for one in found)


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    return Prepared(tmp_path)


class TestPrepare:
    def test_it_writes_a_whole_configuration_for_its_owner_alone(self, prepared: Prepared) -> None:
        done = prepared.run()
        assert done.returncode == 0, done.stderr
        files = list(prepared.made.rglob("*.xml"))
        for file in files:
            ElementTree.parse(file)
        assert len(files) > 15
        assert stat.S_IMODE(prepared.made.stat().st_mode) == 0o700
        for file in (prepared.made / "generated").rglob("*.xml"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
        password = (prepared.folder / "var" / "switch.password").read_text().strip()
        assert f'"{password}"' in prepared.text("event_socket.xml")
        assert '"127.0.0.1"' in prepared.text("event_socket.xml")
        assert prepared.variables()["recordings_dir"] == str(prepared.folder / "var" / "recordings")
        assert prepared.variables()["hotline_pattern"] == "07318888"
        assert "a&quot;b&lt;c&amp;d" in prepared.text("gateways/pstn.xml") or "'a\"b&lt;c&amp;d'" in prepared.text(
            "gateways/pstn.xml"
        )

    def test_again_it_keeps_passwords_and_forgets_what_is_gone(self, prepared: Prepared) -> None:
        prepared.run()
        before = prepared.text("desks/1001.xml"), prepared.text("event_socket.xml")
        assert "given-password" in prepared.text("desks/1002.xml")
        prepared.machine.write_text(
            MACHINE.replace("1002 = given-password\n", "1003 =\n").replace("gateway pstn", "gateway b")
        )
        assert prepared.run().returncode == 0
        assert (prepared.text("desks/1001.xml"), prepared.text("event_socket.xml")) == before
        made = prepared.made / "generated"
        assert sorted(file.name for file in (made / "desks").iterdir()) == ["1001.xml", "1003.xml"]
        assert [file.name for file in (made / "gateways").iterdir()] == ["b.xml"]

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("listen_address = 192.0.2.10\n", "", "listen_address"),
            ("listen_address", "lisen_address", "lisen_address"),
            ("1001 =", "10a1 =", "a desk cannot be '10a1'"),
            ("given-password", "short", "password"),
            ("given-password", "with space in it", "password"),
            ("gateway pstn", "gateway p${x}", "a gateway's name"),
            ("203.0.113.5", "203.0.113.5/x", "proxy"),
            ("prefixes = 1", "prefixes = 1|.*", "prefix"),
            ("register = yes", "colour = red", "colour"),
        ],
    )
    def test_a_slip_is_named_and_nothing_half_done_starts(
        self, prepared: Prepared, old: str, new: str, said: str
    ) -> None:
        prepared.machine.write_text(MACHINE.replace(old, new))
        done = prepared.run()
        assert done.returncode != 0
        assert said in done.stderr
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("line", ["switch.host = 192.0.2.10", "ivr.host = 0.0.0.0"])
    def test_the_event_socket_stays_on_this_host(self, prepared: Prepared, line: str) -> None:
        prepared.ini.write_text(f"{SETTINGS}{line}\n")
        done = prepared.run()
        assert done.returncode != 0
        assert "loopback" in done.stderr

    def test_a_missing_file_is_said(self, prepared: Prepared) -> None:
        prepared.machine.unlink()
        done = prepared.run()
        assert "switch.ini.example" in done.stderr
        assert "Traceback" not in done.stderr


class TestConfiguration:
    def test_nothing_needs_api_expansion(self) -> None:
        """It is off; a ``${function(…)}`` would silently become nothing."""
        assert (
            '<param name="api-expansion" value="false"/>'
            in (FOLDER / "conf/autoload_configs/switch.conf.xml").read_text()
        )
        for file in (FOLDER / "conf").rglob("*.xml"):
            text = re.sub(r"<!--.*?-->", "", file.read_text(), flags=re.DOTALL)
            assert not re.search(r"\$\{[a-z_]+\(", text), file

    def test_the_recording_comes_before_our_software(self) -> None:
        for context in ("public", "dutycenter"):
            text = (FOLDER / f"conf/dialplan/{context}.xml").read_text()
            assert 0 < text.index('application="record_session"') < text.index('application="socket"')

    def test_no_text_of_a_caller_is_an_argument(self) -> None:
        """Of a leg's own words only its uuid, and a number that a pattern has matched, go into arguments."""
        for file in (FOLDER / "conf/dialplan").glob("*.xml"):
            assert set(re.findall(r"(?<!\$)\$\{([^}]+)\}", file.read_text())) <= {"uuid"}

    def test_the_example_names_every_setting_rightly(self, prepared: Prepared) -> None:
        prepared.machine.write_text((FOLDER / "switch.ini.example").read_text())
        assert prepared.run().returncode == 0
