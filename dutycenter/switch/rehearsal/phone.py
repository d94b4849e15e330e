"""A simulated telephone: what its user does while a leg is up.

The switch tells the telephone what reaches it (ringing, a question, a
recording tone, somebody at the other end); everything it does in return is
timed on the product's clock and ends with the leg.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dutycenter.switch.rehearsal.audio import RATE, beep
from dutycenter.switch.rehearsal.people import PHRASES, Caller, Manner

if TYPE_CHECKING:
    import gevent

    from dutycenter.switch.rehearsal.channel import Channel


DEAD_SECONDS = 45.0


class Phone:
    """Base of all simulated telephones: timed acts on one leg."""

    kind = "phone"
    by_hand = False

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._acts: list[gevent.Greenlet] = []
        self.said = 0  # how often it spoke
        channel.phone = self
        channel.watchers.append(self.gone)

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Do something after so many product seconds, unless the leg is gone by then."""
        exchange = self.channel.exchange

        def run() -> None:
            if not self.channel.cause:
                act()

        self._acts.append(exchange.spawn_later(exchange.clock.real(seconds), run))

    def say(self, text: str) -> float:
        """Speak; the seconds it takes."""
        sound = self.channel.exchange.voices.known(text, self.pitch())
        self.said += 1
        self.channel.say(sound)
        return len(sound) / RATE

    def pitch(self) -> int:
        """How high this person's voice is: one of three, so that voices can be made ahead."""
        return (35, 50, 65)[sum(map(ord, self.channel.far_number)) % 3]

    def mind_silence(self) -> None:
        """Nobody listens to nothing for ever: hang up when the line has been dead for a while."""
        if self.by_hand:
            return
        dead = self.channel.exchange.clock.monotonic() - max(self.channel.heard_until, self.channel.spoke_until)
        if dead >= DEAD_SECONDS and self.channel.partner is None:
            self.hang_up()
        else:
            self.later(DEAD_SECONDS / 3, self.mind_silence)

    def hang_up(self) -> None:
        """Lay down the receiver."""
        self.channel.hangup("NORMAL_CLEARING", "recv_bye")

    def gone(self) -> None:
        """The leg is over: nothing that was planned happens any more."""
        for act in self._acts:
            act.kill(block=False)
        self._acts.clear()

    def ringing(self) -> None:
        """It rings."""

    def answered(self) -> None:
        """The leg is answered."""

    def asked(self) -> None:
        """A question begins; keys are taken."""

    def waits(self) -> None:
        """It is in the queue."""

    def recorded(self) -> None:
        """The tone has sounded; a message is recorded."""

    def bridged(self) -> None:
        """Somebody is at the other end."""


class Person(Phone):
    """Somebody who is called out."""

    kind = "person"

    def __init__(self, channel: Channel, manner: Manner) -> None:
        super().__init__(channel)
        self.manner = manner
        self.by_hand = manner.by_hand
        self._keys = list(manner.keys)

    def ringing(self) -> None:
        """Pick up, in time or never."""
        if self.manner.answer_after is not None:
            self.later(self.manner.answer_after, self.pick_up)

    def pick_up(self) -> None:
        """Take the receiver."""
        self.channel.picked_up = True
        self.channel.wake()

    def answered(self) -> None:
        """Say who is there; some leave again."""
        self.later(DEAD_SECONDS, self.mind_silence)
        if self.manner.greeting:
            self.later(self.manner.greets_after, lambda: self.greet(self.manner.greets_times))
        if self.manner.hang_up_after is not None:
            self.later(self.manner.hang_up_after, self.hang_up)

    def greet(self, times: int) -> None:
        """Say who is there; a machine says it again, or beeps and waits."""
        seconds = self.say(self.manner.greeting)
        if times > 1:
            self.later(seconds + 1.4, lambda: self.greet(times - 1))
        elif self.manner.beeps:
            self.later(seconds + 0.5, lambda: self.channel.say(beep()))

    def asked(self) -> None:
        """Press the next key after having listened for a while."""
        if self._keys:
            key = self._keys.pop(0)
            self.later(self.manner.think, lambda: self.channel.press(key))

    def bridged(self) -> None:
        """Speak with whoever is there, then hang up."""
        if not self.by_hand:
            self.later(self.manner.talks_for, self.hang_up)


class Citizen(Phone):
    """Somebody who calls the hotline."""

    kind = "citizen"

    def answered(self) -> None:
        """Listen from now on."""
        self.later(DEAD_SECONDS, self.mind_silence)

    def __init__(self, channel: Channel, manner: Caller) -> None:
        super().__init__(channel)
        self.manner = manner
        self.by_hand = manner.by_hand
        self._keys = list(manner.keys)
        self._served = False

    def dials(self) -> None:
        """The call has been made."""
        if self.manner.patience is not None:
            self.later(self.manner.patience, lambda: None if self._served else self.hang_up())

    def asked(self) -> None:
        """Press the next key, if this caller presses any."""
        if self._keys:
            key = self._keys.pop(0)
            self.later(self.manner.think, lambda: self.channel.press(key))

    def waits(self) -> None:
        """Wait for a desk, or ask to leave a message after a while."""
        after = self.manner.asks_for_message
        if after is not None and not self.by_hand:
            self.later(after, lambda: self._ask_for_message(after))

    def _ask_for_message(self, again: float) -> None:
        """Press 1, as people do until it is taken: a key pressed while the call is moved on goes unheard."""
        if not self._served:
            self.channel.press("1")
            self.later(again, lambda: self._ask_for_message(again))

    def recorded(self) -> None:
        """Leave a message."""
        self._served = True
        if not self.by_hand:
            self.later(0.5, lambda: self.say(self.manner.says))
            self.later(0.5 + self.manner.message, self.hang_up)

    def bridged(self) -> None:
        """Report, then hang up."""
        self._served = True
        if not self.by_hand:
            self.later(2.5, lambda: self.say(self.manner.says))
            self.later(self.manner.talks_for, self.hang_up)


class Desk(Phone):
    """A duty desk's telephone: answered from the screen, or by itself after a while."""

    kind = "desk"

    def __init__(self, channel: Channel, answers_after: float | None) -> None:
        super().__init__(channel)
        self._answers_after = answers_after
        self.by_hand = answers_after is None

    def ringing(self) -> None:
        """Ring until somebody answers."""
        if self._answers_after is not None:
            self.later(self._answers_after, self.pick_up)

    def pick_up(self) -> None:
        """Take the receiver."""
        self.channel.picked_up = True
        self.channel.wake()

    def bridged(self) -> None:
        """Say who is there, and later that it was understood."""
        self.later(0.4, lambda: self.say(PHRASES[0]))
        self.later(12.0, lambda: self.say(PHRASES[1]))
