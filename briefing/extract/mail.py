"""The article in a mail: choice of the MIME part, removal of newsletter boilerplate. Attachments are not read."""

from __future__ import annotations

import re
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart

from briefing.encodings import Decoded, html_label
from briefing.errors import ExtractError
from briefing.extract import Extraction, with_lost
from briefing.extract.files import decoded
from briefing.mail_headers import header_text, sender_of
from briefing.nlp.lines import LISTED, flowed, parted, unwrapped
from briefing.nlp.text import ENDS, UNSPACED_ALPHABETS, normalise, word_count
from briefing.written_dates import mail_date

_MOST_PARTS = 500
_MOST_WORK = 20_000_000
"""Lines times declared boundaries: the standard library matches every line with every open boundary."""
_LONGEST_HEADER = 4000
"""Characters."""
_HEADERS_READ = frozenset(
    {"subject", "from", "date", "content-type", "content-disposition", "content-transfer-encoding"}
)
_STUB = 100
"""Words: a plain part with fewer may only refer to the HTML part."""
_LONGEST_LABEL = 60
"""Words of a line of boilerplate."""
_LONG = 120
"""Characters of a paragraph that is running text, with any ending."""
_SHORTEST = 4
"""Words of a statement without an end mark (Thai), and of a list's only line: "- Anna" is a signature."""
_LABEL = 3
"""Words a link in a list of links."""
_CLOSING = "”\"’')]»›」』）】〉》* _"
"""What may follow the end mark of a sentence, asterisks and underscores of emphasis included."""
_LOST = 0.2
"""Share of the words of a plain part that may be removed unidentified."""

# Whole lines about the mail itself. Where a line does not name the mail, only an address may follow: "Read online
# reviews first" is a sentence of the text.
_THIS = r"(?:this|the|our)\s+(?:e-?mail|newsletter|message|mail|issue|edition|briefing)"
_BROWSER = r"(?:online|in\s+(?:(?:a|your|the)\s+)?(?:web\s*)?browser|on\s+the\s+web|as\s+a\s+web\s*page)"
_LINK = r"\W*(?:(?:click\s+)?here\W*)?(?:https?:\S+\W*)?"
_ABOUT_THE_MAIL = re.compile(
    rf"^\W*(?:(?:view|read|open|see)\s+{_THIS}\s+{_BROWSER}\b.{{0,160}}|(?:view|read|open|see)\s+(?:it\s+)?{_BROWSER}{_LINK}|"
    rf"web\s+version{_LINK}|(?:having\s+)?(?:trouble|problems?|difficulty)\s+(?:viewing|reading|seeing)(?:\s+{_THIS}\b.{{0,160}}|\?.{{0,160}})|"
    rf"(?:if\s+you\s+)?can(?:no|['’])t\s+(?:see|read|view)\s+(?:{_THIS}|the\s+(?:images?|pictures?))\b.{{0,160}}|"
    r"if\s+(?:this|the)\s+(?:e-?mail|newsletter|message)\s+(?:does\s*n[o'’]t|is\s*n[o'’]t|does\s+not|is\s+not)\b.{0,160}|"
    rf"(?:was\s+)?{_THIS}\s+(?:was\s+)?forwarded\s+(?:to\s+you|by)\b.{{0,160}}|"
    rf"(?:were\s+you\s+)?forwarded\s+{_THIS}\b.{{0,160}}|forward\s+to\s+(?:a\s+)?(?:friend|colleague)s?{_LINK}|"
    r"(?:to\s+(?:be\s+sure|ensure|make\s+sure)\b.{0,80}\b)?(?:please\s+)?add\s+\S+@\S+\s+to\s+your\s+"
    r"(?:address\s*book|contacts|safe)\b.{0,100})$",
    re.IGNORECASE,
)
# Whole lines that begin the footer.
_FOOT = re.compile(
    r"^\W*(?:"
    rf"you(?:['’]re|\s+are|\s+have)?\s+(?:receiv\w+|get(?:ting)?|been\s+sent)\s+{_THIS}\b.{{0,300}}|"
    r"you(?:['’]re|\s+are)\s+subscribed\s+(?:to|as|with)\b.{0,200}|"
    rf"{_THIS}\s+(?:was|is|has\s+been)\s+(?:sent|delivered|intended)\s+(?:to|for|by)\b.{{0,300}}|"
    r"sent\s+to\s*:?\s+\S+@\S+.{0,200}|(?:our\s+)?(?:mailing|postal)\s+address(?:\s+is)?\s*:?.{0,200}|"
    r"(?:click\s+here\s+to\s+|to\s+|you\s+(?:can|may)\s+)?unsubscribe\b.{0,200}|"
    r".{0,120}\bunsubscribe\s+(?:from|here|at\s+any\s+time|instantly|below|link|with\s+one\s+click|in\s+one\s+click)\b.{0,160}|"
    r"(?:want|wish|would\s+like)\s+to\s+(?:change|update|manage|stop|unsubscribe)\b.{0,200}|"
    r"(?:don['’]t|do\s+not|no\s+longer)\s+(?:want|wish)\b.{0,60}\b(?:e-?mails?|newsletters?|messages|mailings?)\b.{0,160}|"
    r"(?:update|manage|change|edit)\s+(?:your\s+|my\s+)?(?:e-?mail\s+)?(?:(?:subscription|newsletter|e-?mail)s?\s+)?"
    r"(?:preferences|subscriptions?|settings|profile|options)\b.{0,160}|"
    r"(?:©|\(c\)|copyright)\s*(?:©\s*)?\d{4}\b.{0,200}|.{0,80}\ball\s+rights\s+reserved\b.{0,120}|"
    r"(?:sie\s+erhalten\s+diese|vous\s+recevez\s+ce|recibes?\s+este|ricevi\s+questa)\b.{0,300}|"
    r".{0,120}\byou(?:['’]re|\s+are)\s+receiving\s+this\s+(?:e-?mail|newsletter|message)\b.{0,300}|"
    r"(?:newsletter\s+)?(?:abbestellen|abmelden|se\s+désabonner|désinscription|darse\s+de\s+baja|disiscriviti)\b.{0,160}"
    r")$",
    re.IGNORECASE,
)
# Words for unsubscribing: with a link, such a line is of the footer.
_LEAVING = re.compile(
    r"\b(?:unsubscribe|opt\s+out|abbestell\w+|abmelde\w+|austragen|désabonner|désinscri\w+|dar(?:te|se)\s+de\s+baja|"
    r"disiscriv\w+|annulla\w+\s+l['’]iscrizione|uitschrijven|afmelden|cancelar\s+(?:tu|su|a)\s+\w+)\b",
    re.IGNORECASE,
)
_BRACKETED = re.compile(
    r"(?<![ \t])[ \t]*+\n?[ \t]*+(?:\((?:https?://|mailto:)[^\s()]*(?:\([^\s()]*\)[^\s()]*)*\)|<(?:https?://|mailto:)[^\s<>]*>|"
    r"\[\s?(?:https?://|mailto:)[^\s\[\]]*\s?\])",
    re.IGNORECASE,
)
"""Link targets as converters from HTML to plain text write them."""
_ADDRESS_ALONE = re.compile(r"^[ \t]*(?:\[\d+\]:?[ \t]*)?<?https?://\S+[ \t]*$", re.IGNORECASE | re.MULTILINE)
_WEB = re.compile(r"https?://\S+", re.IGNORECASE)
_UNMARKED = re.compile(f"[{UNSPACED_ALPHABETS}]")
# Lines that may precede it.
_BEFORE_FOOT = re.compile(
    r"^\W*(?:(?:e-?mail\s+)?preferences(?:\s+cent(?:er|re))?|privacy(?:\s+(?:policy|notice|statement))?|contact(?:\s+us)?|"
    r"terms(?:\s+of\s+(?:use|service)|\s+(?:and|&)\s+conditions)?|imprint|impressum|web\s*site|advertise(?:\s+with\s+us)?)\W*$",
    re.IGNORECASE,
)
# A line of a postal address: a postcode behind a comma or a town, and no sentence.
_ADDRESS = re.compile(
    r"(?:\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b|\b[A-Z]{2}\s+\d{5}(?:-\d{4})?\b|,\s*(?:[A-Z]-)?\d{4,5}\s+[A-Z]\w+|"
    r"\b(?:P\.?\s?O\.?\s+Box|Suite|Floor)\s+\d|"
    r"\d+\s+(?:[A-Z][\w'’.]+\s+){1,3}(?:St|Street|Rd|Road|Ave|Avenue|Lane|Quay|Square|Blvd|Boulevard|Way|Drive)\b)"
)
# Runs of zero-width characters fill up a preheader; a single one may belong to a word (Persian, emoji).
_INVISIBLE = re.compile(
    "(?:[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u2064\ufeff][ \u00a0]?){3,}"
)
# How newsletters hide the preheader, the preview in the list of mails.
_HIDING = re.compile(
    # Not font-size: 0, which some put on the outermost boxes, nor mso-hide, which is for Outlook only.
    r"display\s*:\s*none|visibility\s*:\s*hidden|max-height\s*:\s*0(?:px)?\s*(?:;|$)|opacity\s*:\s*0(?:\.0+)?\s*(?:;|$)",
    re.IGNORECASE,
)
_MOST_HIDDEN = 60
"""Words of a preheader; a longer hidden element may be the text, shown by a style sheet."""


def read_mail(body: bytes, name: str) -> Extraction:
    """A mail's plain part; its HTML part where the plain one is missing, a stub, or lost much.

    Raises `ExtractError` where it has no text, or would take minutes to parse.
    """
    _check_parts(body, name)
    message = message_from_bytes(body, policy=policy.default)
    assert isinstance(message, EmailMessage)
    _check_headers(message, name)
    plain = message.get_body(preferencelist=("plain",))
    html = message.get_body(preferencelist=("html",))
    text, whole = "", False
    read: Decoded | None = None
    problem = ExtractError(name, "the mail has no text", "It may be in an attachment")
    if plain is not None:
        try:
            read = _content(plain, name)
            text, whole = _plain_text(plain, read.text)
        except ExtractError as error:
            problem = error
    if html is not None and (word_count(text) < _STUB or not whole):
        from briefing.extract.html import read_page

        try:
            content = _content(html, name)
            page = read_page(_visible(content.text), name, None)
            full = without_mail_boilerplate(normalise(page.text))
            if word_count(full) > word_count(text):
                text, read = full, content
        except ExtractError as error:
            problem = error
    if not text.strip():
        raise problem
    label = (plain or html or message).get_content_charset()
    found = Extraction(
        text=text,
        title=header_text(_raw(message, "subject"), label),
        author=sender_of(_raw(message, "from"), label)[0],
        published=mail_date(str(message["date"] or "")),
    )
    return with_lost(found, read) if read is not None else found


def _raw(message: EmailMessage, name: str) -> bytes:
    """The first header of this name as it was written; empty where there is none."""
    values = (value for key, value in message.raw_items() if key.lower() == name)
    return str(next(values, "")).encode("utf-8", "surrogateescape")


def without_mail_boilerplate(text: str) -> str:
    """`text` (normalised) without lines about the mail itself and without the footer.

    The footer begins with a line of `_FOOT` that no paragraph follows, or the sender's postal address before it.
    """
    lines = [line for line in _INVISIBLE.sub("", text).split("\n") if not _is(_ABOUT_THE_MAIL, line)]
    end = len(lines)
    for index in range(len(lines) - 1, -1, -1):
        if _is_foot(lines[index]):
            end = index
        elif _is_paragraph(lines[index]):
            break
    if end < len(lines):
        while end and (not lines[end - 1].strip() or _is_address(lines[end - 1]) or _is(_BEFORE_FOOT, lines[end - 1])):
            end -= 1
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines[:end])).strip()


def _is(pattern: re.Pattern[str], line: str) -> bool:
    bare = _WEB.sub("", _BRACKETED.sub("", line)).strip()  # link targets may have any length
    return len(bare) < 600 and word_count(bare) <= _LONGEST_LABEL and bool(pattern.match(bare))


def _is_foot(line: str) -> bool:
    linked = _WEB.search(line) and word_count(line) <= _LONGEST_LABEL and _LEAVING.search(line)
    return bool(linked) or _is(_FOOT, line)


def _is_paragraph(line: str) -> bool:
    return word_count(line) >= 25 or (word_count(line) >= 12 and _ends_sentence(line))


def _ends_sentence(line: str) -> bool:
    return line.rstrip().rstrip(_CLOSING).endswith(tuple(ENDS))


def _is_address(line: str) -> bool:
    return 2 <= word_count(line) <= 25 and not _ends_sentence(line) and bool(_ADDRESS.search(line[:400]))


def _content(part: MIMEPart, name: str) -> Decoded:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes) or not payload.strip():
        raise ExtractError(name, "the mail has no text", "It may be in an attachment")
    in_page = html_label(payload) if part.get_content_type() == "text/html" else ""
    return decoded(payload, [part.get_content_charset(), in_page], name)


def _plain_text(part: MIMEPart, content: str) -> tuple[str, bool]:
    """The text of a plain part, and whether nearly all was kept that is not identified as boilerplate."""
    content, is_flowed = _flowed(part, content)
    content = _without_signature(content)
    lines = normalise if is_flowed else unwrapped
    text = without_mail_boilerplate(parted(lines(_running_text(content))))
    everything = word_count(without_mail_boilerplate(lines(_without_link_targets(content))))
    return text, everything - word_count(text) <= _LOST * everything


def _flowed(part: MIMEPart, content: str) -> tuple[str, bool]:
    """The text of a plain part with flowed lines joined, and whether there are any; some senders declare it in vain."""
    if str(part.get_param("format", "")).lower() != "flowed":
        return content, False
    return flowed(content, delete_space=str(part.get_param("delsp", "")).lower() == "yes")


def _visible(html: str) -> str:
    """`html` without elements that inline styles hide; unchanged where too large for a tree, or broken."""
    from briefing.extract import fallback

    if fallback.is_bulky(html) or not _HIDING.search(html):
        return html
    from lxml import etree
    from lxml import html as lxml_html

    with suppress(etree.LxmlError, ValueError, RecursionError, AssertionError, TypeError):
        # As bytes: lxml refuses a text that declares an encoding of its own.
        parser = lxml_html.HTMLParser(encoding="utf-8", no_network=True)
        root = lxml_html.document_fromstring(html.encode("utf-8", "replace"), parser=parser)
        for element in root.xpath("//*[@style]"):
            hidden = element.getparent() is not None and element.tag != "body" and _HIDING.search(element.get("style"))
            if hidden and word_count(str(element.text_content())) < _MOST_HIDDEN:
                element.drop_tree()
        return str(lxml_html.tostring(root, encoding="unicode"))
    return html


def _check_parts(body: bytes, name: str) -> None:
    """Refuse a mail with so many or so deeply nested parts that the parser would take minutes."""
    declared = re.findall(rb"boundary\s*=\s*\"?([^\s\";]{1,200})", body, re.IGNORECASE)
    boundaries = set(declared[:_MOST_PARTS])
    parts = sum(body.count(b"\n--" + boundary) for boundary in boundaries)
    if (body.count(b"\n") + 1) * len(declared) > _MOST_WORK or parts > 2 * _MOST_PARTS + len(declared):
        raise ExtractError(name, f"the mail has over {_MOST_PARTS} parts", "Save its text as a file")


def _check_headers(message: EmailMessage, name: str) -> None:
    """Refuse a mail with long headers, in which the standard library's parser is quadratic."""
    for count, part in enumerate(message.walk()):
        if count > _MOST_PARTS:
            raise ExtractError(name, f"the mail has over {_MOST_PARTS} parts", "Save its text as a file")
        for key, value in part.raw_items():
            if key.lower() in _HEADERS_READ and len(str(value)) > _LONGEST_HEADER:
                raise ExtractError(name, f"the mail's header {key} is too long", "Save its text as a file")


def _without_signature(text: str) -> str:
    """A plain part without its signature, which follows the last ``-- `` (RFC 3676).

    Behind ``--`` without the blank, which may also separate parts of a newsletter, running text is no signature, nor
    is a statement behind a blank line.
    """
    text = text.replace("\r\n", "\n")
    lines = list(re.finditer(r"^--( ?)$", text, re.MULTILINE))
    if not lines:
        return text
    behind = text[lines[-1].end() :]
    parts = behind.startswith("\n\n") and any(map(_is_statement, _blocks(behind)))
    if lines[-1][1] or not (parts or any(map(_is_running, _blocks(behind)))):
        return text[: lines[-1].start()]
    return text


def _running_text(text: str) -> str:
    """A plain part from the line before the first paragraph of running text to the end, without link targets.

    The end is before the footer, an address or a list of links that follow the last such paragraph, and before last
    parts that are neither statements nor lists: greetings, names, buttons.
    """
    parts = _blocks(text)
    running = [i for i, part in enumerate(parts) if _is_running(part)]
    if not running:
        return _without_link_targets(text)
    last = running[-1]
    lists = [_list_lines(part) for part in parts[last:]]
    for behind, part in enumerate(parts[last + 1 :], 1):
        before = _before_frame(part)
        if before is not None:
            if _is_statement(before):
                last = running[-1] + behind
                parts[last] = before
            break
        beside = sum(lists[behind - 1 : behind + 2])
        if _is_statement(part) or (lists[behind] and (beside > 1 or word_count(part) >= _SHORTEST)):
            last = running[-1] + behind
    return _without_link_targets("\n\n".join(parts[max(0, running[0] - 1) : last + 1]))


def _before_frame(part: str) -> str | None:
    """The lines of a part before its first one of a footer, an address or a list of links; None without such a one."""
    lines = part.split("\n")
    for index, line in enumerate(lines):
        is_address = _is_address(line) and not LISTED.match(line.lstrip())  # a list may be of places
        if is_address or _is_foot(line) or _is(_BEFORE_FOOT, line):
            return "\n".join(lines[:index])
    joined = " ".join(part.split())
    links = len(_WEB.findall(joined))
    is_links = links > 1 and word_count(_WEB.sub("", joined)) <= _LABEL * links
    return "" if is_links or _is_foot(joined) else None


def _is_statement(part: str) -> bool:
    """Whether a part ends as a sentence does, and is not about the mail; a Thai sentence has no end mark."""
    line = " ".join(_BRACKETED.sub("", part).split())
    if _is(_ABOUT_THE_MAIL, line):
        return False
    return _ends_sentence(line) or (bool(_UNMARKED.search(line[-1:])) and word_count(line) >= _SHORTEST)


def _list_lines(part: str) -> int:
    return sum(bool(LISTED.match(line.lstrip())) for line in part.split("\n"))


def _without_link_targets(text: str) -> str:
    return _ADDRESS_ALONE.sub("", _BRACKETED.sub("", text))


def _blocks(text: str) -> list[str]:
    return re.split(r"\n\s*\n", text.strip())


def _is_running(part: str) -> bool:
    """Whether a part is a paragraph of the text and not about the mail itself."""
    line = " ".join(part.split())
    if _is_foot(line) or _is(_ABOUT_THE_MAIL, line):
        return False
    bare = _WEB.sub("", _BRACKETED.sub("", line)).strip()
    return len(bare) > _LONG or _is_paragraph(bare)
