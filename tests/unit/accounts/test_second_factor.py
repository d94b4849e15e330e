"""Codes, their use once, and what the store keeps of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dutycenter.accounts.second_factor import (
    PAPER_CODES,
    STEP_SECONDS,
    Seal,
    SealBroken,
    code_at,
    new_secret,
    paper_codes,
    paper_digest,
    step_at,
    step_of,
)

# RFC 6238, appendix B: the secret of its SHA-1 rows in base32; of its eight digits the last six are ours.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC_CODES = [
    (59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"),
    (2000000000, "279037"), (20000000000, "353130"),
]  # fmt: skip
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


class TestCodeAt:
    @pytest.mark.parametrize(("seconds", "code"), RFC_CODES)
    def test_it_agrees_with_the_rfc(self, seconds: int, code: str) -> None:
        assert code_at(RFC_SECRET, datetime.fromtimestamp(seconds, UTC)) == code


class TestStepOf:
    @given(now=MOMENTS, off=st.integers(-300, 300))
    def test_codes_of_neighbouring_steps_count_and_no_others(self, now: datetime, off: int) -> None:
        shown = now + timedelta(seconds=off)
        steps_off = step_at(shown) - step_at(now)
        found = step_of(RFC_SECRET, code_at(RFC_SECRET, shown), now, after=0)
        if abs(steps_off) <= 1:
            assert found == step_at(shown)
        else:  # by chance two steps may share a code
            assert found is None or code_at(RFC_SECRET, datetime.fromtimestamp(found * STEP_SECONDS, UTC)) == code_at(
                RFC_SECRET, shown
            )

    @given(now=MOMENTS)
    def test_a_used_code_is_used_up(self, now: datetime) -> None:
        code = code_at(RFC_SECRET, now)
        first = step_of(RFC_SECRET, code, now, after=0)
        assert first is not None
        assert step_of(RFC_SECRET, code, now, after=first) is None

    @pytest.mark.parametrize(
        "typed", ["", "12345", "1234567", "12a456", "１２３４５６", "²²²²²²", "\x00" * 6, "-12345"]
    )
    def test_what_is_no_code_is_refused(self, typed: str) -> None:
        assert step_of(RFC_SECRET, typed, datetime.now(UTC), after=0) is None

    def test_blanks_are_forgiven(self) -> None:
        now = datetime(2026, 11, 27, tzinfo=UTC)
        code = code_at(RFC_SECRET, now)
        assert step_of(RFC_SECRET, f" {code[:3]} {code[3:]} ", now, after=0) is not None


class TestPaperCodes:
    def test_they_differ_and_are_found_again_however_typed(self) -> None:
        codes = paper_codes()
        assert len({paper_digest(code) for code in codes}) == PAPER_CODES
        for code in codes:
            assert paper_digest(f"  {code.upper().replace('-', ' ')} ") == paper_digest(code)

    @pytest.mark.parametrize("typed", ["", "abc", "abcde-fghj", "abcde-fghj0", "a" * 500, "ａbcde-fghjk"])
    def test_what_is_none_is_refused(self, typed: str) -> None:
        assert paper_digest(typed) is None


class TestSeal:
    @given(st.text(max_size=80))
    def test_it_opens_what_it_closed_and_hides_it(self, secret: str) -> None:
        seal = Seal("k" * 64)
        assert seal.open(seal.close(secret)) == secret

    def test_another_key_or_a_changed_text_is_refused(self) -> None:
        sealed = Seal("k" * 64).close(new_secret())
        with pytest.raises(SealBroken):
            Seal("l" * 64).open(sealed)
        changed = sealed[:40] + ("A" if sealed[40] != "A" else "B") + sealed[41:]
        with pytest.raises(SealBroken):
            Seal("k" * 64).open(changed)
