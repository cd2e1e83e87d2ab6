"""Header fields of a message (RFC 5322): reading, folding, encoded words, addresses. Pure.

Not here: values (`render.email`).

Python writes tokens too long for a line as RFC 2047 encoded words. Those are allowed in free text and display names
(section 5 there), but a structured field is not decoded: no mail program shows a button for a ``List-Unsubscribe``
like that. So structured fields are never encoded here. They are folded between tokens, and a token longer than a line
stays whole: 78 characters are recommended, 998 the limit (RFC 5322, 2.1.1).
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Sequence
from contextlib import suppress
from email import base64mime, quoprimime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UniqueAddressHeader
from email.policy import SMTP, SMTPUTF8, EmailPolicy
from email.utils import getaddresses, parseaddr
from typing import Any
from urllib.parse import quote, urlsplit

from briefing.encodings import decode

LONGEST_URI = 900
"""Characters; with the field's name still within the line limit of RFC 5322."""
_LINE = 78
_LONGEST_WORD = 60
"""Of free text and display names, in characters; a longer one is encoded, so that it can be folded."""
_STRUCTURED = ("List-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "Message-ID", "Auto-Submitted")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_URI_CHARACTERS = "%-._~:/?#[]@!$&'()*+,;="


def letter_policy(*addresses: Address) -> EmailPolicy[Any]:
    """The policy of a message with these addresses: UTF-8 headers (RFC 6532) only for a local part that needs them.

    Texts are encoded as ASCII: not every server takes 8-bit ones (RFC 6152).
    """
    utf8 = not all(address.username.isascii() for address in addresses)
    return (SMTPUTF8 if utf8 else SMTP).clone(header_factory=_REGISTRY, cte_type="7bit")


def address_of(text: str) -> Address:
    """Parse ``Name <address>``; the domain becomes ASCII. Raises ValueError where there is no address."""
    ((name, address), *_) = getaddresses([text]) or [("", "")]
    user, _, domain = address.rpartition("@")
    if not user or not domain or re.search(r"[\x00-\x1f\x7f]", address):
        raise ValueError(f"{text!r} holds no address")
    # Not `one_line`: it keeps joiners and marks, which the header of a mail has no use for.
    printable = "".join(character if character.isprintable() else " " for character in name)
    # Not addr_spec=, which refuses local parts that RFC 6532 allows.
    return Address(" ".join(printable.split()), user, ascii_domain(domain))


def ascii_domain(domain: str) -> str:
    """The A-label form of a domain: ``bücher.example`` is ``xn--bcher-kva.example`` (RFC 5891).

    Raises ValueError for an invalid domain.
    """
    if domain.isascii():
        return domain
    import idna  # not Python's own codec: it is IDNA 2003, for which straße.example is strasse.example

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:  # IDNAError is one
        raise ValueError(f"{domain!r} is no domain") from None


def ascii_uri(text: str) -> str:
    """An ``https:`` or ``mailto:`` address in ASCII (RFC 3987, 3.1; RFC 6068). Raises ValueError where it is none."""
    if text.lower().startswith("mailto:"):
        to, mark, query = text.partition("?")
        before, at, domain = to.rpartition("@")
        plain = f"{before}{at}{ascii_domain(domain)}{mark}{query}" if at else text
    else:
        parts = urlsplit(text)
        user, at, host = parts.netloc.rpartition("@")
        name, colon, port = host.rpartition(":") if parts.port is not None else (host, "", "")
        plain = parts._replace(netloc=f"{user}{at}{ascii_domain(name)}{colon}{port}").geturl()
    return quote(plain, safe=_URI_CHARACTERS)


_FOLD = re.compile(rb"\r?\n[ \t]*")
_ENCODED_WORD = re.compile(r"=\?([^?*\s]{1,60})(?:\*[^?\s]{0,20})?\?([bq])\?(.*?)\?=", re.IGNORECASE)


def header_text(raw: bytes, label: str | None = None) -> str:
    """The text of a field's value (RFC 2047), which is one line or folded.

    `label`: the encoding of raw 8-bit text that is not UTF-8, and of encoded words in an unknown one. Characters that
    are split between encoded words are joined.
    """
    return with_words_decoded(raw_header(raw, label), label)


def sender_of(raw: bytes, label: str | None = None) -> tuple[str, str]:
    """Name and address of a ``From`` header; both empty where it cannot be read (brackets nested without end)."""
    with suppress(RecursionError):
        name, address = parseaddr(raw_header(raw, label))
        return with_words_decoded(name, label), address
    return "", ""


def raw_header(raw: bytes, label: str | None = None) -> str:
    """A field's value on one line, its encoded words as they are."""
    return decode(_FOLD.sub(b" ", raw), [label], detect=False).text


def with_words_decoded(text: str, label: str | None = None) -> str:
    """`text` with its encoded words decoded; blanks between two of them are dropped."""
    pieces: list[str] = []
    pending, charset, position = b"", "", 0
    for word in _ENCODED_WORD.finditer(text):
        data = _word_bytes(word[2], word[3])
        if data is None:
            continue
        between = text[position : word.start()]
        adjacent = position and not between.strip()
        if not adjacent or word[1].lower() != charset:
            pieces.append(_word_text(pending, charset, label))
            pieces.append("" if adjacent else between)
            pending = b""
        pending += data
        charset, position = word[1].lower(), word.end()
    return "".join([*pieces, _word_text(pending, charset, label), text[position:]])


def _word_bytes(form: str, written: str) -> bytes | None:
    """The bytes of an encoded word; None where it is not in the form that it says it is in."""
    if form in "qQ":
        return quopri.decodestring(written.encode(), header=True)
    try:
        return binascii.a2b_base64(written.rstrip("=\t ") + "===") or None
    except ValueError:  # binascii.Error is one; so is a character that is not ASCII
        return None


def _word_text(data: bytes, charset: str, label: str | None) -> str:
    return decode(data, [charset, label], detect=False).text if data else ""


class _Structured(BaseHeader):
    """A structured field: ASCII tokens separated by spaces."""

    max_count = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Take the value literally: an encoded word has no meaning in a structured field."""
        kwds |= {"parse_tree": None, "decoded": value}

    def fold(self, *, policy: Any) -> str:
        """The field's lines."""
        return _folded(self.name, self.split(), policy)


class _Text(_Structured):
    """Unstructured text on one line."""

    def fold(self, *, policy: Any) -> str:
        """The field's lines."""
        plain = self.isascii() and "=?" not in self and all(len(word) <= _LONGEST_WORD for word in self.split())
        return _folded(self.name, self.split() if plain else _encoded_words(str(self)), policy)


class _Addresses(UniqueAddressHeader):
    """An address list: display names may be encoded, addresses may not."""

    name: str
    """Of `BaseHeader`, which the registry mixes in."""

    def fold(self, *, policy: Any) -> str:
        """The field's lines."""
        tokens: list[str] = []
        for address in self.addresses:
            end = "" if address is self.addresses[-1] else ","
            name = _phrase(address.display_name)
            tokens += [*name, f"<{address.addr_spec}>{end}"] if name else [f"{address.addr_spec}{end}"]
        return _folded(self.name, tokens, policy)


_REGISTRY = HeaderRegistry()
for _name in _STRUCTURED:
    _REGISTRY.map_to_type(_name.lower(), _Structured)
for _name in ("From", "To", "Reply-To"):
    _REGISTRY.map_to_type(_name.lower(), _Addresses)  # type: ignore[arg-type]  # Python's own are none either
_REGISTRY.map_to_type("subject", _Text)


def _folded(name: str, tokens: Sequence[str], policy: Any) -> str:
    """Fold a field between tokens; the first one stays on the line of the name, where old readers expect it."""
    lines = [f"{name}:"]
    for index, token in enumerate(tokens):
        if index and len(lines[-1]) + 1 + len(token) > _LINE:
            lines.append("")
        lines[-1] += f" {token}"
    return "".join(line + policy.linesep for line in lines)


def _phrase(name: str) -> list[str]:
    """Tokens of a display name: atoms, a quoted string, or encoded words (RFC 5322, 3.2.5; RFC 2047, 5)."""
    if not name.isascii() or "=?" in name or any(len(word) > _LONGEST_WORD for word in name.split()):
        return _encoded_words(name)
    if not name or _ATOMS.fullmatch(name):
        return name.split()
    return ('"' + re.sub(r'(["\\])', r"\\\1", name) + '"').split(" ")


def _encoded_words(text: str) -> list[str]:
    """Encoded words short enough to stand beside the field's name (RFC 2047, 2: lines of 76); characters stay whole."""
    data = text.encode("utf-8", "replace")
    shorter = quoprimime if quoprimime.header_length(data) <= base64mime.header_length(data) else base64mime
    room = _LONGEST_WORD - len("=?utf-8?q??=")
    pieces = [b""]
    # Split before a space where there is one: some readers add a space between the encoded words of a name.
    for word in re.findall(r"\s*\S+", text):
        whole = word.encode("utf-8", "replace")
        fits = shorter.header_length(whole) <= room
        for more in [whole] if fits else [character.encode("utf-8", "replace") for character in word]:
            if shorter.header_length(pieces[-1] + more) > room:
                pieces.append(b"")
            pieces[-1] += more
    return [shorter.header_encode(piece, charset="utf-8") for piece in pieces]
