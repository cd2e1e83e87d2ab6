"""Many texts as JSON Lines, for use from another program: ``{"id", "title"?, "text"}`` in, a line for each out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from briefing.errors import BriefingError, UsageError
from briefing.pipeline.summaries import condense_stories
from briefing.sanitise import clean
from briefing.serialization import failure_to_json, json_text, summary_document
from briefing.types import Article, Failure, Summary

if TYPE_CHECKING:
    from briefing.pipeline.context import RunContext


def batch(location: str, context: RunContext) -> Iterator[tuple[str, Summary | Failure]]:
    """Yield a line of JSON (with its line end) and what it says for each line of the file, in the file's order.

    A line that cannot be used becomes ``{"id", "error"}``, in its place. Results are held back only until those before
    them are there. Raises `UsageError` where the file cannot be read.
    """
    parsed = [_parse(number, line) for number, line in enumerate(_lines(location), 1) if line.strip()]
    articles = [(index, entry) for index, entry in enumerate(parsed) if isinstance(entry, Article)]
    ready = {index: _line(entry.subject, entry) for index, entry in enumerate(parsed) if isinstance(entry, Failure)}
    following = 0
    """Index of the next line to be yielded."""
    for position, result in condense_stories([(article,) for _, article in articles], context):
        index, article = articles[position]
        ready[index] = _line(article.id, result)
        while following in ready:
            yield ready.pop(following)
            following += 1
    while following in ready:
        yield ready.pop(following)
        following += 1


def _line(name: str, result: Summary | Failure) -> tuple[str, Summary | Failure]:
    data = {"id": name, "error": failure_to_json(result)} if isinstance(result, Failure) else summary_document(result)
    return json_text(data, None), result


def _lines(location: str) -> list[bytes]:
    if location == "-" and sys.stdin is None:
        raise UsageError("standard input", "it is closed", "Pipe the lines into it, or name a file")
    try:
        raw = sys.stdin.buffer.read() if location == "-" else Path(location).expanduser().read_bytes()
    except OSError as error:
        raise UsageError(location, f"it cannot be read: {error.strerror}", "Check the path") from error
    # Only \n ends a line: other ends that Unicode knows may stand inside a text.
    return raw.removeprefix(b"\xef\xbb\xbf").split(b"\n")


def _parse(number: int, line: bytes) -> Article | Failure:
    from briefing.extract import article_from_text

    name = f"line {number}"

    def refused(cause: str, remedy: str = 'Write {"id", "title", "text"}', stage: str = "read") -> Failure:
        return Failure(subject=name, stage=stage, cause=cause, remedy=remedy)

    try:
        data: Any = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return refused(f"it is not UTF-8 text (byte {error.start})", "Save it as UTF-8")
    except (ValueError, RecursionError) as error:
        return refused(f"it is no JSON ({error})", "Write one object a line")
    if not isinstance(data, dict):
        return refused("it is no object")
    identifier, title, text = data.get("id", number), data.get("title") or "", data.get("text")
    if not isinstance(identifier, str | int) or isinstance(identifier, bool):
        return refused('its "id" is no text or number')
    name = clean(str(identifier))
    if not isinstance(text, str):
        return refused('it has no "text"')
    if not isinstance(title, str):
        return refused('its "title" is no text')
    try:
        return replace(article_from_text(text, title=title, source=name), id=name, source="")
    except BriefingError as error:
        return refused(error.cause, error.remedy, "extract")
