"""Rows that training and evaluation read: one an article or document, JSON Lines, compressed where the name says so."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["Claim", "Row", "Write", "read", "records", "save"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement about a row's sentences."""

    cites: tuple[int, ...]
    """Numbers of sentences, from 1, the main one first."""
    text: str
    label: int
    """1 where the sentences hold it, else 0."""
    kind: str
    """``true``, what a wrong one does (``swap``, ...), ``label`` (of a data set) or ``own`` (the model's)."""


@dataclass(frozen=True, slots=True)
class Write:
    """Key points as they should be written."""

    length: str
    headline: str | None
    points: tuple[tuple[tuple[int, ...], str], ...]
    """Numbers of sentences and text."""


@dataclass(frozen=True, slots=True)
class Row:
    """An article's or document's sentences and what is to be learnt over them."""

    part: str
    """``train``, ``valid`` (kept out), ``tune`` and ``report`` (halves of the labelled claims) or ``own``."""
    source: str
    id: str
    sentences: tuple[str, ...]
    write: Write | None
    """None where there are statements only."""
    claims: tuple[Claim, ...]

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Row:
        """From one line's JSON."""
        write = record["write"]
        return cls(
            part=record["part"],
            source=record["source"],
            id=record["id"],
            sentences=tuple(record["sentences"]),
            write=write
            and Write(write["length"], write["headline"], tuple((tuple(c), text) for c, text in write["points"])),
            claims=tuple(Claim(**(one | {"cites": tuple(one["cites"])})) for one in record["claims"]),
        )


def records(path: Path) -> list[dict[str, Any]]:
    """Every line of a JSON Lines file, ``.gz`` or plain."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def read(path: Path) -> list[Row]:
    """The rows that `training.prepare` wrote."""
    return [Row.of(record) for record in records(path)]


def save(rows: Iterable[Row], path: Path) -> None:
    """Written so that the same rows give the same bytes."""
    text = "".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)
