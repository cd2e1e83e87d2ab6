"""What surrounds the news in its own paragraph: calls to read on or subscribe, credits of pictures, labels. Pure.

Feeds set these before or behind the only sentences that they give. Only a first or last sentence goes, and only where
all of it is such a call: "Subscribe to our newsletter." is one, "Subscribe or lose access, the paper told us." is not.
Rather one call too many is told than one sentence of news lost.
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
_CLAUSE = (
    r"(?:is|are|was|were|been|has|have|had|does|do|did|will|would|could|should|may|might|must|can|cannot|says?|said|"
    r"tells?|told|finds|shows|warns?|that|which|who|whose|when|because|after|before|until|while|if|how|why|\w+n[’']t)"
)
"""Words of a clause, which makes news of a sentence: "Read the full report which says that 300 people died.\""""
_NO_CLAUSE = rf"(?!.{{0,400}}(?<![/=-])\b{_CLAUSE}\b)"
_NAME = r"(?-i:(?:[Tt]he\s|THE\s)?[A-Z0-9@“\"][^\s,;:!?]{0,40}(?:\s[A-Z0-9&“][^\s,;:!?]{0,40}){0,6})"
_LINKS = (
    r"(?:[^\w@]|https?://\S{1,400}|@\w{1,30}|\(?opens\sin\sa\snew\swindow\)?|"
    rf"\b(?:and|or|at|on|via|here|now|today|below|too|also|{PLATFORM})\b)*+"
)
"""Nothing but addresses, accounts and what joins them."""
_PURPOSE = (
    r"(?:(?<=\s)(?:for\s(?:more(?!\sthan)|the\slatest|breaking|daily|weekly|all|exclusive|news|updates)|(?:to\s)?(?:get|receive|"
    r"stay|keep\sup|never\smiss))\b[^,;:.!?]{0,240})?"
)
_REST = rf"\S{{0,400}}{_LINKS}"
"""Of an address or account, and more of them."""
_TAIL = rf"{_LINKS}{_PURPOSE}{_LINKS}"
_OURS = r"(?:(?:our|the|my|this)\b|@\w|(?-i:[A-Z0-9“\"]))[^,;:.!?]{0,60}?"
_PRODUCT = r"(?:newsletters?|channel|podcast|feed|magazine|e-?mails?\s(?:list|bulletin)|mailing\s+list|bulletins?)"
_ADDRESSED = (
    r"(?:(?:our|the)\s(?:[\w’'&-]+\s){0,6}?(?:web\s?site|site|(?:home\s?)?page|channel|blog(?:\sseries)?|guides?|app|"
    r"newsletter|podcast|live\s?blog|links?)\b|these\s(?:[\w-]+\s)?(?:guides|posts|videos|articles|stories|links)\b|"
    r"https?://|@\w|here\b)"
)
"""What of the outlet's a reader is sent to."""
_CALL = re.compile(
    rf"^[\W_]*+{_NO_CLAUSE}(?:"
    rf"(?:continue|keep)\s+reading(?:\s(?:the\s(?:full|whole|rest)|this)\s[^,;:]{{1,40}}|\s(?:on|at)\s{_NAME})?{_LINKS}|"
    rf"read\s+more(?:\s(?:at|on|from|in|via)\s{_NAME}|\s(?:about|on)\s[^,;:.!?]{{1,60}}\shere)?{_LINKS}|"
    r"read\s+(?:the\s+)?(?:full|whole|entire|original|complete)\s+(?:story|article|post|report|review|interview|text)"
    rf"(?:\s(?:at|on|from|in|via|by)\s{_NAME})?{_LINKS}|"
    r"(?:please\s+)?click\s+(?:here|below)(?:\s(?:for\s(?:the|our|more)\b|to\s(?:subscribe|sign|register|join|read|see|"
    rf"view|watch|listen|hear|learn|find|get|download|donate)\b)[^,;:.!?]{{0,100}})?{_LINKS}|"
    r"click\s+here\s+for|"
    r"(?:to|for)\s[^.!?;]{1,100}?,?\s(?:please\s+)?(?:click|tap)\s(?:here|below|(?:on\s)?th(?:e|is)\slink)\b"
    rf"{_LINKS}|"
    r"(?:for\s+(?:more(?!\s+than)|further|the\s+latest)|to\s+(?:learn|read|find\s+out|see|hear|watch)\s+more)\b"
    rf"[^.!?;]{{0,100}}?(?:,\s*(?:please\s+)?(?:be\ssure\sto\s)?(?:visit|see|check\s+out|go\s+to|head\s+to|follow|"
    rf"subscribe\sto)\s{_ADDRESSED}|https?://\S){_REST}|"
    rf"(?:please\s+)?subscribe(?:\s+(?:now|here|today|free|below)){{0,2}}|"
    rf"(?:please\s+)?subscribe\s+(?:to|via|on)\s{_OURS}\b{_PRODUCT}{_TAIL}|"
    rf"(?:please\s+)?subscribe(?:\s+to\s[^,;:.!?]{{1,40}})?\s*:?\s*https?://\S{_REST}|"
    rf"(?:please\s+)?(?:sign\s+up|register)\s+(?:now\s+|here\s+|today\s+)?(?:for|to)\s(?:{_OURS}\b{_PRODUCT}|"
    rf"our\s[^,;:.!?]{{0,40}}\balerts){_TAIL}|"
    r"sign\s+up\s+(?:here|now|today)|"
    rf"get\s+(?:our|the|your|more)\s[^,;:.!?]{{0,60}}?\b(?:newsletters?|(?:news|stories|headlines|newsletter|briefing|"
    r"updates|edition|articles|reporting|analysis|coverage|round-?up|digest)\b[^,;:.!?]{0,40}?\b(?:in|to)\s+your\s+inbox)"
    rf"(?:\s(?:in|to)\s+your\s+inbox)?(?:\severy\s\w+)?{_TAIL}|"
    rf"get\s+(?:our|the|your|more)\s[^,;:.!?]{{0,80}}?:?\s*https?://\S{_REST}|"
    rf"(?:find|follow|like|join|watch)\s+(?:us|me|@\w{{1,30}})\s+(?:on|at)\s(?:{PLATFORM}|social\s+media|https?://\S)"
    rf"{_REST}{_TAIL}|"
    rf"follow\s+{_NAME}\s+on\s+(?:{PLATFORM}|social\s+media)\b{_TAIL}|"
    r"(?:download|get)\s+our\s[^,;:.!?]{0,40}?\bapps?\b(?:\s(?:for|on|from)\s(?:android|ios|ip\w+|your\sphone|the\sapp\s"
    rf"store|google\splay))*{_TAIL}|"
    rf"download\s+the\s[^,;:.!?]{{0,40}}?\bapp\b{_LINKS}|"
    rf"(?:visit|check(?:\s+out)?|browse)\s+our\s+(?:web\s?site|site|page|channel|home\s?page)\b{_TAIL}|"
    r"(?:watch|catch|listen|stream)\s(?:the|our|all|more|past|full|live|daily|week\w{1,8}|now|here|this|on|to|it)\b"
    rf"[^.!?]{{0,140}}?:\s*https?://\S{_REST}"
    r")[\W_]*$",
    re.IGNORECASE,
)
"""An imperative to the reader with a channel, a link or a product of the outlet for its object, and nothing behind."""
_LABEL = re.compile(
    r"^[\W_]*+(?:"
    r"read\s+more\s*[:»>]\s*+(?!that\b|this\b|it\b|so\b).{1,160}|"
    r"(?:a\s+version\s+of\s+)?th(?:is|e\s+below)\s+(?:article|story|post|piece|column|essay|interview)\s+(?:was\s+)?"
    rf"(?:originally|first)\s+(?:appeared|published|posted)\s(?:in|on|at|by)\s{_NO_CLAUSE}"
    r"(?-i:(?!.{0,120}(?:\sand\s|,\s)[a-z])).{1,120}|"
    r"this\s+is\s+the\s+official\s+(?:youtube\s+)?(?:channel|page|web\s?site)\s+of\b"
    r"(?!.{0,400}\b(?:was|were|has|had|have|been|did|which|who|that|after|before|until|because)\b).{0,240}|"
    rf"(?:(?:{PLATFORM}|official\s+site|web\s?site)\s*:\s*https?://\S{{1,300}}\s*)+|"
    rf"(?:photo|image|picture|video|media)\s+(?:credits?|sources?)\s*(?:[:–-]|should\s+read\b)\s*"
    rf"{_NO_CLAUSE}(?-i:(?!.{{0,120}}(?:\s(?!(?:in|a|new|window)\b)[a-z]{{1,30}}){{3}})(?=[\W_]*[A-Z0-9])).{{1,120}}|"
    rf"(?:photo(?:graph)?s?|pictures?|images?)\s+(?:by|courtesy\s+of)\s*:?\s{_NO_CLAUSE}"
    rf"(?-i:[A-Z][^\s,/|]{{0,30}}(?:[\s,/|]+(?:(?:for|via|of|and|the)\s)?[A-Z][^\s,/|]{{0,30}}){{0,10}}?)"
    rf"[\s,/|]+(?:via\s|for\s)?{_AGENCY}"
    r")[\W_]*$",
    re.IGNORECASE,
)
"""A credit, or another remark of the outlet's about the text."""
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
    r"\s(?:(?:Continue|CONTINUE)\s(?:[Rr]eading|READING)\s?(?:…|\.{3}|»|>{1,2}|→)|"
    r"Read\s(?:[Mm]ore|(?:the\s)?[Ff]ull\s(?:[Aa]rticle|[Ss]tory))\s?(?:…|\.{3}|»|>{1,2}|→))\s*$|"
    r"(?<=…)\s*Read\s[Mm]ore\s*$"
)
_APPEARED = re.compile(
    r"The post (?![a-z]).{1,300}\s(?:appeared first|first appeared|was first published) on "
    rf"(?!\w{{3,6}}day\b|(?:the|an?|his|her|its|their|our)\s[a-z])(?=[Tt]he\s|\w{{0,30}}[A-Z.]){_NO_CLAUSE}[^,;:]{{1,80}}"
)
_PAPER = r"(?:[\w ]{0,30}\b(?:Times|Press|Images|Reuters|AFP|AP|EPA|Post|News|Bloomberg|Tribune|Chronicle))"
_CREDIT_BEHIND = re.compile(
    rf"(?<!\s)\s*+\([A-Z][\w.'’-]*+(?:\s[A-Z][\w.'’-]*+){{0,4}}+\s?/\s?(?:For\sThe\s)?{_PAPER}\)[\s.]*$"
)
_CREDIT_BEFORE = re.compile(
    r"^(?:—[^—\n]{2,60}—\s?(?:[A-Z]\w{1,20}/)?(?:Getty Images|AP|AFP|Reuters|Bloomberg)|"
    r"[A-Z][\w.'’-]*+(?:\s[A-Z][\w.'’-]*+){0,4}+\s?/\s?Getty Images)\s+(?=[A-Z\"“‘'])"
)
_LABEL_BEFORE = re.compile(
    r"^(?:(?:OPINION|COMMENT|COMMENTARY|ANALYSIS|EDITORIAL)\s*[:|–—]\s*|(?:OPINION|COMMENT)\s+(?=(?:[AI]|[A-Z][a-z’']\w{0,30})\s[a-z])(?!Poll))"
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
        if first + 1 < last and line[starts[first + 1]].islower():  # "Read more… and live longer": one sentence
            break
        first += 1
    return line[starts[first] : stops[last - 1]].rstrip() if first < last else ""


def _behind(line: str, start: int, end: int) -> int:
    """Where a sentence ends whose end was found from `start` to `end`: behind its quotation marks and brackets."""
    return start if "|" in line[start:end] else start + len(line[start:end].rstrip())


def _is_call(sentence: str) -> bool:
    if len(sentence) > _LONGEST_CALL or _REPORTED.search(sentence):
        return False
    return bool(_CALL.match(sentence) or _LABEL.match(sentence) or _TAGS.fullmatch(sentence.strip()))
