from collections import Counter


class TestDialing:
    def test_it_gives_everybody_one_outcome(self, town, manner):
        town.settle(20)
        town.gateway()
        town.launch()

        def script(number, nth):
            person = int(number[7:10])
            return {
                0: manner(),
                1: manner(cause="USER_BUSY"),
                2: manner(key="4"),
                3: manner(key=""),
                4: manner(key="", heard=False),
                5: manner(ring=99),
                6: manner(cause="UNALLOCATED_NUMBER"),
                7: manner(cause="NO_USER_RESPONSE") if nth == 1 else manner(),
            }.get(person, manner(ring=person % 7))

        twin = town.twin(script)
        town.play(twin, town.dialer(twin))
        outcomes = town.outcomes()
        assert {name: outcomes[name] for name in ("人0", "人2", "人3", "人4", "人5", "人6", "人7")} == {
            "人0": "acknowledged",
            "人2": "declined",
            "人3": "reached",
            "人4": "not_reached",
            "人5": "not_reached",
            "人6": "not_reached",
            "人7": "acknowledged",
        }
        assert Counter(outcomes.values())["acknowledged"] == 14
        assert twin.overlaps == []
        assert town.dispositions()["open"] == 0
