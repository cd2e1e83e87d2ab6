"""Web addresses as people, feeds and pages write them, and redaction of the secrets in them. Pure.

Links are read as the URL Standard (WHATWG, https://url.spec.whatwg.org/) says, by which browsers go. Secrets are
recognised before the ``@`` (userinfo: RFC 3986, 3.2.1) and in parameters with a telling name (``?token=``); those in a
path, or in a parameter with another name, are not. Canonical addresses are in `canonical`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, unquote_plus, urljoin, urlsplit

from briefing.sanitise import clean

HIDDEN = "***"
"""Replaces a secret."""

_NAME = (
    r"(?:[^=&;#?\s]{0,100}?(?:token|secret|passw(?:or)?d|passphrase|signature|credentials?|sess(?:ion)?_?id|jwt|hmac"
    r"|(?:api|app|auth|access|feed|rss|user|private)_?key)|(?:[^=&;#?\s]{0,100}(?:[^a-z0-9=&;#?\s]|%[0-9a-f]{2}))?"
    r"(?:key|auth|oauth|authorization|bearer|pass|pwd|pw|otp|sig|sid|session))\d{0,3}(?:\]|%5d)?"
    r"(?:(?:\[|%5b)\w{0,20}(?:\]|%5d))?"
)
"""Of parameters. Not ``id``, ``code``, ``hash`` and ``user``, which name far more articles than secrets."""
_PARAMETER = re.compile(rf"(?<=[?&;#])({_NAME})=([^&;#\s]+)", re.IGNORECASE)
_ENCODED_PARAMETER = re.compile(rf"(?<=%3f|%26|%3b|%23)({_NAME})(%3d)((?:(?!%26|%3b|%23)[^&;#\s])+)", re.IGNORECASE)
"""In an address that is the value of a parameter."""
_ENCODED_NAME = re.compile(r"(?<=[?&;#])([^=&;#?\s%]{0,100}%[0-9a-f]{2}[^=&;#?\s]{0,100})=([^&;#\s]+)", re.IGNORECASE)
"""A parameter with percent-encoded letters in its name."""
_TELLING = re.compile(_NAME, re.IGNORECASE)
_USER = re.compile(r"([a-z][a-z0-9+.-]{0,30})?(://)([^/?#\s]+)@", re.IGNORECASE)
_USER_OF_A_PATH = re.compile(r"([a-z][a-z0-9+.-]{1,30}:/)(?!/)[^/?#\s]*@", re.IGNORECASE)
"""In an address that was taken for a path and lost a slash."""
_ENCODED_USER = re.compile(r"(%3a%2f%2f)(?:(?!%2f|%3f|%23)[^/?#&\s])*(?:%40|@)", re.IGNORECASE)
_LOOSE = re.compile(
    r"^(?:([^/?#]*://|(?:https?|feeds?|itpcs?|pcasts?|imaps?|ftps?):/?)(?:[^/?#]*@|(?!\[)[^/?#:@]*:(?!\d*(?:[/?#]|$))[^@]*@)"
    r"|(?![a-z]:\\[^\\@\s]+\\)(//|)[^/?#\s@:]+:[^/?#\s]+@(?=[\w.-]+\.\w))",
    re.IGNORECASE,
)
"""As people type them: a slash too few, no scheme, or a password with a ``/``. Not a Windows path (``C:\\mail\\``)."""
_NO_DOT = re.compile(r"^(?![A-Za-z]:\\[^\\@\s]+\\)(//|)[^/?#\s@:]+:[^/?#\s]+@(?=[\w-]+(?:[:/?#]|$))")
"""``user:password@host`` with a host name of a local network."""
_MAILBOX_PASSWORD = re.compile(r"^(imaps?://[^/@:]*):.*@", re.IGNORECASE)
_COLON = re.compile(":|%3a", re.IGNORECASE)
_CLOSING = "'\")]}>.,!"
"""Ends a quotation or a sentence rather than an address in it."""


def is_web(location: str) -> bool:
    """Whether a source's location is meant as an http(s) address; not whether it is a valid one (`web_parts`)."""
    return location.lower().startswith(("http://", "https://"))


def web_parts(url: str) -> SplitResult | None:
    """An http(s) address with a host, split (RFC 3986); None for anything else."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    host = parts.hostname or ""
    return parts if parts.scheme in ("http", "https") and host and not re.search(r"\s", host) else None


LONGEST_ADDRESS = 4000
"""Characters of a web address; browsers and servers take 2,000 to 8,000."""
_AT_THE_ENDS = "".join(map(chr, range(0x21)))
"""C0 control characters and blanks."""
_REMOVED = re.compile(r"[\x00-\x1f\ufffe\uffff\ud800-\udfff]")
_HEAD = re.compile(r"[^?#]*")
_FEED_SCHEME = re.compile(r"(?:feed|itpc|pcast)(s?):", re.IGNORECASE)
"""Of links that open a feed reader, or a player of podcasts."""
_HIDDEN = (
    r"\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200b\u200e\u200f\u2028-\u202f\u205f\u2060-\u206f\u3000\ufeff\ufff9-\ufffb"
    r"\ufdd0-\ufdef\U000e0000-\U000e007f"
)
"""Blanks beyond ASCII, and what is invisible or misleading; not the joiners (U+200C/D), which Persian has in words."""
_IN_PATH = re.compile(rf"[ \"<>^`{{}}{_HIDDEN}]")
_IN_QUERY = re.compile(rf"[ \"'<>{_HIDDEN}]")
_IN_FRAGMENT = re.compile(rf"[ \"<>`{_HIDDEN}]")
"""The percent-encode sets of the URL Standard, but for visible characters beyond ASCII, which stay readable: requests
encode them, and the ids of articles are made of them."""


def without_feed_scheme(location: str) -> str:
    """A ``feed:``, ``itpc:`` or ``pcast:`` URL as the http(s) URL it stands for; anything else unchanged.

    Browsers once wrote ``feed:`` before a URL, or instead of its ``http:``; ``feeds:`` instead of ``https:``.
    """
    match = _FEED_SCHEME.match(location)
    if not match:
        return location
    rest, scheme = location[match.end() :], f"http{match[1].lower()}"
    if re.match(r"//https?://", rest, re.IGNORECASE):
        return rest[2:]
    if rest[:2] == "//":
        return f"{scheme}:{rest}"
    return rest if re.match(r"[a-z][a-z0-9+.-]*://|https?:|/", rest, re.IGNORECASE) else f"{scheme}://{rest}"


_BARE = re.compile(
    r"(?:[a-z0-9\u00a1-\uffff][a-z0-9\u00a1-\uffff-]{0,62}\.){1,10}(?P<end>[a-z\u00a1-\uffff]{2,63})(?::\d{1,5})?"
    r"(?P<rest>[/?#][^\s]*)?",
    re.IGNORECASE,
)
_FILE_ENDINGS = "atom csv docx eml epub gz htm html json markdown mbox md opml pdf rdf rss text toml txt xhtml xml zip"
_ENDINGS = frozenset(_FILE_ENDINGS.split())
"""Of files; some are top-level domains, too."""


def bare_address(text: str) -> str:
    """``https://`` before a host without a scheme (``bbc.co.uk``, ``example.org/feed.xml``); empty for anything else.

    ``story.md`` is a file's name. Whether there is a file of that name is the caller's to look.
    """
    match = _BARE.fullmatch(text.strip())
    if match is None or (match["end"].lower() in _ENDINGS and not match["rest"]):
        return ""
    return f"https://{text.strip()}"


LINK_DATE = "{date}"
"""In the address of the full edition, as the configuration gives it: the edition's date, as in ``2026-01-31``."""


def dated_link(link: str, stem: str) -> str:
    """The address of the edition of this `stem` (`types.stem_of`)."""
    return link.replace(LINK_DATE, stem)


def cleaned_link(link: str) -> str:
    """A link without what the URL Standard ignores: blanks and control characters at its ends, tabs, line ends.

    Backslashes before the query become slashes, as in every http(s) address. Blanks inside stay.
    """
    link = _REMOVED.sub("", link.strip(_AT_THE_ENDS).strip())
    head = _HEAD.match(link)
    assert head is not None
    return head[0].replace("\\", "/") + link[head.end() :]


def web_address(link: str, base: str = "") -> str | None:
    """The link as an absolute http(s) address, resolved against `base`; None for others and over `LONGEST_ADDRESS`.

    A blank inside becomes ``%20``; other characters that an address may not hold, control characters and bidi marks are
    percent-encoded too. In a host name they are refused. Idempotent.
    """
    if len(link) > LONGEST_ADDRESS:
        return None
    try:
        address = urljoin(base, without_feed_scheme(cleaned_link(link)))
    except ValueError:
        return None
    parts = web_parts(address)
    if parts is None or clean(parts.netloc) != parts.netloc:
        return None
    start = len(parts.scheme) + len("://") + len(parts.netloc)
    before, hash_, fragment = address[start:].partition("#")
    path, mark, query = before.partition("?")
    path, query, fragment = (
        pattern.sub(_percent_encoded, part)
        for pattern, part in ((_IN_PATH, path), (_IN_QUERY, query), (_IN_FRAGMENT, fragment))
    )
    address = f"{address[:start].replace(' ', '%20')}{path}{mark}{query}{hash_}{fragment}"
    return address if len(address) <= LONGEST_ADDRESS else None


def _percent_encoded(character: re.Match[str]) -> str:
    return quote(character[0], safe="")


def shown(location: str) -> str:
    """An address or path as it may be shown: without userinfo, and with `HIDDEN` for secret values. Idempotent.

    The user of a mailbox stays, since it identifies the mailbox; elsewhere it may be a key.
    """
    if _MAILBOX_PASSWORD.match(location):
        location = _MAILBOX_PASSWORD.sub(r"\1@", location)
    elif not re.match(r"imaps?://", location, re.IGNORECASE):
        location = _NO_DOT.sub(r"\1", _LOOSE.sub(lambda match: match[1] or match[2] or "", location))
    return shown_in(location)


def shown_in(text: str) -> str:
    """`text` with every address in it redacted (`shown`). Linear; idempotent."""
    if "@" in text or "%40" in text:
        text = _USER_OF_A_PATH.sub(r"\1", _USER.sub(_without_user, text))
        text = _ENCODED_USER.sub(r"\1", text)
    if "=" in text or "%3" in text:
        text = _ENCODED_NAME.sub(_hidden_by_name, _PARAMETER.sub(_hidden, text))
        text = _ENCODED_PARAMETER.sub(rf"\1\2{HIDDEN}", text)
    return text


def _without_user(match: re.Match[str]) -> str:
    scheme, user = match[1] or "", match[3]
    kept = f"{_COLON.split(user, 1)[0]}@" if scheme.lower() in {"imap", "imaps"} else ""
    return f"{scheme}{match[2]}{kept}"


def _hidden_by_name(match: re.Match[str]) -> str:
    return _hidden(match) if _TELLING.fullmatch(unquote(match[1])) else match[0]


def _hidden(match: re.Match[str]) -> str:
    value = match[2]
    return f"{match[1]}={HIDDEN}{value[len(value.rstrip(_CLOSING)) :]}"


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """An address or path that may hold secrets; `str`, `repr` and `format` redact it."""

    raw: str
    """As given: for requests, the configuration and comparison, never for output."""

    def __str__(self) -> str:
        return shown(self.raw)

    def __repr__(self) -> str:
        return f"Address({shown(self.raw)!r})"

    def __format__(self, form: str) -> str:
        return format(str(self), form)

    @property
    def secrets(self) -> frozenset[str]:
        """The secret values in it, as written and decoded: parameters, and the password, else the user.

        Of a mailbox only the password.
        """
        found = {match[2] for match in _PARAMETER.finditer(self.raw)}
        found |= {match[3] for match in _ENCODED_PARAMETER.finditer(self.raw)}
        named = _ENCODED_NAME.finditer(self.raw)
        found |= {match[2] for match in named if _TELLING.fullmatch(unquote(match[1]))}
        if user := _USER.match(self.raw):
            name, colon, password = user[3].partition(":")
            mailbox = (user[1] or "").lower() in {"imap", "imaps"}
            if mailbox and len(parts := _COLON.split(user[3], 1)) > 1:
                name, colon, password = parts[0], ":", parts[1]
            found.add(password if colon else "" if mailbox else name)
        found |= {decode(value) for value in found for decode in (unquote, unquote_plus)}
        return frozenset(found - {"", HIDDEN})

    @property
    def public(self) -> str:
        """The address without userinfo and secret parameters, which may not work any more."""

        def is_secret(parameter: str) -> bool:
            return shown_in(f"?{parameter}") != f"?{parameter}"

        return _without_parameters(_USER.sub(_without_user, self.raw), is_secret)


class Secrets:
    """The secrets in the addresses of a run's sources, and their removal from texts and links.

    The links of a private feed repeat them, and readers of the edition would have access to the feed.
    """

    def __init__(self, addresses: Iterable[str] = ()) -> None:
        self._values: set[str] = set()
        self._distinct: set[str] = set()
        self._spellings: set[str] = set()
        """Of all values; a text without any of them needs no change."""
        self.add(*addresses)

    def add(self, *addresses: str) -> None:
        """Add the secrets of more addresses."""
        self.hold(secret for address in addresses for secret in Address(address).secrets)

    def hold(self, values: Iterable[str]) -> None:
        """Add secrets that stand in no address."""
        found = set(values) - {""}
        self._values |= found
        for value in found:
            spellings = _spellings(value)
            self._spellings |= spellings
            mixed = re.search("[0-9]", value) and re.search("[A-Za-z]", value)
            if len(value) >= (_DISTINCT if mixed else _LONG):
                self._distinct |= spellings

    def link(self, url: str) -> str:
        """A link without userinfo, and without the parameters that hold one of the secrets.

        `HIDDEN` replaces distinct secrets elsewhere, and any of them in an address that is the value of a parameter.
        Distinct are secrets from 8 characters with a digit and a letter, others from 16. Other links stay unchanged.
        """
        freed = _without_parameters(_USER.sub(_without_user, url), self._held_by)
        return self._hidden(_ENCODED_PARAMETER.sub(self._hidden_in, _ENCODED_USER.sub(self._without_own_user, freed)))

    def text(self, text: str) -> str:
        """`text` without secrets in its links, and with `HIDDEN` for distinct ones anywhere."""
        if not any(spelling in text for spelling in self._spellings):
            return text
        return self._hidden(_LINK.sub(lambda match: self.link(match[0]), text))

    def _held_by(self, parameter: str) -> bool:
        value = parameter.partition("=")[2]
        if not self._values.intersection({value, unquote(value), unquote_plus(value)}):
            return False
        return bool(_PARAMETER.match(f"?{parameter}", 1)) or not self._distinct.isdisjoint({value, unquote(value)})

    def _hidden_in(self, parameter: re.Match[str]) -> str:
        value = parameter[3]
        held = self._values.intersection({value, unquote(value), unquote(unquote(value))})
        return f"{parameter[1]}{parameter[2]}{HIDDEN}" if held else parameter[0]

    def _without_own_user(self, encoded: re.Match[str]) -> str:
        user = unquote(encoded[0][len(encoded[1]) :])[:-1]
        name, colon, password = user.partition(":")
        held = self._values.intersection({password, unquote(password)} if colon else {name, unquote(name)})
        return encoded[1] if held else encoded[0]

    def _hidden(self, text: str) -> str:
        for secret in sorted(self._distinct, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text


_DISTINCT = 8
"""Characters of a distinct secret with a digit and a letter."""
_LONG = 16
"""Characters of any other."""
_LINK = re.compile(r"[a-z][a-z0-9+.-]{0,30}://[^\s<>\"]+", re.IGNORECASE)
_ENCODED = re.compile("%[0-9A-F]{2}")
_PATH_PARAMETER = re.compile(r";([^;/?#]*)")


def _spellings(value: str) -> set[str]:
    """Percent-encoded forms of a value, with ``%2f`` and ``%2F``."""
    spellings = {value, quote(value), quote(value, safe="")}
    return spellings | {_ENCODED.sub(lambda match: match[0].lower(), spelling) for spelling in spellings}


def _without_parameters(url: str, unwanted: Callable[[str], bool]) -> str:
    """`url` without those of its parameters (``name=value``, in path, query and fragment) that are `unwanted`."""
    if "=" not in url:
        return url
    before, hash_, fragment = url.partition("#")
    path, mark, query = before.partition("?")
    path = _PATH_PARAMETER.sub(lambda match: "" if unwanted(match[1]) else match[0], path)
    query, fragment = _kept(query, unwanted), _kept(fragment, unwanted)
    return path + (mark + query if query else "") + (hash_ + fragment if fragment else "")


def _kept(parameters: str, unwanted: Callable[[str], bool]) -> str:
    split = re.split("[&;]", parameters)
    kept = [parameter for parameter in split if not unwanted(parameter)]
    return parameters if len(kept) == len(split) else "&".join(kept)
