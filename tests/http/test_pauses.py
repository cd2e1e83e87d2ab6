"""Rate limits, ``Retry-After``, suspensions and deadlines, with real servers and fake time."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path

import pytest

from briefing.errors import FetchError, OutOfTimeError, UnreachableError, UntrustedError
from briefing.fetch import Fetched, Fetcher, Request
from briefing.fetch.rate_limit import RateLimiter, ServerSuspendedError, TooLongError
from briefing.fetch.request_queue import RequestState, round_robin
from briefing.pipeline.network_wait import NetworkReach
from briefing.testing.server import ReceivedRequest, Server

from ..conftest import MakeFetcher

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)


class Time:
    """A clock that advances by sleeping only."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = threading.Lock()

    def clock(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.seconds += seconds

    def now(self) -> float:
        return NOW.timestamp() + self.seconds


@pytest.fixture
def passing() -> Time:
    return Time()


@pytest.fixture
def waits(passing: Time) -> Time:
    """The fetchers' clock."""
    return passing


@pytest.fixture
def make(make: MakeFetcher, passing: Time) -> MakeFetcher:
    """The same with little back-off and a fixed present."""
    return partial(make, backoff=0.01, now=passing.now)


def requests(server: Server, count: int) -> list[Request]:
    return [Request(server.url(f"/{number}"), allow_local=True) for number in range(count)]


def errors(fetcher: Fetcher, wanted: list[Request], **options: float) -> list[FetchError]:
    return [answer for _, answer in fetcher.fetch_many(wanted, **options) if isinstance(answer, FetchError)]  # type: ignore[arg-type]


# A pause


def test_retry_after_holds_for_all_requests_to_the_server(server: Server, make: MakeFetcher, passing: Time) -> None:
    server.fails("/0", 429, retry_after="30", times=1)
    for number in range(12):
        server.serves(f"/{number}", "x")
    fetcher = make()
    with pytest.raises(OutOfTimeError):
        fetcher.fetch(Request(server.url("/0"), allow_local=True), within=20)
    with pytest.raises(OutOfTimeError):
        fetcher.fetch(Request(server.url("/1"), allow_local=True), within=20)
    assert len(server.requests) == 1
    assert errors(fetcher, requests(server, 12)) == []
    assert passing.seconds >= 30
    assert len(server.requests) == 13


def test_repeated_throttling_suspends_the_server(server: Server, make: MakeFetcher, passing: Time) -> None:
    for number in range(12):
        server.fails(f"/{number}", 429, retry_after="2")
    found = errors(make(), requests(server, 12))
    assert len(found) == 12
    assert len(server.requests) <= 6
    assert passing.seconds < 30
    assert "its server asked for a pause 5 times in a row and was given up in this run" in {one.cause for one in found}


def test_the_gap_adapts_to_the_servers_rate_limit() -> None:
    passing = Time()
    limiter = RateLimiter(per_server=2, gap=0.2, sleep=passing.sleep, clock=passing.clock, now=passing.now)
    served, asked, last = 0, 0, -100.0
    while served < 12:
        limiter.wait_for_start("a.example")
        asked += 1
        if passing.seconds - last >= 2:
            served, last = served + 1, passing.seconds
            limiter.record_answer("a.example")
        else:
            limiter.record_throttling("a.example", 2.0)
    assert asked <= 15


def test_the_gap_recovers_after_good_answers() -> None:
    passing = Time()
    limiter = RateLimiter(per_server=2, gap=0.25, sleep=passing.sleep, clock=passing.clock, now=passing.now)
    limiter.record_throttling("a.example", 2.0)
    for _ in range(60):
        limiter.wait_for_start("a.example")
        limiter.record_answer("a.example")
    before = passing.seconds
    limiter.wait_for_start("a.example")
    limiter.wait_for_start("a.example")
    assert passing.seconds - before == pytest.approx(0.5)


@pytest.mark.parametrize("asked", [[None] * 5, [0.0] * 5, [59.0, 59.0, 59.0, 59.0]])
def test_too_many_seconds_of_pauses_suspend_the_server(asked: list[float | None]) -> None:
    passing = Time()
    limiter = RateLimiter(per_server=2, gap=0.0, sleep=passing.sleep, clock=passing.clock, now=passing.now)
    for seconds in asked:
        limiter.wait_for_start("a.example")
        limiter.record_throttling("a.example", seconds)
    with pytest.raises(ServerSuspendedError):
        limiter.wait_for_start("a.example")
    limiter.wait_for_start("b.example")
    assert passing.seconds < 200


def test_throttling_without_retry_after_backs_off() -> None:
    passing = Time()
    limiter = RateLimiter(per_server=2, gap=0.0, sleep=passing.sleep, clock=passing.clock, now=passing.now)
    limiter.record_throttling("a.example", None)
    limiter.wait_for_start("a.example")
    assert passing.seconds == 2
    limiter.record_throttling("a.example", None)
    with pytest.raises(TooLongError):
        limiter.wait_for_start("a.example", most=3)
    limiter.wait_for_start("a.example")
    assert passing.seconds == 6


# A long one


@pytest.mark.parametrize("after", ["3600", format_datetime(NOW + timedelta(hours=1), usegmt=True)])
def test_a_suspension_holds_for_all_requests_and_for_later_runs(
    server: Server, make: MakeFetcher, passing: Time, tmp_path: Path, after: str
) -> None:
    server.serves("/fresh", "x", headers={"Cache-Control": "max-age=1000"})
    server.fails("/0", 503, retry_after=after, times=1)
    for number in range(3):
        server.serves(f"/{number}", "x")
    cache = tmp_path / "http.db"
    fresh = Request(server.url("/fresh"), allow_local=True)
    fetcher = make(cache)
    fetcher.fetch(fresh)
    with pytest.raises(FetchError) as first:
        fetcher.fetch(requests(server, 1)[0])
    causes = {error.cause for error in errors(fetcher, requests(server, 3))}
    assert first.value.cause.startswith("the server answered HTTP 503")
    peace = "asks to be left alone and is not asked again before 2024-05-17 07:30 UTC"
    assert f"and {peace}" in first.value.cause
    assert causes == {f"its server {peace}"}
    assert fetcher.fetch(fresh).from_cache
    fetcher.close()
    passing.seconds += 3500
    later = make(cache)
    assert {error.cause for error in errors(later, requests(server, 3))} == causes
    assert len(server.requests) == 2
    passing.seconds += 200
    assert errors(make(cache), requests(server, 3)) == []


def test_a_suspension_does_not_affect_other_servers(server: Server, make: MakeFetcher) -> None:
    server.fails("/0", 429, retry_after="3600")
    with Server() as other:
        other.serves("/0", "x")
        found = errors(make(), [*requests(server, 1), *requests(other, 1)])
    assert len(found) == 1


def test_a_suspension_lasts_at_most_a_day(server: Server, make: MakeFetcher) -> None:
    server.fails("/0", 429, retry_after="999999999")
    (error,) = errors(make(), requests(server, 1))
    assert "is not asked again before 2024-05-18 06:30 UTC" in error.cause
    assert "until" not in error.cause


def test_a_stored_suspension_is_no_sign_of_the_network(server: Server, make: MakeFetcher, tmp_path: Path) -> None:
    server.fails("/0", 429, retry_after="3600")
    told = errors(make(tmp_path / "http.db"), requests(server, 1))
    known = errors(make(tmp_path / "http.db"), requests(server, 1))
    for answer, reached in ((told[0], True), (known[0], False), (OutOfTimeError("a"), False)):
        reach = NetworkReach()
        reach.note(UnreachableError("b", "no server is known by the name b"))
        reach.note(answer)
        assert reach.offline is not reached


@pytest.mark.parametrize(
    ("servers", "offline"),
    [(["a.example"], False), (["a.example", "a.example"], False), (["a.example", "b.example"], True)],
)
def test_untrusted_certificates_of_several_servers_mean_a_captive_portal(servers: list[str], offline: bool) -> None:
    reach = NetworkReach()
    for server in servers:
        reach.note(UntrustedError(f"https://{server}/feed", "its certificate is not valid"))
    assert reach.offline is offline
    reach.note(FetchError("https://c.example/", "the server answered HTTP 404"))
    assert not reach.offline


@pytest.mark.parametrize("after", ["\xb2", "1\xb2", "\xbd"])
def test_an_invalid_retry_after_is_no_retry_after(server: Server, make: MakeFetcher, after: str) -> None:
    server.fails("/0", 503, retry_after=after)
    (error,) = errors(make(), requests(server, 1))
    assert error.cause.startswith("the server answered HTTP 503")


def test_storing_a_suspension_does_not_block_other_requests() -> None:
    passing = Time()
    other: list[str] = []

    def keep(server: str, until: float) -> None:
        asking = threading.Thread(target=lambda: other.append(limiter.record_throttling("b.example", 1.0)), daemon=True)
        asking.start()
        asking.join(1)

    limiter = RateLimiter(per_server=2, gap=0.0, sleep=passing.sleep, clock=passing.clock, now=passing.now, keep=keep)
    limiter.record_throttling("a.example", 3600.0)
    assert other == [""]


# No answer


def test_a_silent_server_costs_three_timeouts_in_total(server: Server, make: MakeFetcher) -> None:
    for number in range(50):
        server.hangs(f"/{number}")
    found = errors(make(read_timeout=0.05), requests(server, 50))
    assert len(found) == 50
    assert len(server.requests) <= 4
    given_up = [
        one for one in found if one.cause.startswith("its server was given up in this run: the server fell silent")
    ]
    assert len(given_up) >= 46
    assert not any(isinstance(error, UnreachableError) for error in found)


def test_a_server_that_is_not_there_is_looked_up_three_times(make: MakeFetcher) -> None:
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        raise OSError("no such name")

    found = errors(make(resolver=resolver), [Request(f"http://gone.example/{number}") for number in range(20)])
    assert len(found) == 20
    assert len(asked) <= 4
    assert all(isinstance(error, UnreachableError) for error in found)


def test_one_unanswered_address_does_not_suspend_its_server(server: Server, make: MakeFetcher) -> None:
    fetcher = make(read_timeout=0.05)
    server.hangs("/0")
    server.serves("/1", "x")
    for path in ("/1", "/0", "/0", "/1"):
        answer = dict(fetcher.fetch_many([Request(server.url(path), allow_local=True)])).popitem()[1]
        assert isinstance(answer, Fetched) is (path == "/1")


def test_a_server_that_goes_down_is_suspended(server: Server, make: MakeFetcher) -> None:
    fetcher = make(read_timeout=0.05)
    server.serves("/up", "x")
    fetcher.fetch(Request(server.url("/up"), allow_local=True))
    for number in range(20):
        server.hangs(f"/{number}")
    found = errors(fetcher, requests(server, 20))
    assert len(found) == 20
    assert len(server.requests) <= 6  # with the first: three addresses, one of them twice, and one under way
    causes = {error.cause for error in found if not error.asked}
    assert causes == {"its server was given up in this run: the server fell silent, for 3 addresses in a row"}


def test_a_server_with_errors_only_is_suspended(server: Server, make: MakeFetcher) -> None:
    fetcher = make()
    server.serves("/up", "x")
    fetcher.fetch(Request(server.url("/up"), allow_local=True))
    for number in range(12):
        server.fails(f"/{number}", 503)
    found = errors(fetcher, requests(server, 12))
    assert len(found) == 12
    assert len(server.requests) <= 1 + 10
    cause = (
        "its server was given up in this run: the server answered HTTP 503 Service Unavailable, for 5 addresses in a "
        "row"
    )
    assert {error.cause for error in found if not error.asked} == {cause}


def test_some_server_errors_do_not_suspend_the_server(server: Server, make: MakeFetcher) -> None:
    for number in range(12):
        if number % 4:
            server.fails(f"/{number}", 500)
        else:
            server.serves(f"/{number}", "x")
    fetcher = make()
    # One after the other: side by side, five failures may come in a row before the success between them.
    found = [error for request in requests(server, 12) for error in errors(fetcher, [request])]
    assert len(found) == 9
    assert all(error.cause.startswith("the server answered HTTP 500") for error in found)


def test_suspensions_are_lifted_when_the_network_was_down(make: MakeFetcher) -> None:
    here: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        if not here:
            raise OSError("no such name")
        return here

    fetcher = make(resolver=resolver)
    with Server() as server:
        server.serves("/", "x")
        request = Request(f"http://a.example:{server.port}/", allow_local=True)
        with pytest.raises(UnreachableError):
            fetcher.fetch(request)
        here.append("127.0.0.1")
        with pytest.raises(UnreachableError, match="was given up in this run"):
            fetcher.fetch(request)
        fetcher.forget_unreachable()
        assert fetcher.fetch(request).body == b"x"


# Many at once


def test_a_hanging_server_does_not_block_others(server: Server, make: MakeFetcher) -> None:
    with Server() as other:
        for number in range(20):
            server.hangs(f"/{number}")
            other.serves(f"/{number}", "x")
        wanted = [*requests(server, 20), *requests(other, 20)]
        answers = make().fetch_many(wanted, workers=3)
        first = [answer for _, answer in (next(answers) for _ in range(20))]
    assert all(isinstance(answer, Fetched) for answer in first)


def test_requests_after_the_deadline_are_out_of_time(server: Server, make: MakeFetcher, passing: Time) -> None:
    def quick(seen: ReceivedRequest) -> tuple[int, str, bytes]:
        passing.seconds += 100
        return 200, "text/plain", b"x"

    server.replies("/1", quick)
    server.hangs("/0")
    answers = {request.url: answer for request, answer in make().fetch_many(requests(server, 5), within=100.0)}
    assert isinstance(answers.pop(server.url("/1")), Fetched)
    assert [type(answer) for answer in answers.values()] == [OutOfTimeError] * 4
    assert not any(server.seen(f"/{number}") for number in (2, 3, 4))


def test_no_request_is_sent_after_the_deadline(server: Server, make: MakeFetcher) -> None:
    found = errors(make(), requests(server, 3), within=0.0)
    assert [type(error) for error in found] == [OutOfTimeError] * 3
    assert server.requests == []


def test_threads_do_not_block_on_a_busy_server() -> None:
    begun: list[str] = []
    go = threading.Event()

    def fetch(state: RequestState, until: float) -> FetchError:
        begun.append(state.request.url)
        if "slow" in state.request.url:
            go.wait(5)
        return FetchError(state.request.url, "x")

    wanted = [Request(f"http://slow.example/{number}") for number in range(9)] + [Request("http://b.example/")]
    answers = round_robin(wanted, fetch, workers=3, per_server=2, until=float("inf"), clock=time.monotonic)
    assert next(answers)[0].url == "http://b.example/"
    assert len([url for url in begun if "slow" in url]) <= 2
    go.set()
    assert len(list(answers)) == 9


def test_redirects_to_a_throttling_server_do_not_block_others(server: Server, make: MakeFetcher, passing: Time) -> None:
    resumed = threading.Event()

    def sleep(seconds: float) -> None:
        if seconds >= 1:
            resumed.wait(5)
        passing.sleep(seconds)

    busy = "http://busy.example/"
    server.fails(busy, 429, retry_after="8", times=1)
    server.serves(busy, "at last")
    aliases = [f"http://alias{number}.example/" for number in range(6)]
    others = [f"http://other{number}.example/" for number in range(6)]
    for alias in aliases:
        server.redirects(alias, busy)
    for other in others:
        server.serves(other, "x")
    fetcher = make(sleep=sleep, proxies={"http": server.origin})
    with pytest.raises(OutOfTimeError):
        fetcher.fetch(Request(busy), within=4)
    answers = fetcher.fetch_many((Request(url) for url in [*aliases, *others]), workers=4)
    first = {next(answers)[0].url for _ in others}
    resumed.set()
    assert first == set(others)
    assert [answer.body for _, answer in answers if isinstance(answer, Fetched)] == [b"at last"] * 6


def test_answers_at_the_deadline_are_kept() -> None:
    go, second, end = threading.Event(), threading.Event(), threading.Event()
    times = iter([0.0, 1.0])

    def fetch(state: RequestState, until: float) -> FetchError:
        if state.request.url.endswith("/0"):
            go.wait(5)
        else:
            second.set()  # so the first has come
            end.wait(5)
        return FetchError(state.request.url, "x")

    def clock() -> float:
        now = next(times)
        if now:
            go.set()
            second.wait(5)
        return now

    wanted = [Request(f"http://a.example/{number}") for number in range(2)]
    found = dict(round_robin(wanted, fetch, workers=1, per_server=2, until=0.05, clock=clock))
    end.set()
    assert [type(found[request]) for request in wanted] == [FetchError, OutOfTimeError]
