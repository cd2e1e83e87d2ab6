"""What the rows of the matrix share: a misbehaving web server and somebody who fetches from it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from briefing.errors import FetchError
from briefing.fetch import Fetched, Fetcher, Request

from .servers import Web

MakeFetcher = Callable[..., Fetcher]


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as running:
        yield running


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Whom this machine trusts (`trusted`)."""
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes `authority` this system's."""
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))


@pytest.fixture
def make() -> Iterator[MakeFetcher]:
    """Opens fetchers that do not wait between requests, and whose clock goes on as if they did."""
    made: list[Fetcher] = []
    slept: list[float] = []

    def fetcher(cache: Path | None = None, **options: object) -> Fetcher:
        settings: dict[str, object] = {
            "gap": 0.0,
            "proxies": {},
            "sleep": slept.append,
            "clock": lambda: time.monotonic() + sum(slept),
            **options,
        }
        made.append(Fetcher(cache, **settings))  # type: ignore[arg-type]
        return made[-1]

    yield fetcher
    for each in made:
        each.close()


@pytest.fixture
def get(web: Web, make: MakeFetcher) -> Callable[..., Fetched]:
    """Fetches a path of `web`, which the reader has allowed to be local."""

    def fetched(path: str, **options: object) -> Fetched:
        return make(**options).fetch(Request(web.url(path), allow_local=True))

    return fetched


@pytest.fixture
def failure(get: Callable[..., Fetched]) -> Callable[..., FetchError]:
    """The same where nothing comes: why."""

    def failed(path: str, **options: object) -> FetchError:
        with pytest.raises(FetchError) as caught:
            get(path, **options)
        return caught.value

    return failed
