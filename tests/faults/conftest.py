"""What the rows of the matrix share: a misbehaving web server and a fetcher."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from briefing.errors import FetchError
from briefing.fetch import Fetched, Request

from ..conftest import MakeFetcher
from .servers import Web


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as running:
        yield running


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
