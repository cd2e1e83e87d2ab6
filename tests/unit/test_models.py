"""Which models are known, and what is said of the files that are here. Nothing here uses a network."""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.errors import ModelError
from briefing.models import Catalogue, Entry, HubLocation, ModelFolder, WheelLocation, default_folder, load_catalogue
from briefing.models.gguf_header import GgufHeader, read_gguf_header
from briefing.models.wheels import _bytes_below


def gguf(*pairs: tuple[str, object], tail: bytes = b"", count: int | None = None) -> bytes:
    """A GGUF file with this metadata: strings, integers (32 bits) and lists of strings."""

    def string(text: str) -> bytes:
        return struct.pack("<Q", len(text.encode())) + text.encode()

    body = b""
    for key, value in pairs:
        body += string(key)
        if isinstance(value, str):
            body += struct.pack("<I", 8) + string(value)
        elif isinstance(value, int):
            body += struct.pack("<II", 4, value)
        else:
            assert isinstance(value, list)
            body += struct.pack("<IIQ", 9, 8, len(value)) + b"".join(string(each) for each in value)
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs) if count is None else count) + body + tail


SMALL = gguf(
    ("general.architecture", "llama"),
    ("general.name", "Small One"),
    ("general.tags", ["chat", "news"]),
    ("general.license", "mit"),
    ("llama.context_length", 4096),
    tail=b"weights",
)


def entry_of(data: bytes, **changes: object) -> Entry:
    fields: dict[str, object] = {
        "name": "tiny",
        "description": "A tiny model",
        "engine": "llama",
        "licence": "Apache-2.0",
        "file": "tiny-file.gguf",
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "context": 512,
    }
    return Entry(**(fields | changes))  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> ModelFolder:
    return ModelFolder(tmp_path / "models", catalogue=Catalogue("tiny", (entry_of(SMALL),)))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A GGUF file somewhere on the user's disk."""
    path = tmp_path / "My Model.gguf"
    path.write_bytes(SMALL)
    return path


def put(folder: ModelFolder, data: bytes) -> Path:
    path = folder.folder / "tiny-file.gguf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


class TestTheCatalogue:
    def test_names_its_default(self) -> None:
        catalogue = load_catalogue()
        assert catalogue.default in {entry.name for entry in catalogue.entries}

    def test_pins_files_by_digest_or_by_what_the_hub_states_and_packages_by_version(self) -> None:
        for entry in load_catalogue().entries:
            if not entry.sha256:
                assert [type(place) for place in entry.places] == [HubLocation], entry.name
                assert not entry.measured
            else:
                assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256), entry.name
            assert entry.cache > 0
            assert entry.size > 0
            assert entry.file.endswith(".gguf")
            for place in entry.places:
                if isinstance(place, WheelLocation):
                    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9.]+", package) for package in place.packages)

    def test_has_models_for_bigger_machines_those_with_a_free_licence_first(self) -> None:
        bigger = [entry for entry in load_catalogue().entries if not entry.sha256]
        free = [entry.licence in {"Apache-2.0", "MIT"} for entry in bigger]
        assert free == sorted(free, reverse=True)
        assert sum(free) >= 4
        assert all(1.5e9 < entry.size < 6e9 for entry in bigger)

    def test_calls_measured_what_was_measured(self) -> None:
        assert [entry.name for entry in load_catalogue().entries if entry.measured] == [load_catalogue().default]

    def test_tries_the_hub_first(self) -> None:
        assert all(isinstance(entry.places[0], HubLocation) for entry in load_catalogue().entries)

    def test_has_no_two_entries_of_one_name_or_file(self) -> None:
        entries = load_catalogue().entries
        assert len({entry.name for entry in entries}) == len({entry.file for entry in entries}) == len(entries)

    def test_joins_every_part_of_a_model_once_and_in_order(self) -> None:
        places = [place for entry in load_catalogue().entries for place in entry.places]
        many = [place.packages for place in places if isinstance(place, WheelLocation) and len(place.packages) > 1]
        assert many
        for packages in many:
            numbers = [re.search(r"part(\d+)==", package) for package in packages]
            assert [int(n[1]) for n in numbers if n] == list(range(1, len(packages) + 1))


class TestTheFolder:
    def test_is_where_the_environment_says(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("BRIEFING_MODELS", str(tmp_path / "elsewhere"))
        assert ModelFolder().folder == tmp_path / "elsewhere"

    def test_is_in_the_cache_of_the_user_otherwise(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("BRIEFING_MODELS", raising=False)
        assert default_folder().name == "models"
        assert "briefing" in default_folder().parts

    def test_is_not_created_by_looking(self, folder: ModelFolder) -> None:
        assert folder.installed() == ()
        assert folder.path("tiny") is None
        assert not folder.folder.exists()

    def test_knows_a_file_copied_into_it_by_hand(self, folder: ModelFolder) -> None:
        path = put(folder, SMALL)
        assert folder.path("tiny") == path
        assert [entry.name for entry in folder.installed()] == ["tiny"]
        file = folder.resolve("tiny")
        assert (file.path, file.context, file.licence, file.sha256) == (path, 512, "Apache-2.0", entry_of(SMALL).sha256)

    @pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:-1] + b"X", lambda data: b""])
    def test_refuses_a_truncated_or_altered_file(self, folder: ModelFolder, damage: object) -> None:
        assert callable(damage)
        put(folder, damage(SMALL))
        assert folder.path("tiny") is None
        with pytest.raises(ModelError, match=r"truncated or altered.*models pull tiny"):
            folder.resolve("tiny")

    def test_sees_that_a_verified_file_was_altered_later(self, folder: ModelFolder) -> None:
        path = put(folder, SMALL)
        assert folder.path("tiny")
        path.write_bytes(SMALL[:-1] + b"X")
        assert folder.path("tiny") is None
        path.write_bytes(SMALL)
        assert folder.path("tiny") == path

    def test_does_not_hash_a_verified_file_again(self, folder: ModelFolder) -> None:
        # Seen from outside: a change that keeps size and time is not noticed.
        path = put(folder, SMALL)
        assert folder.path("tiny")
        times = path.stat()
        path.write_bytes(SMALL[:-1] + b"X")
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert ModelFolder(folder.folder, catalogue=folder.catalogue).path("tiny") == path

    def test_survives_a_broken_seal(self, folder: ModelFolder) -> None:
        path = put(folder, SMALL)
        assert folder.path("tiny")
        for seal in (folder.folder / ".state").glob("*.seal.json"):
            seal.write_text("{")
        assert folder.path("tiny") == path

    def test_names_the_nearest_model_for_a_misspelt_one(self, folder: ModelFolder) -> None:
        with pytest.raises(ModelError, match="Did you mean tiny"):
            folder.resolve("tiney")

    def test_says_how_to_get_a_model_that_is_not_here(self, folder: ModelFolder) -> None:
        with pytest.raises(ModelError, match="briefing models pull tiny"):
            folder.resolve("tiny")

    def test_does_not_pull_offline(self, folder: ModelFolder) -> None:
        offline = ModelFolder(folder.folder, offline=True, catalogue=folder.catalogue)
        with pytest.raises(ModelError, match=r"network is not to be used.*briefing models pull tiny"):
            offline.pull("tiny")
        path = put(folder, SMALL)
        assert offline.pull("tiny") == path

    def test_removes_a_file(self, folder: ModelFolder) -> None:
        path = put(folder, SMALL)
        assert folder.remove("tiny") is True
        assert not path.exists()
        assert folder.remove("tiny") is False

    def test_says_that_it_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        folder = ModelFolder(tmp_path / "file", catalogue=Catalogue("tiny", (entry_of(SMALL),)))
        with pytest.raises(ModelError, match=r"cannot be written.*BRIEFING_MODELS"):
            folder.pull("tiny")


class TestThePull:
    def test_measures_a_folder_in_which_pip_is_at_work(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is listed may be gone when it is looked into."""
        (tmp_path / "wheels").mkdir()
        (tmp_path / "wheels" / "one.whl").write_bytes(b"12345")
        (tmp_path / "pip-download-x").mkdir()
        list_folder = os.scandir

        def listed(place: Path) -> Any:
            if Path(place).name == "pip-download-x":
                Path(place).rmdir()
            return list_folder(place)

        monkeypatch.setattr(os, "scandir", listed)
        assert _bytes_below(tmp_path) == 5
        assert not (tmp_path / "pip-download-x").exists()


class TestOnesOwnModels:
    def test_resolve_by_path_without_being_added(self, folder: ModelFolder, own: Path) -> None:
        file = folder.resolve(own)
        assert (file.name, file.path, file.context, file.licence) == ("My Model", own, 4096, "mit")
        assert file.sha256 == hashlib.sha256(SMALL).hexdigest()

    def test_get_a_name_and_stay_where_they_are(self, folder: ModelFolder, own: Path) -> None:
        entry = folder.add(own)
        assert (entry.name, entry.description, entry.context) == ("my-model", "Small One", 4096)
        again = ModelFolder(folder.folder, catalogue=folder.catalogue)
        assert again.entries()[-1] == entry
        assert again.resolve("my-model").path == again.path("my-model") == again.pull("my-model") == own

    def test_are_forgotten_and_not_deleted_when_removed(self, folder: ModelFolder, own: Path) -> None:
        folder.add(own, "mine")
        assert folder.remove("mine") is True
        assert own.read_bytes() == SMALL
        assert [entry.name for entry in folder.entries()] == ["tiny"]

    def test_are_refused_after_they_changed_until_added_again(self, folder: ModelFolder, own: Path) -> None:
        folder.add(own, "mine")
        own.write_bytes(SMALL + b"more")
        with pytest.raises(ModelError, match=r"altered.*models add .* --name mine"):
            folder.resolve("mine")
        folder.add(own, "mine")
        assert folder.resolve("mine").size == len(SMALL) + 4
        assert len(folder.entries()) == 2

    @pytest.mark.parametrize("name", ["tiny", "TINY", "tiny-file"])
    def test_cannot_take_a_name_of_the_catalogue(self, folder: ModelFolder, own: Path, name: str) -> None:
        with pytest.raises(ModelError, match="belongs to the catalogue"):
            folder.add(own, name)

    @pytest.mark.parametrize("name", ["../x", "a b", "-x", ".hidden", "x" * 101])
    def test_cannot_take_a_name_that_is_no_file_name(self, folder: ModelFolder, own: Path, name: str) -> None:
        with pytest.raises(ModelError, match="cannot be a name"):
            folder.add(own, name)

    def test_must_be_gguf_files(self, folder: ModelFolder, own: Path) -> None:
        own.write_bytes(b"<!doctype html><title>Not found</title>")
        for use in (folder.add, folder.resolve):
            with pytest.raises(ModelError, match="not a GGUF file"):
                use(own)

    @pytest.mark.parametrize(
        "location", ["no/such.gguf", "Owner/Repository", "Owner/Repo:file.bin", "https://a.b/c.gguf"]
    )
    def test_must_exist(self, folder: ModelFolder, location: str) -> None:
        with pytest.raises(ModelError, match=r"OWNER/REPOSITORY:FILE\.gguf"):
            folder.add(location)

    def test_must_exist_to_be_resolved(self, folder: ModelFolder, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="no such file"):
            folder.resolve(tmp_path / "gone.gguf")

    def test_from_the_hub_are_not_asked_for_offline(self, folder: ModelFolder) -> None:
        offline = ModelFolder(folder.folder, offline=True, catalogue=folder.catalogue)
        with pytest.raises(ModelError, match="network is not to be used"):
            offline.add("Owner/Repo:file.gguf")

    def test_from_the_hub_must_be_one_file(self, folder: ModelFolder) -> None:
        with pytest.raises(ModelError, match="one of several parts"):
            folder.add("Owner/Repo:model-00001-of-00003.gguf")

    @pytest.mark.parametrize("content", ["{", "[1]", '[{"name": "x"}]', '"x"', "3", "[" * 100_000])
    def test_say_so_when_their_record_is_broken(self, folder: ModelFolder, own: Path, content: str) -> None:
        folder.add(own)
        record = folder.folder / ".state" / "added.json"
        assert json.loads(record.read_text())
        record.write_text(content)
        with pytest.raises(ModelError, match="record of added models"):
            folder.entries()

    @pytest.mark.parametrize(("key", "value"), [("size", "3"), ("name", None), ("sha256", 0)])
    def test_say_so_when_a_value_in_it_is_none(self, folder: ModelFolder, own: Path, key: str, value: object) -> None:
        folder.add(own)
        record = folder.folder / ".state" / "added.json"
        record.write_text(json.dumps([{**one, key: value} for one in json.loads(record.read_text())]))
        with pytest.raises(ModelError, match=f"record of added models .* for {key}"):
            folder.entries()


class TestTheHeader:
    def test_tells_what_the_file_is(self, own: Path) -> None:
        expected = GgufHeader(architecture="llama", name="Small One", licence="mit", context=4096)
        assert read_gguf_header(own) == expected

    def test_cannot_send_codes_to_a_terminal(self, own: Path) -> None:
        own.write_bytes(gguf(("general.name", "a\x1b[31mb\nc\u202e\u200b\u200f\ue000d" + "x" * 500)))
        name = read_gguf_header(own).name
        assert name.startswith("a[31mbcdx")
        assert len(name) == 200

    def test_may_claim_more_than_there_is(self, own: Path) -> None:
        own.write_bytes(gguf(("general.name", "Liar"), count=2**64 - 1, tail=struct.pack("<Q", 2**64 - 1)))
        assert read_gguf_header(own).name == "Liar"

    @pytest.mark.parametrize("inner", [8, 9, 10, 99])
    def test_may_hold_an_endless_list(self, own: Path, inner: int) -> None:
        endless = struct.pack("<Q", 1) + b"k" + struct.pack("<IIQ", 9, inner, 2**64 - 1) + b"\0" * 2_000_000
        own.write_bytes(gguf(("general.name", "Long"), count=3, tail=endless))
        assert read_gguf_header(own).name == "Long"

    @pytest.mark.parametrize(
        "data", [b"GGUF", b"GGUF" + struct.pack(">IQQ", 3, 0, 0), b"GGUF" + struct.pack("<IQQ", 1, 0, 0)]
    )
    def test_of_an_unknown_version_is_refused(self, own: Path, data: bytes) -> None:
        own.write_bytes(data)
        with pytest.raises(ModelError, match="cut off or of a version"):
            read_gguf_header(own)

    @given(noise=st.binary(max_size=300), count=st.integers(0, 2**64 - 1))
    def test_of_any_bytes_is_read_or_refused(
        self, tmp_path_factory: pytest.TempPathFactory, noise: bytes, count: int
    ) -> None:
        path = tmp_path_factory.getbasetemp() / "noise.gguf"
        path.write_bytes(gguf(("general.name", "Noise"), count=count, tail=noise))
        assert 0 <= read_gguf_header(path).context < 2**31

    @given(data=st.binary(max_size=64))
    def test_of_anything_else_is_refused(self, tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
        path = tmp_path_factory.getbasetemp() / "other.gguf"
        path.write_bytes(b"G" + data[1:] if data[:4] == b"GGUF" else data)
        if not data.startswith(b"GGUF"):
            with pytest.raises(ModelError, match="not a GGUF file"):
                read_gguf_header(path)
