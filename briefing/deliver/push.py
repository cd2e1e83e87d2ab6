"""Push to the services that apprise knows. Addresses hold tokens: neither they nor what a service says of them get out.

apprise tells how a push went by its log alone. It is read here and goes nowhere else: at debug it has the addresses.
"""

from __future__ import annotations

import hashlib
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from briefing.deliver.smtp import SendOutcome
from briefing.errors import ConfigError
from briefing.extras import install_hint

_SECONDS = 30.0
"""For the connection and for the answer."""
_LOGGERS = ("apprise", "urllib3", "requests")
_STATUS = re.compile(r"error[=:] ?(\d{3})\b")
_SENT_PERHAPS = re.compile(r"Read timed out|Connection aborted|RemoteDisconnected|reset by peer|IncompleteRead")
_AGAIN = frozenset({408, 425, 429})


def service_of(url: str) -> str:
    """The service of an address, in a word that holds no secret: its scheme, of a page's address the host."""
    scheme, _, rest = url.partition("://")
    if scheme.lower() in {"http", "https"}:
        host = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2].partition(":")[0]
        return host.lower() if re.fullmatch(r"[A-Za-z0-9.-]{1,100}", host) else "web"
    return scheme.lower()


def recipient_of(url: str) -> str:
    """The recipient in the ledger: service and digest."""
    return f"{service_of(url)}:{hashlib.sha256(url.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def host_of(url: str) -> str:
    """The host and port of an address; empty where it has none that can be read."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def check_push(url: str, setting: str) -> None:
    """Raise `ConfigError` about `setting` where apprise is missing or does not know the service. Nothing is sent."""
    with _secret_log():
        _opened(url, setting)


def push(url: str, title: str, text: str, claim: Callable[[], bool], setting: str) -> SendOutcome:
    """Push a text; `claim` is called just before. Raises `ConfigError` about `setting` as `check_push` does."""
    with _secret_log() as said:
        service = _opened(url, setting)
        if not claim():
            return SendOutcome(state="taken")
        try:
            if service.notify(body=text, title=title, body_format="text"):
                return SendOutcome(state="sent")
        except Exception as error:  # plug-ins are many and may raise anything; a message may hold the address
            return SendOutcome(state="unknown", detail=f"the service's plug-in failed ({type(error).__name__})")
        return _failed("\n".join(said), setting)


def _failed(log: str, setting: str) -> SendOutcome:
    """What came of a push that failed, in words of ours."""
    if found := _STATUS.search(log):
        status = int(found[1])
        if 300 <= status < 400:
            return SendOutcome(state="refused", detail=f"it redirects ({status}): put its final address into {setting}")
        passing = status >= 500 or status in _AGAIN
        return SendOutcome(state="deferred" if passing else "refused", detail=f"the service answered {status}")
    if _SENT_PERHAPS.search(log):
        return SendOutcome(state="unknown", detail="the connection broke before the service answered")
    return SendOutcome(state="deferred", detail="the service could not be reached")


def _opened(url: str, setting: str) -> Any:
    try:
        with warnings.catch_warnings():  # of what it imports
            warnings.simplefilter("ignore")
            import apprise
    except ImportError as error:
        raise ConfigError(setting, "push needs the package apprise", install_hint("notify")) from error
    # Without redirects: a token goes where its address says, and nowhere else.
    asset = apprise.AppriseAsset(
        async_mode=False, http_redirects=False, secure_logging=True, storage_mode="memory", app_id="briefing",
        app_desc="briefing", app_url="", image_url_mask="", image_url_logo="",
    )  # fmt: skip
    service = apprise.Apprise(asset=asset)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the plug-ins, imported here
        known = service.add(url)
    if not known:
        cause = f"apprise knows no service at such an address ({service_of(url)})"
        raise ConfigError(setting, cause, "docs/notify.md has examples")
    for plugin in service:
        plugin.socket_connect_timeout = plugin.socket_read_timeout = _SECONDS
    return service


@contextmanager
def _secret_log() -> Iterator[list[str]]:
    """What apprise logs, kept from every other handler."""
    said: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name.startswith("apprise"):
                said.append(record.getMessage()[:2000])

    kept, before = Kept(), []
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        before.append((logger, logger.propagate, logger.level, logger.handlers))
        logger.propagate, logger.handlers = False, [kept]
        logger.setLevel(logging.DEBUG)
    try:
        yield said
    finally:
        for logger, propagate, level, handlers in before:
            logger.propagate, logger.handlers = propagate, handlers
            logger.setLevel(level)
