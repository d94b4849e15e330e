"""Every kind of fault in a flow file is found, and named with its file, line and node."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dutycenter.settings import Settings
from ivr_flows.conversation import Flow
from ivr_flows.definition import load_flow
from ivr_flows.engine import advance, begin
from ivr_flows.library import NOTES, check, load_flows
from ivr_flows.lint import lint
from ivr_flows.plain import event_from
from ivr_flows.prompts import SHIPPED, load_catalogue, number_prompts
from ivr_flows.reader import MAX_BYTES, FlowError
from ivr_flows.session import LEADER_ASKS

GOOD = """\
flow: hotline
start: menu
nodes:
  menu:
    ask: {prompts: [hello], keys: {1: more}, no_key: end}
  more:
    say: {prompts: [hello], then: end}
  end:
    hangup: {}
"""


def faults_of(tmp_path: Path, text: str | bytes) -> list[str]:
    """What is found, without the file's folder."""
    path = tmp_path / "flow.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    try:
        source = load_flow(path)
    except FlowError as error:
        return [str(fault).removeprefix(f"{path}:") for fault in error.faults]
    prompts = {"hello": {"zh_CN"}, "foreign": {"en"}}
    return [str(f).removeprefix(f"{path}:") for f in lint(source, prompts, ["zh_CN"], {"acknowledge"})]


class TestShippedFlows:
    @pytest.mark.parametrize("name", NOTES)
    @pytest.mark.parametrize("language", ["zh_CN", "en"])
    def test_they_are_in_order_in_both_languages(self, settings: Settings, name: str, language: str) -> None:
        catalogue = load_catalogue(settings)
        source = load_flow(SHIPPED / f"{name}.yaml")
        assert lint(source, catalogue.languages([language]), [language], NOTES[name]) == []
        assert check(settings, SHIPPED / f"{name}.yaml", catalogue)[1] == []

    def test_the_catalogue_has_no_prompt_that_nobody_says(self, settings: Settings) -> None:
        said = {LEADER_ASKS, *(f"key.{key}" for key in [*"0123456789", "star", "hash"])}
        said |= {part for n in range(100_000) for part in number_prompts(n, "zh_CN")}
        for name in NOTES:
            text = (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")
            said |= {prompt for prompt in load_catalogue(settings).texts if prompt in text}
        assert load_catalogue(settings).texts.keys() == said


class TestLint:
    def test_it_finds_nothing_in_a_good_flow(self, tmp_path: Path) -> None:
        assert faults_of(tmp_path, GOOD) == []

    @pytest.mark.parametrize(
        ("change", "fault"),
        [
            (("then: end", "then: nowhere"), "6: more: then: there is no node nowhere"),
            (("start: menu", "start: nowhere"), "1: start: there is no node nowhere"),
            (("{1: more}", "{1: end}"), "6: more: unreachable: no node leads here"),
            (("hello], then", "missing], then"), "6: more: there is no prompt missing"),
            (("hello], then", "foreign], then"), "6: more: the prompt foreign has no text in zh_CN"),
            (("{1: more}", "{}"), "4: menu: a menu without keys"),
            (("no_key: end", "no_key: menu"), "4: menu: a menu with no way out for who presses nothing"),
            (("then: end", "then: more"), "6: more: a loop without an exit: no way from here ends the call"),
            (("then: end", "then: again"), "6: more: then: there is no node again"),
            (
                ("say: {prompts: [hello], then: end}", "note: {what: sing, done: end, failed: end}"),
                "6: more: nobody writes down sing; known here: acknowledge",
            ),
            (
                ("say: {prompts: [hello], then: end}", "record: {then: more}"),
                "6: more: a second message could be recorded after this one",
            ),
            (
                ("[hello], then", "[{prompt: hello, if: drill}], then"),
                "6: more: drill is not among the flow's facts",
            ),
            (("start: menu", "start: menu\nfacts: [drill]"), "1: the fact drill is never asked for"),
            (("start: menu", "start: menu\nslots: [text]"), "1: the slot text is never said"),
        ],
    )  # fmt: skip
    def test_it_names_what_is_wrong(self, tmp_path: Path, change: tuple[str, str], fault: str) -> None:
        assert change[0] in GOOD
        found = faults_of(tmp_path, GOOD.replace(*change))
        assert any(line.startswith(fault) for line in found), found

    def test_it_finds_a_menu_whose_every_way_leads_back(self, tmp_path: Path) -> None:
        text = GOOD.replace("keys: {1: more}, no_key: end", "keys: {1: menu}, no_key: menu")
        assert "4: menu: a menu with no way out: every way leads back to it" in faults_of(tmp_path, text)

    def test_it_finds_a_circle_for_who_presses_nothing(self, tmp_path: Path) -> None:
        text = GOOD.replace("{1: more}, no_key: end", "{1: end}, no_key: more").replace("then: end", "then: menu")
        assert faults_of(tmp_path, text) == [
            "4: menu: a loop without an exit: whoever presses nothing comes back here",
            "6: more: a loop without an exit: whoever presses nothing comes back here",
        ]


class TestLoadFlow:
    @pytest.mark.parametrize(
        ("change", "fault"),
        [
            (("no_key", "nokey"), "5: menu: unknown name nokey; did you mean no_key?"),
            (("nodes:", "node:"), "3: unknown name node; did you mean nodes?"),
            (("flow: hotline\n", ""), "1: flow is missing"),
            (("{1: more}", "{12: more}"), "5: menu: keys: '12' is not a key"),
            (("{1: more}", "[more]"), "5: menu: keys: expected `name: value` lines"),
            (("prompts: [hello], keys", "prompts: hello, keys"), "5: menu: prompts: expected a list"),
            (("no_key: end", "no_key: end, wait: long"), "5: menu: wait: expected a number, 0 to 60"),
            (("no_key: end", "no_key: end, wait: 61"), "5: menu: wait: expected a number, 0 to 60"),
            (("no_key: end", "no_key: end, wait: .nan"), "5: menu: wait: expected a number, 0 to 60"),
            (("no_key: end", "no_key: end, silent: {times: 1.5}"), "5: menu: times: expected a whole number"),
            (("    hangup: {}", "    hangup: {}\n    say: {prompts: [hello], then: end}"), "8: end: expected exactly one"),
            (("    hangup: {}", "    hangup: {cause: 'A\\nB'}"), "9: end: cause:"),
            (("  end:", "  'e nd':"), "8: 'e nd' is no name here"),
            (("  more:", "  menu:"), "6: menu stands here twice"),
            (("start: menu", "start: &x menu\nslots: [*x]"), "3: YAML aliases"),
            (("start: menu", "start: [menu"), "3: expected "),
            (("[hello], then", "[{prompt: hello}], then"), "7: more: give if, unless or once"),
        ],
    )  # fmt: skip
    def test_it_refuses_with_line_and_node(self, tmp_path: Path, change: tuple[str, str], fault: str) -> None:
        assert change[0] in GOOD
        found = faults_of(tmp_path, GOOD.replace(*change))
        assert any(line.startswith(fault) for line in found), found

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            (b"\xff\xfe", "1: not UTF-8 text"),
            (b"", "1: expected `name: value` lines"),
            (b"- a", "1: expected `name: value` lines"),
            (b"[" * 5000 + b"]" * 5000, "1: nested too deeply"),
            (b"# " + b"x" * MAX_BYTES, "1: larger than 256 kB"),
        ],
    )
    def test_it_refuses_what_is_no_flow_file(self, tmp_path: Path, text: bytes, fault: str) -> None:
        assert faults_of(tmp_path, text) == [fault]

    def test_it_says_that_a_file_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(FlowError, match="No such file"):
            load_flow(tmp_path / "none.yaml")

    @given(text=st.text(max_size=200))
    def test_it_refuses_any_text_without_crashing(self, tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
        path = tmp_path_factory.getbasetemp() / "any.yaml"
        path.write_text(text, encoding="utf-8", errors="replace")
        with pytest.raises(FlowError):
            load_flow(path)

    @given(
        cut=st.integers(0, len(GOOD)), put=st.sampled_from(["", ":", "-", "{", "]", "\t", "\n", "&a ", "*a", "!!x "])
    )
    def test_it_loads_or_refuses_a_mangled_flow(
        self, tmp_path_factory: pytest.TempPathFactory, cut: int, put: str
    ) -> None:
        path = tmp_path_factory.getbasetemp() / "mangled.yaml"
        path.write_text(GOOD[:cut] + put + GOOD[cut:], encoding="utf-8")
        try:
            flow = load_flow(path).flow
        except FlowError:
            return
        assert isinstance(flow, Flow)
        advance(flow, begin(flow), event_from("started"))


class TestLoadFlows:
    def test_it_runs_an_own_flow(self, settings: Settings) -> None:
        settings.flows_dir.mkdir(parents=True)
        (settings.flows_dir / "prompts.yaml").write_text("hello: {zh_CN: '您好,{duty_room}。'}")
        (settings.flows_dir / "hotline.yaml").write_text(GOOD)
        flows, catalogue = load_flows(settings)
        assert flows["hotline"].start == "menu"
        assert catalogue.texts["hello"]["zh_CN"] == f"您好,{settings.duty_room}。"
        assert "hotline.greeting" in catalogue.texts

    def test_it_runs_the_shipped_flow_when_the_own_one_has_a_fault(
        self, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.flows_dir.mkdir(parents=True)
        (settings.flows_dir / "hotline.yaml").write_text(GOOD.replace("then: end", "then: nowhere"))
        flows, _ = load_flows(settings)
        assert flows["hotline"].start == "arriving"
        assert "hotline.yaml:6: more: then: there is no node nowhere" in caplog.text

    def test_it_speaks_the_shipped_prompts_when_the_own_ones_have_a_fault(
        self, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.flows_dir.mkdir(parents=True)
        (settings.flows_dir / "prompts.yaml").write_text("hotline.greeting: {zh_CN: '您好,{duty_rom}。'}")
        _, catalogue = load_flows(settings)
        assert catalogue.texts["hotline.greeting"]["zh_CN"] == f"您好，这里是{settings.duty_room}。"
        assert "only {authority}, {duty_room}, {hotline} can be filled in" in caplog.text
