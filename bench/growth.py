"""Time and memory by length of text: every function over text, on texts of one repeated short string.

    python bench/growth.py                     # the worst of each function, at 100 KB and at 200 KB
    python bench/growth.py --only numbers      # the functions with this in their names
    python bench/growth.py --size 50000
    PYTHONPATH=../older python bench/growth.py # the same of another checkout

Each measurement has a process of its own, at most `--memory` megabytes and `--limit` seconds: what takes more is shown
as that. `tests/unit/test_growth.py` asserts the growth. Prints a table, and one line of JSON with every measurement.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

__all__ = ["KINDS", "SUBJECTS", "WARM", "Taken", "measured", "repeated"]

KINDS: Mapping[str, str] = {
    "list of digits": "1,",
    "numbers and blanks": "1 ",
    "numbered items": "1.",
    "sums": "$1 ",
    "dates": "Jan 1 ",
    "number words": "one hundred and ",
    "large numbers in Chinese": "1万",
    "hyphens": "a-",
    "letters": "x",
    "letters with accents": "é",
    "combining marks": "a\u0301",
    "marks alone": "\u0301",
    "joined emoji": "\U0001f469\u200d",
    "zero-width spaces": "\u200b",
    "characters without spaces": "中",
    "letters of kana with marks": "は\u3099",
    "letters of Thai with marks": "ที่",
    "Chinese opening brackets": "（",
    "Korean letters": "\u1112\u1161",
    "words": "word ",
    "capitalised words": "Word ",
    "initials": "A. ",
    "titles of people": "Mr. ",
    "full stops": ". ",
    "sentences": "Rain fell in Oslo on Monday. ",
    "sentences without spaces": "it ended.Then ",
    "double quotation marks": '"',
    "quoted letters": '"a" ',
    "apostrophes": "'a ",
    "parentheses": "(",
    "brackets": "[1] ",
    "links in Markdown": "[a](b) ",
    "emphasis": "*a",
    "addresses": "http://a ",
    "addresses in brackets": "(http://a",
    "signs of mail addresses": "@",
    "mail addresses": "a@b ",
    "blanks": " ",
    "line ends": "\n",
    "paragraphs of nothing": "\n\n",
    "short lines": "a\n",
    "short paragraphs": "a b c\n\n",
    "quoted mail": "> a\n",
    "quoted-printable": "=3D",
    "elements": "<div>",
    "paragraph elements": "<p>a",
    "links": "<a href=a>",
    "closed links": "<a href=a>a b c</a> ",
    "comments": "<!--",
    "marked sections": "<![CDATA[",
    "declarations": "<!x",
    "instructions": "<?",
    "opening brackets": "<",
    "character references": "&amp;",
    "ampersands": "&",
    "scripts": "<script>",
    "data of pages": '<script type="application/ld+json">{"@graph":[',
    "buttons": "<button ",
    "orders to a model": "ignore ",
}
"""Short strings, each of which some parser or pattern may look back from, or ahead from, to the end of the text."""
_WHEN = datetime(2026, 11, 18, 6, tzinfo=UTC)
WARM = "Rain fell in Oslo on Monday and on Tuesday, people who live there said. " * 10
_POINT = "Rain fell in Oslo on Monday, 12 people said."


def repeated(string: str, size: int) -> str:
    """`string` repeated to about `size` bytes of UTF-8."""
    return string * (size // len(string.encode()))


def _all(function: Callable[[str], Any]) -> Callable[[str], None]:
    """`function` with its generator exhausted."""

    def call(text: str) -> None:
        kept = list(function(text))
        del kept

    return call


def _over_text() -> Iterator[tuple[str, Callable[[str], Any]]]:
    from briefing import address
    from briefing.nlp import facts, lines, numerals, search_terms, sentences, text

    yield "text.normalise", text.normalise
    yield "text.paragraphs", _all(text.paragraphs)
    for language in ("en", "de", "zh", "hi", "th", "und"):
        yield f"sentences in {language}", partial(sentences.sentences, language=language)
    yield "text.words", text.words
    yield "text.word_count", text.word_count
    yield "text.characters_a_word", text.characters_a_word
    yield "text.beginning", lambda whole: text.beginning(whole, len(whole))
    yield "text.pieces", text.pieces
    yield "search_terms.search_words", search_terms.search_words
    yield "search_terms.word_spans", _all(search_terms.word_spans)
    yield "text.fold", text.fold
    yield "text.article_id", lambda whole: text.article_id(None, whole)
    yield "text.version_key", lambda whole: text.version_key.__wrapped__("a", whole)
    yield "lines.unwrapped", lines.unwrapped
    yield "lines.parted", lines.parted
    yield "lines.continued", lines.continued
    yield "lines.flowed", lines.flowed
    yield "address.shown", address.shown
    yield "address.cleaned_link", address.cleaned_link
    yield "numerals.numbers", _all(numerals.numbers)
    yield "facts.names", _all(facts.names)
    yield "facts.quotations", _all(facts.quotations)
    yield "facts.tokens", facts.tokens
    yield "facts.occurrences", _all(facts.occurrences)
    yield "facts.stems", facts.stems


def _over_sentences() -> Iterator[tuple[str, Callable[[str], Any]]]:
    from briefing.ground import Evidence, analysis, check, localised_numbers
    from briefing.ground.negation import denies
    from briefing.nlp.chunk import chunks
    from briefing.nlp.numerals import myriad_numbers
    from briefing.nlp.salience import ranked
    from briefing.nlp.sentences import sentences
    from briefing.nlp.text import Sentence

    def evidence(text: str) -> Evidence:
        return Evidence(text, "Rain in Oslo", "en", date(2026, 11, 18))

    yield "numerals.myriad_numbers", _all(myriad_numbers)
    yield "analysis.dated", lambda text: analysis.dated(text, date(2026, 11, 18))
    yield "analysis.keys", lambda text: analysis.AnalysedSentence(text).keys
    yield "analysis.initials", _all(analysis.initials)
    yield "localised_numbers.figures", _all(localised_numbers.figures)
    yield "localised_numbers.in_english", lambda text: localised_numbers.in_english(text, "de")
    yield "localised_numbers.months", lambda text: localised_numbers.months(text, "en")
    yield "negation.denies", denies
    yield "ground.check", lambda text: check(_POINT, evidence(text))
    yield "ground.check of a long point", lambda text: check(text, evidence(_POINT))
    yield "ground.check across languages", lambda text: check(_POINT, evidence(text), translated=True, language="de")
    yield "salience.ranked", lambda text: ranked(sentences(text, "en"))
    yield "salience.ranked of one", lambda text: ranked([Sentence(0, len(text), text)])
    yield "chunks", lambda text: chunks(text, 500, lambda part: -(-len(part) // 4), "en")


def _over_articles() -> Iterator[tuple[str, Callable[[str], Any]]]:
    from briefing.canonical import canonical_url, without_tracking
    from briefing.stories import group
    from briefing.stories.conflicts import disagreements
    from briefing.stories.novelty import text_key
    from briefing.stories.ranking import RankingPreferences, assign_topic, muted_by
    from briefing.types import Article

    def article(text: str, name: str = "a") -> Article:
        return Article(id=name, title="Rain in Oslo", text=text, source=name, published=_WHEN, language="en")

    def told(text: str) -> list[Article]:
        return [article(text), article(f"Rain fell in Oslo. {text}", "b"), article("Rain fell in Oslo today.", "c")]

    yield "stories.group", lambda text: group(told(text))
    yield (
        "stories.group by titles",
        lambda text: group(
            [Article(id=name, title=text, text=f"{name} rain fell", source=name, published=_WHEN) for name in "ab"]
        ),
    )
    yield "canonical.canonical_url", lambda text: canonical_url(f"https://a.example/{text}")
    yield "canonical.without_tracking", lambda text: without_tracking(f"https://a.example/?{text}")
    yield "conflicts.disagreements", lambda text: disagreements(told(text))
    yield "novelty.text_key", text_key
    yield "ranking.muted_by", lambda text: muted_by(article(text), RankingPreferences(muted_words=["a b", "1"]))
    yield "ranking.assign_topic", lambda text: assign_topic(article(text), {"one": ["rain"], "other": ["a"]})


def _over_drafts() -> Iterator[tuple[str, Callable[[str], Any]]]:
    from briefing.ground import Evidence
    from briefing.summariser import SummaryOptions, quoted_summary
    from briefing.summariser.context import contexts
    from briefing.summariser.draft import Draft
    from briefing.summariser.introductions import introduced
    from briefing.summariser.ladder import deletion_grammar, has_dangling_reference, is_shortenable, unquoted
    from briefing.summariser.parsing import clean, form_problem, read_points, title_without_site, truncate_words
    from briefing.summariser.prompts import escape_control_marks
    from briefing.summariser.selection import sections, select_sentences
    from briefing.types import Article, KeyPoint, Verdict

    options = SummaryOptions(points=5)
    known = Evidence("Ana Word, a doctor, said no. Word said no.")

    def point(text: str) -> KeyPoint:
        return KeyPoint(text=text, citations=(), verdict=Verdict.SUPPORTED)

    def article(text: str) -> Article:
        return Article(id="a", title="Rain in Oslo", text=text, source="a", published=_WHEN, language="en")

    yield "selection.select_sentences", lambda text: select_sentences([Evidence(text)])
    yield "selection.sections", lambda text: sections(Evidence(text), 5)
    yield "context.contexts", lambda text: list(contexts([Draft.of(article(text), options)]))
    yield "quoted_summary", lambda text: quoted_summary([article(text)], options)
    yield "parsing.read_points", read_points
    yield "parsing.clean", clean
    yield "parsing.form_problem", lambda text: form_problem(text, "en")
    yield "parsing.title_without_site", lambda text: title_without_site(text, "a")
    yield "parsing.truncate_words", lambda text: truncate_words(text, 20)
    yield "ladder.has_dangling_reference", has_dangling_reference
    yield "ladder.unquoted", unquoted
    yield "ladder.is_shortenable", is_shortenable
    yield "ladder.deletion_grammar", lambda text: is_shortenable(text) and deletion_grammar(text)
    yield "introductions in an article", lambda text: introduced([point("Word said no.")], "", Evidence(text))
    yield "introductions in a point", lambda text: introduced([point(f"Word {text}")], text, known)
    yield "prompts.escape_control_marks", escape_control_marks


def _refused(function: Callable[[str], Any]) -> Callable[[str], Any]:
    """`function`, whose refusals of a text are an answer."""
    from briefing.errors import BriefingError

    def call(text: str) -> Any:
        try:
            return function(text)
        except BriefingError:
            return None

    return call


def _over_documents() -> Iterator[tuple[str, Callable[[str], Any]]]:
    from briefing import encodings, extract, mail_headers
    from briefing.extract import boilerplate, calls, fallback, files, html, language, mail, walls
    from briefing.types import FeedItem

    def whole(body: str, media_type: str) -> Any:
        return extract.extract_article(
            body.encode(), content_type=media_type, name="a", url="https://a.example/b", source="a"
        )

    page = "<html><head><title>Rain</title></head><body><p>Rain fell in Oslo.</p>{}</body></html>"
    letter = "From: a@b.example\nSubject: Rain\nContent-Type: text/{}; charset=utf-8\n\n{}"

    yield "encodings.decode", lambda text: encodings.decode(text.encode(), ["iso-8859-1"])
    yield "encodings.decode of UTF-16", lambda text: encodings.decode(text.encode("utf-16-le"))
    yield "encodings.decode without a label", lambda text: encodings.decode(text.encode("cp1252", "ignore") + b"\xe9")
    yield (
        "encodings.decode of damaged text",
        lambda text: encodings.decode(text.encode() + b"\xff\x80" * len(text), ["gb2312", "euc-jp", "iso-8859-2"]),
    )
    yield "encodings.html_label", lambda text: encodings.html_label(text.encode())
    yield "encodings.html_label of tags", lambda text: encodings.html_label(f"<meta {text}".encode())
    yield "mail_headers.header_text", lambda text: mail_headers.header_text(text[:4000].encode())
    yield "extract.article_from_text", _refused(lambda text: extract.article_from_text(text, source="a"))
    yield "extract of a page", _refused(lambda text: whole(page.format(text), "text/html"))
    yield "extract of Markdown", _refused(lambda text: whole(text, "text/markdown"))
    yield "extract of a mail", _refused(lambda text: whole(letter.format("plain", text), "message/rfc822"))
    yield (
        "extract of a mail in HTML",
        _refused(lambda text: whole(letter.format("html", page.format(text)), "message/rfc822")),
    )
    yield (
        "extract of a feed's item",
        _refused(
            lambda text: extract.article_from_feed_item(
                FeedItem(url=None, title="Rain in Oslo", published=None, html=text), source="a"
            )
        ),
    )
    yield "extract.calls.without_calls", calls.without_calls
    yield "extract.boilerplate.without_boilerplate", lambda text: boilerplate.without_boilerplate(text, "Rain")
    yield "extract.html.text_of", html.text_of
    yield "extract.fallback.flat_text", lambda text: fallback.flat_text(fallback.slimmed(text))
    yield "extract.fallback.running", fallback.running
    yield "extract.fallback.link_words", fallback.link_words
    yield "extract.fallback.title_of", fallback.title_of
    yield "extract.files.read_markdown", files.read_markdown
    yield "extract.mail.without_mail_boilerplate", mail.without_mail_boilerplate
    yield "extract.language_of", language.language_of
    yield "extract.wall_of", lambda text: walls.wall_of(walls.Page(text=text, visible=text, html=text, title=text))


def _over_sources() -> Iterator[tuple[str, Callable[[str], Any]]]:
    from briefing.fetch import refresh
    from briefing.picture_links import picture_link
    from briefing.sources import detection, feeds, item_pictures, opml
    from briefing.sources.decoding import strip_tags, with_escaped_ampersands, without_doctype
    from briefing.sources.text_constructs import body_html, title_text
    from briefing.written_dates import DateReader

    feed = "<rss><channel><title>a</title><item><title>{}</title><description>{}</description></item></channel></rss>"

    yield (
        "sources.read_feed",
        _refused(lambda text: feeds.read_feed(feed.format(text, text).encode(), url="https://a.example", now=_WHEN)),
    )
    yield (
        "sources.read_feed of bare text",
        _refused(lambda text: feeds.read_feed(f"<rss>{text}".encode(), url="https://a.example", now=_WHEN)),
    )
    yield (
        "sources.read_feed of links to nowhere",
        _refused(
            lambda text: feeds.read_feed(
                f"<rss><item><link/><guid isPermaLink='false'>{text}</guid></item></rss>".encode(),
                url="https://a.example",
            )
        ),
    )
    yield "written_dates.DateReader.read", DateReader("de").read
    yield "sources.read_opml", _refused(lambda text: opml.read_subscriptions(f"<opml>{text}".encode()))
    yield "sources.read_url_list", lambda text: opml.read_url_list(b"a.example\n" + text.encode(), skipped=str)
    yield "sources.find_feeds", lambda text: detection.find_feeds(text.encode(), "https://a.example")
    yield "sources.find_own_feeds", lambda text: detection.find_own_feeds(text.encode(), "https://a.example")
    yield (
        "fetch.refresh_target",
        lambda text: refresh.refresh_target(
            f"<meta http-equiv=refresh content='9;url=/x'>{text}".encode(), "https://a.example"
        ),
    )
    yield "fetch.parse_refresh", lambda text: refresh.parse_refresh(f"0; url={text}", "https://a.example")
    yield "sources.classify_content", lambda text: detection.classify_content(text.encode())
    yield "sources.decoding.strip_tags", strip_tags
    yield "sources.decoding.without_doctype", without_doctype
    yield "sources.decoding.with_escaped_ampersands", with_escaped_ampersands
    yield "sources.text_constructs.body_html", body_html
    yield "sources.item_pictures.xml_pictures", lambda text: item_pictures.xml_pictures({}, [text, f"<img {text}>"], "")
    yield (
        "sources.item_pictures.json_pictures",
        lambda text: item_pictures.json_pictures({"image": text, "content_html": text}, ""),
    )
    yield "sources.item_pictures.with_captions", item_pictures.with_captions
    yield "picture_links.picture_link", lambda text: picture_link("https://a.example/1", "", text, text)
    yield "sources.text_constructs.title_text", title_text


def _over_output() -> Iterator[tuple[str, Callable[[str], Any]]]:
    from briefing.assets import environment
    from briefing.cli.console import broken
    from briefing.cli.hints import InHand
    from briefing.render import filters, quotations

    templates = environment("templates")
    yield "render.filters.md", templates.filters["md"]
    yield "render.filters.md of a line", lambda text: templates.filters["md"](text.replace("\n", "~"))
    yield "render.filters.unlinked", lambda text: filters.unlinked(f"<p>{text}</p>")
    yield "render.quotations.within_quotation", quotations.within_quotation
    yield "console.broken", lambda text: broken(text, 80)
    yield "hints.completed", InHand().completed


SUBJECTS: Mapping[str, Callable[[str], Any]] = dict(
    pair
    for part in (
        _over_text,
        _over_sentences,
        _over_articles,
        _over_drafts,
        _over_documents,
        _over_sources,
        _over_output,
    )
    for pair in part()
)
"""Every function over untrusted text, by name."""


class Taken(NamedTuple):
    """Cost of a call."""

    seconds: float
    megabytes: float
    """Peak allocation, without the text itself."""
    failed: str = ""
    """Limit or error for which there are no figures; empty otherwise."""


def measured(function: Callable[[str], Any], text: str) -> Taken:
    """Cost of `function` over `text` in this process: once timed, once with allocations traced."""
    began = time.perf_counter()
    function(text)
    seconds = time.perf_counter() - began
    tracemalloc.start()
    try:
        function(text)
        return Taken(seconds, tracemalloc.get_traced_memory()[1] / 1e6)
    finally:
        tracemalloc.stop()


def _child(pipe: Connection, function: Callable[[str], Any], text: str, megabytes: int, limit: float) -> None:
    import resource  # Windows has none, and its tests import this module

    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    began = time.perf_counter()
    try:
        function(text)
    except Exception as error:
        pipe.send(Taken(time.perf_counter() - began, 0.0, type(error).__name__))
        return
    seconds = time.perf_counter() - began
    pipe.send(Taken(seconds, 0.0))
    if seconds < limit / 10:  # counting allocations makes it up to ten times as slow
        pipe.send(measured(function, text)._replace(seconds=seconds))


def apart(function: Callable[[str], Any], text: str, *, megabytes: int, limit: float) -> Taken:
    """`measured` in a process of its own with these limits; without memory where it takes over a tenth of them."""
    mine, its = multiprocessing.get_context("fork").Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_child, args=(its, function, text, megabytes, limit))
    child.start()
    its.close()
    found = Taken(limit, 0.0, f"over {limit:g} s")
    end = time.monotonic() + limit
    try:
        while mine.poll(max(0.0, end - time.monotonic())):
            found = mine.recv()
    except EOFError:
        pass
    child.kill()
    child.join()
    mine.close()
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", default="", help="functions with this in their names")
    options.add_argument("--kind", default="", help="kinds with this in their names")
    options.add_argument("--size", type=int, default=100_000, help="bytes; twice as many are measured beside it")
    options.add_argument("--memory", type=int, default=4000, help="megabytes")
    options.add_argument("--limit", type=float, default=20.0, help="seconds")
    options.add_argument("--all", action="store_true", help="show every kind, not the worst of each function")
    wanted = options.parse_args()
    rows: list[_Row] = []
    print(f"| function | kind | {wanted.size // 1000} KB: s | MB | {wanted.size // 500} KB: s | MB | times |")
    print("|---|---|--:|--:|--:|--:|--:|")
    for name, function in SUBJECTS.items():
        if wanted.only not in name:
            continue
        function(WARM)  # what a module or model loads once is not the text's
        kinds = {kind: string for kind, string in KINDS.items() if wanted.kind in kind}
        of_function = [_row(name, function, kind, string, wanted) for kind, string in kinds.items()]
        rows += of_function
        slowest = max(of_function, key=lambda row: (bool(row.large.failed), row.large.seconds))
        largest = max(of_function, key=lambda row: row.large.megabytes)
        for row in of_function if wanted.all else dict.fromkeys([slowest, largest]):
            print(row.line, flush=True)
    print(json.dumps([row.figures for row in rows], separators=(",", ":")))


class _Row(NamedTuple):
    """One kind of text for one function."""

    function: str
    kind: str
    small: Taken
    large: Taken

    @property
    def line(self) -> str:
        """Of the table."""
        times = self.large.seconds / max(self.small.seconds, 1e-4)
        return f"| {self.function} | {self.kind} | {_shown(self.small)} | {_shown(self.large)} | {times:.1f} |"

    @property
    def figures(self) -> dict[str, Any]:
        """For JSON."""
        both = {
            key: [round(taken.seconds, 4), round(taken.megabytes, 2), taken.failed]
            for key, taken in (("small", self.small), ("large", self.large))
        }
        return {"function": self.function, "kind": self.kind, **both}


def _row(name: str, function: Callable[[str], Any], kind: str, string: str, wanted: argparse.Namespace) -> _Row:
    small, large = (
        apart(function, repeated(string, size), megabytes=wanted.memory, limit=wanted.limit)
        for size in (wanted.size, 2 * wanted.size)
    )
    return _Row(name, kind, small, large)


def _shown(taken: Taken) -> str:
    return f"{taken.failed or f'{taken.seconds:.2f}'} | {taken.megabytes:.1f}"


if __name__ == "__main__":
    main()
