"""What officers type finds the class of an incident."""

from __future__ import annotations

from dutycenter.incidents.classes import SAID, SUBTYPE_CODES
from dutycenter.incidents.typeahead import keys_of, subtype_keys
from dutycenter.settings import Settings
from tests.conftest import open_store


class TestKeysOf:
    def test_a_name_is_found_by_itself_its_pinyin_its_initials_and_its_code(self) -> None:
        assert keys_of("430102", ["芙蓉区"]).split() == ["430102", "芙蓉区", "furongqu", "frq"]

    def test_every_sub_type_is_found_in_both_languages_and_by_what_callers_say(self, settings: Settings) -> None:
        keys = subtype_keys(open_store(settings).registry)
        assert set(keys) == SUBTYPE_CODES
        assert set(SAID) <= SUBTYPE_CODES
        assert {"12c00", "车祸", "chehuo", "ch", "traffic", "accident"} <= set(keys["12C00"].split())
