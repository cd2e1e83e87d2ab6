"""Types of settings: each converts and checks a value from TOML, an option or a caller.

A converter takes the value and the folder that relative paths start from (None: they stay relative), and raises
ValueError that says what is expected. pydantic runs them; it takes 0.12 s of CPU to import, so types name their
converters without it (`LazyValidator`) and it is imported when there is something to check.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from briefing.address import LINK_DATE, bare_address, dated_link, shown, web_address, web_parts, without_feed_scheme
from briefing.config.locations import is_address, is_url
from briefing.mail_headers import LONGEST_URI
from briefing.types import SecretValue, SourceKind

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

FORBID_EXTRA: Any = {"extra": "forbid"}
"""pydantic's setting of every table: unknown keys are errors."""


@dataclass(frozen=True, slots=True)
class LazyValidator:
    """pydantic's ``BeforeValidator`` without its import; the validation context is the folder."""

    convert: Callable[[Any, Path | None], Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.with_info_before_validator_function(
            lambda value, info: self.convert(value, info.context), handler(source)
        )


def whole(low: int, high: int | None = None) -> Callable[[Any, Path | None], Any]:
    """For `LazyValidator`: a whole number from `low` to `high`."""

    def check(value: Any, folder: Path | None) -> Any:
        if type(value) is not int or value < low or (high is not None and value > high):
            raise ValueError(f"expected a whole number from {low} {f'to {high}' if high is not None else 'upwards'}")
        return value

    return check


def _flag(value: Any, folder: Path | None) -> Any:
    if not isinstance(value, bool):
        raise ValueError("expected true or false")
    return value


Flag = Annotated[bool, LazyValidator(_flag)]
OptionalFlag = Annotated[bool | None, LazyValidator(_flag)]
"""None only where it is not given."""


def _command(value: Any, folder: Path | None) -> Any:
    words = list(value) if isinstance(value, list | tuple) else [value]
    if not all(isinstance(word, str) for word in words) or (isinstance(value, list | tuple) and not any(words[:1])):
        raise ValueError("expected a command such as 'pass show mail', or a list of its words")
    if folder and any(map(_AFTER_DRIVE.search, words)):
        without_escapes(" ".join(words))
    return tuple(words) if isinstance(value, list | tuple) else value


Command = Annotated[str | tuple[str, ...], LazyValidator(_command)]
"""A program and its arguments: one text, or each word for itself, which is then taken as it is."""


def _duration(value: Any, folder: Path | None) -> Any:
    """A time span, or None for the empty text."""
    if value is None or isinstance(value, timedelta):
        return value
    return parse_duration(value if isinstance(value, str) else "?")


def _since(value: Any, folder: Path | None) -> Any:
    """``last``, or a time span like `_duration`'s."""
    if value == "last":
        return value
    try:
        return _duration(value, folder)
    except ValueError:
        raise ValueError(
            "expected 'last' (since the last edition), a time span of at most 100 years such as '90m', '24h' or '7d', "
            "or '' for any age"
        ) from None


def _time_of_day(value: Any, folder: Path | None) -> Any:
    """``HH:MM``, or the empty text."""
    if not isinstance(value, str) or not re.fullmatch(r"((?:[01]\d|2[0-3]):[0-5]\d)?", value, re.ASCII):
        raise ValueError("expected a time of the day such as '07:00', or '' for none")
    return value


Duration = Annotated[timedelta | None, LazyValidator(_duration)]
Since = Annotated[timedelta | Literal["last"] | None, LazyValidator(_since)]
TimeOfDay = Annotated[str, LazyValidator(_time_of_day)]
Count = Annotated[int, LazyValidator(whole(0))]
"""0 or more."""

_LONGEST = timedelta(days=36_525)


def parse_duration(text: str) -> timedelta | None:
    """``90m``, ``24h``, ``7d``, ``2w`` or several together (``1d12h``); None for the empty text.

    Raises ValueError that says what is expected; a span of more than 100 years is none.
    """
    if not text.strip():
        return None
    match = re.fullmatch(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?", text.strip().lower(), re.ASCII)
    try:
        weeks, days, hours, minutes = (int(part or 0) for part in match.groups()) if match else (0, 0, 0, 0)
        span = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)
    except (OverflowError, ValueError):  # more than a timedelta holds, or than int() reads
        span = timedelta.max
    if not span:
        raise ValueError(
            "expected a time span of whole minutes or more such as '90m', '24h', '7d' or '1d12h', or '' for no limit"
        )
    if span > _LONGEST:  # before the calendar's beginning, or after its end
        raise ValueError("expected a time span of at most 100 years, or '' for no limit")
    return span


_CODES = """
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el
    en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it
    iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt
    my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk
    sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi
    yo za zh zu
"""
LANGUAGES = frozenset(_CODES.split())
"""All codes of ISO 639-1, whichever of them a model can write."""


_ESCAPES = {
    "\t": "\\t is a tab", "\n": "\\n is a line end", "\b": "\\b is a backspace", "\f": "\\f is a form feed",
    "\r": "\\r is a carriage return", "\x1b": "\\e is a control character",
}  # fmt: skip
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_AFTER_DRIVE = re.compile(r"(?<![^\s\"'=])[A-Za-z]:[\x00-\x1f]")


def without_escapes(text: str) -> str:
    """`text`, a path of the configuration. Raises ValueError where escapes of TOML are in it.

    Between double quotation marks ``"C:\\temp"`` has a tab; no file system of Windows takes one.
    """
    if found := _CONTROL.search(text):
        meant = _ESCAPES.get(found[0], f"\\u{ord(found[0]):04x} is a control character")
        raise ValueError(
            "expected a path between single quotation marks, as in 'C:\\folder', or with slashes, as in \"C:/folder\" "
            f"(between double ones {meant})"
        )
    return text


def _place(value: Any, folder: Path | None) -> Any:
    """A name or a path."""
    return without_escapes(value) if folder and isinstance(value, str) else value


def _path(value: Any, folder: Path | None) -> Any:
    if not isinstance(value, str | Path) or value == "" or "\0" in str(value):
        raise ValueError("expected a path in quotation marks")
    if folder:
        without_escapes(str(value))
    try:
        path = Path(value).expanduser()
    except RuntimeError as error:
        raise ValueError("expected a path; there is no such user's home folder") from error
    return folder / path if folder else path


def _source_path(value: Any, folder: Path | None) -> Any:
    if isinstance(value, str) and is_address(value):
        raise ValueError("expected the path of a file or folder; an address goes under 'url', a mailbox under 'imap'")
    return _path(value, folder)


def _optional_path(value: Any, folder: Path | None) -> Any:
    return None if value is None or value == "" else _path(value, folder)


def _timezone(value: Any, folder: Path | None) -> Any:
    if not isinstance(value, str) or value == "":
        return value
    if not is_timezone(value):
        from zoneinfo import available_timezones

        raise ValueError("expected an IANA time zone such as 'Europe/London'" + nearest(value, available_timezones()))
    return value


def _language(value: Any, folder: Path | None) -> Any:
    if isinstance(value, str) and value and value not in LANGUAGES:
        raise ValueError("expected a language's two letters (ISO 639-1) such as 'en', or '' for each article's own")
    return value


def _url(value: Any, folder: Path | None) -> Any:
    value = web_address(value) or without_feed_scheme(value) if isinstance(value, str) else value
    if isinstance(value, str) and not is_url(value):
        known = [bare] if (bare := bare_address(value)) else []
        raise ValueError(
            "expected an address that starts with https:// or http:// (a file or folder goes under 'path')"
            + nearest(value, known)
        )
    return value


def _server(value: Any, folder: Path | None) -> Any:
    if isinstance(value, str) and value and not is_url(value):
        raise ValueError("expected the address of a server such as 'http://127.0.0.1:8000/v1'")
    if isinstance(value, str) and "@" in urlsplit(value).netloc:
        raise ValueError("expected an address without a password; keys belong into BRIEFING_API_KEY or the keyring")
    return value.rstrip("/") if isinstance(value, str) else value


def _prices(value: Any, folder: Path | None) -> Any:
    wanted = isinstance(value, list | tuple) and len(value) in {0, 2}
    if not wanted or not all(type(price) in {int, float} and 0 <= price < 1e6 for price in value):
        raise ValueError("expected two numbers: the prices of a million tokens read and of a million written")
    return tuple(map(float, value))


def _layers(value: Any, folder: Path | None) -> Any:
    if value != "auto" and (type(value) is not int or not 0 <= value <= 1024):
        raise ValueError("expected 'auto', or a whole number from 0 (the processor alone) to 1024")
    return value


def _edition_link(value: Any, folder: Path | None) -> Any:
    if not isinstance(value, str) or not value:
        return value
    dated = dated_link(value, "2026-01-31")
    if len(value) > LONGEST_URI or re.search(r"[\s<>\"{}]", dated) or web_parts(dated) is None:
        raise ValueError(f"expected an address on the web such as 'https://example.org/{LINK_DATE}.html'")
    return value


def _kind(value: Any, folder: Path | None) -> Any:
    known = [kind.value for kind in SourceKind if kind is not SourceKind.STDIN]
    if value not in known:
        raise ValueError(f"expected one of {', '.join(known)}")
    return SourceKind(value)


def _formats(value: Any, folder: Path | None) -> Any:
    if value in ([], ()):
        raise ValueError("expected at least one of md, html, text, json, atom, epub")
    if isinstance(value, list | tuple) and all(isinstance(name, str) for name in value):
        return tuple(dict.fromkeys(value))
    return value


def _words(value: Any, folder: Path | None) -> Any:
    wanted = isinstance(value, list | tuple) and all(isinstance(word, str) and word.strip() for word in value)
    if not wanted:
        raise ValueError("expected a list of words or names in quotation marks")
    return tuple(value)


def _topics(value: Any, folder: Path | None) -> Any:
    if not isinstance(value, dict) or not all(isinstance(name, str) and name.strip() for name in value):
        raise ValueError('expected sections with their words, such as Science = ["telescope", "vaccine"]')
    for name, words in value.items():
        if not isinstance(words, list | tuple):
            raise ValueError(f"expected for {name} a list of words or names in quotation marks")
    return {name: _words(words, folder) for name, words in value.items()}


def _weight(value: Any, folder: Path | None) -> Any:
    if type(value) not in {int, float} or not 0 <= value <= 10:
        raise ValueError("expected a number from 0 to 10")
    return float(value)


_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
"""A name of a header or a cookie (RFC 9110, 5.6.2)."""
_VARIABLE_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,100}"
VARIABLE = re.compile(rf"\$(?:\{{({_VARIABLE_NAME})\}}|({_VARIABLE_NAME}))")
"""A variable of the environment in a text: ``$NAME``, ``${NAME}``."""
_OPEN_HEADERS = frozenset({"accept", "accept-language", "dnt", "referer", "user-agent"})
"""Whose values are no secrets, and may stand in the configuration."""
_OWN_HEADERS = frozenset(
    {"accept-encoding", "cache-control", "connection", "content-length", "content-type", "expect", "host", "keep-alive"}
    | {"pragma", "range", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""That the fetcher sets itself, or that belong to the connection."""


def _headers(value: Any, folder: Path | None) -> Any:
    return _sent(value, "header", folder)


def _cookies(value: Any, folder: Path | None) -> Any:
    return _sent(value, "cookie", folder)


def _sent(value: Any, what: str, folder: Path | None) -> Any:
    """Names with values; a text is never shown in an error, since it may be the secret."""
    if isinstance(value, tuple):  # checked before
        return value
    example = f'such as {{ {"Authorization" if what == "header" else "session"} = "$NEWS_KEY" }}'
    if not isinstance(value, dict) or len(value) > 50:
        raise ValueError(f"expected a table of {what}s, {example}")
    return tuple((name, _sent_value(name, given, what, folder)) for name, given in value.items())


def secret_source(given: Any, folder: Path | None) -> SecretValue | None:
    """Where a secret comes from, ``{ env = "NAME" }`` or ``{ command = "pass show news" }``; None for anything else."""
    if not isinstance(given, dict) or len(given) != 1:
        return None
    variable, command = given.get("env"), given.get("command")
    if isinstance(variable, str) and re.fullmatch(_VARIABLE_NAME, variable):
        return SecretValue(env=variable)
    if command and not (isinstance(command, str) and command.isspace()):
        return SecretValue(command=_command(command, folder))
    return None


def _sent_value(name: str, given: Any, what: str, folder: Path | None) -> SecretValue:
    lower = name.lower()
    if not _TOKEN.fullmatch(name) or (what == "cookie" and "$" in name):
        raise ValueError(f"expected the name of a {what}, but found {shown(name)!r}")
    if what == "header" and (lower in _OWN_HEADERS or lower.startswith(("if-", "proxy-", "sec-"))):
        raise ValueError(f"the header {name} is not yours to set")
    if what == "header" and lower in {"cookie", "cookie2"}:
        raise ValueError("expected cookies under 'cookies', each by its name")
    if secret := secret_source(given, folder):
        return secret
    is_text = isinstance(given, str) and given.isprintable() and given.isascii()
    if is_text and (VARIABLE.search(given) or (what == "header" and lower in _OPEN_HEADERS)):
        return SecretValue(text=given)
    raise ValueError(
        f"expected for {name} a variable of the environment that holds the value, such as '$NEWS_KEY', or "
        "{ command = 'pass show news' }: secrets do not belong into the configuration"
    )


Headers = Annotated[tuple[tuple[str, SecretValue], ...], LazyValidator(_headers)]
Cookies = Annotated[tuple[tuple[str, SecretValue], ...], LazyValidator(_cookies)]
Words = Annotated[tuple[str, ...], LazyValidator(_words)]
Topics = Annotated[dict[str, tuple[str, ...]], LazyValidator(_topics)]
"""Names of sections with the words that speak for them."""
Weight = Annotated[float, LazyValidator(_weight)]
OptionalPath = Annotated[Path | None, LazyValidator(_optional_path)]
"""None for the empty text; relative to the folder of the configuration."""
FolderPath = Annotated[Path, LazyValidator(_path)]
Place = Annotated[str, LazyValidator(_place)]
"""A name or a path."""
SourcePath = Annotated[Path | None, LazyValidator(_source_path)]
"""None only where it is not given."""
TimeZone = Annotated[str, LazyValidator(_timezone)]
LanguageCode = Annotated[str, LazyValidator(_language)]
WebAddress = Annotated[str, LazyValidator(_url)]
EditionLink = Annotated[str, LazyValidator(_edition_link)]
"""Web address of the full edition, with `address.LINK_DATE` for its date; empty for none."""
ServerAddress = Annotated[str, LazyValidator(_server)]
Prices = Annotated[tuple[float, ...], LazyValidator(_prices)]
GpuLayers = Annotated[int | Literal["auto"], LazyValidator(_layers)]
Kind = Annotated[SourceKind, LazyValidator(_kind)]
Formats = Annotated[tuple[Literal["md", "html", "text", "json", "atom", "epub"], ...], LazyValidator(_formats)]


def is_timezone(name: str) -> bool:
    """Whether it is in the IANA database of this machine."""
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # unknown; a path; a folder of the database
        return False
    return True


def nearest(given: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` where `known` has something like it, else nothing."""
    match = difflib.get_close_matches(given, list(known), n=1)
    return f" (did you mean {match[0]!r}?)" if match else ""
