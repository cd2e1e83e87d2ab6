"""Makes README.md and pyproject.toml, in the current folder, name the project's address before a release is built.

``link_to_the_project.py https://example.org/owner/briefing v1.2.3``. The index shows the README away from its files, so
that its relative links would lead nowhere. The repository does not know its own address; where it is built does.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?!https?:|mailto:|#)(?P<target>[^)\s]+)\)")


def with_absolute_links(markdown: str, address: str, tag: str) -> str:
    """`markdown` with its relative links and pictures leading to the files of the `tag`."""

    def absolute(link: re.Match[str]) -> str:
        kind = "raw" if link["image"] else "blob"
        return f"{link['image']}[{link['text']}]({address}/{kind}/{tag}/{link['target']})"

    return _LINK.sub(absolute, markdown)


def with_addresses(pyproject: str, address: str, tag: str) -> str:
    """`pyproject` with a table of the project's addresses. Raises ValueError where it has one."""
    if "[project.urls]" in pyproject:
        raise ValueError("pyproject.toml names the project's addresses already")
    pages = {
        "Source": address,
        "Documentation": f"{address}/tree/{tag}/docs",
        "Changelog": f"{address}/blob/{tag}/CHANGELOG.md",
        "Issues": f"{address}/issues",
    }
    table = "".join(f'{name} = "{page}"\n' for name, page in pages.items())
    return pyproject.replace("[project.scripts]\n", f"[project.urls]\n{table}\n[project.scripts]\n", 1)


def main() -> None:
    """Rewrite both files."""
    address, tag = sys.argv[1].rstrip("/"), sys.argv[2]
    for name, rewritten in (("README.md", with_absolute_links), ("pyproject.toml", with_addresses)):
        path = Path(name)
        path.write_bytes(rewritten(path.read_text("utf-8"), address, tag).encode())


if __name__ == "__main__":
    main()
