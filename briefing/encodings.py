"""Character encodings: decoding bytes by byte-order mark, declaration and detection; ``Content-Type``. Pure.

Many declarations are wrong. A codec is accepted where the bytes can be in it: every encoding of the web but UTF-16 is a
superset of ASCII in markup, digits and Latin letters (WHATWG, Encoding Standard, https://encoding.spec.whatwg.org/),
and UTF-16 has zero bytes. Otherwise an 8-bit text of even length declared as UTF-16 would be read as Chinese, and any
bytes as EBCDIC.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from contextlib import suppress

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe\0\0", "utf-32-le"), (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"),
)  # fmt: skip
"""Byte-order marks and their codecs, in this order, since one is a prefix of another."""

_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:+-]+)", re.IGNORECASE)
# Python codecs that are no encodings of documents; punycode is quadratic.
_NOT_FOR_DOCUMENTS = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "utf_7"})
_SUPERSETS = {"gb2312": "gb18030", "iso8859-1": "cp1252", "latin_1": "cp1252", "ascii": "cp1252", "shift_jis": "cp932"}
"""Declared codec to the superset that browsers use for it."""
_ASCII = "<?xml encoding='AZaz09'>, =/-.\n"
_WIDE = ("utf-16", "utf-32")
_ZEROS = 0.01
"""Least share of zero bytes of a text in UTF-16; its line ends and blanks alone are more."""
_DAMAGED = 0.01
"""Largest share of undecodable characters in the declared encoding."""
_GUESSED_FROM = 100_000
"""Bytes for charset_normalizer."""


def media_type_of(content_type: str) -> str:
    """``text/html`` of ``Text/HTML; charset=x``."""
    return content_type.partition(";")[0].strip().lower()


def charset_of(content_type: str) -> str | None:
    """The charset parameter of a ``Content-Type``, lower case, or None."""
    match = _CHARSET.search(content_type)
    return match[1].lower() if match else None


def split_mark(body: bytes) -> tuple[str, bytes]:
    """The codec that a byte-order mark names, empty without one, and the bytes behind the mark."""
    return next(((codec, body[len(mark) :]) for mark, codec in _MARKS if body.startswith(mark)), ("", body))


def decode_text(body: bytes, names: Iterable[str]) -> str | None:
    """The text in `body`, which has no byte-order mark; None where no encoding fits.

    UTF-8 where it is valid or nearly; else the first plausible one of the declarations `names`, else the detected one.
    Undecodable bytes become U+FFFD.
    """
    declared = [codec for codec in (_codec(name, body) for name in names) if codec]
    # Valid UTF-8 that may be something else: ISO 2022 and HZ (escape sequences), Latin text in UTF-16.
    switching = body.isascii() and (b"\x1b" in body or b"~{" in body)
    first = [codec for codec in declared if switching or codec.startswith(_WIDE)]
    if (text := _strictly(body, first)) is not None:
        return text
    text = body.decode("utf-8", "replace")
    doubt = 1 if "utf-8" in declared else 4
    broken = text.count("\ufffd")
    if doubt * broken <= len(text) - len(text.encode("ascii", "ignore")) - broken:
        # Text in another encoding is hardly ever valid UTF-8.
        return text
    if (text := _strictly(body, declared)) is not None:
        return text
    for codec in declared:
        text = body.decode(codec, "replace")
        if codec != "utf-8" and text.count("\ufffd") <= _DAMAGED * len(text):
            return text
    from charset_normalizer import from_bytes

    best = from_bytes(body[:_GUESSED_FROM]).best()
    return body.decode(best.encoding, "replace") if best else None


def _strictly(body: bytes, names: Iterable[str]) -> str | None:
    """`body` by the first codec that decodes every byte."""
    for codec in names:
        with suppress(UnicodeError):
            return body.decode(codec)
    return None


def _codec(name: str, body: bytes) -> str:
    """The codec of a document declared as `name`; empty where there is none or `body` cannot be in it."""
    try:
        codec = codecs.lookup(name).name
        if codec.replace("-", "_") in _NOT_FOR_DOCUMENTS:
            return ""
        if _ASCII.encode().decode(codec, "replace") == _ASCII:
            return _SUPERSETS.get(codec, codec)
    except (LookupError, ValueError):  # UnicodeError is a ValueError; so is a zero byte in a name
        return ""
    return _wide(codec, body)


def _wide(codec: str, body: bytes) -> str:
    """UTF-16 or UTF-32 by the positions of zero bytes; empty where there are too few."""
    if not codec.startswith(_WIDE) or body.count(0) < _ZEROS * len(body):
        return ""
    if codec.startswith("utf-32"):
        return codec
    return "utf-16-be" if body[::2].count(0) > body[1::2].count(0) else "utf-16-le"
