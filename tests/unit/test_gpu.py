"""How many layers a GPU gets: what reaches llama.cpp, with and without one, and when it has too little memory."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import xllamacpp

from briefing.config import Config, load_config
from briefing.engines import EngineOptions, ModelSpec
from briefing.engines import llama as llama_module
from briefing.engines.hardware import Device, gpus, processor
from briefing.engines.llama import LlamaEngine
from briefing.errors import ConfigError, ModelError, UsageError
from briefing.pipeline.model_resolution import engine_options

GPU = Device("A GPU", 8 << 30, 7 << 30)


class Loads:
    """Stands for the binding's server: notes what was to be loaded, and fails where a GPU would need `layers` free."""

    listening_address = ""

    def __init__(self) -> None:
        self.seen: list[tuple[int, bool, bool]] = []
        self.fails = False
        self.broken = False

    def __call__(self, params: Any) -> Loads:
        self.seen.append((params.n_gpu_layers, params.no_kv_offload, params.no_op_offload))
        if self.broken or (self.fails and params.n_gpu_layers != 0):
            raise RuntimeError("unable to allocate GPU buffer\nmore")
        return self


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Loads:
    fake = Loads()
    monkeypatch.setattr(xllamacpp, "Server", fake)
    return fake


def load(layers: Any, monkeypatch: pytest.MonkeyPatch, *found: Device) -> None:
    monkeypatch.setattr(llama_module, "gpus", lambda: found)
    model = ModelSpec(name="m", path=Path("m.gguf"), digest="d")
    LlamaEngine(model, EngineOptions(gpu_layers=layers))._server()


@pytest.mark.parametrize(
    ("layers", "given"), [("auto", (-1, False, False)), (0, (0, True, True)), (12, (12, False, False))]
)
def test_a_gpu_gets_what_the_setting_says(
    loads: Loads, monkeypatch: pytest.MonkeyPatch, layers: Any, given: tuple[int, bool, bool]
) -> None:
    load(layers, monkeypatch, GPU)
    assert loads.seen == [given]


@pytest.mark.parametrize("layers", ["auto", 0, 12])
def test_without_a_gpu_llama_is_loaded_as_it_was_measured(
    loads: Loads, monkeypatch: pytest.MonkeyPatch, layers: Any
) -> None:
    load(layers, monkeypatch)
    plain = xllamacpp.CommonParams()
    assert loads.seen == [(plain.n_gpu_layers, plain.no_kv_offload, plain.no_op_offload)]


def test_a_gpu_with_too_little_memory_leaves_the_model_to_the_processor_and_says_so(
    loads: Loads, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    loads.fails = True
    with caplog.at_level(logging.WARNING, "briefing"):
        load("auto", monkeypatch, GPU)
    assert loads.seen == [(-1, False, False), (0, True, True)]
    (said,) = caplog.messages
    assert said == "The GPU could not take the model m (unable to allocate GPU buffer); the processor runs it."


def test_a_file_that_cannot_be_loaded_anywhere_is_named(
    loads: Loads, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    loads.broken = True
    with pytest.raises(ModelError, match=r"cannot load m\.gguf"):
        load("auto", monkeypatch, GPU)
    assert caplog.messages == []


def test_where_a_model_is_computed_is_no_part_of_its_digest() -> None:
    model = ModelSpec(name="m", path=Path("m.gguf"), digest="d")
    assert len({LlamaEngine(model, EngineOptions(gpu_layers=n)).digest for n in ("auto", 0, 12)}) == 1


def test_the_setting_reaches_the_engine(tmp_path: Path) -> None:
    (tmp_path / "briefing.toml").write_text("gpu_layers = 12\n")
    assert engine_options(load_config(tmp_path / "briefing.toml")).gpu_layers == 12
    assert engine_options(Config()).gpu_layers == "auto"


@pytest.mark.parametrize("value", ['"all"', "-1", "true", "1.5", "5000"])
def test_anything_else_is_refused_with_what_is_expected(tmp_path: Path, value: str) -> None:
    (tmp_path / "briefing.toml").write_text(f"gpu_layers = {value}\n")
    with pytest.raises(ConfigError, match="gpu_layers: expected 'auto', or a whole number from 0"):
        load_config(tmp_path / "briefing.toml")
    with pytest.raises(UsageError, match="gpu_layers"):
        Config().with_overrides(gpu_layers="many")


@pytest.mark.parametrize("kind", ["GGML_BACKEND_DEVICE_TYPE_GPU", "GGML_BACKEND_DEVICE_TYPE_IGPU"])
def test_devices_are_what_the_binding_lists(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    types = xllamacpp.ggml_backend_dev_type
    listed = [
        {"type": types.GGML_BACKEND_DEVICE_TYPE_CPU, "description": "A CPU ", "memory_total": 9, "memory_free": 8},
        {"type": getattr(types, kind), "description": "A GPU", "memory_total": 7, "memory_free": 6},
    ]
    monkeypatch.setattr(xllamacpp, "get_device_info", lambda: listed)
    assert gpus() == (Device("A GPU", 7, 6),)
    assert processor() == Device("A CPU", 9, 8)
    monkeypatch.delattr(xllamacpp, "get_device_info")
    assert (gpus(), processor().memory) == ((), 0)
