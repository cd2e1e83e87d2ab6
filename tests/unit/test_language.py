"""Language identification without the classifier."""

from __future__ import annotations

import errno
import logging
import os
import tempfile
from collections.abc import Iterator
from typing import NoReturn

import pytest

from briefing.extract import language


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A temporary folder without room."""

    def refuse(**_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    language._identifier.cache_clear()
    yield
    language._identifier.cache_clear()


@pytest.mark.usefixtures("full")
def test_without_the_classifier_the_declared_language_counts(caplog: pytest.LogCaptureFixture) -> None:
    text = "The bridge over the river was opened by the mayor on Monday, after nine years of work on it."
    with caplog.at_level(logging.WARNING):
        assert [language.language_of(text, stated) for stated in ("en-GB", "de", "")] == ["en", "de", "und"]
    (record,) = caplog.records
    for part in (tempfile.gettempdir(), "TMPDIR", os.strerror(errno.ENOSPC)):
        assert part in record.getMessage()
