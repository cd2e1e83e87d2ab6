"""The folder of model files: listing, resolving, adding, pulling and removing models, with verified digests.

Its subfolder ``.state`` has locks, unfinished pulls, added entries (``added.json``) and cached digests.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from briefing.errors import ModelError
from briefing.models.catalogue import Catalogue, Entry, HubLocation, adapter_path, load_catalogue
from briefing.models.digest_cache import DigestCache
from briefing.models.gguf_header import read_gguf_header
from briefing.models.hub import describe_on_hub
from briefing.models.partial import LocationError
from briefing.models.pull import ProgressCallback, PullProgress, locked, pull_file
from briefing.models.records import ask_the_hub, read_added, with_stated, write_added
from briefing.models.repository import Repository, digest_of, is_hub_name, model_files
from briefing.nlp.text import fingerprint

_HUB_FILE = re.compile(r"(?P<repo>[\w.-]{1,100}/[\w.-]{1,100}):(?P<file>[\w.+/ -]{1,300}\.gguf)", re.ASCII)
_SPLIT = re.compile(r"-\d{5}-of-\d{5}$")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A verified local model."""

    name: str
    """The entry's; for a path, the file's name without its ending."""
    path: Path
    """A file, or a folder of files."""
    size: int
    """Bytes."""
    sha256: str
    """Of the file."""
    context: int
    """Tokens of its window; 0 where that is not known."""
    licence: str
    """Empty where that is not known."""
    engine: str
    adapter: Path | None = None
    """Its LoRA adapter from this package."""
    adapter_sha256: str = ""

    @property
    def digest(self) -> str:
        """Hexadecimal digest of the file and its adapter."""
        return fingerprint(self.sha256, self.adapter_sha256) if self.adapter else self.sha256


def default_folder() -> Path:
    """``BRIEFING_MODELS`` where that is set, else ``models`` in the user's cache folder."""
    if chosen := os.environ.get("BRIEFING_MODELS"):
        return Path(chosen).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("briefing", appauthor=False) / "models"


class ModelFolder:
    """The models on this machine. Several processes may use the same folder at once."""

    def __init__(
        self, folder: Path | None = None, *, offline: bool = False, catalogue: Catalogue | None = None
    ) -> None:
        self.folder = (folder or default_folder()).absolute()
        self.offline = offline
        """Whether `pull` and `add` must not use the network."""
        self.catalogue = catalogue or load_catalogue()
        self._state = self.folder / ".state"
        self._added = self._state / "added.json"
        self._stated = self._state / "stated.json"
        self._digests = DigestCache(self._state)

    @property
    def speed_record(self) -> Path:
        """The file of this machine's measured speed (`read_speed`)."""
        return self._state / "speed.json"

    def entries(self) -> tuple[Entry, ...]:
        """The catalogue, then the user's entries. Raises `ModelError` where their record is broken."""
        return with_stated(self.catalogue.entries, self._stated) + read_added(self._added)

    def entry(self, name: str) -> Entry:
        """The entry of this name. Raises `ModelError` with the nearest name."""
        known = {entry.name: entry for entry in self.entries()}
        if name in known:
            return known[name]
        near = difflib.get_close_matches(name, known, 1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise ModelError(name, "no model has that name", f"{hint}`briefing models list` shows all of them")

    def installed(self) -> tuple[Entry, ...]:
        """Entries with a verified local file."""
        return tuple(entry for entry in self.entries() if self._verified(entry))

    def path(self, name: str) -> Path | None:
        """The verified file of the entry of this name; None where it is missing, truncated or altered."""
        entry = self.entry(name)
        return self._target(entry) if self._verified(entry) else None

    def resolve(self, name_or_path: str | Path) -> ModelFile:
        """The verified file of an entry's name or a GGUF file's path. Never uses the network.

        Raises `ModelError` where it is missing, truncated or altered.
        """
        name, path = str(name_or_path), Path(name_or_path).expanduser().absolute()
        if name in {entry.name for entry in self.entries()}:
            return self._resolve_entry(self.entry(name))
        if not path.is_file():
            if path.suffix != ".gguf" and Path(name).name == name:
                self.entry(name)  # raises, with the nearest name
            raise ModelError(name, "there is no such file", "Check the path")
        header = read_gguf_header(path)
        return ModelFile(
            name=path.stem,
            path=path,
            size=path.stat().st_size,
            sha256=self._digests.digest(path),
            context=header.context,
            licence=header.licence,
            engine="llama",
        )

    def is_folder(self, name: str) -> bool:
        """Whether `name` is a local folder (of a model in Hugging Face's layout)."""
        return bool(name) and Path(name).expanduser().is_dir()

    def repository(self, name: str) -> Repository:
        """The repository OWNER/NAME of the Hugging Face Hub with its local folder."""
        return Repository(name, self.folder / "hub" / name.replace("/", "--"))

    def repositories(self) -> tuple[ModelFile, ...]:
        """The pulled repositories of the Hugging Face Hub."""
        folders = sorted((self.folder / "hub").glob("*--*"))
        names = [folder.name.replace("--", "/", 1) for folder in folders]
        return tuple(self.resolve_folder(name) for name in names if self.repository(name).here)

    def resolve_folder(self, name: str) -> ModelFile:
        """The model in a folder of Hugging Face files, or in a pulled repository of the Hub. Never uses the network.

        Raises `ModelError` where there is none.
        """
        path = Path(name).expanduser().absolute() if self.is_folder(name) else self.repository(name).folder
        if not path.is_dir():
            raise ModelError(f"model {name}", "it is not on this machine", "Run once with a network to pull it")
        try:
            digest = digest_of(path, self._digests)
            size = sum(file.stat().st_size for file in model_files(path))
        except OSError as error:
            raise ModelError(f"model {name}", f"{path} cannot be read ({error.strerror or error})") from error
        label = path.name if self.is_folder(name) else name
        return ModelFile(name=label, path=path, size=size, sha256=digest, context=0, licence="", engine="transformers")

    def pull_repository(self, name: str, announce: Callable[[int], None]) -> None:
        """Download the model OWNER/NAME from the Hugging Face Hub unless it is here; `announce` gets its bytes.

        Raises `ModelError` where that fails, offline, or where the disk is full.
        """
        repository = self.repository(name)
        if repository.here:
            return
        if self.offline:
            remedy = f"Run `briefing models pull {name}` with a network"
            raise ModelError(f"model {name}", "it is not on this machine and the network is not to be used", remedy)
        with self._writing(name), locked(self._lock(repository.folder.name), lambda: None):
            if not repository.here:
                repository.pull(announce)

    def pull(self, name: str, progress: ProgressCallback | None = None) -> Path:
        """Download and verify the file of the entry of this name, unless it is here already.

        A truncated or altered file is replaced. Waits for another process that pulls the same file. Raises `ModelError`
        where every location fails, offline, or where the disk is full.
        """
        entry, tell = self.entry(name), progress or (lambda _: None)
        target = self._target(entry)
        if self._verified(entry):
            return target
        if entry.location:
            return self._resolve_entry(entry).path
        if self.offline:
            raise self._refusal(entry, "it is not on this machine and the network is not to be used")

        def waiting() -> None:
            tell(PullProgress(name=entry.name, phase="waiting", place="", done=0, total=entry.size))

        with self._writing(entry.name), locked(self._lock(entry.file), waiting):
            if entry.name in {known.name for known in self.catalogue.entries if not known.sha256}:
                with locked(self._lock("stated")):
                    entry = ask_the_hub(entry, self._stated)
            if not self._verified(entry):
                pull_file(entry, target, self._state / entry.file, tell)
                self._digests.put(target, entry.sha256)
        return target

    def add(self, location: str | Path, name: str | None = None) -> Entry:
        """Add an entry for a GGUF file: a path, or ``OWNER/REPOSITORY:FILE.gguf`` on the Hugging Face Hub.

        A local file stays where it is; one on the Hub is downloaded by `pull`. An added entry of the same name is
        replaced. Raises `ModelError`.
        """
        path = Path(location).expanduser().absolute()
        if path.is_file():
            entry = self._from_disk(path, name)
        elif match := _HUB_FILE.fullmatch(str(location)):
            entry = self._from_hub(HubLocation(match["repo"], match["file"]), name)
        else:
            raise ModelError(
                str(location),
                "it is neither a file on this machine nor the address of one on the Hugging Face Hub",
                "Give the path of a .gguf file, or OWNER/REPOSITORY:FILE.gguf",
            )
        self._change_added(lambda entries: (*(each for each in entries if each.name != entry.name), entry))
        return entry

    def remove(self, name: str) -> bool:
        """Delete the file of the entry of this name, and the entry if the user added it.

        A local file that the user added is not deleted. False where there was nothing to remove. Raises `ModelError`.
        """
        if is_hub_name(name):
            repository = self.repository(name)
            with self._writing(name), locked(self._lock(repository.folder.name), lambda: None):
                found = repository.folder.exists()
                shutil.rmtree(repository.folder, ignore_errors=True)
            return found
        entry = self.entry(name)
        target, work = self._target(entry), self._state / entry.file
        removed = entry.added or target.exists() or work.exists()
        with self._writing(name), locked(self._lock(entry.file)):
            if not entry.location:
                target.unlink(missing_ok=True)
                shutil.rmtree(work, ignore_errors=True)
            self._digests.forget(target)
        if entry.added:
            self._change_added(lambda entries: tuple(each for each in entries if each.name != name))
        return removed

    def _target(self, entry: Entry) -> Path:
        return entry.location or self.folder / entry.file

    def _lock(self, name: str) -> Path:
        return self._state / f"{name}.lock"

    def _adapter_digest(self, entry: Entry, adapter: Path) -> str:
        try:
            return self._digests.digest(adapter)
        except OSError as error:
            cause = f"its adapter {adapter} cannot be read ({error.strerror})"
            raise ModelError(f"model {entry.name}", cause, "Install briefing again") from error

    def _verified(self, entry: Entry) -> bool:
        path = self._target(entry)
        try:
            return (
                bool(entry.sha256) and path.stat().st_size == entry.size and self._digests.digest(path) == entry.sha256
            )
        except OSError:
            return False

    def _resolve_entry(self, entry: Entry) -> ModelFile:
        path = self._target(entry)
        if not path.is_file():
            raise self._refusal(entry, "its file is not on this machine")
        if not entry.sha256:
            raise self._refusal(entry, f"nobody has said yet what the SHA-256 of {path} should be")
        if not self._verified(entry):
            raise self._refusal(entry, f"{path} is truncated or altered (its SHA-256 is not the expected one)")
        # An entry added from the Hub has no metadata before it is pulled.
        header = None if entry.context else read_gguf_header(path)
        adapter = adapter_path(entry.adapter) if entry.adapter else None
        return ModelFile(
            name=entry.name,
            path=path,
            size=entry.size,
            sha256=entry.sha256,
            context=header.context if header else entry.context,
            licence=header.licence if header else entry.licence,
            engine=entry.engine,
            adapter=adapter,
            adapter_sha256=self._adapter_digest(entry, adapter) if adapter else "",
        )

    @staticmethod
    def _refusal(entry: Entry, cause: str) -> ModelError:
        if entry.location:
            remedy = f"Run `briefing models add {entry.location} --name {entry.name}` again"
        else:
            about = "" if entry.sha256 else "about "
            remedy = f"Run `briefing models pull {entry.name}` with a network ({about}{entry.size / 1e6:,.0f} MB)"
        return ModelError(entry.name, cause, remedy)

    def _from_disk(self, path: Path, name: str | None) -> Entry:
        header = read_gguf_header(path)
        return Entry(
            name=self._free_name(name, path.stem),
            description=header.name or path.name,
            engine="llama",
            licence=header.licence,
            file=path.name,
            size=path.stat().st_size,
            sha256=self._digests.digest(path),
            context=header.context,
            added=True,
            location=path,
        )

    def _from_hub(self, hub: HubLocation, name: str | None) -> Entry:
        address, stem = f"{hub.repo}:{hub.file}", Path(hub.file).stem
        if self.offline:
            raise ModelError(address, "the network is not to be used", "Add it without --offline")
        if _SPLIT.search(stem):
            raise ModelError(address, "it is one of several parts of a model", "Take a model in a single file")
        free = self._free_name(name, stem)
        try:
            size, digest = describe_on_hub(hub)
        except LocationError as error:
            raise ModelError(address, f"{hub}: {error}", "Check the name and the network") from error
        return Entry(
            name=free,
            description=f"{hub.file} of {hub.repo}",
            engine="llama",
            licence="",
            file=f"{free}.gguf",
            size=size,
            sha256=digest,
            context=0,
            added=True,
            places=(hub,),
        )

    def _free_name(self, name: str | None, stem: str) -> str:
        """`name`, else one made from the file's. Raises `ModelError` where the catalogue has it."""
        name = name or re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("-._")
        if not _NAME.fullmatch(name):
            remedy = "Give one of letters, digits, dots and dashes with --name"
            raise ModelError(stem, f"{name!r} cannot be a name", remedy)
        taken = {each.lower() for entry in self.catalogue.entries for each in (entry.name, Path(entry.file).stem)}
        if name.lower() in taken:
            raise ModelError(stem, f"the name {name} belongs to the catalogue", "Give another one with --name")
        return name

    def _change_added(self, change: Callable[[tuple[Entry, ...]], tuple[Entry, ...]]) -> None:
        with self._writing(str(self._added)), locked(self._lock("added")):
            write_added(self._added, change(read_added(self._added)))

    @contextlib.contextmanager
    def _writing(self, subject: str) -> Iterator[None]:
        """Create the folder, and turn `OSError` into `ModelError`."""
        try:
            self._state.mkdir(parents=True, exist_ok=True)
            yield
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                remedy = "Make room and try again; a pull goes on where it stopped"
                raise ModelError(subject, f"the disk of {self.folder} is full", remedy) from error
            cause = f"{error.filename or self.folder} cannot be written ({error.strerror or error})"
            raise ModelError(subject, cause, "Check permissions, or set BRIEFING_MODELS to another folder") from error
