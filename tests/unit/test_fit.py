"""Which models go with a machine: what they need, how fast they would be, which is recommended, what is measured."""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from briefing.config import Config
from briefing.engines import Completion, EngineOptions, ModelSpec, Prompt
from briefing.engines.hardware import Device, free_memory, physical_cores
from briefing.engines.transformers import loading
from briefing.errors import ModelError
from briefing.models import (
    Fit,
    HubLocation,
    Machine,
    ModelFolder,
    Speed,
    adapter_path,
    fit_of,
    load_catalogue,
    read_gguf_header,
    read_speed,
    write_speed,
)
from briefing.pipeline import machine as measuring
from briefing.pipeline.machine import this_machine
from briefing.pipeline.recommendation import ModelOffer, fit_in_words, offers, recommended

DEFAULT = 1_117_320_768
SPEED = Speed(reading=82.0 * DEFAULT, writing=34.0 * DEFAULT, by="qwen2.5-coder-1.5b", day="2026-11-27")
"""As measured on two cores with AVX2."""
LAPTOP = Machine(processor="A CPU", cores=2, memory=16_000_000_000, speed=SPEED)
GPU = replace(LAPTOP, gpu="A GPU", gpu_memory=8_000_000_000)


class TestFitting:
    def test_agrees_with_what_was_measured_of_the_default(self) -> None:
        fit = fit_of(LAPTOP, size=DEFAULT, cache=28_672, context=32_768, adapter=18_000_000)
        assert fit.seconds == pytest.approx(14.6, abs=0.1)
        assert fit.place == "memory"
        assert fit.needed == DEFAULT + 18_000_000 + 28_672 * 4096 + 400_000_000

    def test_takes_longer_with_larger_models_and_with_whole_articles(self) -> None:
        small, large = (fit_of(LAPTOP, size=size).seconds for size in (DEFAULT, 4 * DEFAULT))
        tuned = fit_of(LAPTOP, size=DEFAULT, adapter=18_000_000).seconds
        assert None not in {small, large, tuned}
        assert large == pytest.approx(4 * (small or 0))
        assert (tuned or 0) < (small or 0)

    def test_counts_a_window_for_each_slot_and_no_more_than_the_model_has(self) -> None:
        one, four = (fit_of(replace(LAPTOP, slots=slots), size=10**9, cache=100_000).needed for slots in (1, 4))
        assert four - one == 3 * 4096 * 100_000
        assert fit_of(LAPTOP, size=10**9, cache=100_000, context=1000).needed == 10**9 + 100_000_000 + 400_000_000
        assert fit_of(LAPTOP, size=10**9).needed > 10**9 + 400_000_000

    def test_takes_the_window_of_the_settings_as_far_as_the_model_has_one(self) -> None:
        wide = replace(LAPTOP, window=65_536)
        assert fit_of(wide, size=10**9, cache=100_000).needed == 10**9 + 65_536 * 100_000 + 400_000_000
        assert fit_of(wide, size=10**9, cache=100_000, context=8192).needed == 10**9 + 8192 * 100_000 + 400_000_000

    @pytest.mark.parametrize(
        ("machine", "size", "place", "known"),
        [
            (LAPTOP, 20_000_000_000, "nowhere", False),
            (replace(LAPTOP, memory=0), 10**9, "unknown", True),
            (replace(LAPTOP, speed=None), 10**9, "memory", False),
            (GPU, 5_000_000_000, "gpu", True),
            (GPU, 9_000_000_000, "memory", False),  # part of it beside the GPU: how fast is anybody's guess
            (replace(GPU, speed=replace(SPEED, by="")), 5_000_000_000, "gpu", False),  # arithmetic of the processor
        ],
    )
    def test_says_where_there_is_room_and_how_fast_only_where_it_is_known(
        self, machine: Machine, size: int, place: str, known: bool
    ) -> None:
        fit = fit_of(machine, size=size, cache=1000)
        assert (fit.place, fit.seconds is not None) == (place, known)


def header(**values: int) -> bytes:
    pairs = [(b"general.architecture", struct.pack("<IQ", 8, 1) + b"q")]
    pairs += [(f"q.{name.replace('__', '.')}".encode(), struct.pack("<II", 4, value)) for name, value in values.items()]
    body = b"".join(struct.pack("<Q", len(key)) + key + value for key, value in pairs)
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs)) + body


@pytest.mark.parametrize(
    ("values", "cache"),
    [
        ({"block_count": 28, "attention__head_count": 12, "attention__head_count_kv": 2, "embedding_length": 1536},
         28_672),
        ({"block_count": 4, "attention__head_count": 8, "embedding_length": 512}, 2 * 4 * 8 * 128),
        ({"block_count": 34, "attention__head_count": 8, "attention__head_count_kv": 4, "embedding_length": 2560,
          "attention__key_length": 256, "attention__value_length": 256}, 139_264),
        ({"block_count": 28}, 0),
        ({"attention__head_count": 0, "embedding_length": 512}, 0),
    ],
)  # fmt: skip
def test_a_header_tells_the_cache_of_a_token(tmp_path: Path, values: dict[str, int], cache: int) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(header(**values))
    assert read_gguf_header(path).cache == cache


class TestTheRecordOfTheSpeed:
    def test_holds_for_one_machine(self, tmp_path: Path) -> None:
        path = tmp_path / ".state" / "speed.json"
        write_speed(path, "this one", SPEED)
        assert read_speed(path, "this one") == SPEED
        assert read_speed(path, "this one with a new GPU") is None

    @pytest.mark.parametrize("text", ["", "[]", '{"machine": "m"}', '{"machine": "m", "reading": "x"}',
                                      '{"machine": "m", "reading": 0, "writing": 1, "by": "", "day": ""}'])  # fmt: skip
    def test_that_is_broken_is_none(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "speed.json").write_text(text)
        assert read_speed(tmp_path / "speed.json", "m") is None

    def test_that_cannot_be_written_stops_nobody(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        write_speed(tmp_path / "file" / "speed.json", "m", SPEED)
        assert read_speed(tmp_path / "file" / "speed.json", "m") is None


class Measurement:
    """Stands for the measurement: counts how often it was made."""

    def __init__(self) -> None:
        self.times, self.calm = 0, True
        self.card: tuple[Device, ...] = ()
        self.speed: Speed | None = SPEED
        self.said: list[str] = []

    def of(self, folder: Path, **options: Any) -> Machine:
        return this_machine(
            ModelFolder(folder), measures=options.pop("measures", True), say=self.said.append, **options
        )

    def with_a_model(self, models: ModelFolder, *, on_gpu: bool) -> tuple[Speed | None, bool]:
        self.times += 1
        return self.speed, self.calm


@pytest.fixture
def measurement(monkeypatch: pytest.MonkeyPatch) -> Measurement:
    made = Measurement()
    monkeypatch.setattr(measuring, "_with_a_model", made.with_a_model)
    monkeypatch.setattr(measuring, "_with_arithmetic", lambda cores: replace(SPEED, by=""))
    monkeypatch.setattr(measuring, "processor", lambda: Device("A CPU", 32 << 30, 32 << 30))
    monkeypatch.setattr(measuring, "gpus", lambda: made.card)
    return made


class TestMeasuring:
    def test_is_done_once_for_a_machine(self, measurement: Measurement, tmp_path: Path) -> None:
        first, second = measurement.of(tmp_path), measurement.of(tmp_path)
        assert first.speed == second.speed == SPEED
        assert (measurement.times, len(measurement.said)) == (1, 1)
        assert (first.processor, first.gpu) == ("A CPU", "")
        assert first.memory > 0

    def test_is_done_again_for_other_hardware_and_on_request(self, measurement: Measurement, tmp_path: Path) -> None:
        measurement.of(tmp_path)
        measurement.card = (Device("A GPU", 8 << 30, 7 << 30),)
        machine = measurement.of(tmp_path)
        assert (machine.gpu, machine.gpu_memory, measurement.times) == ("A GPU", 7 << 30, 2)
        measurement.of(tmp_path, afresh=True)
        assert measurement.times == 3

    def test_is_left_out_where_nobody_waits_for_it(self, measurement: Measurement, tmp_path: Path) -> None:
        assert measurement.of(tmp_path / "models", measures=False).speed is None
        assert (measurement.times, (tmp_path / "models").exists()) == (0, False)

    @pytest.mark.parametrize("what", ["_with_a_model", "_with_arithmetic"])
    def test_without_a_package_that_it_needs_is_left_out(
        self, measurement: Measurement, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str
    ) -> None:
        def fails(*given: object, **named: object) -> None:
            raise ImportError("No module named 'numpy'\n\nMany lines of advice.")

        measurement.speed = None
        monkeypatch.setattr(measuring, what, fails)
        assert measurement.of(tmp_path).speed is None
        assert "a package is missing or broken (No module named 'numpy')" in measurement.said[-1]

    def test_on_a_busy_machine_is_rough_and_not_kept(self, measurement: Measurement, tmp_path: Path) -> None:
        measurement.calm = False
        speed = measurement.of(tmp_path).speed
        assert speed
        assert speed.by == ""
        assert "busy" in measurement.said[-1]
        measurement.calm = True
        assert measurement.of(tmp_path).speed == SPEED


def test_what_was_measured_without_a_model_is_measured_again_once_one_is_here(
    measurement: Measurement, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(measuring, "_SMALLEST", 0)
    measurement.speed = None
    rough, again = measurement.of(tmp_path).speed, measurement.of(tmp_path).speed
    assert rough
    assert (rough.by, again, measurement.times) == ("", rough, 1)
    (tmp_path / "own.gguf").write_bytes(header())
    ModelFolder(tmp_path).add(tmp_path / "own.gguf")
    measurement.speed = SPEED
    assert measurement.of(tmp_path).speed == SPEED
    assert measurement.of(tmp_path).speed == SPEED
    assert measurement.times == 2


@pytest.mark.parametrize(("spins", "calm"), [(True, True), (False, False)])
def test_the_speed_is_that_of_a_model_that_is_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spins: bool, calm: bool
) -> None:
    class Engine:
        """Reads 60 tokens in a second and writes 24 in two, as it says; `spins`: and has the processor meanwhile."""

        def __init__(self, model: ModelSpec, options: EngineOptions) -> None:
            assert model.name == "own"

        def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
            for prompt in prompts:
                yield Completion(
                    id=prompt.id, text="", prompt_tokens=90, cached_tokens=30, completion_tokens=24, finish="length",
                    prefill_seconds=1.0, decode_seconds=2.0,
                )  # fmt: skip

        def close(self) -> None:
            pass

    monkeypatch.setattr("briefing.engines.llama.LlamaEngine", Engine)
    monkeypatch.setattr(measuring, "_SMALLEST", 0)
    monkeypatch.setattr(measuring, "_share_of_the_cores", lambda: 1.0)
    ticks = iter(range(0, 1000, 2))
    spent = iter([0.0, 2.0 * physical_cores() if spins else 0.5])
    clock = SimpleNamespace(perf_counter=lambda: next(ticks), process_time=lambda: next(spent))
    monkeypatch.setattr("briefing.pipeline.machine.time", clock)
    models = ModelFolder(tmp_path)
    (tmp_path / "own.gguf").write_bytes(header())
    models.add(tmp_path / "own.gguf")
    size = (tmp_path / "own.gguf").stat().st_size
    speed, undisturbed = measuring._with_a_model(models, on_gpu=False)
    assert speed
    assert (speed.reading, speed.writing, speed.by) == (60.0 * size, 12.0 * size, "own")
    assert undisturbed is calm
    monkeypatch.setattr(measuring, "_share_of_the_cores", lambda: 0.4)
    assert measuring._with_a_model(models, on_gpu=False) == (None, False)


def test_the_share_of_the_cores_is_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "_SECONDS", 0.1)
    assert 0 < measuring._share_of_the_cores() < 1.2


def test_without_a_model_arithmetic_and_memory_are_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(measuring, "_SECONDS", 0.05)
    assert measuring._with_a_model(ModelFolder(tmp_path), on_gpu=False) == (None, True)
    speed = measuring._with_arithmetic(2)
    assert speed.reading > 1e8
    assert speed.writing > 1e8
    assert speed.by == ""


@pytest.mark.parametrize(
    ("files", "free"),
    [
        ({}, 0),
        ({"proc/meminfo": "MemTotal: 9 kB\nMemAvailable:   4096 kB\n"}, 4 << 20),
        ({"proc/meminfo": "MemAvailable: 4096 kB\n", "sys/fs/cgroup/memory.max": "max\n"}, 4 << 20),
        ({"proc/meminfo": "MemAvailable: 4096 kB\n", "sys/fs/cgroup/memory.max": "3000\n",
          "sys/fs/cgroup/memory.current": "1000\n", "sys/fs/cgroup/memory.stat": "anon 5\ninactive_file 400\n"}, 2400),
        ({"proc/meminfo": "MemAvailable: ?\n"}, 0),
    ],
)  # fmt: skip
def test_free_memory_is_what_the_system_and_a_container_leave(tmp_path: Path, files: dict[str, str], free: int) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert free_memory(tmp_path) == free


class TestRecommending:
    def found(self, machine: Machine, folder: Path) -> list[ModelOffer]:
        return offers(ModelFolder(folder), machine)

    def test_on_a_small_machine_it_is_the_default(self, tmp_path: Path) -> None:
        choice = recommended(self.found(LAPTOP, tmp_path), 20)
        assert choice.offer.default
        assert "would take over 20 seconds" in choice.why
        assert "measured" in choice.why

    def test_on_a_faster_one_it_is_the_largest_that_is_quick_enough(self, tmp_path: Path) -> None:
        fast = replace(LAPTOP, speed=replace(SPEED, reading=8 * SPEED.reading, writing=3 * SPEED.writing))
        found = self.found(fast, tmp_path)
        choice = recommended(found, 30)
        seconds = {one.name: one.fit.seconds or 0 for one in found}
        assert choice.offer.name == "ministral-3-8b"
        assert seconds["ministral-3-8b"] < 30
        assert "not measured here" in choice.why
        assert recommended(found, 12).offer.size < choice.offer.size

    def test_a_licence_of_its_own_is_never_recommended(self, tmp_path: Path) -> None:
        found = self.found(LAPTOP, tmp_path)
        assert any(one.licence == "Gemma" for one in found)
        fast = Fit(needed=1, place="memory", seconds=1.0)
        largest = [replace(one, size=10**11, fit=fast) if one.licence == "Gemma" else one for one in found]
        assert recommended(largest, 30).offer.licence in {"Apache-2.0", "MIT"}

    def test_an_unknown_speed_is_no_reason_for_a_larger_one(self, tmp_path: Path) -> None:
        choice = recommended(self.found(replace(LAPTOP, speed=None), tmp_path), 30)
        assert choice.offer.default
        assert "not known" in choice.why

    def test_a_machine_without_room_for_the_default_gets_a_smaller_one_or_a_remedy(self, tmp_path: Path) -> None:
        tight = replace(LAPTOP, memory=1_200_000_000)
        choice = recommended(self.found(tight, tmp_path), 30)
        assert choice.offer.name == "qwen2.5-coder-0.5b"
        assert "does not fit" in choice.why
        with pytest.raises(ModelError, match=r"none fits.*server"):
            recommended(self.found(replace(LAPTOP, memory=1000), tmp_path), 30)

    def test_no_larger_one_fits(self, tmp_path: Path) -> None:
        choice = recommended(self.found(replace(LAPTOP, memory=1_700_000_000), tmp_path), 30)
        assert (choice.offer.default, choice.why.startswith("No larger one fits.")) == (True, True)


class TestTheDoctorsWord:
    @pytest.fixture(autouse=True)
    def _machine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.machine = LAPTOP
        monkeypatch.setattr("briefing.pipeline.recommendation.this_machine", lambda models, measures: self.machine)

    def test_is_about_the_model_of_the_settings(self, tmp_path: Path) -> None:
        config = Config(models=tmp_path)
        assert fit_in_words(config) == "fits into memory (needs 1.7 GB of 16.0 GB that are free), about 15 s a story"
        self.machine = replace(GPU, speed=None)
        assert fit_in_words(config) == "fits into the memory of the GPU (A GPU; needs 1.7 GB)"
        self.machine = replace(LAPTOP, memory=10**9)
        assert fit_in_words(replace(config, model="qwen3-4b")).startswith("does not fit into memory: it needs 3.5 GB")

    def test_is_about_the_window_and_the_slots_of_the_settings(self, tmp_path: Path) -> None:
        config = Config(models=tmp_path, model="qwen3-4b")
        assert "needs 3.5 GB" in fit_in_words(config)
        assert "needs 12.6 GB" in fit_in_words(replace(config, context=65_536))
        assert "needs 7.7 GB" in fit_in_words(replace(config, parallel=8))
        assert fit_in_words(replace(config, context=65_536, parallel=2)).startswith("does not fit into memory")

    def test_counts_the_adapter(self, tmp_path: Path) -> None:
        entry = load_catalogue().entries[0]
        (found,) = [one for one in offers(ModelFolder(tmp_path), LAPTOP) if one.default]
        adapter = adapter_path(entry.adapter).stat().st_size
        assert found.fit.needed == entry.size + adapter + entry.cache * 4096 + 400_000_000

    def test_knows_files_and_is_silent_about_what_it_does_not_know(self, tmp_path: Path) -> None:
        (tmp_path / "m.gguf").write_bytes(header(block_count=1))
        assert "fits into memory" in fit_in_words(Config(models=tmp_path, model=str(tmp_path / "m.gguf")))
        for model in ("nothing.gguf", "facebook/bart-large-cnn", "openai:m"):
            assert fit_in_words(Config(models=tmp_path, model=model)) == ""
        assert fit_in_words(Config(models=tmp_path, engine="extractive")) == ""


class TestAModelOfHuggingFaces:
    """`models list` says of it what the engine transformers says when it loads it."""

    @pytest.fixture
    def models(self, tmp_path: Path) -> ModelFolder:
        folder = tmp_path / "hub" / "Owner--Model"
        folder.mkdir(parents=True)
        (folder / "config.json").write_text('{"model_type": "qwen2", "dtype": "bfloat16"}')
        (folder / "model.safetensors").write_bytes(bytes(1000))
        (folder / ".briefing-complete").touch()
        return ModelFolder(tmp_path)

    def fit(self, models: ModelFolder, machine: Machine) -> Fit:
        (offer,) = [one for one in offers(models, machine) if one.name == "Owner/Model"]
        return offer.fit

    @pytest.mark.parametrize(("bytes_a_weight", "needed"), [(2, 1000), (4, 2000)])
    def test_grows_where_the_processor_computes_in_wider_numbers(
        self, models: ModelFolder, monkeypatch: pytest.MonkeyPatch, bytes_a_weight: int, needed: int
    ) -> None:
        monkeypatch.setitem(sys.modules, "torch", SimpleNamespace())
        monkeypatch.setattr(loading, "_device", lambda torch: (None, SimpleNamespace(itemsize=bytes_a_weight)))
        assert self.fit(models, LAPTOP) == Fit(needed=needed, place="memory", seconds=None)
        assert self.fit(models, replace(LAPTOP, memory=needed - 1)).place == "nowhere"
        assert self.fit(models, GPU).place == "unknown"

    def test_is_taken_for_wide_without_pytorch(self, models: ModelFolder, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "torch", None)
        assert self.fit(models, LAPTOP).needed == 2000

    def test_with_pickles_as_well_is_not_counted_twice(
        self, models: ModelFolder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "torch", None)
        (models.repository("Owner/Model").folder / "pytorch_model.bin").write_bytes(bytes(1000))
        assert self.fit(models, LAPTOP).needed == 2000

    def test_with_a_broken_file_is_listed_all_the_same(self, models: ModelFolder) -> None:
        (models.repository("Owner/Model").folder / "config.json").write_text("{")
        assert self.fit(models, LAPTOP).place == "unknown"


def test_the_documentation_names_the_larger_models_as_the_catalogue_does(repository: Path) -> None:
    page = (repository / "docs" / "models.md").read_text("utf-8")
    larger = [one for one in load_catalogue().entries if not one.sha256]
    assert larger
    for entry in larger:
        place = entry.places[0]
        assert isinstance(place, HubLocation)
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{entry.name}` |")]
        assert f"`{place.repo}`" in row
        assert f", {entry.size / 1e9:.1f} GB |" in row
        assert entry.licence in row


def test_the_catalogue_and_the_offers_agree_on_what_is_measured(tmp_path: Path) -> None:
    found = offers(ModelFolder(tmp_path), LAPTOP)
    assert [one.name for one in found] == [entry.name for entry in load_catalogue().entries]
    assert [one.name for one in found if one.measured] == [one.name for one in found if one.default]
    assert all(one.exact == bool(entry.sha256) for one, entry in zip(found, load_catalogue().entries, strict=True))
