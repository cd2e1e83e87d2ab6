"""The header fields of a letter as RFC 5322 wants them. Pure. Not here: what stands in them (`render.email`).

Python writes whatever is too long for a line as an RFC 2047 word. That is allowed in free text and in people's names
(section 5 there); in a structured field a program reads the word itself: a ``List-Unsubscribe`` like that has no button
in any mail program. Here nothing of a structured field is ever encoded. It is folded between its tokens, and a token
longer than a line stays whole: 78 characters are a wish, 998 the limit (RFC 5322, 2.1.1).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from email import base64mime, quoprimime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UniqueAddressHeader
from email.policy import SMTP, SMTPUTF8, EmailPolicy
from email.utils import getaddresses
from typing import Any
from urllib.parse import quote, urlsplit

from briefing.sanitise import one_line

__all__ = ["LONGEST_URI", "address_of", "ascii_domain", "ascii_uri", "letter_policy"]

LONGEST_URI = 900
"""Characters; with the field's name it still fits into one line of RFC 5322."""
_LINE = 78
_LONGEST_WORD = 60
"""Of free text and names; a longer one is encoded, because an encoded one can be folded."""
_STRUCTURED = ("List-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "Message-ID", "Auto-Submitted")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_URI_CHARACTERS = "%-._~:/?#[]@!$&'()*+,;="


def letter_policy(*addresses: Address) -> EmailPolicy[Any]:
    """How a message with these addresses is written; with UTF-8 in its headers (RFC 6532) only where one needs it."""
    utf8 = not all(address.username.isascii() for address in addresses)
    return (SMTPUTF8 if utf8 else SMTP).clone(header_factory=_REGISTRY)


def address_of(text: str) -> Address:
    """``Name <address>`` taken apart, its domain in ASCII. Raises ValueError where it holds no address."""
    ((name, found), *_) = getaddresses([text]) or [("", "")]
    user, _, domain = found.rpartition("@")
    if not user or not domain or re.search(r"[\x00-\x1f\x7f]", found):
        raise ValueError(f"{text!r} holds no address")
    # Not addr_spec=, which refuses what RFC 6532 allows.
    return Address(one_line(name), user, ascii_domain(domain))


def ascii_domain(domain: str) -> str:
    """A domain as the DNS and every mail server know it: ``bücher.example`` is ``xn--bcher-kva.example`` (RFC 5891).

    Raises ValueError where it cannot be one.
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


class _Structured(BaseHeader):
    """A field whose value is ASCII tokens with spaces between them."""

    max_count = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Take the value as it is: what looks like an encoded word in an address is none."""
        kwds |= {"parse_tree": None, "decoded": value}

    def fold(self, *, policy: Any) -> str:
        """The field's lines."""
        return _folded(self.name, self.split(), policy)


class _Text(_Structured):
    """Free text of one line."""

    def fold(self, *, policy: Any) -> str:
        """The field's lines."""
        plain = self.isascii() and "=?" not in self and all(len(word) <= _LONGEST_WORD for word in self.split())
        return _folded(self.name, self.split() if plain else _encoded_words(str(self)), policy)


class _Addresses(UniqueAddressHeader):
    """People: a name of each, which may be encoded, and an address, which may not."""

    name: str
    """The registry makes it a `BaseHeader`."""

    def fold(self, *, policy: Any) -> str:
        """The field's lines."""
        tokens: list[str] = []
        for one in self.addresses:
            end = "" if one is self.addresses[-1] else ","
            name = _phrase(one.display_name)
            tokens += [*name, f"<{one.addr_spec}>{end}"] if name else [f"{one.addr_spec}{end}"]
        return _folded(self.name, tokens, policy)


_REGISTRY = HeaderRegistry()
for _name in _STRUCTURED:
    _REGISTRY.map_to_type(_name.lower(), _Structured)
for _name in ("From", "To", "Reply-To"):
    _REGISTRY.map_to_type(_name.lower(), _Addresses)  # type: ignore[arg-type]  # Python's own are none either
_REGISTRY.map_to_type("subject", _Text)


def _folded(name: str, tokens: Sequence[str], policy: Any) -> str:
    """Lines of a field, broken between tokens; the first token stays beside the name, where old readers look for it."""
    lines = [f"{name}:"]
    for place, token in enumerate(tokens):
        if place and len(lines[-1]) + 1 + len(token) > _LINE:
            lines.append("")
        lines[-1] += f" {token}"
    return "".join(line + policy.linesep for line in lines)


def _phrase(name: str) -> list[str]:
    """A display name as tokens: words, a quoted string, or encoded words (RFC 5322, 3.2.5; RFC 2047, 5)."""
    if not name.isascii() or "=?" in name or any(len(word) > _LONGEST_WORD for word in name.split()):
        return _encoded_words(name)
    if not name or _ATOMS.fullmatch(name):
        return name.split()
    return ('"' + re.sub(r'(["\\])', r"\\\1", name) + '"').split(" ")


def _encoded_words(text: str) -> list[str]:
    """Encoded words that leave room for the field's name (RFC 2047, 2: lines of 76); none cuts a character."""
    data = text.encode("utf-8", "replace")
    quoted = quoprimime.header_length(data) <= base64mime.header_length(data)
    room = _LONGEST_WORD - len("=?utf-8?q??=")
    encode, length = (
        (quoprimime.header_encode, quoprimime.header_length)
        if quoted
        else (base64mime.header_encode, base64mime.header_length)
    )
    pieces = [b""]
    # Cut before a space where there is one: some readers put one more between the encoded words of a name.
    for part in re.findall(r"\s*\S+", text):
        whole = part.encode("utf-8", "replace")
        for more in [whole] if length(whole) <= room else [one.encode("utf-8", "replace") for one in part]:
            if length(pieces[-1] + more) > room:
                pieces.append(b"")
            pieces[-1] += more
    return [encode(piece, charset="utf-8") for piece in pieces]
