"""Says what keeps a tag from being released: ``check_release.py v1.2.3`` in the repository's root.

Without a tag: what version and changelog have to agree on at any time.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path


def stated_version(root: Path) -> str:
    """The version in `briefing/_version.py`."""
    found = re.search(
        r'^__version__ = "([^"]+)"$', (root / "briefing" / "_version.py").read_text("utf-8"), re.MULTILINE
    )
    return found[1] if found else ""


def sections(root: Path) -> list[tuple[str, str]]:
    """Heading and text of each section of the changelog, the newest first."""
    parts = re.split(r"^## (.*)\n", (root / "CHANGELOG.md").read_text("utf-8"), flags=re.MULTILINE)[1:]
    return [(heading.strip(), text.strip()) for heading, text in zip(parts[::2], parts[1::2], strict=True)]


def problems(root: Path, tag: str = "") -> list[str]:
    """What is wrong, one sentence each."""
    version = stated_version(root)
    wrong = []
    if not re.fullmatch(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?", version):
        wrong.append(f"briefing/_version.py states {version!r}, which is no version such as 1.2.3")
    changes = sections(root)
    unreleased = [text for heading, text in changes[:1] if heading == "Unreleased"]
    released = [heading for heading, _ in changes[len(unreleased) :]]
    for heading in released:
        if not re.fullmatch(r"\d+\.\d+\.\d+\S* - \d{4}-\d{2}-\d{2}", heading):
            wrong.append(f"CHANGELOG.md: the heading {heading!r} is no version with its day")
    if released and released[0].split(" ")[0] != version:
        wrong.append(f"CHANGELOG.md was last released as {released[0]!r}, briefing/_version.py states {version}")
    for kept in (f"tests/data/schemas/{version}", f"tests/data/states/{version}.db.gz"):
        if not (root / kept).exists():
            wrong.append(f"{kept} is missing: later versions are tested against it")
    if tag:
        if tag != f"v{version}":
            wrong.append(f"the tag is {tag}, the version {version}")
        if not released:
            wrong.append("CHANGELOG.md has no released section")
        if any(unreleased):
            wrong.append("CHANGELOG.md has changes under Unreleased, which this release would not name")
    return wrong


def main() -> None:
    """Exit with what is wrong."""
    if wrong := problems(Path.cwd(), *sys.argv[1:2]):
        sys.exit("\n".join(wrong))
    print(f"version {stated_version(Path.cwd())}: tag, changelog and kept files agree")


if __name__ == "__main__":
    main()
