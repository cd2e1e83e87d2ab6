"""Filters, tests and common variables of the output templates. Pure.

Article text is hostile here: Markdown goes through `md`, which leaves no character with a meaning, only http(s)
addresses become links, and Markdown that a person wrote is sanitised once it is HTML. HTML templates escape everything.
"""

from __future__ import annotations

import re
import textwrap
import uuid
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, time
from html.entities import html5
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from briefing.address import web_parts
from briefing.dates import in_zone, is_date_only, rfc3339
from briefing.nlp.sentences import sentences
from briefing.render.compose import minutes_saved
from briefing.render.failures import grouped
from briefing.render.front_page import front_stories, shown_sections
from briefing.render.quotations import quoted, within_quotation
from briefing.sanitise import clean, one_line
from briefing.types import Article, Citation, Edition, KeyPoint, Picture, Story, Summary, Verdict

if TYPE_CHECKING:
    from jinja2 import Environment

_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "ps", "sd", "ug", "ur", "yi"})
_LINE = 78
"""Columns of plain text: what fits every mail reader and terminal."""


def install_filters(environment: Environment) -> None:
    """Add the filters and tests that the templates use."""
    environment.filters.update(
        md=_escape_markdown,
        quoted=quoted,
        within_quotation=within_quotation,
        href=_web_address,
        md_href=_markdown_address,
        wrapped=_wrapped,
        one_line=lambda text: one_line(str(text)),
        anchor=_anchor,
        markdown=_html_of_markdown,
        reporters=_reporters,
        cited=_cited,
        told_in=_story_of_point,
        written_in=_quotation_language,
        language_told=_overview_language,
        headline_language=_headline_language,
        first_sentence=_first_sentence,
        urn=_urn,
        moment_of=_updated,
        html_time=_html_time,
        lang=_lang,
        data_uri=_data_uri,
    )
    environment.tests["rtl"] = lambda language: language in _RIGHT_TO_LEFT
    environment.tests["web"] = lambda url: _web_address(url) != ""


def edition_variables(edition: Edition, *, evidence: bool = True) -> dict[str, Any]:
    """The variables that every template of an edition has; `evidence`: whether the cited sentences are shown."""
    zone = ZoneInfo(edition.timezone)
    return {
        "edition": edition,
        "evidence": evidence,
        "failed": grouped(edition.failures),
        "front": front_stories(edition),
        "sections": shown_sections(edition),
        "minutes_saved": minutes_saved,
        "sources": len({article.source for story in edition.stories for article in story.articles}),
        "local": lambda time: in_zone(time, zone),
        "machine": lambda time: rfc3339(time, zone),
    }


def tidy(text: str) -> str:
    """Strip trailing blanks, collapse blank lines to one, end with one line end.

    `clean` as well: records of earlier versions, a user's templates and quoted errors may hold any character.
    """
    text = re.sub(r"(?<![ \t])[ \t]+$", "", clean(text), flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def xml_safe(text: str) -> str:
    """`clean` text without the characters that XML 1.0 does not allow (section 2.2)."""
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", clean(text))


# --- stories and key points ---------------------------------------------------------------------------------------


def _cited(citation: Citation, articles: Sequence[Article]) -> Article | None:
    """The cited article of a story with several articles; None for a story of one."""
    if len(articles) < 2:
        return None
    return next((article for article in articles if article.id == citation.article), articles[0])


def _reporters(point: KeyPoint, articles: Sequence[Article]) -> list[str]:
    """Sources whose articles `point` cites, in the story's order; none for a story of one article."""
    cited = {article.id for citation in point.citations if (article := _cited(citation, articles))}
    return list(dict.fromkeys(article.source for article in articles if article.id in cited))


def _story_of_point(point: KeyPoint, edition: Edition) -> Story:
    """The story that a point of the overview is from: by its citations, else by its text, else the first."""
    cited = {citation.article for citation in point.citations}
    by_citation = (story for story in edition.stories if not cited.isdisjoint(article.id for article in story.articles))
    by_text = (story for story in edition.stories if point.text in {own.text for own in story.summary.key_points})
    return next(by_citation, None) or next(by_text, edition.stories[0])


def _quotation_language(citations: Sequence[Citation], summary: Summary, articles: Sequence[Article]) -> str:
    """Language of the first cited article, which need not be the story's first article."""
    article = _cited(citations[0], articles) if citations else None
    return article.language if article else summary.article_language


def _overview_language(point: KeyPoint, edition: Edition) -> str:
    """Language of a point of the overview: its story's, or the cited article's for a quotation."""
    story = _story_of_point(point, edition)
    if point.verdict is Verdict.QUOTED:
        return _quotation_language(point.citations, story.summary, story.articles)
    return story.summary.language


def _headline_language(edition: Edition) -> str:
    """Language of the story whose headline is the edition's; of the first story where the edition has none."""
    summaries = (story.summary for story in edition.stories if edition.headline in {"", story.summary.headline})
    return next((summary.language for summary in summaries), "und")


def _first_sentence(text: str) -> str:
    """The first sentence of a teaser, whose language is unknown."""
    return next((sentence.text for sentence in sentences(clean(text), "und", 1)), text)


def _lang(code: str, around: str) -> Any:
    """The ``lang`` attribute of an element; empty for an unknown language and for that of the element `around` it."""
    from markupsafe import Markup

    return Markup(' lang="{}"').format(code) if code not in {"", "und", around} else ""


def _data_uri(picture: Picture | None) -> str:
    """The picture inside of a page (RFC 2397); empty where there is none or it is not at hand."""
    return f"data:image/jpeg;base64,{b64encode(picture.data).decode()}" if picture and picture.data else ""


def _urn(name: object) -> str:
    """A UUID of version 5 as a URN (RFC 4122): the same name gives the same identifier everywhere."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, xml_safe(str(name)))}"


def _updated(edition: Edition) -> str:
    """Publication time of the newest article (RFC 3339); midnight of the edition's day where no article has a time."""
    times = [article.published for story in edition.stories for article in story.articles if article.published]
    midnight = datetime.combine(edition.date, time(), UTC)
    return rfc3339(max(times, default=midnight), ZoneInfo(edition.timezone))


def _html_time(published: datetime) -> str:
    """Value of ``datetime`` in HTML's ``time`` element: a date where only the day is known, no microseconds."""
    return published.date().isoformat() if is_date_only(published) else published.isoformat(timespec="seconds")


# --- text and addresses -----------------------------------------------------------------------------------------


_WORD_JOINER = "\u2060"
"""Invisible, and ends an address for every program: GitHub links e-mail addresses in spite of backslashes and
entities."""
_LINKED = re.compile(r"(?<=[\w.+%-])(?=@[\w-])|(?<=://)(?=\w)|(?<=\bwww)(?=\.\w)", re.IGNORECASE)
_TEXT_NODE = re.compile(r">[^<>]+<")


def unlinked(html: str) -> str:
    """Break addresses in the text nodes of `html`, so that mail programs do not link them; its own links stay."""
    return _TEXT_NODE.sub(lambda text: _LINKED.sub(_WORD_JOINER, text[0]), html)


_MARKDOWN = re.compile(
    r"""
    (?<!^)(?<![!\]])\[(?=\w[\w\ .,'’-]{0,60}\][\s.,;?!)’”“])[^\]]*+\]  # [a remark] with nothing behind it: no link
    | [\\`*{}\[\]]
    | (?<![^\W_])_ | _(?![^\W_])      # within a word it is no emphasis
    | \#(?=$) | (?<!\w)\#
    | ~(?!\w) | (?<!^)(?<!\s)~       # "~5 km" strikes nothing out
    """,
    re.VERBOSE,
)
_REFERENCE = re.compile(r"&(?=(#?\w{1,40};))")
_TAG = re.compile(r"<(?![\s\d])")
_LINE_START = re.compile(r"[-+:](?=\s|$)|\d{1,20}[.)](?=\s|$)|[-=+:|](?=[-=+:|\s]*$)|[>|]")
"""What begins a list, a definition, a quotation, the rule or the underline below a text, a table."""
_AUTOMATIC_LINK = re.compile(
    r"(?<=[\w.+%-])(?=@[\w-])|(?<=http)(?=://)|(?<=https)(?=://)|(?<=ftp)(?=://)|(?<=www)(?=\.)", re.IGNORECASE
)


def _escape_markdown(text: object) -> str:
    """`text` as one line of Markdown without markup, HTML, entities or automatic links, as readable as it may be.

    Only what has a meaning where it stands is escaped: an ampersand before a name and a semicolon, a number with a full
    stop at the start. Addresses are broken by an invisible character before "://": behind it, GitHub links them still.
    """
    escaped = _MARKDOWN.sub(lambda m: m[0] if len(m[0]) > 1 else f"\\{m[0]}", one_line(str(text)))
    escaped = _TAG.sub("&lt;", _REFERENCE.sub(lambda m: "&amp;" if m[1][0] == "#" or m[1] in html5 else "&", escaped))
    # Python-Markdown takes "[text\\]: more" for the definition of a link.
    escaped = escaped.replace("\\]:", "\\]&#58;")
    if start := _LINE_START.match(escaped):
        escaped = f"{escaped[: start.end() - 1]}\\{escaped[start.end() - 1 :]}"
    return _AUTOMATIC_LINK.sub(_WORD_JOINER, escaped)


_NOT_IN_URL = re.compile(r'[\x00-\x20"<>\\^`{|}\x7f-\xa0\u2000-\u206f\u3000\ud800-\udfff]')


def _web_address(url: str | None) -> str:
    """An http(s) `url` with a host, characters that no URL allows percent-encoded; empty for any other."""
    if not url or (parts := web_parts(url.strip())) is None:
        return ""
    encoded = _NOT_IN_URL.sub(lambda m: quote(m[0], errors="replace"), url.strip())
    path_start = len(parts.scheme) + len("://") + len(parts.netloc)
    host, rest = encoded[:path_start], encoded[path_start:]
    return host + rest.replace("[", "%5B").replace("]", "%5D")  # RFC 3986 has brackets around IPv6 addresses only


def _markdown_address(url: str | None) -> str:
    """`_web_address` for a Markdown link: without parentheses, brackets and line ends."""
    return quote(_web_address(url), safe=":/?#@!$&'*+,;=%~-._")


def _wrapped(text: object, first: str = "", rest: str = "") -> str:
    """`text` in lines of 78 columns, the first indented by `first`, the others by `rest`."""
    return textwrap.fill(
        one_line(str(text)),
        _LINE,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def anchor(kind: str, name: str) -> str:
    """The id of an element of a page, such as ``a-`` and a summary's id for a story."""
    return f"{kind}-{_anchor(name)}"


def _anchor(text: object) -> str:
    """An id for `text`: letters and digits of any script, joined by hyphens; never empty."""
    return "-".join(re.findall(r"\w+", str(text).casefold())) or "section"


def _html_of_markdown(text: object) -> Any:
    """Sanitised HTML of a person's Markdown: text, lists, emphasis, http(s) links; no images, no styles."""
    import markdown
    import nh3
    from markupsafe import Markup

    dirty = markdown.markdown(str(text), output_format="html")
    tags = {"p", "br", "em", "strong", "a", "ul", "ol", "li", "blockquote", "code", "pre", "h3", "h4", "hr"}
    safe = nh3.clean(dirty, tags=tags, attributes={"a": {"href", "title"}}, url_schemes={"http", "https"},
                     link_rel="noopener noreferrer nofollow")  # fmt: skip
    return Markup(safe)  # noqa: S704 - sanitised just above
