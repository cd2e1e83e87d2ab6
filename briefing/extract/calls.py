"""What surrounds the news in its own paragraph: calls to read on or subscribe, credits of pictures, labels. Pure.

Feeds set these before or behind the only sentences that they give. Only a first or last sentence goes, and only where
all of it is such a call: "Subscribe to our newsletter." is one, "Subscribe or lose access, the paper told us." is not.
"""

from __future__ import annotations

import re

PLATFORM = (
    r"(?:facebook|twitter|x|instagram|linkedin|youtube|tiktok|telegram|whatsapp|google\s+news|mastodon|bluesky|threads)"
)
_AGENCY = (
    r"(?:getty(?:\s+images)?|\w+\s+images|associated\s+press|reuters|afp|ap|epa|bloomberg|shutterstock|alamy|unsplash|"
    r"wikimedia(?:\s+commons)?)"
)
_CALL = re.compile(
    r"^[\W_]*+(?:"
    r"(?:continue|keep)\s+reading\b.{0,80}|"
    r"read\s+more(?:\s+(?:at|on|from|about|in|here|via)\b.{0,120}|\s*[:»>…].{0,160})?|"
    r"read\s+(?:the\s+)?(?:full|whole|entire|original|complete)\s+(?:story|article|post|report|review|interview|text)\b"
    r".{0,80}|"
    r"(?:please\s+)?click\s+(?:here|below)\b.{0,120}|"
    r"(?:to|for)\s.{1,100}(?:,\s*(?:please\s+)?(?:click|tap)\b|\bclick\s+here\b).{0,160}|"
    r"(?:for\s+(?:more(?!\s+than)|further|the\s+latest)|to\s+(?:learn|read|find\s+out|see|hear|watch)\s+more)\b.{0,100}"
    r"(?:,\s*(?:please\s+)?(?:visit|see|check\s+out|go\s+to|head\s+to|follow|subscribe|be\s+sure)\b|https?://).{0,200}|"
    r"(?:a\s+version\s+of\s+)?th(?:is|e\s+below)\s+(?:article|story|post|piece|column|essay|interview)\s+(?:was\s+)?"
    r"(?:originally|first)\s+(?:appeared|published|posted)\b.{0,120}|"
    r"(?:please\s+)?subscribe(?:\s+(?:now|here|today|free|below)){0,2}|"
    r"(?:please\s+)?subscribe(?:\s+(?:to|via|on)\b.{0,60}\b(?:newsletters?|channel|podcast|feed|magazine|e-?mails?|"
    r"updates)\b|\s*:\s*https?:|\s+to\b.{0,40}https?:).{0,200}|"
    r"(?:please\s+)?(?:sign\s+up|register)\s+(?:now\s+|here\s+|today\s+)?for\b.{0,100}\b(?:newsletters?|inbox|"
    r"alerts|bulletins?|mailing\s+list)\b.{0,120}|"
    r"sign\s+up\s+(?:here|now|today)|"
    r"get\s+(?:our|the|your|more)\s.{0,80}\b(?:newsletters?|(?:in|to)\s+your\s+inbox|https?:).{0,240}|"
    r"(?:find|follow|like|join|watch)\s+(?:us|me|@\w{1,30})\s+(?:on|at)\b.{0,160}|"
    rf"follow\s+(?:[\w.'’&-]+\s+){{1,6}}on\s+(?:{PLATFORM}|social\s+media)\b.{{0,240}}|"
    r"(?:download|get)\s+our\s.{0,40}\bapps?\b.{0,120}|"
    r"download\s+the\s.{0,40}\bapp\b.{0,20}\b(?:here|https?:).{0,120}|"
    r"(?:visit|check(?:\s+out)?|browse)\s+our\s+(?:web\s?site|site|page|channel|home\s?page)\b.{0,240}|"
    r"this\s+is\s+the\s+official\s+(?:youtube\s+)?(?:channel|page|web\s?site)\s+of\b.{0,240}|"
    r"(?:watch|catch|listen|stream)\b[^.!?]{0,140}:\s*https?://.{0,200}|"
    rf"(?:{PLATFORM}|official\s+site|web\s?site)\s*:\s*https?://.{{0,300}}|"
    r"(?:photo|image|picture|video|media)\s+(?:credits?|sources?)\s*(?:[:–-]|should\s+read\b).{1,120}|"
    rf"(?:photo(?:graph)?s?|pictures?|images?)\s+(?:by|courtesy\s+of)\s*:?\s[^.!?]{{1,80}}\b{_AGENCY}"
    r")[\W_]*$",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    r",\s(?:[\w’']+\s){1,5}(?:said|says|told|urged?|urges|warn(?:ed|s)|advised|advises|add(?:ed|s))\b"
)
"""A call that somebody else made: "Register for flood alerts, the council urged.\""""
_TAGS = re.compile(
    r"[#@](?!\d)\w{1,60}(?:\s+[#@]\w{1,60}){0,30}|"
    r"[A-Z][a-z]{2,8}\.?\s\d{1,2},\s\d{4}\s\d{1,2}:\d\d\s?(?:[AP]M)?"
)
"""Nothing but hashtags and accounts, or the moment of publication."""
_LONGEST_CALL = 400
"""Characters."""
_BETWEEN_SENTENCES = re.compile(r"(?<=[.!?…])[\"”’')\]]*\s+|\s\|\s")
# Behind the last sentence without a full stop between, as feeds cut it off.
_GLUED = re.compile(
    r"\s(?:(?:[Cc]ontinue|CONTINUE)\s(?:[Rr]eading|READING)\s?(?:…|\.{3}|»|>{1,2}|→)|"
    r"Read\s(?:[Mm]ore|(?:the\s)?[Ff]ull\s(?:[Aa]rticle|[Ss]tory))\s?(?:…|\.{3}|»|>{1,2}|→))\s*$|"
    r"(?<=…)\s*Read\s[Mm]ore\s*$"
)
_APPEARED = re.compile(r"The post .{1,300}\s(?:appeared first|first appeared|was first published) on .{1,80}")
_PAPER = r"(?:[\w ]{0,30}\b(?:Times|Press|Images|Reuters|AFP|AP|EPA|Post|News|Bloomberg|Tribune|Chronicle))"
_CREDIT_BEHIND = re.compile(
    rf"(?<!\s)\s*+\([A-Z][\w.'’-]*+(?:\s[A-Z][\w.'’-]*+){{0,4}}+\s?/\s?(?:For\sThe\s)?{_PAPER}\)[\s.]*$"
)
_CREDIT_BEFORE = re.compile(
    r"^(?:—[^—\n]{2,60}—\s?(?:[A-Z]\w{1,20}/)?(?:Getty Images|AP|AFP|Reuters|Bloomberg)|"
    r"[A-Z][\w.'’-]*+(?:\s[A-Z][\w.'’-]*+){0,4}+\s?/\s?Getty Images)\s+(?=[A-Z\"“‘'])"
)
_LABEL_BEFORE = re.compile(
    r"^(?:(?:OPINION|COMMENT|COMMENTARY|ANALYSIS|EDITORIAL)\s*[:|–—]\s*|(?:OPINION|COMMENT)\s+(?=[A-Z]))"
)


def without_calls(line: str) -> str:
    """`line`, a paragraph, without the calls, credits and labels at its beginning and end; empty if it has no more."""
    line = _CREDIT_BEFORE.sub("", _LABEL_BEFORE.sub("", line))
    line = _CREDIT_BEHIND.sub("", _GLUED.sub("", line))
    post = line.rfind("The post ")
    if post >= 0 and _APPEARED.fullmatch(line, post):
        line = line[:post]
    ends = [(match.start(), match.end()) for match in _BETWEEN_SENTENCES.finditer(line)]
    starts = [0, *(end for _, end in ends)]
    stops = [*(_behind(line, start, end) for start, end in ends), len(line)]
    first, last = 0, len(starts)
    while last > first and _is_call(line[starts[last - 1] : stops[last - 1]]):
        last -= 1
    while first < last and _is_call(line[starts[first] : stops[first]]):
        first += 1
    return line[starts[first] : stops[last - 1]].rstrip() if first < last else ""


def _behind(line: str, start: int, end: int) -> int:
    """Where a sentence ends whose end was found from `start` to `end`: behind its quotation marks and brackets."""
    return start if "|" in line[start:end] else start + len(line[start:end].rstrip())


def _is_call(sentence: str) -> bool:
    if len(sentence) > _LONGEST_CALL or _REPORTED.search(sentence):
        return False
    return bool(_CALL.match(sentence) or _TAGS.fullmatch(sentence.strip()))
