"""Boilerplate removal in the text of any format: related links, share bars, captions, bylines, comments. Pure.

Conservative: only whole short lines that are labels go, and behind the heading of a list only headlines of other
articles. Sentences stay, even where they begin like a label ("Copyright law was changed."), except readers' comments
and calls to the reader (`calls`).
"""

from __future__ import annotations

import re
from itertools import dropwhile, islice

from briefing.extract.calls import without_calls
from briefing.nlp.facts import tokens
from briefing.nlp.text import word_count

# Headings of the tail: only other articles follow.
_TAIL = re.compile(
    r"^\W*(?:related\s+(?:posts?|articles?|stories|topics?|content|news|reading|coverage|links)|more\s+(?:on\s+this\s+story|"
    r"stories|from\s+\w.{0,40}|in\s+\w.{0,30})|read\s+(?:more|next|also)(?:\s+stories)?|recommended(?:\s+(?:for\s+you|stories|"
    r"articles))?|you\s+(?:may|might)\s+also\s+(?:like|be\s+interested\s+in)|most\s+(?:read|popular|viewed)|trending(?:\s+now)?|"
    r"top\s+stories|latest\s+(?:news|stories)|(?:\d+\s+)?comments?(?:\s*\(\d+\))?|leave\s+a\s+(?:comment|reply)|"
    r"share\s+this(?:\s+\w+)?|about\s+the\s+author|sign\s+up\s+(?:for|to)\s+(?:our|the)\s+.{0,60}newsletter.{0,40}|"
    r"around\s+the\s+web|sponsored\s+(?:content|links)|see\s+also|don['’]t\s+miss|up\s+next)\W*$",
    re.IGNORECASE,
)
# The same glued behind the last sentence, as on scraped pages.
_GLUED = re.compile(
    r"(?<=[.!?”\"’'])\s*(?:Related (?:Posts?|Articles?|Stories|Topics?)|Read More|You May Also Like|Share This)\s*$"
)
# Headings of readers' comments: everything behind goes.
_COMMENTS = re.compile(
    r"^\W*(?:\d+\s+comments?|comments?\s*\(\d+\)|leave\s+a\s+(?:comment|reply)|join\s+the\s+(?:conversation|discussion))\W*$",
    re.IGNORECASE,
)
# Removed anywhere, also where worded as a sentence.
_NEVER_TEXT = re.compile(
    r"^\W*(?:advertisement|(?:photo(?:graph)?|picture|image|credit|caption|video|watch|listen)s?\s*:.{0,200}|"
    r"(?:image|media)\s+(?:source|caption|credit)s?\s*(?:[,:|–-](?!\s(?-i:[a-z])).{0,200})?|"
    r"(?:read\s+more|(?:see|read)\s+also|related)\s*[:»>](?!\s?(?:that|this|it|so)\b).{0,160}|"
    r"share\s+this\s+(?:article|story|page|post|link)\s+(?:on|via|with|by)\b.{0,80}|"
    r"(?:©|\(c\)|copyright)\s*(?:©\s*)?\d{4}\b.{0,160}|.{0,80}\ball\s+rights\s+reserved\b.{0,120}|"
    r"(?:subscribe|sign\s+up|register)\s+(?:now|here|today|to|for)\b.{0,60}\b(?:our|your)\b.{0,60}\b(?:newsletters?|inbox|"
    r"updates|alerts)\b.{0,80}|"
    r"we\s+use\s+cookies\s+(?:to|on|and|for)\b.{0,60}\b(?:you(?:r)?|our|this|the)\s+(?:browsing\s+)?(?:experience|site|website|traffic)\b.{0,200}|"
    r"(?:view|read)\s+(?:this\s+(?:e-?mail|newsletter)\s+)?in\s+(?:your\s+)?browser\b.{0,160})\W*$",
    re.IGNORECASE,
)
# Removed where it is no sentence: labels, buttons, notes about the page.
_LABEL = re.compile(
    r"^\W*(?:ad|sponsored|story\s+continues(?:\s+below)?.{0,30}|article\s+continues\s+(?:after|below).{0,30}|getty\s+images|"
    r"file\s+photo|(?:photo(?:graph)?|picture|image)s?\s+(?:by|courtesy\s+of)\s+[A-Z].{0,80}|"
    r"get\s+(?:our|the)\s.{0,60}\b(?:in|to)\s+your\s+inbox\b.{0,60}|follow\s+(?:us|me|@?\w+)\s+on\s+.{0,60}|like\s+us\s+on\s+.{0,40}|share(?:\s+(?:on|via|this)\b.{0,60})?|tweet|"
    r"print|e-?mail|facebook|twitter|whatsapp|linkedin|pinterest|copy\s+link|save|(?:image|media)\s+(?:source|caption|credit)s?\b.{0,200}|"
    r"(?:subscribe|sign\s+up|register)\s+(?:now|here|today|to|for)\b.{0,120}(?:newsletter|e-?mail|inbox|updates|access).{0,80}|"
    r"get\s+(?:our|the)\s+.{0,40}newsletter.{0,80}|(?:this\s+)?newsletter\s+sign-?up.{0,60}|(?:©|\(c\)|copyright)\s.{0,160}|"
    r"skip\s+to\s+(?:content|main).{0,30}|\d+\s+(?:min(?:ute)?s?)\s+read|last\s+(?:updated|modified)\b.{0,60}|"
    r"published\s*:?\s.{0,60}\d{4}.{0,30}|unsubscribe.{0,120}|manage\s+(?:your\s+)?preferences.{0,60}|"
    r"we\s+use\s+cookies.{0,300}|accept\s+(?:all\s+)?cookies.{0,40}|cookie\s+(?:settings|policy).{0,40})\W*$",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"^(?:by|von|par|por|di)\s+[A-Z][\w.'’-]+(?:\s+(?:and|und|et|y|e|&|,|de|van|von|[A-Z][\w.'’-]+))*"
    r"(?:,\s+[A-Z][\w ]{2,40})?(?:\s*[|,·–-]\s*.{0,40})?$"
)
_SENTENCE = re.compile(r"[.!?…][”\"’')\]]*$")
_LONGEST_LABEL = 500
"""Characters; and 40 words."""
LONGEST_TEASER = 20
"""Words of a headline of another article."""
_TEASERS_WITHIN = 5
"""Lines removed with a heading in the middle of an article; a longer list is the article's own."""
_BEFORE_COMMENTS = 25
"""Words that must precede the comments."""


def without_boilerplate(text: str, title: str = "") -> str:
    """`text` (normalised) without boilerplate and without its own title at the top."""
    lines = [without_calls(line) for line in text.split("\n") if not _is_label(line)]
    kept: list[str] = []
    words = index = behind = 0
    while index < len(lines):
        line = lines[index]
        glued = _GLUED.search(line) if len(line) > _LONGEST_LABEL or not _TAIL.match(line) else None
        end = index + 1
        if index < 6 and _is_byline(line):
            line = ""
        elif words >= _BEFORE_COMMENTS and len(line) < _LONGEST_LABEL and _COMMENTS.match(line):
            break
        elif glued or (kept and len(line) < _LONGEST_LABEL and _TAIL.match(line)):
            if behind <= index:  # computed once for all headings of the list
                behind = _behind_teasers(lines, index + 1)
            following = (i for i in range(index + 1, behind) if lines[i].strip())
            teasers = len(list(islice(following, _TEASERS_WITHIN + 1)))
            if behind == len(lines) or 0 < teasers <= _TEASERS_WITHIN:
                line, end = "", behind
            if glued:
                line = lines[index][: glued.start()]
        kept.append(line)
        words += word_count(line)
        index = end
    title_words = tokens(title)
    body = dropwhile(lambda line: not line.strip() or (title_words and tokens(line) == title_words), kept)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(body)).strip()


def _is_label(line: str) -> bool:
    if len(line) > _LONGEST_LABEL or word_count(line) > 40:
        return False
    return bool(_NEVER_TEXT.match(line) or (_LABEL.match(line) and not _is_sentence(line)))


def _is_byline(line: str) -> bool:
    return len(line) < _LONGEST_LABEL and bool(_BYLINE.match(line.strip())) and not _is_sentence(line)


def _is_sentence(line: str) -> bool:
    return word_count(line) >= 5 and bool(_SENTENCE.search(line.rstrip()))


def _behind_teasers(lines: list[str], start: int) -> int:
    """Index of the first line from `start` that is no headline: a long one, or a sentence."""
    for index in range(start, len(lines)):
        line = lines[index]
        if word_count(line) > LONGEST_TEASER or (_is_sentence(line) and not line.rstrip().endswith("?")):
            return index
    return len(lines)
