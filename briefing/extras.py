"""Packages that are not installed with this one, and the command that installs them here.

The name `briefing` on the package index is another project's, so no hint names a package of ours: it names what is
missing, with the bounds of pyproject.toml (tests/policy/test_packaging.py compares).
"""

from __future__ import annotations

import re
import shlex
import sys
from importlib.util import find_spec

EXTRAS = {
    "torch": ("torch>=2.6,<3", "gguf>=0.10,<1", "accelerate>=1.1,<2", "protobuf>=5,<8"),
    "keyring": ("keyring>=25,<26",),
    "pdf": ("pypdf>=5.1,<8",),
    "notify": ("apprise>=2.3,<3",),
}
"""The extras that a user may need, with their requirements as pyproject.toml has them."""
_MODULES = {"torch": ("torch",), "keyring": ("keyring",), "pdf": ("pypdf",), "notify": ("apprise",)}
"""What is imported; an extra is usable with all of them."""


def is_usable(extra: str) -> bool:
    """Whether what the code imports of an extra is installed."""
    return all(find_spec(module) is not None for module in _MODULES[extra])


def install_command(name: str) -> str:
    """What to type to install an extra, or a package: into the environment that runs now, in its system's quotes."""
    wanted = EXTRAS.get(name) or [line for extra in EXTRAS.values() for line in extra if _package(line) == name]
    python = sys.executable or "python"
    # Environments of uv have no pip.
    start = [python, "-m", "pip", "install"] if find_spec("pip") else ["uv", "pip", "install", "--python", python]
    words = [*start, *(wanted or [name])]
    if sys.platform == "win32":
        return " ".join(f'"{word}"' if re.search(r"[<>&^|\s]", word) else word for word in words)
    return shlex.join(words)


def install_hint(name: str) -> str:
    """`install_command` as the remedy of an error."""
    return f"Install it: {install_command(name)}"


def _package(requirement: str) -> str:
    return re.split(r"[<>=!~;\[ ]", requirement, maxsplit=1)[0]
