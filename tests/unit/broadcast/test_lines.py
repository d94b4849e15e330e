"""How many lines a broadcast has: the same to the launch page, the forecast and the board."""

from __future__ import annotations

from broadcast.lines import gateway_lines
from dutycenter.switch.models import Gateway
from dutycenter.work import Work


def lines(work: Work, taken: dict[str, int] | None = None):
    """A gateway with 8 lines for broadcasts, one out of service, one with 3, and one that the hotline keeps whole."""
    with work.write() as request:
        for name, channels, reserved, enabled in (
            ("a", 10, 2, True), ("b", 30, 0, False), ("c", 4, 1, True), ("d", 2, 5, True),
        ):  # fmt: skip
            request.db.add(Gateway(name=name, channels=channels, reserved=reserved, enabled=enabled,
                                   calls_per_second=5, caller_id="07318888"))  # fmt: skip
        request.db.flush()
        return gateway_lines(request.db, taken)


class TestAtOnce:
    def test_what_the_hotline_keeps_and_what_is_out_of_service_is_not_counted(self, work: Work) -> None:
        found = lines(work)
        assert found.at_once(500) == 11
        assert found.at_once(9) == 9
        assert [channels for channels, _rate in found.first(9)] == [8, 0, 1, 0]

    def test_no_more_than_there_is_to_call(self, work: Work) -> None:
        found = lines(work)
        assert found.at_once(9, 4) == 4
        assert found.at_once(9, 40) == 9

    def test_what_others_have_taken_is_not_counted(self, work: Work) -> None:
        assert lines(work, {"a": 7, "c": 9}).at_once(500) == 1

    def test_without_a_gateway_there_is_none(self, work: Work) -> None:
        with work.read() as request:
            assert gateway_lines(request.db).at_once(20, 5) == 0
