"""Reads what the README's first command wrote: every story, enough points, no clutter."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

SAMPLE = Path(__file__).resolve().parents[1] / "tests" / "data" / "sample"


def main() -> None:
    """Exit with a message where the edition is not what the README promises."""
    folder = Path(sys.argv[1])
    (markdown,) = folder.glob("*.md")
    (html,) = folder.glob("*.html")
    sample = tomllib.loads((SAMPLE / "expected.toml").read_text("utf-8"))
    expected = sample["articles"]
    wanted = len(expected) - sum(len(names) - 1 for names in sample["same_story"])
    text = markdown.read_text("utf-8")
    stories = text.count("\n### ")
    if stories != wanted:
        sys.exit(f"{markdown}: {stories} stories instead of {wanted}")
    points = text.count("\n- ")
    if points < 2 * stories:
        sys.exit(f"{markdown}: only {points} key points for {stories} stories")
    for article in expected:
        for clutter in article["clutter"]:
            if clutter in text:
                sys.exit(f"{markdown}: clutter of {article['id']} reached the page: {clutter!r}")
    if not html.read_text("utf-8").rstrip().endswith("</html>"):
        sys.exit(f"{html}: is not whole")
    print(f"{stories} stories, {points} lines of points, no clutter")


if __name__ == "__main__":
    main()
