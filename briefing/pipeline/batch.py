"""Many texts as JSON Lines, for use from another program: ``{"id", "title"?, "text"}`` in, a line for each out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from briefing.errors import BriefingError, UsageError
from briefing.jsonio import failure_to_json, summary_to_json
from briefing.types import Article, Failure, Summary

if TYPE_CHECKING:
    from briefing.pipeline.workshop import Workshop

__all__ = ["batch"]


def batch(location: str, workshop: Workshop) -> Iterator[tuple[str, Summary | Failure]]:
    """Yield a line of JSON (with its line end) and what it says for each line of the file, in the file's order.

    A line that cannot be used becomes ``{"id", "error"}``, in its place. Results are held back only until those before
    them are there. Raises `UsageError` where the file cannot be read.
    """
    from briefing.pipeline import condense

    lines = _lines(location)
    parsed = [_parse(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    # Two lines with the same text share a summary; each is found under its own place.
    articles = [entry for entry in parsed if isinstance(entry, Article)]
    ready: dict[int, tuple[str, Summary | Failure]] = {}
    places = {id(entry): place for place, entry in enumerate(parsed)}
    for place, entry in enumerate(parsed):
        if isinstance(entry, Failure):
            ready[place] = _line(entry.subject, entry)
    position = 0
    for article, result in condense(articles, workshop):
        ready[places[id(article)]] = _line(article.id, result)
        while position in ready:
            yield ready.pop(position)
            position += 1
    while position in ready:
        yield ready.pop(position)
        position += 1


def _line(name: str, result: Summary | Failure) -> tuple[str, Summary | Failure]:
    data = {"id": name, "error": failure_to_json(result)} if isinstance(result, Failure) else summary_to_json(result)
    return json.dumps(data, ensure_ascii=False) + "\n", result


def _lines(location: str) -> list[str]:
    try:
        raw = sys.stdin.buffer.read() if location == "-" else Path(location).expanduser().read_bytes()
        return raw.decode("utf-8-sig").splitlines()
    except OSError as error:
        raise UsageError(location, f"it cannot be read: {error.strerror}", "Check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError(location, f"it is not UTF-8 text (byte {error.start})", "Save it as UTF-8") from error


def _parse(number: int, line: str) -> Article | Failure:
    from briefing.extract import article_from_text

    subject = f"line {number}"
    try:
        data: Any = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        return Failure(
            subject=subject, stage="read", cause=f"it is no JSON ({error})", remedy="Write one object a line"
        )
    if not isinstance(data, dict) or not isinstance(data.get("text"), str):
        return Failure(subject=subject, stage="read", cause='it has no "text"', remedy='Write {"id", "title", "text"}')
    name = data.get("id", number)
    if not isinstance(name, str | int) or not isinstance(title := data.get("title") or "", str):
        return Failure(subject=subject, stage="read", cause='"id" and "title" must be text', remedy="")
    try:
        article = article_from_text(data["text"], title=title, source=subject)
    except BriefingError as error:
        return Failure(subject=str(name), stage="extract", cause=error.cause, remedy=error.remedy)
    from dataclasses import replace

    return replace(article, id=str(name), source="")
