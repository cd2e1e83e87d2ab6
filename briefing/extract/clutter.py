"""What stands around an article in whatever format it comes: tails, share bars, captions, bylines. Pure.

Conservative: only whole short lines that say what they are go, and a tail only from a line that nothing but a list of
other articles follows. Running text is never touched.
"""

from __future__ import annotations

import re

from briefing.facts import tokens
from briefing.text import word_count

__all__ = ["without_clutter"]

# A line that begins the end: everything after it is about other articles.
_TAIL = re.compile(
    r"^\W*(?:related\s+(?:posts?|articles?|stories|topics?|content|news|reading|coverage|links)|more\s+(?:on\s+this\s+story|"
    r"stories|from\s+\w.{0,40}|in\s+\w.{0,30})|read\s+(?:more|next|also)(?:\s+stories)?|recommended(?:\s+(?:for\s+you|stories|"
    r"articles))?|you\s+(?:may|might)\s+also\s+(?:like|be\s+interested\s+in)|most\s+(?:read|popular|viewed)|trending(?:\s+now)?|"
    r"top\s+stories|latest\s+(?:news|stories)|(?:\d+\s+)?comments?(?:\s*\(\d+\))?|leave\s+a\s+(?:comment|reply)|"
    r"share\s+this(?:\s+\w+)?|about\s+the\s+author|sign\s+up\s+(?:for|to)\s+(?:our|the)\s+.{0,60}newsletter.{0,40}|"
    r"around\s+the\s+web|sponsored\s+(?:content|links)|see\s+also|don['’]t\s+miss|up\s+next)\W*$",
    re.IGNORECASE,
)
# A tail glued behind the last sentence, as scraped pages have it.
_GLUED = re.compile(
    r"(?<=[.!?”\"’'])\s*(?:Related (?:Posts?|Articles?|Stories|Topics?)|Read More|You May Also Like|Share This)\s*\Z"
)
# A line that is never part of the text, wherever it stands.
_LINE = re.compile(
    r"^\W*(?:advertisement|ad|sponsored|story\s+continues(?:\s+below)?.{0,30}|article\s+continues\s+(?:after|below).{0,30}|"
    r"image\s+(?:source|caption|credit)s?\b.{0,200}|(?:photo(?:graph)?|picture|image|credit|caption|video|watch|listen)s?\s*:.{0,200}|"
    r"media\s+caption\b.{0,200}|getty\s+images|file\s+photo|follow\s+(?:us|me|\w+)\s+on\s+.{0,60}|like\s+us\s+on\s+.{0,40}|"
    r"share(?:\s+(?:on|via|this).{0,60})?|tweet|print|email|e-mail|facebook|twitter|whatsapp|linkedin|pinterest|copy\s+link|save|"
    r"read\s+more\s*[:»>].{0,160}|(?:see|read)\s+also\s*:.{0,160}|related\s*:.{0,160}|"
    r"(?:subscribe|sign\s+up|register)\s+(?:now|here|today|to|for)\b.{0,120}(?:newsletter|e-?mail|inbox|updates|access).{0,80}|"
    r"get\s+(?:our|the)\s+.{0,40}newsletter.{0,80}|(?:this\s+)?newsletter\s+sign-?up.{0,60}|"
    r"(?:©|\(c\)|copyright)\s.{0,160}|all\s+rights\s+reserved.{0,80}|skip\s+to\s+(?:content|main).{0,30}|"
    r"\d+\s+(?:min(?:ute)?s?)\s+read|last\s+(?:updated|modified)\b.{0,60}|published\s*:?\s.{0,60}\d{4}.{0,30}|"
    r"unsubscribe.{0,120}|(?:view|read)\s+(?:this\s+(?:e-?mail|newsletter)\s+)?in\s+(?:your\s+)?browser.{0,160}|manage\s+(?:your\s+)?preferences.{0,60}|"
    r"we\s+use\s+cookies.{0,300}|accept\s+(?:all\s+)?cookies.{0,40}|cookie\s+(?:settings|policy).{0,40})\W*$",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"^(?:by|von|par|por|di)\s+[A-Z][\w.'’-]+(?:\s+(?:and|und|et|y|e|&|,|de|van|von|[A-Z][\w.'’-]+))*"
    r"(?:,\s+[A-Z][\w ]{2,40})?(?:\s*[|,·–-]\s*.{0,40})?$"
)
LONGEST_TEASER = 20
"""Words: a line behind a tail's heading that is longer is running text, and the heading was none."""


def without_clutter(text: str, title: str = "") -> str:
    """`text` (normalised) without clutter and without its own title at the top."""
    lines = _GLUED.sub("", text).split("\n")
    lines = [line for line in lines if not (word_count(line) <= 40 and _LINE.match(line))]
    for index, line in enumerate(lines):
        if index < 6 and _BYLINE.match(line.strip()):
            lines[index] = ""
        elif _TAIL.match(line) and index > 0 and _only_teasers(lines[index + 1 :]):
            lines = lines[:index]
            break
    while lines and (not lines[0].strip() or (title and tokens(lines[0]) == tokens(title))):
        lines = lines[1:]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _only_teasers(lines: list[str]) -> bool:
    """Whether nothing in `lines` reads as the article going on: no long line, no two full sentences in a row."""
    return all(word_count(line) <= LONGEST_TEASER and len(re.findall(r"[.!?](?:\s|$)", line)) <= 1 for line in lines)
