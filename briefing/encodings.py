"""Character encodings: bytes to text, for feeds, pages, mail, lists, files and standard input; ``Content-Type``. Pure.

The order is that of browsers: byte-order mark, the label outside of the document (HTTP, mail part), the label in it
(`xml_label`, `html_label`), detection. Labels mean what the Encoding Standard says (https://encoding.spec.whatwg.org/):
``iso-8859-1`` is windows-1252, ``gb2312`` is gb18030. Deviations, since many labels are wrong: valid multi-byte UTF-8
is UTF-8 under any label; UTF-16 is told by what it looks like; 7-bit ISO-2022-JP by its escape sequences; and a label
under which more than one per cent of the characters cannot be decoded is not believed.

Nothing vanishes: what cannot be decoded becomes U+FFFD and is counted. C1 control characters, which nobody writes, are
the characters of windows-1252 at their places.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from briefing.encoding_detection import detected

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe\0\0", "utf-32-le"), (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"),
)  # fmt: skip
"""Byte-order marks and their codecs, in this order, since one is a prefix of another."""

_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:+-]+)", re.IGNORECASE)
_XML_DECLARATION = re.compile(rb"<\?xml\b[^<>]{0,300}?\bencoding\s*=\s*[\"']\s*([A-Za-z0-9_.:+-]{1,60})")
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_META = re.compile(rb"<meta[\s/]([^<>]{1,500})>", re.IGNORECASE)
_META_CHARSET = re.compile(rb"(?:^|[\s/])charset\s*=\s*[\"']?\s*([\w.:+-]{1,60})", re.IGNORECASE)
_CONTENT_TYPE = re.compile(rb"http-equiv\s*=\s*[\"']?\s*content-type\b", re.IGNORECASE)
_IN_CONTENT = re.compile(rb"[\s;\"'=]charset\s*=\s*[\"']?\s*([\w.:+-]{1,60})", re.IGNORECASE)
_QUOTED = re.compile(rb"\"[^\"]*\"|'[^']*'")
_DECLARED_WITHIN = 4096
"""Bytes at the beginning of a page that are searched for its declaration; browsers search 1,024."""
_XML_WITHIN = 1024
"""The same for an XML declaration, before which a damaged feed has rubbish."""

# Python codecs that are no encodings of documents; punycode is quadratic, UTF-7 hides markup, and what mbcs and oem are
# depends on the machine.
_NOT_FOR_DOCUMENTS = frozenset(
    {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "utf_7", "mbcs", "oem"}
)
_PYTHON = {"gbk": "gb18030", "x-user-defined": "cp1252", "iso-2022-jp": "iso2022_jp_ext"}
"""Encodings of the standard for which `webencodings` takes another codec."""
_LONGEST_LABEL = 100
"""Characters."""
_ASCII = "<?xml encoding='AZaz09'>, =/-.\n"
_UNICODE = ("utf-8", "utf-16", "utf-32", "gb18030")
"""Codecs in which U+FFFD itself can be written."""

_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_SNIFFED = 4096
"""Bytes that are looked at for UTF-16 and UTF-32."""
_LOW = re.compile(rb"[\0-\x08]")
_ASCII_START = re.compile(rb"[\t\n\r -~]{32}")
"""No UTF-16, whatever follows."""
_COMMON = re.compile("[\t\n\r -~\u3000-\u3002\uff0c]")
"""Characters of text in any script, which 8-bit text read as UTF-16 never gives: that has no bytes below 9."""
_COMMON_SHARE = 0.05
"""Least share of them in UTF-16: the blanks or the punctuation of any text are more."""
_COMMON_SHARE_DECLARED = 0.02
_FEWEST_COMMON = 5
_ALPHABETS_SHARE = 0.2
"""Least share of bytes below 9 in UTF-16 of an alphabet, be it without a blank: they are half of it."""
_JUNK_SHARE = 0.02
"""Largest share of characters that no text holds."""

_SWITCHES_TO_JAPANESE = re.compile(rb"\x1b\$(?:[@B]|\(D)")
_LACKING = frozenset({"gb18030", "big5hkscs", "euc_jp", "iso2022_jp_ext"})
"""Python codecs that lack characters of the Encoding Standard."""
_MENDED = 0.05
"""Largest share of such characters, each of which costs a call."""
_FEW = 1000
"""So many in any text."""
_DAMAGED = 0.01
"""Largest share of undecodable characters under a label."""
_SMALL_LOSS = 5
"""Undecodable characters under a label in a short text that has more of others."""
_CHANCE = 3
"""Characters of two bytes that a text in a Chinese, Japanese or Korean encoding may form in UTF-8 by chance."""
_TWO_BYTES = frozenset({"gb18030", "big5hkscs", "cp949", "euc_jp"})
_NO_SHIFT_JIS = re.compile("[\x80\uf8f0-\uf8f3]")
"""What Python makes of bytes that are none of Shift JIS."""
_COULD_NOT = "could not be read"
_C1 = re.compile("[\x80-\x9f]")
_MEANT_BY_C1 = {
    code: bytes([code]).decode("cp1252") for code in range(0x80, 0xA0) if code not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}
}
_CODE_PAGES = {
    "iso8859-2": "cp1250", "iso8859-4": "cp1257", "iso8859-6": "cp1256", "iso8859-7": "cp1253", "iso8859-8": "cp1255",
    "iso8859-13": "cp1257", "iso8859-15": "cp1252",
}  # fmt: skip
"""What a text is that is said to be in a part of ISO 8859 and has bytes 0x80 to 0x9F."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Text from bytes."""

    text: str
    encoding: str
    """Its name in the Encoding Standard, else Python's."""
    declared: bool
    """Whether the document, or what brought it, says so."""
    lost: int = 0
    """Characters that could not be decoded, each now U+FFFD."""
    doubtful: bool = False
    """Whether neither a label nor detection gives a text, so that this is the least bad one."""

    @property
    def warning(self) -> str:
        """What a reader should know of it, a sentence without a full stop; empty where all was decoded."""
        if not self.lost:
            return ""
        characters = "1 character of it" if self.lost == 1 else f"{self.lost:,} characters of it"
        why = f"it says it is {self.encoding}" if self.declared else f"it was read as {self.encoding}"
        return f"{characters} {_COULD_NOT} ({why})"


def is_about_loss(warning: str) -> bool:
    """Whether it is the warning of a `Decoded`."""
    return f" of it {_COULD_NOT} (" in warning


def media_type_of(content_type: str) -> str:
    """``text/html`` of ``Text/HTML; charset=x``."""
    return content_type.partition(";")[0].strip().lower()


def charset_of(content_type: str) -> str | None:
    """The charset parameter of a ``Content-Type``, lower case, or None."""
    match = _CHARSET.search(content_type)
    return match[1].lower() if match else None


def xml_label(body: bytes) -> str:
    """The encoding in the XML declaration at the beginning of a document, or empty."""
    found = _XML_DECLARATION.search(body[:_XML_WITHIN])
    return found[1].decode("ascii") if found else ""


def html_label(body: bytes) -> str:
    """The encoding that a page declares in a ``<meta>`` or an XML declaration, or empty."""
    if label := xml_label(body):
        return label
    for tag in _META.finditer(_COMMENT.sub(b"", body[:_DECLARED_WITHIN])):
        attributes = tag[1]
        is_type = _CONTENT_TYPE.search(attributes)
        found = _IN_CONTENT.search(attributes) if is_type else _META_CHARSET.search(_without_values(attributes))
        if found:
            return found[1].decode("ascii", "ignore")
    return ""


def _without_values(attributes: bytes) -> bytes:
    """The attributes of a tag without quoted values that hold a blank: a description may be about a charset."""
    return _QUOTED.sub(lambda value: b"" if b" " in value[0] else value[0], attributes)


def is_wide(body: bytes) -> bool:
    """Whether it is UTF-16 or UTF-32, which are full of zero bytes, with or without a byte-order mark."""
    return _split_mark(body)[0].startswith(("utf-16", "utf-32")) or bool(_wide(body))


def ascii_start(body: bytes, length: int) -> bytes:
    """Its first `length` characters as ASCII, without a byte-order mark: what tells the format of a text."""
    mark, rest = _split_mark(body[: 4 * length + 4])
    codec = mark if mark.startswith(("utf-16", "utf-32")) else _wide(rest)
    return rest.decode(codec, "replace").encode("ascii", "replace")[:length] if codec else rest[:length]


def decode(body: bytes, labels: Iterable[str | None] = (), *, detect: bool = True) -> Decoded:
    """The text in `body`, without its byte-order mark.

    `labels`: the encodings it is said to have, the best first. Without `detect`, text that no label fits is
    windows-1252: a line is too short to tell.
    """
    mark, rest = _split_mark(body)
    if mark and mark != "utf-8":
        return _decoded(rest, mark, declared=True)
    declared = list(dict.fromkeys(codec for label in (mark, *labels) if label and (codec := codec_of(label))))
    says_wide = [codec for codec in declared if _is_wide_codec(codec)]
    if (detect or says_wide) and (wide := _wide(rest, says_wide)):
        return _decoded(rest, wide, declared=wide in declared)
    declared = [codec for codec in declared if not _is_wide_codec(codec)]
    if rest.isascii():
        return _seven_bit(rest, declared)
    if found := _utf_8(rest, declared="utf-8" in declared):
        return _unless_by_chance(found, rest, declared)
    tried = [_decoded(rest, codec, declared=True) for codec in declared if codec != "utf-8"]
    if found := _believed(tried):
        return found
    if detect and (codec := codec_of(detected(rest))):
        return _decoded(rest, codec, declared=False)
    others = [] if tried else [_decoded(rest, "cp1252", declared=False)]
    return replace(min([*tried, *others], key=lambda one: one.lost), doubtful=True)


def page_text(body: bytes, charset: str | None = None) -> Decoded:
    """The text of an HTML page, or of its beginning; `charset` is what HTTP says of it."""
    return decode(body, [charset, html_label(body)])


def _seven_bit(body: bytes, declared: Sequence[str]) -> Decoded:
    """ASCII, or an encoding that switches by escape sequences: ISO-2022-JP under any label, others under their own."""
    switching = [codec for codec in declared if b"\x1b" in body or b"~{" in body]
    japanese = ["iso2022_jp_ext"] if _SWITCHES_TO_JAPANESE.search(body) else []
    tried = [_decoded(body, codec, declared=codec in declared) for codec in dict.fromkeys([*japanese, *switching])]
    return _believed(tried) or Decoded(text=body.decode("ascii"), encoding="utf-8", declared="utf-8" in declared)


def _utf_8(body: bytes, *, declared: bool) -> Decoded | None:
    """The text in UTF-8 where it is valid or nearly, else None: text in another encoding hardly ever is."""
    found = _decoded(body, "utf-8", declared=declared)
    if not found.lost:
        return found
    others = _outside_ascii(found.text) - found.lost
    return found if (1 if declared else 4) * found.lost <= others else None


def _unless_by_chance(found: Decoded, body: bytes, declared: Sequence[str]) -> Decoded:
    """`found` in UTF-8, or what the first label gives where that is as likely: 头 in GBK is a letter of Greek."""
    if not (declared and declared[0] in _TWO_BYTES and max(found.text) < "\u0800"):
        return found
    other = _decoded(body, declared[0], declared=True)
    return found if other.lost or _outside_ascii(found.text) > _CHANCE else other


def _believed(tried: Sequence[Decoded]) -> Decoded | None:
    """The first in which every character was decoded, else the first in which nearly all were."""
    whole = next((one for one in tried if not one.lost), None)
    return whole or next(filter(_is_nearly_whole, tried), None)


def _is_nearly_whole(found: Decoded) -> bool:
    if found.lost <= _DAMAGED * len(found.text):
        return True
    return found.lost <= _SMALL_LOSS and 2 * found.lost <= _outside_ascii(found.text) - found.lost


def _outside_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


@lru_cache(maxsize=256)
def codec_of(label: str) -> str:
    """The Python codec of a document that is said to be `label`; empty where there is none."""
    from webencodings import lookup

    with suppress(LookupError, ValueError):  # UnicodeError is a ValueError; so is a zero byte in a name
        known = lookup(label) if len(label) <= _LONGEST_LABEL else None
        if known is None or known.name == "replacement":
            codec = codecs.lookup(label[:_LONGEST_LABEL].strip()).name
            if codec.replace("-", "_") in _NOT_FOR_DOCUMENTS:
                return ""
            known = lookup(codec.replace("_", "-"))  # Python has more names for the same
            if known is None or known.name == "replacement":
                superset = codec.startswith("utf-32") or _ASCII.encode().decode(codec, "replace") == _ASCII
                return codec if superset else ""
        return str(_PYTHON.get(known.name, known.codec_info.name))
    return ""


@cache
def _names() -> dict[str, str]:
    """The names of Python's codecs in the Encoding Standard."""
    from webencodings import lookup
    from webencodings.labels import LABELS

    names = sorted(set(LABELS.values()) - {"replacement", "x-user-defined", "gbk", "iso-8859-8-i"})
    return {codec_of(name): name for name in names if lookup(name)}


def _split_mark(body: bytes) -> tuple[str, bytes]:
    """The codec that a byte-order mark names, empty without one, and the bytes behind the mark."""
    return next(((codec, body[len(mark) :]) for mark, codec in _MARKS if body.startswith(mark)), ("", body))


def _is_wide_codec(codec: str) -> bool:
    return codec.startswith(("utf-16", "utf-32"))


def _wide(body: bytes, declared: Sequence[str] = ()) -> str:
    """The kind of UTF-16 or UTF-32 that it looks like without a byte-order mark, best the `declared` one; or empty."""
    sample = body[: min(_SNIFFED, len(body)) // 2 * 2]
    if not _LOW.search(sample) or _ASCII_START.match(sample):
        return ""
    best, share = "", 0.0
    for codec in dict.fromkeys([*(codec for codec in declared if codec in _WIDE), *_WIDE]):
        text = sample.decode(codec, "replace")
        common = len(_COMMON.findall(text))
        if common / len(text) > share and (declared or (common >= _FEWEST_COMMON and not _is_junk(text))):
            best, share = codec, common / len(text)
    if share >= (_COMMON_SHARE_DECLARED if declared else _COMMON_SHARE):
        return best
    high, low = (len(_LOW.findall(sample[first::2])) for first in (0, 1))
    if declared and max(high, low) > _ALPHABETS_SHARE * len(sample):
        return "utf-16-be" if high > low else "utf-16-le"
    return ""


def _is_junk(text: str) -> bool:
    """Whether it has many control characters, private ones and ones that do not exist: a binary file, read as text."""
    junk = sum(
        character == "\ufffd" or (unicodedata.category(character)[0] == "C" and not character.isspace())
        for character in text
    )
    return junk > _JUNK_SHARE * len(text)


def _decoded(body: bytes, codec: str, *, declared: bool) -> Decoded:
    """`body` by `codec`; what that cannot decode is U+FFFD."""
    lost = 0
    try:
        text = body.decode(codec)
    except UnicodeError:
        text = body.decode(codec, "replace")
        if codec in _LACKING and text.count("\ufffd") <= max(_FEW, _MENDED * len(text)):
            text = body.decode(codec, _SECOND_CHANCE)
        lost = text.count("\ufffd")
        if codec.startswith(_UNICODE):
            lost -= body.decode(codec, "ignore").count("\ufffd")
    if codec == "cp932":
        text, more = _NO_SHIFT_JIS.subn("\ufffd", text)
        lost += more
    if _C1.search(text):
        page = _CODE_PAGES.get(codec, "")
        if page and (better := _decoded(body, page, declared=declared)).lost <= lost:
            return better
        unicode = codec.startswith(_UNICODE)
        text = text.translate(_MEANT_BY_C1 | {0x85: "\x85"} if unicode else _MEANT_BY_C1)
        if not unicode:
            text, more = _C1.subn("\ufffd", text)
            lost += more
    return Decoded(text=text, encoding=_names().get(codec, codec), declared=declared, lost=lost)


def _second_chance(error: UnicodeError) -> tuple[str, int]:
    """For `codecs`: characters of the Encoding Standard that Python's codec lacks, else U+FFFD."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    pair = error.object[error.start : error.start + 2]
    with suppress(UnicodeError):
        if error.encoding == "gb18030" and pair[:1] == b"\x80":
            return "€", error.start + 1
        if error.encoding == "big5hkscs":
            return pair.decode("cp950"), error.start + 2
        if error.encoding in {"euc_jp", "iso2022_jp_ext"} and len(pair) == 2:
            return _jis_pair(pair), error.start + 2
    return "\ufffd", error.end


def _jis_pair(pair: bytes) -> str:
    """A character of NEC's and IBM's rows (①, ㈱), which Python knows in Shift JIS only. Raises UnicodeError."""
    row, cell = (byte - (0xA1 if pair[0] >= 0xA1 else 0x21) for byte in pair)
    if not (0 <= row < 94 and 0 <= cell < 94):
        return "\ufffd"
    lead = (row >> 1) + (0x81 if row < 62 else 0xC1)
    trail = cell + 0x9F if row & 1 else cell + 0x40 + (cell >= 63)
    return bytes([lead, trail]).decode("cp932")


_SECOND_CHANCE = "briefing.second_chance"
codecs.register_error(_SECOND_CHANCE, _second_chance)
