"""Backoff delays and ``Retry-After``."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.retry import backoff_delay, retry_after

NOW = 1_715_925_600.0  # 17 May 2024, 06:00 UTC


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0), (" 120 ", 120.0), ("Fri, 17 May 2024 06:01:30 GMT", 90.0), ("Fri, 17 May 2024 05:00:00 GMT", 0.0),
        (None, None), ("", None), ("soon", None), ("-5", None), ("9" * 40, 999_999_999.0),
        ("\xb2", None), ("\u0667", None), ("1\xb2", None),
    ],
)  # fmt: skip
def test_retry_after_takes_seconds_and_http_dates(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@given(st.text() | st.text("0123456789\xb2\xb3\u0667\u2460 "))
def test_retry_after_never_raises_and_is_never_negative(value: str) -> None:
    seconds = retry_after(value, NOW)
    assert seconds is None or 0.0 <= seconds < 1e12
    assert (seconds is None) <= (not re.fullmatch(r"\s*[0-9]+\s*", value, re.ASCII))


@given(st.integers(0, 10), st.floats(0, 1), st.floats(0, 1))
def test_backoff_grows_with_any_jitter(attempt: int, jitter: float, other_jitter: float) -> None:
    assert 0.25 <= backoff_delay(attempt, 0.5, jitter) / 2**attempt <= 0.75
    assert backoff_delay(attempt, 0.5, jitter) < backoff_delay(attempt + 2, 0.5, other_jitter)
