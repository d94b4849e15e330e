from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dutycenter.interfaces import Originate, RefusedValue
from dutycenter.switch import commands

CALL = "067b7c1a-12d3-4748-bb2f-e4f256c2f5ed"
UNSAFE = "\r\n\0\t${}[]<>,'\"^|\\` %;&!()=?"

foreign = st.text(max_size=30) | st.text(alphabet=UNSAFE + "a1", min_size=1, max_size=12)


def leg(**changed: object) -> Originate:
    made: dict[str, object] = {
        "channel_uuid": CALL, "gateway": "pstn", "number": "13800002001", "caller_id": "07311234567",
        "ring_timeout": 30, "extension": "notify", "variables": {"dc_attempt": CALL},
    }  # fmt: skip
    return Originate(**(made | changed))  # type: ignore[arg-type]


@pytest.fixture
def files(tmp_path: Path) -> commands.Files:
    return commands.Files(tmp_path / "prompts", tmp_path / "recordings")


class TestOriginate:
    def test_it_says_all_in_one_line(self) -> None:
        assert commands.originate(leg()) == (
            f"bgapi originate {{origination_uuid={CALL},originate_timeout=30,ignore_early_media=true,"
            f"origination_caller_id_number=07311234567,dc_attempt={CALL}}}"
            "sofia/gateway/pstn/13800002001 notify XML dutycenter"
        )

    @pytest.mark.parametrize("bad", list(UNSAFE))
    @pytest.mark.parametrize("part", ["channel_uuid", "gateway", "number", "caller_id", "extension", "variables"])
    def test_no_part_takes_an_unsafe_sign(self, part: str, bad: str) -> None:
        spoiled: object = {"dc_attempt": f"1{bad}2"} if part == "variables" else f"1{bad}2"
        with pytest.raises(RefusedValue):
            commands.originate(leg(**{part: spoiled}))

    @pytest.mark.parametrize("name", ["execute_on_answer", "api_on_answer", "dc_", "DC_A", "dc_a b", "dc_a=1,x"])
    def test_only_our_own_variables_are_set(self, name: str) -> None:
        with pytest.raises(RefusedValue):
            commands.originate(leg(variables={name: "1"}))

    @pytest.mark.parametrize("number", ["", "+", "138 0000", "138-0000", "１３８", "sip:a@b", "1" * 25, "138\n"])
    def test_a_number_is_digits(self, number: str) -> None:
        with pytest.raises(RefusedValue):
            commands.originate(leg(number=number))

    @pytest.mark.parametrize("seconds", [0, -1, 301, 10**9])
    def test_ringing_has_an_end(self, seconds: int) -> None:
        with pytest.raises(RefusedValue):
            commands.originate(leg(ring_timeout=seconds))

    @given(foreign, foreign, foreign, foreign)
    def test_whatever_it_is_given_it_stays_one_command(
        self, number: str, gateway: str, text: str, extension: str
    ) -> None:
        try:
            command = commands.originate(
                leg(number=number, gateway=gateway, extension=extension, variables={"dc_a": text})
            )
        except RefusedValue:
            return
        assert command.count("{") == command.count("}") == 1
        assert command.count(",") == 4
        assert len(command.split(" ")) == 6
        assert not set(command) & set("\r\n$<>'\"^|\\`%;[]")


EVERYWHERE: list[Callable[[str], str]] = [
    lambda text: commands.kill(text),
    lambda text: commands.kill(CALL, text),
    lambda text: commands.exists(text),
    lambda text: commands.break_off(text),
    lambda text: commands.keep_out_of_dialplan(text),
    lambda text: commands.talk(text),
    lambda text: commands.transfer(text, "desk"),
    lambda text: commands.transfer(CALL, text),
    lambda text: commands.agent_status(text, "Available"),
    lambda text: commands.agent_status("1001", text),
    lambda text: commands.gateway_status(text),
    lambda text: commands.subscribe([text]),
    lambda text: commands.answer(text),
    lambda text: commands.hangup(CALL, text),
    lambda text: commands.set_variable(CALL, text, "1"),
    lambda text: commands.set_variable(CALL, "dc_a", text),
    lambda text: commands.queue(CALL, text),
    lambda text: commands.bridge(CALL, text, "duty.local", 20),
    lambda text: commands.bridge(CALL, "1001", text, 20),
]


class TestEveryCommand:
    @pytest.mark.parametrize("build", EVERYWHERE)
    @settings(max_examples=30)
    @given(text=foreign)
    def test_it_refuses_or_stays_harmless(self, build: Callable[[str], str], text: str) -> None:
        try:
            command = build(text)
        except RefusedValue:
            return
        assert "\n\n" not in command
        assert "\r" not in command
        if not command.startswith("auth "):
            assert not set(command) & set('${}<>"^|\\`%;,')
        assert len(command.split("\n")) == len(build_safely(build).split("\n"))

    @pytest.mark.parametrize("attack", ["${system(id)}", "a\n\napi system id", "a\r\nb", "$${x}", "`id`", "a b", "a'b"])
    @pytest.mark.parametrize("build", EVERYWHERE)
    def test_attacks_are_refused(self, build: Callable[[str], str], attack: str) -> None:
        with pytest.raises(RefusedValue):
            build(attack)

    @pytest.mark.parametrize("password", ["", "a b", "a\nb", "a\r", "密码", "a\0"])
    def test_a_password_is_one_word(self, password: str) -> None:
        with pytest.raises(RefusedValue):
            commands.auth(password)

    def test_a_status_of_two_words_is_quoted(self) -> None:
        assert commands.agent_status("1001", "On Break") == "api callcenter_config agent set status 1001 'On Break'"

    def test_subclasses_follow_custom(self) -> None:
        assert (
            commands.subscribe(["callcenter::info", "CHANNEL_ANSWER", "CHANNEL_ANSWER"])
            == "event plain CHANNEL_ANSWER CUSTOM callcenter::info"
        )


def build_safely(build: Callable[[str], str]) -> str:
    """The same command with a value that it takes."""
    for value in (CALL, "1001", "Available", "NORMAL_CLEARING", "dc_a"):
        try:
            return build(value)
        except RefusedValue:
            continue
    raise AssertionError("no value fits")


class TestFiles:
    def test_several_play_one_after_another(self, files: commands.Files, tmp_path: Path) -> None:
        one, two = tmp_path / "prompts/a.wav", tmp_path / "prompts/b-2.wav"
        assert files.several([one]) == str(one)
        assert files.several([one, two]) == f"file_string://{one}!{two}"

    @pytest.mark.parametrize(
        "name",
        ["/etc/passwd", "prompts/../../etc/passwd", "prompts", "", "prompts/a b.wav", "prompts/a!b.wav",
         "prompts/a${x}.wav", "prompts/a%20.wav", "prompts/a\n.wav", "prompts/a\0.wav", "prompts/a;b.wav", "prompts/a{b}.wav"],
    )  # fmt: skip
    def test_what_is_not_ours_or_not_plain_is_refused(self, files: commands.Files, tmp_path: Path, name: str) -> None:
        with pytest.raises(RefusedValue):
            files.path(tmp_path / name)

    def test_a_link_out_of_our_folders_is_refused(self, files: commands.Files, tmp_path: Path) -> None:
        (tmp_path / "prompts").mkdir()
        (tmp_path / "prompts/way-out").symlink_to("/etc")
        with pytest.raises(RefusedValue):
            files.path(tmp_path / "prompts/way-out/passwd")

    @pytest.mark.parametrize("name", ["../x.wav", "a/b.wav", ".hidden", "", "a b", "x" * 200])
    def test_a_new_file_has_a_plain_name(self, files: commands.Files, tmp_path: Path, name: str) -> None:
        with pytest.raises(RefusedValue):
            files.below(tmp_path / "recordings", name)

    def test_nothing_cannot_be_played(self, files: commands.Files) -> None:
        with pytest.raises(RefusedValue):
            files.several([])


class TestAsk:
    def test_it_takes_one_key_of_those_asked_for(self, files: commands.Files, tmp_path: Path) -> None:
        command = commands.ask(CALL, files, [tmp_path / "prompts/a.wav"], "1239", 5)
        assert command.splitlines() == [
            "sendmsg",
            "call-command: execute",
            "execute-app-name: play_and_get_digits",
            f"execute-app-arg: 1 1 1 5000 + {tmp_path}/prompts/a.wav silence_stream://10 dc_key [1239] 5000",
            f"Event-UUID: {CALL}",
        ]

    @pytest.mark.parametrize("keys", ["", "A", "1]", "1^", "1\n", "1-9", "\\d", "¹"])
    def test_a_key_is_a_telephone_key(self, files: commands.Files, tmp_path: Path, keys: str) -> None:
        with pytest.raises(RefusedValue):
            commands.ask(CALL, files, [tmp_path / "prompts/a.wav"], keys, 5)

    @pytest.mark.parametrize("wait", [-1.0, 601.0, float("nan"), float("inf")])
    def test_a_wait_has_an_end(self, files: commands.Files, tmp_path: Path, wait: float) -> None:
        with pytest.raises(RefusedValue):
            commands.ask(CALL, files, [tmp_path / "prompts/a.wav"], "1", wait)
