"""Editions and summaries as Markdown, HTML, plain text and JSON. Pure: the templates come in an environment.

Article text is hostile here: HTML templates escape everything, Markdown goes through `md`, which leaves no character
with a meaning, only http(s) addresses become links, and Markdown that a person wrote is sanitised once it is HTML.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from briefing.address import web_parts
from briefing.dates import in_zone, is_date_only, rfc3339
from briefing.errors import UsageError
from briefing.nlp.text import sentences
from briefing.render.compose import minutes_saved
from briefing.sanitise import clean, one_line
from briefing.serialization import edition_to_json, json_text, summary_to_json
from briefing.types import Article, Citation, Edition, Failure, KeyPoint, Story, Summary, Verdict

if TYPE_CHECKING:
    from jinja2 import Environment

    from briefing.stories.ranking import Ranked

__all__ = [
    "EDITION_FORMATS",
    "FORMATS",
    "Format",
    "PageLinks",
    "anchor",
    "page_variables",
    "prepared",
    "render",
    "render_comparison",
    "render_explanation",
    "render_summary",
    "tidy",
    "unlinked",
    "xml_safe",
]

Format = Literal["md", "html", "text", "json"]
FORMATS: dict[str, str] = {"md": "md", "html": "html", "text": "txt", "json": "json"}
"""Formats of summaries and of editions, and the endings of their files."""
EDITION_FORMATS: dict[str, str] = {**FORMATS, "atom": "atom", "epub": "epub"}
"""Formats of editions; EPUB is made by `epub`, because it is no text."""

_LINE = 78
"""Columns of plain text: what fits every mail reader and terminal."""


def render(edition: Edition, format: str, environment: Environment, around: PageLinks | None = None) -> str:  # noqa: A002
    """The whole edition as text, in any format but EPUB. The same edition gives the same text.

    `around`: for HTML, what it links to in an archive. Raises `UsageError` for a format there is none of, `AssetError`
    for a broken template.
    """
    if format == "atom":
        return xml_safe(prepared(environment).get_template("edition.atom.j2").render(**page_variables(edition)))
    if _checked(format) == "json":
        return json_text(edition_to_json(edition))
    template = prepared(environment).get_template(f"edition.{_template(format)}.j2")
    return tidy(template.render(**page_variables(edition), slugs=_section_slugs(edition), around=around))


def page_variables(edition: Edition) -> dict[str, Any]:
    """What every template of an edition is given."""
    zone = ZoneInfo(edition.timezone)
    return {
        "edition": edition,
        "sections": edition.sections,
        "minutes_saved": minutes_saved,
        "sources": len({article.source for story in edition.stories for article in story.articles}),
        "local": lambda time: in_zone(time, zone),
        "machine": lambda time: rfc3339(time, zone),
    }


def xml_safe(text: str) -> str:
    """`text` without the characters that XML 1.0 has no place for, and `clean`."""
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", clean(text))


@dataclass(frozen=True, slots=True)
class PageLinks:
    """Where an edition's page leads to in an archive; empty where there is nothing."""

    index: str
    previous: str = ""
    next: str = ""


def render_summary(summaries: Sequence[Summary], format: str, environment: Environment) -> str:  # noqa: A002
    """One or several summaries; JSON gives an object for one, a list for several. Times are in UTC."""
    if _checked(format) == "json":
        data = [summary_to_json(summary) for summary in summaries]
        return json_text(data[0] if len(data) == 1 else data)
    template = prepared(environment).get_template(f"summary.{_template(format)}.j2")
    return tidy(template.render(summaries=summaries, local=lambda time: time, zone="UTC"))


def render_explanation(ranked: Sequence[Ranked], edition: Edition, environment: Environment) -> str:
    """Why each story stands where it stands, its weight and its parts, and who wrote its points: for a terminal."""
    told = {article.id: story.summary for story in edition.stories for article in story.articles}
    summaries = [
        next((told[article.id] for article in one.bundle.articles if article.id in told), None) for one in ranked
    ]
    return tidy(prepared(environment).get_template("explain.txt.j2").render(ranked=ranked, summaries=summaries))


def render_comparison(
    rows: Sequence[tuple[Article, Sequence[Summary | Failure]]], models: Sequence[str], environment: Environment
) -> str:
    """A page with each article and its summaries by `models`, in their order, side by side."""
    return tidy(
        prepared(environment)
        .get_template("compare.html.j2")
        .render(models=list(models), rows=[_beside(article, results) for article, results in rows])
    )


def _beside(article: Article, results: Sequence[Summary | Failure]) -> dict[str, object]:
    """An article in paragraphs of numbered sentences, with the points that each sentence stands behind."""
    found = sentences(article.text)
    paragraphs: list[list[tuple[int, str]]] = []
    for index, sentence in enumerate(found):
        if not index or "\n\n" in article.text[found[index - 1].end : sentence.start]:
            paragraphs.append([])
        paragraphs[-1].append((index, sentence.text))
    marks: list[list[str]] = [[] for _ in found]
    lettered = list(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", results, strict=False))
    for letter, result in lettered:
        for number, point in enumerate(result.key_points if isinstance(result, Summary) else (), 1):
            for index in dict.fromkeys(citation.sentence for citation in point.citations):
                marks[index].append(f"{letter}{number}")
    return {"article": article, "paragraphs": paragraphs, "marks": marks, "summaries": lettered}


def _checked(format: str) -> str:  # noqa: A002
    if format not in FORMATS:
        raise UsageError(f"format {format!r}", "there is no such format", f"Choose one of {', '.join(FORMATS)}")
    return format


def _template(format: str) -> str:  # noqa: A002
    return "txt" if format == "text" else format


def tidy(text: str) -> str:
    """No blanks at line ends, at most one blank line in a row, one line end at the end.

    `clean` as well: records of earlier versions, a user's templates and what errors quote may hold anything.
    """
    text = re.sub(r"(?<![ \t])[ \t]+$", "", clean(text), flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def prepared(environment: Environment) -> Environment:
    """The same environment with the filters and tests that the templates use."""
    environment.filters.update(
        md=_markdown_safe,
        href=_web_address,
        md_href=_markdown_address,
        wrapped=_wrapped,
        anchor=_anchor,
        markdown=_from_markdown,
        reporters=_reporters,
        cited=_cited,
        told_in=_told_in,
        written_in=_written_in,
        language_told=_language_told,
        headline_language=_headline_language,
        urn=_urn,
        moment_of=_moment_of,
        html_time=_html_time,
        lang=_lang,
    )
    environment.tests["web"] = lambda url: _web_address(url) != ""
    return environment


def _section_slugs(edition: Edition) -> list[str]:
    """Where links to the sections' headings lead in rendered Markdown; empty for a name without letters.

    As GitHub makes them, and most others with it: lower case, letters, marks, digits, hyphens and underscores, blanks
    as hyphens; a heading that was there before gets a number.
    """
    seen: dict[str, int] = {}

    def slug(heading: str) -> str:
        kept = [c for c in heading.lower() if c in "- " or unicodedata.category(c)[0] in "LM"
                or unicodedata.category(c) in {"Nd", "Pc"}]  # fmt: skip
        base = "".join(kept).replace(" ", "-")
        seen[base] = seen.get(base, -1) + 1
        return f"{base}-{seen[base]}" if base and seen[base] else base

    slug(one_line(edition.title))
    slugs = []
    for section in edition.sections:
        slugs.append(slug(one_line(section.name)))
        for story in section.stories:
            slug(one_line(story.summary.headline))
    return slugs


# --- what a story is made of -------------------------------------------------------------------------------------


def _cited(citation: Citation, articles: Sequence[Article]) -> Article | None:
    """The article that a citation is from, where a story has several; None where there is nothing to tell apart."""
    if len(articles) < 2:
        return None
    return next((article for article in articles if article.id == citation.article), articles[0])


def _reporters(point: KeyPoint, articles: Sequence[Article]) -> list[str]:
    """Sources of a story of several articles that say what `point` says, in the story's order; else none."""
    behind = {article.id for citation in point.citations if (article := _cited(citation, articles))}
    return list(dict.fromkeys(article.source for article in articles if article.id in behind))


def _told_in(point: KeyPoint, edition: Edition) -> Story:
    """The story that tells a point of the overview."""
    behind = {citation.article for citation in point.citations}
    told = (story for story in edition.stories if not behind.isdisjoint(article.id for article in story.articles))
    same = (story for story in edition.stories if any(one.text == point.text for one in story.summary.key_points))
    return next(told, None) or next(same, edition.stories[0])


def _written_in(citations: Sequence[Citation], summary: Summary, articles: Sequence[Article]) -> str:
    """The language of what is quoted from the first of `citations`: its article's, which in a story of several need not
    be the first article's.
    """
    article = _cited(citations[0], articles) if citations else None
    return article.language if article else summary.article_language


def _language_told(point: KeyPoint, edition: Edition) -> str:
    """The language of a point of the overview: its story's, or its article's where it is a quotation."""
    story = _told_in(point, edition)
    if point.verdict is Verdict.QUOTED:
        return _written_in(point.citations, story.summary, story.articles)
    return story.summary.language


def _headline_language(edition: Edition) -> str:
    """Of the edition's own headline, which is a story's; where it has none, of its first story's."""
    told = (story.summary for story in edition.stories if edition.headline in {"", story.summary.headline})
    return next((summary.language for summary in told), "und")


def _lang(code: str, around: str) -> Any:
    """The attribute that says in which language an element is; nothing where what is `around` it is in the same, or
    where nobody knows.
    """
    from markupsafe import Markup

    return Markup(' lang="{}"').format(code) if code not in {"", "und", around} else ""


def _urn(name: object) -> str:
    """An identifier that is the same for the same name, wherever it is made (RFC 4122, version 5)."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, xml_safe(str(name)))}"


def _moment_of(edition: Edition) -> str:
    """When what an edition tells was last new, as RFC 3339 wants it; its own day where nothing has a time."""
    times = [article.published for story in edition.stories for article in story.articles if article.published]
    own = datetime.combine(edition.date, time(), UTC)
    return rfc3339(max(times, default=own), ZoneInfo(edition.timezone))


def _html_time(published: datetime) -> str:
    """For HTML's ``time``, which knows mere days and no microseconds."""
    return published.date().isoformat() if is_date_only(published) else published.isoformat(timespec="seconds")


# --- filters ---------------------------------------------------------------------------------------------------


_WORD_JOINER = "\u2060"
"""Seen by nobody, and no part of an address to any program: neither a backslash nor an entity keeps GitHub from making
a link of an address for mail."""
_MAILBOX = re.compile(r"(?<=[\w.+%-])(?=@[\w-])")
_LINKED = re.compile(r"(?<=[\w.+%-])(?=@[\w-])|(?<=://)(?=\w)|(?<=\bwww)(?=\.\w)", re.IGNORECASE)
_SHOWN = re.compile(r">[^<>]+<")


def unlinked(html: str) -> str:
    """A letter's `html` whose text holds no address that a mail program would make a link of; its own links stay."""
    return _SHOWN.sub(lambda text: _LINKED.sub(_WORD_JOINER, text[0]), html)


def _markdown_safe(text: object) -> str:
    """`text` as Markdown that shows exactly it: one line, no markup, no HTML, no entities, no automatic links."""
    escaped = re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", one_line(str(text)))
    escaped = _MAILBOX.sub(_WORD_JOINER, escaped)
    # An entity would be decoded; at the beginning of a line, lists, headings and rules begin; "://" and "www." link.
    escaped = escaped.replace("&", "&amp;")
    escaped = re.sub(r"^([-+=:]|\d+[.)])", lambda m: m[0][:-1] + "\\" + m[0][-1], escaped)
    return re.sub(r"(?i)\b(https?|ftp)://|\b(www)\.", lambda m: f"{m[1]}\\://" if m[1] else f"{m[2]}\\.", escaped)


_NO_ADDRESS = re.compile(r'[\x00-\x20"<>\\^`{|}\x7f-\xa0\u2000-\u206f\u3000\ud800-\udfff]')


def _web_address(url: str | None) -> str:
    """`url` where it is http(s) with a host, else nothing; what no address may hold is percent-encoded."""
    if not url or (parts := web_parts(url.strip())) is None:
        return ""
    clean = _NO_ADDRESS.sub(lambda m: quote(m[0], errors="replace"), url.strip())
    host, rest = clean[: len(parts.scheme) + 3 + len(parts.netloc)], clean[len(parts.scheme) + 3 + len(parts.netloc) :]
    return host + rest.replace("[", "%5B").replace("]", "%5D")  # RFC 3986 has brackets around IPv6 addresses only


def _markdown_address(url: str | None) -> str:
    """A web address that ends neither a Markdown link nor a line early."""
    return quote(_web_address(url), safe=":/?#@!$&'*+,;=%~-._")


def _wrapped(text: object, first: str = "", rest: str = "") -> str:
    """`text` in lines of 78 columns, the first after `first`, the others after `rest`."""
    return textwrap.fill(
        one_line(str(text)),
        _LINE,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def anchor(kind: str, name: str) -> str:
    """The id under which a page has something: ``a-`` and a summary's id for a story."""
    return f"{kind}-{_anchor(name)}"


def _anchor(text: object) -> str:
    """An id for `text`: letters and digits of any script, joined by hyphens; never empty."""
    return "-".join(re.findall(r"\w+", str(text).casefold())) or "section"


def _from_markdown(text: object) -> Any:
    """HTML of Markdown that a person wrote, sanitised: text, lists, emphasis, http(s) links; no images, no styles."""
    import markdown
    import nh3
    from markupsafe import Markup

    dirty = markdown.markdown(str(text), output_format="html")
    tags = {"p", "br", "em", "strong", "a", "ul", "ol", "li", "blockquote", "code", "pre", "h3", "h4", "hr"}
    clean = nh3.clean(dirty, tags=tags, attributes={"a": {"href", "title"}}, url_schemes={"http", "https"},
                      link_rel="noopener noreferrer nofollow")  # fmt: skip
    return Markup(clean)  # noqa: S704 - sanitised just above
