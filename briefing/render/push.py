"""An edition's front page as the text of a push. Pure: the templates are an argument."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from briefing.address import dated_link, is_web
from briefing.render.filters import tidy
from briefing.sanitise import clipped, one_line
from briefing.types import Edition, Story

if TYPE_CHECKING:
    from jinja2 import Environment

LONGEST = 1500
"""Characters of title and text; Discord takes 2,000."""
_STORIES = 5
_HEADLINE = 160
"""Characters."""
_INERT = str.maketrans({"@": "＠", "<": "‹", ">": "›", "`": "'", "*": "∗", "[": "(", "]": ")"})
"""Chat services take ``@everyone``, ``<!channel>`` and marks of Markdown in a headline for theirs."""


def write_push(
    edition: Edition, templates: Environment, link: str = "", since: datetime | None = None
) -> tuple[str, str]:
    """Title and text: the first headlines with links, how many stories there are, `link` to the full edition.

    `since`: when the push before it was sent, of which the stories are not in `edition`; UTC, None for the first.
    """
    link = dated_link(link, edition.stem)
    local = since and since.astimezone(ZoneInfo(edition.timezone))
    by_id = {story.summary.id: story for story in edition.stories}
    first = [by_id[known] for known in edition.front if known in by_id] or list(edition.stories)
    shown = [_shown(story) for story in first[:_STORIES]]
    while True:
        text = templates.get_template("push.txt.j2").render(
            edition=edition,
            title=_inert(edition.title),
            since=local,
            shown=shown,
            count=len(edition.stories),
            link=link,
        )
        title, _, body = tidy(text).partition("\n")
        if len(title) + len(body) <= LONGEST or not shown:
            return clipped(title, 200), clipped(body.strip(), LONGEST)
        shown.pop()


def _shown(story: Story) -> dict[str, str]:
    article = story.articles[0]
    url = article.url if article.url and is_web(article.url) and len(article.url) <= 500 else ""
    return {"headline": _inert(story.summary.headline), "url": url, "source": _inert(article.source)}


def _inert(text: str) -> str:
    return clipped(one_line(text), _HEADLINE).translate(_INERT)
