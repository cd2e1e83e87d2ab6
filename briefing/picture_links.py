"""Pictures as feeds and pages name them, to `PictureLink`: addresses, texts in their place, sizes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from briefing.address import web_address
from briefing.sanitise import clipped, one_line
from briefing.types import PictureLink

LONGEST_ALT = 250
"""Characters; a caption is no alternative text."""
ENOUGH = 480
"""Pixels of width from which a smaller file serves as well as a larger one."""
_MOST = 4
"""Of an article."""


def picture_link(url: object, base: str, alt: object = "", width: object = 0) -> PictureLink | None:
    """A picture at `url`, resolved against `base`; None where that is no http(s) address. Takes values of any type."""
    if not isinstance(url, str) or not url.strip() or not (address := web_address(url, base)):
        return None
    text = clipped(one_line(alt), LONGEST_ALT) if isinstance(alt, str) else ""
    return PictureLink(url=address, alt=text, width=pixels(width) or 0)


def best_first(links: Iterable[PictureLink | None]) -> tuple[PictureLink, ...]:
    """Without what is none and what repeats: the wide enough and those of unknown width in their order, then the rest.

    Of several that are wide enough by their own word only the narrowest stays where it is: feeds list sizes of one.
    """
    distinct = {link.url: link for link in reversed([link for link in links if link is not None])}
    known = list(distinct.values())[::-1]
    narrowest = min((link.width for link in known if link.width >= ENOUGH), default=0)
    return tuple(sorted(known, key=lambda link: _rank(link.width, narrowest))[:_MOST])


def merged_links(of_feed: Sequence[PictureLink], of_page: Sequence[PictureLink]) -> tuple[PictureLink, ...]:
    """Of an article, best first: the feed's, then the page's, which often have a banner; what is too narrow last."""
    return best_first([*of_feed, *of_page])


def _rank(width: int, narrowest: int) -> tuple[int, int]:
    if not width or width == narrowest:
        return (0, 0)
    return (1, width) if width >= ENOUGH else (2, -width)


_PIXELS = re.compile(r"\s{0,9}([0-9]{1,5})(?:\.[0-9]{0,3})?(?:px)?\s{0,9}")


def pixels(value: object) -> int | None:
    """A stated size (``640``, ``640px``); None for another value, such as a share."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 < value < 100_000 else None
    match = _PIXELS.fullmatch(value) if isinstance(value, str) else None
    return int(match[1]) if match else None
