"""The town's people: who answers how, decided by number and seed alone.

The same seed and number give the same character and the same patience on
every run; only how often a number was called before changes what it does.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

# Who lives in the town when the settings don't say: character, and its share of the numbers.
USUAL = {
    "answers": 52, "slow": 8, "second_time": 7, "busy": 4, "rings_out": 6, "switched_off": 3, "voicemail": 3,
    "hangs_up_at_once": 3, "leaves_early": 2, "wrong_key": 3, "silent": 2, "declines": 3, "desk": 1, "calls_back": 1,
    "rejects": 1, "no_such_number": 1, "announcement": 0, "leaves_once": 0,
}  # fmt: skip


WHO_CALLS = 5.0  # seconds that a notice takes to say who calls; nobody presses a key before


@dataclass(frozen=True)
class Refusal:
    """How the network says no: SIP status and phrase, and the switch's word."""

    status: int
    phrase: str
    cause: str


BUSY = Refusal(486, "Busy Here", "USER_BUSY")
UNALLOCATED = Refusal(404, "Not Found", "UNALLOCATED_NUMBER")
UNAVAILABLE = Refusal(480, "Temporarily Unavailable", "NO_USER_RESPONSE")
DECLINED = Refusal(603, "Decline", "CALL_REJECTED")
FULL = Refusal(503, "Service Unavailable", "NORMAL_TEMPORARY_FAILURE")


@dataclass(frozen=True)
class Manner:
    """What a person does with one call that reaches the phone. Seconds are the product's."""

    answer_after: float | None = None  # of ringing; None: never
    refusal: Refusal | None = None
    refuse_after: float = 0.02
    greeting: str = ""
    greets_after: float = 0.3
    greets_times: int = 1  # an announcement is said again and again
    beeps: bool = False  # after the greeting: a voicemail
    keys: tuple[str, ...] = ()  # one for each time that the flow asks
    think: float = 3.0  # seconds into the question before the key
    hang_up_after: float | None = None  # seconds after the answer, whatever is said
    talks_for: float = 12.0  # seconds with somebody at the other end, then hangs up
    calls_back_after: float | None = None
    by_hand: bool = False  # nothing happens but what somebody does on the page


def parse_shares(text: str) -> dict[str, float]:
    """``answers=60 busy=5 …``; empty text is the usual town.

    Raises:
        ValueError: an unknown character or a share that is no number above 0; says which.
    """
    shares: dict[str, float] = {}
    for word in text.replace(",", " ").split():
        name, separator, share = word.partition("=")
        if name not in USUAL:
            raise ValueError(f"there is no character {name}; there are {', '.join(USUAL)}")
        try:
            shares[name] = float(share) if separator else 1.0
        except ValueError:
            raise ValueError(f"{word}: expected a number after the equals sign") from None
        if shares[name] < 0:
            raise ValueError(f"{word}: a share cannot be negative")
    if shares and not sum(shares.values()) > 0:
        raise ValueError("at least one character needs a share above 0")
    return shares or {name: float(share) for name, share in USUAL.items()}


@dataclass
class People:
    """Everybody who can be called.

    Args:
        seed: of the town.
        shares: how common each character is.
        assigned: numbers whose character is given.
    """

    seed: int = 1
    shares: Mapping[str, float] = field(default_factory=lambda: parse_shares(""))
    assigned: dict[str, str] = field(default_factory=dict)
    _calls: dict[str, int] = field(default_factory=dict)

    def character(self, number: str) -> str:
        """Who has this number."""
        given = self.assigned.get(number)
        if given is not None:
            return given
        random_ = random.Random(f"{self.seed}:{number}")  # noqa: S311
        return random_.choices(list(self.shares), list(self.shares.values()))[0]

    def called(self, number: str) -> Manner:
        """Somebody calls this number now: what its owner does with it."""
        count = self._calls[number] = self._calls.get(number, 0) + 1
        return manner(self.character(number), count, random.Random(f"{self.seed}:{number}:m"))  # noqa: S311


def manner(character: str, count: int, random_: random.Random) -> Manner:
    """What a character does with its ``count``-th call.

    Raises:
        ValueError: no such character.
    """
    pick_up, think = random_.uniform(2, 9), WHO_CALLS + random_.uniform(2.5, 8)
    willing = Manner(answer_after=pick_up, greeting="喂,你好。", keys=("1",), think=think)
    again = Manner(answer_after=pick_up / 2, greeting="喂,刚才没接到。", keys=("1",), think=think)
    leaves = Manner(answer_after=pick_up, greeting="喂?", hang_up_after=2 + think / 2)
    known = {
        "answers": willing,
        "slow": Manner(answer_after=pick_up + 12, greeting="喂,哪位?", keys=("1",), think=think),
        "second_time": Manner() if count == 1 else again,
        "busy": Manner(refusal=BUSY) if count <= 1 + int(pick_up) % 2 else again,
        "rings_out": Manner(),
        "switched_off": Manner(refusal=UNAVAILABLE, refuse_after=1.0),
        "voicemail": Manner(
            answer_after=16 + pick_up / 2, greeting="您好,我现在不方便接听电话,请在提示音后留言。",
            greets_after=0.1, beeps=True, hang_up_after=45,
        ),
        "announcement": Manner(  # the network takes the call itself to say that there is no such number
            answer_after=0.3, greeting="您拨打的号码是空号,请核对后再拨。", greets_times=6, hang_up_after=40,
        ),
        "hangs_up_at_once": Manner(answer_after=pick_up, greets_after=9, hang_up_after=0.2 if count % 2 else 0.0),
        "leaves_early": leaves,
        "leaves_once": leaves if count == 1 else again,
        "wrong_key": Manner(answer_after=pick_up, greeting="喂,请讲。", keys=("9", "1"), think=think),
        "silent": Manner(answer_after=pick_up, greeting="喂?喂?"),
        "declines": Manner(answer_after=pick_up, greeting="你好。", keys=("4",), think=think),
        "desk": Manner(answer_after=pick_up, greeting="喂,值班室吗?", keys=("3",), think=think, talks_for=10),
        "calls_back": Manner(calls_back_after=15 + think) if count == 1 else again,
        "rejects": Manner(refusal=DECLINED, refuse_after=pick_up),
        "no_such_number": Manner(refusal=UNALLOCATED),
        "hand": Manner(by_hand=True),
    }  # fmt: skip
    try:
        return known[character]
    except KeyError:
        raise ValueError(f"there is no character {character}; there are {', '.join(known)}") from None


@dataclass(frozen=True)
class Caller:
    """What a citizen does who calls the hotline. Seconds are the product's."""

    says: str = "你好,我要报告一个情况。"
    keys: tuple[str, ...] = ()  # one for each time that the flow asks
    think: float = 1.5
    patience: float | None = None  # hangs up after so long when nobody has answered
    talks_for: float = 15.0  # with the desk, then hangs up
    message: float = 8.0  # seconds of voicemail, then hangs up
    asks_for_message: float | None = None  # seconds in the queue after which they press 1 to leave a message
    by_hand: bool = False


CALLERS: dict[str, Caller] = {
    "reports": Caller(
        says="值班室吗?解放路和人民路路口发生交通事故,两辆车相撞,有三个人受伤,请赶快派人来。", talks_for=18
    ),
    "fire": Caller(says="你好,城东化工厂着火了,烟很大,里面还有人,请马上派消防车。", talks_for=15),
    "flood": Caller(says="我是柳河镇政府值班员。柳河水位超过警戒线,低洼处已经进水,正在转移群众。", talks_for=22),
    "gives_up": Caller(says="喂?喂?", patience=9),
    "leaves_message": Caller(
        says="没人接吗?我要报告,东湖村后山有落石,路堵住了,请派人来看看。", message=9, asks_for_message=12
    ),
    "hangs_up_at_once": Caller(says="", patience=0.4),
    "silent": Caller(says=""),
    "hand": Caller(says="", by_hand=True),
}


def caller(character: str, wishes: Mapping[str, object]) -> Caller:
    """A citizen by name, changed as wished (``says``, ``keys``, ``think``, ``patience``, ``talks_for``, ``message``).

    Raises:
        ValueError: no such character, or a wish that isn't understood.
    """
    if character not in CALLERS:
        raise ValueError(f"there is no caller {character}; there are {', '.join(CALLERS)}")
    known = {**CALLERS[character].__dict__}
    for name, value in wishes.items():
        if name == "says" and isinstance(value, str):
            known[name] = value[:200]
        elif name == "keys" and isinstance(value, str) and all(key in "0123456789*#" for key in value):
            known[name] = tuple(value)
        elif name in ("think", "patience", "talks_for", "message") and isinstance(value, int | float) and value >= 0:
            known[name] = float(value)
        else:
            raise ValueError(f"{name} = {value!r} is not understood")
    return Caller(**known)


PHRASES = ("我是云江市总值班室,请讲。", "好的,情况记下了,我们马上处理。")


def all_phrases() -> list[str]:
    """Everything that simulated people may say, so that it can be spoken ahead."""
    spoken = {manner(name, count, random.Random(0)).greeting for name in (*USUAL, "hand") for count in (1, 2)}  # noqa: S311
    spoken |= {caller.says for caller in CALLERS.values()}
    return sorted((spoken | set(PHRASES)) - {""})
