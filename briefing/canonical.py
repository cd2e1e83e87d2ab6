"""Canonical form of addresses, for comparison only, never for fetching or output. Pure."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

_TRACKING = re.compile(
    r"(?:utm_|mc_|pk_|mtm_|hsa_|vero_|oly_|wt[._]|guce_|at_(?:medium|campaign|custom|link|format|ptr|bbc))\w*|fbclid|"
    r"gclid|dclid|msclkid|yclid|igshid|twclid|cmpid|smid|smtyp|ncid|ref_src|ref_url|xtor|guccounter|_ga|_gl|ocid|"
    r"sharetype|amp|outputtype|output_type",
    re.IGNORECASE,
)
"""Tracking parameters. Not those that may name an article (`id`, `cid`, `source`)."""
_IGNORED_FRAGMENT = re.compile(
    r"(?:comments?|respond|disqus_thread|top|main|content|rss|(?:xtor|utm_\w+|ref)=.*)?", re.IGNORECASE
)
"""Other fragments may name an article, on link blogs and in single-page applications."""
_CANONICAL = re.compile(r"^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?(?:[/?]|$)")
"""In canonical form already: a host with a dot, and no scheme."""
_MOST_NESTED = 4
"""Addresses within an address, as in AMP caches, and repeated prefixes."""
_CACHE = re.compile(r"^/(?:[a-z]/)(?:s/)?(?P<rest>[^/]+\..*)$")
"""Of Google's AMP cache: ``…cdn.ampproject.org/c/s/example.org/story``."""


def canonical_url(url: str) -> str:
    """`url` without scheme, mobile and AMP forms and tracking. Idempotent; others than http(s) stay unchanged."""
    canonical = url
    for _ in range(_MOST_NESTED + 1):
        if (shorter := _simplified(canonical)) == canonical:
            return canonical
        canonical = shorter
    return url  # no site has such an address, and half of its way would not be idempotent


def without_tracking(text: str) -> str:
    """`text` with every http(s) address in it without its tracking parameters, and otherwise as it is."""
    return _QUERY.sub(_untracked, text)


_QUERY = re.compile(r"(?<=[\w/=&%.~-])\?(?P<query>[\w.~%!$'()*+,;=:@/?&-]{1,4000}+)")
"""The query of an address; what is longer is left as it is."""


def _untracked(match: re.Match[str]) -> str:
    query = match["query"].rstrip(").,;:!?'")
    behind = match["query"][len(query) :]  # of the sentence around the address
    kept = [pair for pair in query.split("&") if not _TRACKING.fullmatch(pair.partition("=")[0])]
    return (f"?{'&'.join(kept)}" if kept else "") + behind


def host_of(url: str) -> str:
    """The host of an address, in lower case; empty where it has none or is invalid."""
    try:
        return (urlsplit(url.strip()).hostname or "").lower()  # urllib lowers no letter behind a ``%``
    except ValueError:
        return ""


def same_site(one: str, other: str) -> bool:
    """Whether two addresses have one host, but for ``www.``, or one's host lies within the other's."""
    hosts = [host_of(address).removeprefix("www.") for address in (one, other)]
    if not all(hosts):
        return False
    return hosts[0] == hosts[1] or any(a.endswith(f".{b}") for a, b in (hosts, hosts[::-1]))


def _simplified(url: str) -> str:
    text = url if re.match(r"https?://", url, re.IGNORECASE) else f"https://{url}" if _CANONICAL.match(url) else ""
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").lower().rstrip("."), parts.port
    except ValueError:
        return url
    if not host:
        return url
    path = parts.path or "/"
    if host.endswith("cdn.ampproject.org") and (cached := _CACHE.match(path)):
        return cached["rest"] + (f"?{parts.query}" if parts.query else "")
    host = re.sub(r"^(?:www\d?|m|mobile|amp|touch)\.(?=[^.]+\.)", "", host)
    path = re.sub(r"/+", "/", path)
    path = re.sub(r"^/amp(?=/)|/amp(?:/|$)|\.amp(?=\.html?$|$)", "", path) or "/"
    path = re.sub(r"/(?:index|default)\.\w{3,5}$", "/", path).rstrip("/") or ""
    if port and port not in {80, 443}:
        host = f"{host}:{port}"
    given = parse_qsl(parts.query, keep_blank_values=True)
    kept = sorted((key, value) for key, value in given if not _TRACKING.fullmatch(key))
    query = f"?{urlencode(kept, errors='surrogatepass')}" if kept else ""
    fragment = "" if _IGNORED_FRAGMENT.fullmatch(parts.fragment) else f"#{parts.fragment}"
    return f"{host}{_decoded(path)}{query}{fragment}"


def _decoded(path: str) -> str:
    """Percent-encoded ASCII letters and digits decoded, other escapes in upper case."""

    def decode(match: re.Match[str]) -> str:
        character = unquote(match[0], errors="replace")
        return character if character.isascii() and character.isalnum() else match[0].upper()

    return re.sub(r"%[0-9A-Fa-f]{2}", decode, path)
