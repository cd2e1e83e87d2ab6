"""How long a server is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.retry import pause, retry_after

NOW = 1_715_925_600.0  # 17 May 2024, 06:00 UTC


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0), (" 120 ", 120.0), ("Fri, 17 May 2024 06:01:30 GMT", 90.0), ("Fri, 17 May 2024 05:00:00 GMT", 0.0),
        (None, None), ("", None), ("soon", None), ("-5", None), ("9" * 40, 999_999_999.0),
        ("\xb2", None), ("\u0667", None), ("1\xb2", None),
    ],
)  # fmt: skip
def test_what_a_server_wishes(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@given(st.text() | st.text("0123456789\xb2\xb3\u0667\u2460 "))
def test_no_header_is_too_odd(value: str) -> None:
    assert (retry_after(value, NOW) or 0.0) >= 0


@given(st.integers(0, 10), st.floats(0, 1), st.floats(0, 1))
def test_pauses_grow_whatever_the_dice_say(attempt: int, dice: float, other: float) -> None:
    assert 0.25 <= pause(attempt, 0.5, dice) / 2**attempt <= 0.75
    assert pause(attempt, 0.5, dice) < pause(attempt + 2, 0.5, other)
