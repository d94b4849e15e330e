"""``dutycenter flows``: what somebody at a terminal sees."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dutycenter.cli import main
from ivr_flows import wav


@pytest.fixture
def ini(tmp_path: Path) -> Path:
    path = tmp_path / "house.ini"
    path.write_text("[app:main]\nvoice = silent\nduty_room = 某某县政府值班室\n")
    return path


def run(ini: Path, *arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["-c", str(ini), "flows", *arguments], input=typed)


class TestLint:
    def test_it_finds_the_shipped_flows_in_order(self, ini: Path) -> None:
        result = run(ini, "lint")
        assert (result.exit_code, result.output) == (0, "4 flows are in order.\n")

    def test_it_names_every_fault_of_a_file(self, ini: Path, tmp_path: Path) -> None:
        flow = tmp_path / "own.yaml"
        flow.write_text("flow: hotline\nstart: a\nnodes:\n  a:\n    say: {prompts: [hotline.greeting], then: b}\n")
        result = run(ini, "lint", str(flow))
        assert result.exit_code == 1
        assert f"{flow}:4: a: then: there is no node b" in result.output
        assert "2 faults in 1 files." in result.output

    def test_it_says_what_is_no_flow(self, ini: Path, tmp_path: Path) -> None:
        flow = tmp_path / "own.yaml"
        flow.write_text("flow: [\n")
        result = run(ini, "lint", str(flow))
        assert result.exit_code == 1
        assert f"{flow}:2: " in result.output

    def test_it_refuses_a_flow_that_nothing_runs(self, ini: Path, tmp_path: Path) -> None:
        flow = tmp_path / "own.yaml"
        flow.write_text("flow: survey\nstart: a\nnodes:\n  a:\n    hangup: {}\n")
        assert "nothing runs a flow survey; known: hotline, notify" in run(ini, "lint", str(flow)).output

    def test_it_looks_at_an_own_flow(self, ini: Path, tmp_path: Path) -> None:
        (tmp_path / "var" / "flows").mkdir(parents=True)
        (tmp_path / "var" / "flows" / "notify.yaml").write_text("flow: notify\n")
        result = run(ini, "lint")
        assert result.exit_code == 1
        assert "notify.yaml:1: start is missing" in result.output


class TestPrompts:
    def test_it_makes_them_ahead(self, ini: Path, tmp_path: Path) -> None:
        first = run(ini, "prompts")
        assert (first.exit_code, first.output.startswith("0 ")) == (0, False)
        assert run(ini, "prompts").output.startswith("0 prompts made, ")
        assert len(list((tmp_path / "var" / "prompts").glob("*.wav"))) > 60

    def test_it_names_what_could_not_be_made(self, ini: Path) -> None:
        ini.write_text("[app:main]\nvoice = command\nvoice.command = no-such-program {out}\n")
        result = run(ini, "prompts")
        assert result.exit_code == 1
        assert (
            "hotline.greeting (zh_CN): The voice does not work: the program no-such-program is not installed"
            in result.output
        )
        assert "prompts could not be made." in result.output


class TestSay:
    def test_it_writes_a_file(self, ini: Path, tmp_path: Path) -> None:
        out = tmp_path / "out.wav"
        assert run(ini, "say", "请到指挥中心集合", "--out", str(out)).exit_code == 0
        assert wav.seconds_of(out) == 2.0

    def test_it_says_what_it_cannot_do(self, ini: Path, tmp_path: Path) -> None:
        result = run(ini, "say", "。", "--out", str(tmp_path / "out.wav"))
        assert result.exit_code == 1
        assert "There is nothing to say in this text." in result.output

    def test_an_unknown_setting_is_a_plain_message(self, ini: Path, tmp_path: Path) -> None:
        ini.write_text("[app:main]\nvoise = silent\n")
        result = run(ini, "say", "你好", "--out", str(tmp_path / "out.wav"))
        assert result.exit_code == 1
        assert "voise: there is no such setting" in result.output


class TestTry:
    def test_it_steps_through_the_hotline(self, ini: Path) -> None:
        result = run(
            ini, "try", "hotline", typed="7\n\n\n\n\n\n12\n"
        )  # nobody at the desks, nor the leader, nor at the desks
        assert "您好，这里是某某县政府值班室。" in result.output
        assert "您按了 7。" in result.output
        assert "The conversation has ended: hangup." in result.output

    def test_it_asks_again_for_what_is_not_possible(self, ini: Path) -> None:
        result = run(ini, "try", "notify", "--fact", "exercise", typed="x\nq\n")
        assert "演练，演练，这是演练。" in result.output
        assert "That is not possible here." in result.output
        assert "The conversation has ended: gone." in result.output

    def test_it_speaks_english_on_request(self, ini: Path) -> None:
        assert "To confirm, press 1." in run(ini, "try", "notify", "--language", "en", typed="q\n").output

    def test_it_knows_its_facts(self, ini: Path) -> None:
        result = run(ini, "try", "notify", "--fact", "drill")
        assert result.exit_code == 1
        assert (
            "knows no drill; its facts: asks_arrival, conference, exercise, heard_counts, settled, unknown."
            in result.output
        )

    def test_it_says_that_a_flow_is_not_there(self, ini: Path) -> None:
        assert "No such file" in run(ini, "try", "no-such.yaml").output
