"""The command that a hint about a missing package prints."""

from __future__ import annotations

import shlex
import sys

import pytest

from briefing import extras


@pytest.mark.parametrize(
    ("name", "wanted"), [("pdf", "pypdf>=5.1,<8"), ("protobuf", "protobuf>=5,<8"), ("other", "other")]
)
def test_what_is_missing_is_named_with_its_bounds_for_the_python_that_runs(
    monkeypatch: pytest.MonkeyPatch, name: str, wanted: str
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sys, "executable", "/opt/my tools/python")
    monkeypatch.setattr(extras, "find_spec", lambda name: object())
    command = shlex.split(extras.install_command(name))
    assert command == ["/opt/my tools/python", "-m", "pip", "install", wanted]


def test_on_windows_what_the_shell_would_take_for_itself_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "executable", r"C:\Program Files\python.exe")
    command = extras.install_command("pdf")
    assert command.startswith('"C:\\Program Files\\python.exe" ')
    assert command.endswith(' "pypdf>=5.1,<8"')


def test_an_environment_without_pip_is_installed_into_with_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    assert extras.install_command("keyring").startswith("uv pip install --python ")
    assert not extras.is_usable("keyring")
