"""Metadata of a GGUF file, from its first mebibyte.

The file is untrusted: every length is checked against the bytes that were read.
Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from briefing.errors import ModelError

HEAD_BYTES = 1 << 20
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufHeader:
    """Metadata; empty or 0 where it is absent or beyond the first mebibyte."""

    architecture: str = ""
    name: str = ""
    licence: str = ""
    context: int = 0
    """Tokens."""
    cache: int = 0
    """Bytes of KV cache for a token, at two bytes a value."""


def read_gguf_header(path: Path) -> GgufHeader:
    """The header of the file at `path`. Raises `ModelError` where it cannot be read or is no GGUF file."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise ModelError(
            str(path), f"it cannot be read ({error.strerror})", "Check the path and its permissions"
        ) from None
    remedy = "Take a file whose name ends in .gguf from a repository of GGUF files"
    if not head.startswith(b"GGUF"):
        raise ModelError(str(path), "it is not a GGUF file (its first bytes are not GGUF)", remedy)
    if len(head) < 24 or int.from_bytes(head[4:8], "little") not in (2, 3):
        raise ModelError(str(path), "its GGUF header is cut off or of a version that is not known", remedy)
    values = _metadata(head)
    architecture = _text(values.get("general.architecture"))
    context = values.get(f"{architecture}.context_length")
    return GgufHeader(
        architecture=architecture,
        name=_text(values.get("general.name")),
        licence=_text(values.get("general.license")),
        context=context if isinstance(context, int) and 1 < context < 1 << 31 else 0,
        cache=_cache(architecture, values),
    )


def _cache(architecture: str, values: dict[str, object]) -> int:
    """Bytes for the keys and values of one token; 0 where the header is incomplete."""

    def number(name: str) -> int:
        value = values.get(f"{architecture}.{name}")
        return value if isinstance(value, int) and 0 < value < 1 << 20 else 0

    heads = number("attention.head_count")
    width = number("embedding_length") // heads if heads else 0
    lengths = (number("attention.key_length") or width) + (number("attention.value_length") or width)
    return 2 * number("block_count") * (number("attention.head_count_kv") or heads) * lengths


def _metadata(head: bytes) -> dict[str, object]:
    """Scalars and strings up to the end of `head` or the first invalid value."""
    values: dict[str, object] = {}
    offset, count = 24, struct.unpack_from("<Q", head, 16)[0]
    try:
        for _ in range(min(count, HEAD_BYTES)):
            key, offset = _value(head, offset, _STRING)
            (kind,) = struct.unpack_from("<I", head, offset)
            values[str(key)], offset = _value(head, offset + 4, kind)
    except (struct.error, KeyError, OverflowError):
        pass
    return values


def _value(head: bytes, offset: int, kind: int) -> tuple[object, int]:
    """The value of this kind at `offset` (None for an array), and the offset after it."""
    if kind == _STRING:
        (length,) = struct.unpack_from("<Q", head, offset)
        (raw,) = struct.unpack_from(f"<{min(length, HEAD_BYTES)}s", head, offset + 8)
        return raw.decode("utf-8", "replace"), offset + 8 + length
    if kind == _ARRAY:
        inner, length = struct.unpack_from("<IQ", head, offset)
        offset += 12
        if inner != _STRING:
            return None, offset + length * struct.calcsize(_SCALARS[inner])
        for _ in range(length):
            offset += 8 + struct.unpack_from("<Q", head, offset)[0]
        return None, offset
    layout = "<" + _SCALARS[kind]
    return struct.unpack_from(layout, head, offset)[0], offset + struct.calcsize(layout)


def _text(value: object) -> str:
    """Text fit for a terminal: printable, one line, at most 200 characters."""
    return "".join(filter(str.isprintable, value)).strip()[:200] if isinstance(value, str) else ""
