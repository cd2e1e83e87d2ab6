"""Commands of ours in messages, with the options by which they go on with what is in hand when they are pasted."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_OURS = re.compile(r"`briefing ([a-z][^`\n]{0,200})`")
_OPTIONS = {
    "run": ("--config", "--state", "--edition"),
    "send": ("--config", "--state", "--edition"),
    "show": ("--config", "--state", "--edition"),
    "search": ("--config", "--state"),
    "archive": ("--config", "--state"),
    "history": ("--config", "--state"),
    "doctor": ("--config", "--state"),
    "sources add": ("--config",),
    "sources list": ("--config",),
    "sources check": ("--config",),
    "sources import": ("--config",),
    "schedule install": ("--config",),
}
"""By command those that say what it is about. Commands for models go by none of it."""


@dataclass(slots=True)
class InHand:
    """What the command that runs was told to work with, where it was told."""

    config: Path | None = None
    state: Path | None = None
    edition: str = ""

    def command(self, words: str) -> str:
        """``briefing WORDS`` for the same configuration, state file and edition, quoted for this system's shell.

        A configuration that is found without being named is not.
        """
        if words.partition(" ")[0] == "init":
            return f"briefing {words}{f' {quoted(self.config)}' if self._has_other_config else ''}"
        known = next((name for name in _OPTIONS if f"{words} ".startswith(f"{name} ")), "")
        values = {
            "--config": f"-c {quoted(self.config)}" if self._has_other_config else "",
            "--state": f"--state {quoted(self.state)}" if self.state else "",
            "--edition": f"--edition {self.edition}" if self.edition else "",
        }
        added = [values[option] for option in _OPTIONS.get(known, ()) if values[option]]
        return " ".join(filter(None, ["briefing", known, *added, words.removeprefix(known).strip()]))

    def completed(self, text: str) -> str:
        """`text`, which is ours, with each command in it (```briefing run```) as `command` gives it."""
        return _OURS.sub(lambda found: f"`{self.command(found[1])}`", text)

    @property
    def _has_other_config(self) -> bool:
        """Whether the configuration is one that has to be named."""
        from briefing.config import find_config

        if self.config is None:
            return False
        usual = find_config()
        return usual is None or usual.resolve() != self.config.expanduser().resolve()


def quoted(word: object) -> str:
    """A word of a command for this system's shell."""
    return subprocess.list2cmdline([str(word)]) if sys.platform == "win32" else shlex.quote(str(word))
