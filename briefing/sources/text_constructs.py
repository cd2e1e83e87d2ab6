"""What an element of a feed says: plain text or HTML, by its declared type, else by what it holds. Pure.

Atom declares the type of its titles and texts (RFC 4287, 3.1): text is shown as it is written. RSS and JSON Feed titles
declare nothing. There a tag is markup where

- it is of an HTML element that is closed, or is ``<br>``, ``<hr>``, ``<wbr>``, or has an attribute with a value;
- it is of an HTML element that is not closed, and touches the word that it would format (``<b>Storm``, ``Storm</b>``).

Anything else is text: ``Vec<T>``, ``a < b``, "the <dialog> element". HTML that was escaped once too often is unescaped
where it is markup only then. The result is a plain title or untrusted HTML; escaping for a format is `render`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape
from html.entities import html5

from briefing.nlp.lines import continued, unwrapped
from briefing.sources.decoding import LONGEST_NAME, collapse_spaces

UNDECLARED = ""
"""The type of a text whose format does not declare one."""

_TAG = re.compile(r"<(/?)([A-Za-z][^\s/<>\"'=`]*+)((?:\"[^\"<]*\"|'[^'<]*'|[^<>\"'])*+)>")
_VALUE = re.compile(r"[\s\"'/][\w:.@-]++=(?=[\"'\w#/.])")
"""Beginning of the value of an attribute."""
_ALT = re.compile(r"\salt\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_OPENED = re.compile(r"<([A-Za-z][^\s/<>\"'=`]*+)([^<>]*+)(?=(<)|\Z)")
"""What looks like the beginning of a tag, and does not end before the next one or the text's end."""
_ALONE = frozenset({"br", "hr", "wbr"})
_VOID = _ALONE | {"area", "base", "col", "embed", "img", "input", "link", "meta", "param", "source", "track"}
_BLOCKS = frozenset(
    """
    address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li main menu nav ol p pre search section summary
    table tbody td tfoot th thead title tr ul
    """.split()  # noqa: SIM905
)
_INLINE = frozenset(
    """
    a abbr acronym audio b bdi bdo big blink button canvas cite code colgroup data datalist del dfn em font frame
    frameset i iframe ins kbd label map mark marquee math meter nobr noscript object optgroup option output picture
    progress q rp rt ruby s samp script select slot small span strike strong style sub sup svg template textarea time tt
    u var video
    """.split()  # noqa: SIM905
)
_ELEMENTS = _BLOCKS | _INLINE | _VOID
_BARE_ATTRIBUTES = frozenset(
    """
    allowfullscreen async autofocus autoplay checked compact controls default defer disabled download hidden inert loop
    multiple muted nohref noshade novalidate nowrap open playsinline readonly required reversed selected
    """.split()  # noqa: SIM905
)
"""Attributes that stand without a value."""
_NOT_SHOWN = frozenset({"script", "style"})
_QUOTING = frozenset({"code", "pre", "kbd", "samp", "textarea"})
"""Elements in which markup is shown on purpose."""
_BOXES = frozenset({"div", "span", "body", "center", "font", "section"})
_ABOUT_MARKUP = re.compile(r"\b(?:X?HTML5?|XML|SGML|entity|entities|escap(?:e|ed|es|ing)|ampersands?|markup)\b")
_MOST_ESCAPES = 3


def title_text(value: str, media_type: str = UNDECLARED) -> str:
    """A title on one line; where nothing is left without its tags, the title as it is written.

    `media_type`: as Atom declares it, mapped to ``text/plain``, ``text/html`` or ``application/xhtml+xml``.
    """
    value = _without_sections(value[:LONGEST_NAME])
    if media_type == "text/plain":
        return collapse_spaces(value)
    declared = _is_html(media_type)
    html = value if declared else next(_unescaped(value), value)
    text = unescape(_without_tags(_without_comments(html), declared=declared))
    return collapse_spaces(_without_references(text)) or collapse_spaces(value)


def body_html(value: str, media_type: str = UNDECLARED) -> str:
    """A text as HTML, untrusted; empty for a type that is no text.

    Line ends of plain text become paragraphs (`plain_html`), also those of HTML that has no tag.
    """
    value = _without_sections(value)
    if media_type.startswith("text/") and media_type != "text/html":
        return plain_html(value)
    if not (_is_html(media_type) or "/" not in media_type):
        return ""
    tags = _tags(value)
    if not any(tag.is_markup(value) for tag in tags):
        html = next(_unescaped(value), None)
        if html is not None:
            return _with_text_escaped(html, _tags(html))
        # Perhaps text, perhaps HTML, where a line end is white space: a sentence goes on behind it.
        text = _NO_LINE_END.sub(" ", _without_references(unescape(value)))
        return _lines_html(continued(unwrapped(text)))
    if all(tag.name in _BOXES for tag in tags):
        inner = _cut(value, ((tag.start, tag.end, "") for tag in tags))
        html = next(_unescaped(inner), None)
        if html is not None and html.lstrip().startswith("<"):
            return _with_text_escaped(html, _tags(html))
    html = _with_text_escaped(value, tags)
    if any(tag.name in _QUOTING for tag in tags) or _ABOUT_MARKUP.search(html):
        return html
    return _ESCAPED_TWICE.sub(_unescaped_once, html)


def _without_sections(value: str) -> str:
    """`value` without the ``<![CDATA[`` and ``]]>`` of sections that were put around it twice."""
    for _ in range(_MOST_ESCAPES):
        bare = value.strip()
        if not (bare.startswith("<![CDATA[") and bare.endswith("]]>")):
            break
        value = bare.removeprefix("<![CDATA[").removesuffix("]]>")
    return value


def plain_html(text: str) -> str:
    """Plain text as HTML: a paragraph for each of its own, a line for each line end, but of hard-wrapped text none."""
    return _lines_html(unwrapped(_NO_LINE_END.sub(" ", text)))


_NO_LINE_END = re.compile(r"\r(?!\n)|[\v\f\x85\u2028\u2029]")
"""Separators that typesetting leaves within sentences."""


def _lines_html(text: str) -> str:
    parts = ["<br>".join(escape(line, quote=False) for line in part.split("\n")) for part in text.split("\n\n")]
    return parts[0] if len(parts) == 1 else "".join(f"<p>{part}</p>" for part in parts)


def _is_html(media_type: str) -> bool:
    is_xml = media_type.endswith(("+xml", "/xml")) and not media_type.startswith("image/")
    return media_type == "text/html" or is_xml


@dataclass(slots=True)
class _Tag:
    """A tag, or what looks like one."""

    start: int
    end: int
    name: str
    """In lower case."""
    is_end: bool
    attributes: str
    partner: int = -1
    """Index of the end tag of a start tag, and of the start tag of an end tag."""

    @property
    def is_known(self) -> bool:
        """Whether it is of an element of HTML, or of a custom one (``x-badge``)."""
        is_custom = "-" in self.name[:-1] and self.name[-1] != "-" and self.name.replace("-", "").isalnum()
        return self.name in _ELEMENTS or is_custom

    @property
    def is_comparison(self) -> bool:
        """Whether its sign begins no tag, as in "a<b and c>d": words follow that are no attributes."""
        words = self.attributes.rstrip("/ ").lower().split()
        return not self.is_formed and self.name not in _VOID and not _BARE_ATTRIBUTES.issuperset(words)

    @property
    def is_formed(self) -> bool:
        """Whether it has an end tag or start tag, or an attribute with a value."""
        return self.partner >= 0 or bool(_VALUE.search(self.attributes))

    def is_markup(self, text: str) -> bool:
        """Whether it is markup by the rules for undeclared text; `text` is the whole."""
        if not self.is_known:
            return False
        if self.is_formed or self.name in _ALONE:
            return True
        if self.name in _VOID or self.is_comparison:
            return False
        return _touches(text, self) or self.attributes.strip() == "/"


def _tags(text: str) -> list[_Tag]:
    tags: list[_Tag] = []
    opened: defaultdict[str, list[int]] = defaultdict(list)
    for index, found in enumerate(_TAG.finditer(text)):
        tag = _Tag(found.start(), found.end(), found[2].lower(), bool(found[1]), found[3])
        tags.append(tag)
        if not tag.is_end:
            opened[tag.name].append(index)
        elif opened[tag.name]:
            tag.partner = opened[tag.name].pop()
            tags[tag.partner].partner = index
    return tags


_PLURAL = re.compile(r"s(?!\w)")
"""Of elements that are named: "two <div>s"."""


def _touches(text: str, tag: _Tag) -> bool:
    """Whether a tag stands at a word without a blank, as markup does and the name of an element does not."""
    before, after = text[tag.start - 1 : tag.start] if tag.start else "", text[tag.end : tag.end + 1]
    if tag.is_end:
        return bool(before) and not before.isspace() and before not in "\"'“‘«(„"
    if after.isalnum():
        return not _PLURAL.match(text, tag.end)
    return tag.name in _BLOCKS and (before in ".!?>…\n" or not before) and (not after or after.isspace())


def _unescaped(value: str) -> Iterator[str]:
    """HTML that `value` is once it is unescaped, where it is none before; nothing where it is none then either.

    What an article on markup names in its text stays, unless the whole text begins with a tag.
    """
    if any(tag.is_markup(value) for tag in _tags(value)):
        return
    for _ in range(_MOST_ESCAPES):
        html = unescape(value)
        if html == value:
            return
        if any(tag.is_known and (tag.is_formed or tag.name in _ALONE) for tag in _tags(html)):
            if html.lstrip().startswith("<") or not _ABOUT_MARKUP.search(html):
                yield html
            return
        value = html


def _without_tags(html: str, *, declared: bool) -> str:
    """`html` without its tags, with the texts of pictures; where it is `declared` HTML, of every element."""
    tags = _tags(html)
    gone: list[tuple[int, int, str]] = []
    for tag in tags:
        if not (tag.is_markup(html) or (declared and (tag.is_known or tag.is_formed))):
            continue
        end, shown = tag.end, " " if tag.name in _BLOCKS else ""
        if tag.name in _NOT_SHOWN and not tag.is_end and tag.partner >= 0:
            end = tags[tag.partner].end
        elif tag.name == "img" and (alt := _ALT.search(tag.attributes)):
            shown = alt[1] or alt[2] or alt[3] or ""
        gone.append((tag.start, end, shown))
    return _cut(html, gone)


def _without_comments(html: str) -> str:
    first, *others = html.split("<!--")
    parts = (other.partition("-->") for other in others)
    return first + "".join(behind if end else f"<!--{before}" for before, end, behind in parts)


def _with_text_escaped(html: str, tags: list[_Tag]) -> str:
    """HTML with what only looks like a tag of it (``Vec<T>``) escaped, so that it is shown."""
    starts = {tag.start for tag in tags}
    text = [tag.start for tag in tags if tag.is_comparison or not (tag.is_known or tag.is_formed or ":" in tag.name)]
    text += [found.start() for found in _OPENED.finditer(html) if found.start() not in starts and _is_text(found)]
    return _cut(html, [(start, start + 1, "&lt;") for start in sorted(text)])


def _is_text(opened: re.Match[str]) -> bool:
    """Whether what `_OPENED` found is text (``Option<Box<T>>``), not a damaged tag or the beginning of one."""
    name, rest, goes_on = opened.groups()
    is_element = name.lower() in _ELEMENTS and (bool(rest.strip()) or not goes_on)
    return not (is_element or "=" in rest or ":" in name)


def _cut(text: str, spans: Iterator[tuple[int, int, str]] | list[tuple[int, int, str]]) -> str:
    """`text` with other text in place of each span; spans are in order, and one within an earlier one is passed."""
    kept: list[str] = []
    at = 0
    for start, end, instead in spans:
        if start >= at:
            kept += text[at:start], instead
            at = end
    return "".join([*kept, text[at:]])


_REFERENCE = r"(#[0-9]{2,6}|#[xX][0-9a-fA-F]{2,5}|[A-Za-z]{2,8}[0-9]{0,2})"
_ESCAPED_TWICE = re.compile(rf"&amp;(?!(?:lt|gt);){_REFERENCE};")


def _unescaped_once(reference: re.Match[str]) -> str:
    once = f"&{reference[1]};"
    before, behind = _beside(reference)
    touches = any(one.isalnum() or one == "_" for one in (before, behind))
    return once if touches or unescape(once) in _STANDS_ALONE else reference[0]


def _beside(reference: re.Match[str]) -> tuple[str, str]:
    """The characters before and behind, empty at the ends of the text."""
    start, end = reference.span()
    return reference.string[max(0, start - 1) : start], reference.string[end : end + 1]


_LEFT = re.compile(rf"(?<!\w)&{_REFERENCE};(?!\w)|&{_REFERENCE};")
_STANDS_ALONE = frozenset("&–—…·•’‘“”\"'")
"""Characters that have blanks on both sides, or stand beside punctuation."""


def _without_references(text: str) -> str:
    """Text, unescaped, without character references that were escaped once too often.

    Where a reference stands for a character of a word or between words; not in a text on HTML.
    """
    if "&" not in text or _ABOUT_MARKUP.search(text):
        return text
    return _LEFT.sub(_character, text)


def _character(reference: re.Match[str]) -> str:
    name = reference[1] or reference[2]
    character = unescape(reference[0])
    is_one = name[0] == "#" or f"{name};" in html5
    if not is_one:
        return reference[0]
    if len(character) == 1 and not (character.isalnum() or character.isspace()) and _is_by_number(reference):
        return character
    if character in {"<", ">"} or (reference[1] and character not in _STANDS_ALONE):
        return reference[0]
    return character


def _is_by_number(reference: re.Match[str]) -> bool:
    """Whether a blank parts it from a number ("5 &gt; 4", "&euro; 5")."""
    start, end = reference.span()
    return bool(re.search(r"\d \Z", reference.string[max(0, start - 2) : start])) or bool(
        re.match(r" \d", reference.string[end : end + 2])
    )
