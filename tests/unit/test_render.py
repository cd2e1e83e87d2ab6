"""Rendering in every format: completeness, escaping, links, languages, golden files."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from briefing.address import shown_in
from briefing.assets import eject, environment, shipped
from briefing.errors import AssetError, UsageError
from briefing.render.compose import compose, minutes_saved
from briefing.render.edition import EDITION_FORMATS, FORMATS, render, render_summary
from briefing.render.email import Envelope, write_letter
from briefing.render.epub import render_epub
from briefing.render.filters import unlinked
from briefing.serialization import edition_from_json, edition_to_json, summary_from_json, summary_to_json
from briefing.types import (
    Article,
    Citation,
    Disagreement,
    Edition,
    Failure,
    KeyPoint,
    Section,
    Story,
    Stub,
    Summary,
    Verdict,
)

from .. import factories

TEMPLATES = environment("templates")
GOLDEN = Path(__file__).resolve().parents[1] / "data" / "golden"


def item(
    number: int, section: str = "World", *, published: datetime | None = None,
    verdict: Verdict = Verdict.SUPPORTED,
    text: str = "The council voted for a tram.", headline: str = "Tram approved",
    url: str | None = "https://example.org/a",
) -> tuple[Article, Summary]:  # fmt: skip
    told = factories.article(
        text + " word" * 500, id=f"id{number}", title=headline, source="The Post", section=section,
        published=published, url=url,
    )  # fmt: skip
    point = factories.key_point(text, 0, verdict=verdict)
    return told, factories.summary(told, point, seconds=1.5, warnings=("Something was left out.",))


MORNING = datetime(2024, 5, 17, 5, 30, tzinfo=UTC)


def edition(*items: tuple[Article, Summary], **fields: object) -> Edition:
    defaults: dict[str, object] = {
        "date": date(2024, 5, 17), "title": "Morning briefing", "timezone": "Europe/Berlin", "created": MORNING,
        "model": "m-1",
    }  # fmt: skip
    stories = [Story(articles=(article,), summary=summary) for article, summary in items]
    return compose(stories, **(defaults | fields))  # type: ignore[arg-type]


HOSTILE = [
    "<script>alert(1)</script>",
    "](javascript:alert(1)) [x](https://evil.example)",
    "{{ 7*7 }} {% raw %}",
    "# Heading\n\n- list\n\n> quote",
    "]:)",
    "- list",
    "+ list",
    "* list",
    "12. list",
    "3) list",
    ": definition",
    "=====",
    "-----",
    "> quote",
    "    code",
    "![img](https://evil.example/x.png)",
    "www.evil.example and https://evil.example and a@evil.example",
    "&lt;b&gt; &amp; &#60;i&#62;",
    "a|b|c\n---|---|---",
    "***bold*** __under__ `code` ~~gone~~",
    "\u202eright to left \u200b zero",
    "<!-- --> <![CDATA[ x ]]> </style></body>",
    "W" * 300,
]


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "cite"}]

    def handle_data(self, data: str) -> None:
        self.text += data


def elements(html: str) -> _Elements:
    parser = _Elements()
    parser.feed(html)
    return parser


# What has a meaning in HTML, in some kind of Markdown or in Jinja2, among anything else.
fragments = st.sampled_from(
    [*"<>&\"'`*_~#|\\[](){}!+-=:.0123456789 \n\t$%@", "://", "www.", "http", "&amp;", "{{", "{%", "<!--"]
)
anything = st.lists(fragments | st.text(max_size=4), max_size=24).map("".join)


def everywhere(text: str, *, named: bool = True) -> Edition:
    """An edition with `text` in every field that is shown, after the field's name or alone."""

    def field(name: str) -> str:
        return f"{name} {text}" if named else text

    article, summary = item(1, field("section"), text=field("point"), headline=field("headline"))
    article = replace(article, source=field("source"), warnings=(field("warning"),))
    summary = replace(summary, source=article.source, paragraph=field("paragraph"))
    quotation = replace(summary.key_points[0], text=field("quotation"), verdict=Verdict.QUOTED)
    summary = replace(summary, key_points=(*summary.key_points, quotation))
    return edition(
        (article, summary), item(2, "Other"), title=field("title"), model=field("model"), notes=[field("note")],
        failures=[Failure(subject=field("subject"), stage="read", cause=field("cause"))], section_order=["Other"],
    )  # fmt: skip


FIELDS = (
    "section", "point", "headline", "source", "warning", "paragraph", "quotation", "title", "model", "note", "subject",
    "cause",
)  # fmt: skip


def readers() -> list[Callable[[str], str]]:
    """Markdown renderers: GitHub's, automatic links included, and Python-Markdown."""
    import markdown
    from markdown_it import MarkdownIt

    common = MarkdownIt("gfm-like")
    assert common.linkify is not None
    common.linkify.set({"fuzzy_link": False})  # names without :// are links in no README, addresses for mail are
    return [common.render, lambda source: markdown.markdown(source, extensions=["extra"])]


def squeezed(text: str) -> str:
    """The visible characters of a text but for quotation marks, which are others within a quotation."""
    return "".join(c for c in text if c.isprintable() and not c.isspace() and c not in "\"＂'‘’‚“”„‟«»「」")


def seen_of(field: str, text: str) -> str:
    """The visible characters of a field with `text`; in a failure without user names and keys in addresses."""
    return squeezed(shown_in(f"{field} {text}") if field in {"subject", "cause"} else f"{field} {text}")


@given(anything)
def test_any_text_in_any_field_is_shown_on_the_page_and_changes_nothing_else(text: str) -> None:
    page = elements(render(everywhere(text), "html", TEMPLATES))
    assert page.tags == elements(render(everywhere("benign"), "html", TEMPLATES)).tags
    assert {link for link in page.links if not link.startswith("#")} == {"https://example.org/a"}
    for field in FIELDS:
        assert seen_of(field, text) in squeezed(page.text), field


@pytest.mark.slow
@example("]:)")
@given(anything)
def test_any_text_in_any_field_is_shown_in_markdown_and_changes_nothing_else(text: str) -> None:
    for convert in readers():
        page, benign = (elements(convert(render(everywhere(t), "md", TEMPLATES))) for t in (text, "benign"))
        assert page.tags == benign.tags
        assert {link for link in page.links if not link.startswith("#")} == {"https://example.org/a"}
    seen = squeezed(elements(readers()[0](render(everywhere(text), "md", TEMPLATES))).text)
    for field in FIELDS:
        assert seen_of(field, text) in seen, field


@pytest.mark.parametrize("hostile", HOSTILE)
def test_an_articles_text_is_never_markup(hostile: str) -> None:
    for format_, converters in (("html", [str]), ("md", readers())):
        for convert in converters:
            page, benign = (
                elements(convert(render(everywhere(text, named=False), format_, TEMPLATES)))
                for text in (hostile, "benign")
            )
            # The name of a section without letters is no link in Markdown's contents; the others' ends are in `links`.
            assert [tag for tag in page.tags if tag != "a"] == [tag for tag in benign.tags if tag != "a"]
            assert {link for link in page.links if not link.startswith("#")} == {"https://example.org/a"}
    # GitHub also makes links of names that begin so.
    assert "www." not in render(everywhere(hostile), "md", TEMPLATES)


def test_a_mail_program_finds_no_address_in_a_letters_text_and_its_own_links_stay() -> None:
    text = "Write to a.b+c@evil.example, see www.evil.example or HTTPS://evil.example/x; 3 @ 4, @name"
    html = f'<p>{text} <a href="https://www.own.example/a@b.example">{text}</a></p>'
    shown = unlinked(html)
    assert 'href="https://www.own.example/a@b.example"' in shown
    assert elements(shown).links == elements(html).links
    assert squeezed(elements(shown).text) == squeezed(elements(html).text)
    assert not re.search(r"\w@\w|://\w|www\.", elements(shown).text)
    assert "3 @ 4, @name" in shown


@given(anything)
def test_plain_text_holds_no_control_characters(text: str) -> None:
    shown = render(everywhere(f"\x1b]0;x\x07{text}\u202e"), "text", TEMPLATES)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown)


def test_stored_control_characters_are_removed_when_rendered() -> None:
    old = everywhere("a\x1b[31m\x07\x7f\x9b\u202e\u2066\ufeff\U000e0041b")
    shown = {name: render(old, name, TEMPLATES) for name in EDITION_FORMATS if name != "epub"}
    with zipfile.ZipFile(io.BytesIO(render_epub(old, TEMPLATES))) as book:
        shown |= {name: book.read(name).decode() for name in book.namelist()}
    shown["summary"] = render_summary([old.stories[1].summary], "json", TEMPLATES)
    for name, text in shown.items():
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\U000e0041]", text), name
        assert "\\u001b" not in text
    assert all("31mb" in shown[name] for name in ("md", "html", "text", "json", "atom", "summary", "EPUB/s2.xhtml"))


def test_control_characters_in_urls_are_not_rendered() -> None:
    url = 'https://example.org/a\x1b[31m\u202eb\ud800 c"<>'
    for format_ in FORMATS:
        rendered = render(edition(item(1, url=url)), format_, TEMPLATES)
        assert "\x1b" not in rendered
        rendered.encode()
        assert "\u202e" not in rendered
        if format_ != "json":  # there it is data
            assert "%20c%22%3C%3E" in rendered


def test_html_of_markdown_is_sanitised(tmp_path: Path) -> None:
    (tmp_path / "edition.html.j2").write_text("{{ edition.title | markdown }}")
    wrote = "*Hi* <script>alert(1)</script><img src=x onerror=y> [a](https://e.example) [b](javascript:x) [c](data:x)"
    page = elements(render(edition(item(1), title=wrote), "html", environment("templates", [tmp_path])))
    assert set(page.tags) == {"p", "em", "a"}
    assert page.links == ["https://e.example"]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "ftp://x.example", "//x.example", "http://"]
)
def test_only_http_urls_become_links(url: str) -> None:
    for format_ in ("html", "md", "text"):
        assert url not in render(edition(item(1, url=url)), format_, TEMPLATES)
        assert "https://x.example/a" in render(edition(item(1, url="https://x.example/a")), format_, TEMPLATES)


def test_a_url_with_brackets_and_spaces_is_one_link() -> None:
    import markdown

    url = 'https://example.org/a_(b) c?x=[1]&y="2"'
    page = elements(markdown.markdown(render(edition(item(1, url=url)), "md", TEMPLATES), extensions=["footnotes"]))
    assert len([link for link in page.links if not link.startswith("#")]) == 2  # the headline's and the footnote's


@pytest.mark.parametrize("format_", FORMATS)
def test_the_same_edition_gives_the_same_bytes(format_: str) -> None:
    items = [item(n, published=MORNING) for n in range(4)]
    assert render(edition(*items), format_, TEMPLATES) == render(edition(*items), format_, TEMPLATES)


def test_only_json_shows_what_differs_between_runs() -> None:
    article, summary = item(1)
    again = replace(summary, cached=True, seconds=99.0)
    for format_ in ("md", "html", "text"):
        rendered = render(edition((article, summary)), format_, TEMPLATES)
        assert rendered == render(
            edition((article, again), created=datetime(2030, 1, 1, tzinfo=UTC)), format_, TEMPLATES
        )


def test_times_are_in_the_editions_zone() -> None:
    assert "17 May 2024, 07:30" in render(edition(item(1, published=MORNING)), "md", TEMPLATES)


def test_a_date_without_a_time_is_shown_without_one() -> None:
    shown = render(edition(item(1, published=MORNING.replace(hour=0, minute=0))), "md", TEMPLATES)
    assert "17 May 2024*" in shown.replace(" · 2 minutes saved", "")


def test_sections_in_the_readers_order_stories_in_the_order_of_their_weight() -> None:
    items = [
        item(1, "Sport"), item(2, "World"), item(3, "World", published=MORNING, headline="Newest"),
        item(4, "World", published=MORNING.replace(day=16)), item(5, "Arts"),
    ]  # fmt: skip
    shown = edition(*items, section_order=["World"])
    assert [section.name for section in shown.sections] == ["World", "Arts", "Sport"]
    assert [story.summary.id for story in shown.sections[0].stories] == ["id2", "id3", "id4"]


def test_reading_time_saved_counts_both_sides() -> None:
    assert minutes_saved(edition(*[item(n) for n in range(5)]).stories) == round(5 * (500 - 2) / 238)


def test_a_summary_longer_than_its_article_saves_no_time() -> None:
    assert minutes_saved([factories.story(factories.article("A tram."), "A tram. " * 500)]) == 0


def test_warnings_are_shown_and_rejected_points_are_not() -> None:
    article, summary = item(1)
    article = replace(article, warnings=("Only the feed's own text was at hand.",))
    summary = replace(summary, warnings=(*article.warnings, "Left out (it names 99): The tram costs 99 million."))
    for format_ in ("md", "html", "text"):
        shown = render(edition((article, summary)), format_, TEMPLATES)
        assert "own text was at hand" in shown
        assert "99" not in shown


@pytest.mark.parametrize("format_", ["md", "html", "text"])
def test_every_format_shows_citations_and_minutes_saved(format_: str) -> None:
    article, summary = item(1, text="The tram was approved on Tuesday, the council said.")
    point = replace(summary.key_points[0], text="The tram is coming.")
    shown = render(edition((article, replace(summary, key_points=(point,)))), format_, TEMPLATES)
    assert "The tram is coming." in shown
    assert "The tram was approved on Tuesday, the council said." in shown
    assert "2 minutes saved" in shown


def test_an_article_without_a_title_has_a_heading() -> None:
    for format_ in ("md", "html", "text"):
        assert "Untitled" in render(edition(item(1, headline="")), format_, TEMPLATES)


def test_markdown_contents_link_to_github_heading_slugs() -> None:
    items = [
        item(1, "World", headline="World"), item(2, "Arts & Letters!", headline="x"),
        item(3, "हिन्दी Ñu_1", headline="x"), item(4, "World ", headline="x"), item(5, "!?", headline="x"),
    ]  # fmt: skip
    order = ["World", "Arts & Letters!", "World "]
    shown = render(edition(*items, title="World", section_order=order), "md", TEMPLATES)
    # The title is "world"; the first story "world-1"; its section "world-2". The first three stories are at the top.
    brief = ["world-1", "x", "x-1", "x-2", "x-3"]
    links = [*brief, "world-2", "arts--letters", "world-3", "हिन्दी-ñu_1", "world-1", "x", "x-1"]
    assert re.findall(r"\]\(#(.*?)\)", shown) == links
    assert "\n- !?: x" in shown


def test_lang_attributes_of_text_in_another_language() -> None:
    article, summary = item(1)
    html = render(edition((article, replace(summary, language="he"))), "html", TEMPLATES)
    assert '<article id="a-id1" lang="he">' in html
    assert '<p class="meta" lang="en">' in html
    assert '<span class="label" lang="en">' in html


def test_lang_attributes_of_a_translated_summary() -> None:
    article, summary = item(1)
    quoted = replace(summary.key_points[0], text="A quotation.", verdict=Verdict.QUOTED, rung="quoted")
    german = replace(
        summary, language="de", article_language="en", headline="Bahn", key_points=(*summary.key_points, quoted)
    )
    html = render(edition((article, german)), "html", TEMPLATES)
    assert '<article id="a-id1" lang="de">' in html
    assert '<q lang="en">A quotation.</q>' in html
    assert '<blockquote dir="auto" lang="en"' in html
    again = render(edition((article, replace(german, language="en"))), "html", TEMPLATES)
    assert "<q>A quotation.</q>" in again


def letter(day: Edition) -> str:
    """The HTML part of its letter."""
    envelope = Envelope(sender="b@example.org", recipient="ann@example.org")
    body = write_letter(day, envelope, TEMPLATES, MORNING).message.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def test_lang_attribute_of_a_citation_from_another_article() -> None:
    article, summary = item(1)
    german = replace(article, id="de", source="Die Post", language="de")
    citation = Citation(sentence=0, start=0, end=9, text="Ein Satz.", article="de")
    quoted = KeyPoint(text="Ein Zitat.", citations=(citation,), verdict=Verdict.QUOTED)
    behind = KeyPoint(
        text="A point.", citations=(*summary.key_points[0].citations, citation), verdict=Verdict.SUPPORTED
    )
    told = replace(summary, key_points=(quoted, behind))
    differs = Disagreement(versions=(behind, replace(quoted, text="Anders.")))
    story = Story(articles=(article, german), summary=told, disagreements=(differs,))
    day = replace(edition(item(2)), sections=(Section(name="World", stories=(story,)),))
    html = render(day, "html", TEMPLATES)
    assert '<q lang="de">Ein Zitat.</q>' in html
    assert re.search(r'<blockquote dir="auto" lang="de"[^>]*>Ein Satz\.', html)
    assert re.search(r'<blockquote dir="auto"(?! lang)[^>]*>The council', html)
    assert '<q lang="de">Anders.</q>' in html
    assert "<q>A point.</q>" in html
    mail = letter(day)
    assert '<span lang="de">„Ein Zitat.“</span>' in mail
    assert '<span lang="de">„Anders.“</span>' in mail


def test_lang_attribute_of_each_overview_point() -> None:
    told = [item(n, text=text) for n, text in enumerate(("One voted for a tram.", "Zwei stimmten ab.", "Three left."))]
    article, summary = told[1]
    told[1] = (replace(article, language="de"), replace(summary, language="de"))
    quoted = replace(told[2][1].key_points[0], verdict=Verdict.QUOTED)
    told[2] = (told[2][0], replace(told[2][1], article_language="fr", key_points=(quoted,)))
    day = edition(*told)
    points = tuple(
        replace(s.key_points[0], citations=tuple(replace(c, article=a.id) for c in s.key_points[0].citations))
        for a, s in told
    )
    day = replace(day, overview=points)
    html = render(day, "html", TEMPLATES)
    overview = html[html.index('<h2 id="overview">') :].partition("</section>")[0]
    assert re.findall(r"<a href=[^ >]*( lang=\S\S\S\S)?>", overview) == ["", ' lang="de"', ' lang="fr"']
    assert overview.count('<li dir="auto">') == 3
    mail = letter(day)
    lines = re.findall(r"<li([^>]*)><a[^>]*>([^<]*)</a></li>", mail)
    assert [re.findall(r'lang="(..)"', line) for line, _ in lines] == [[], ["de"], ["fr"]]


@pytest.mark.parametrize("format_", ["md", "html", "text"])
def test_a_point_without_citations_is_marked(format_: str) -> None:
    article, summary = item(1)
    bare = replace(summary, key_points=(replace(summary.key_points[0], citations=()),))
    shown = " ".join(render(edition((article, bare)), format_, TEMPLATES).split())
    assert "no sentence of the article was found for this" in shown
    assert "no sentence of the article" not in render(edition((article, summary)), format_, TEMPLATES)


def test_an_overview_point_without_citations_links_to_its_story() -> None:
    pairs = []
    for number in range(6):
        article, summary = item(number, text=f"Nachricht {number}.")
        pairs.append((article, replace(summary, key_points=(replace(summary.key_points[0], citations=()),))))
    html = render(edition(*pairs), "html", TEMPLATES)
    assert '<a href="#a-id3">Nachricht 3.</a>' in html


def test_a_stored_summary_without_article_language_reads_as_its_language() -> None:
    data = summary_to_json(item(1)[1])
    del data["article_language"]
    assert summary_from_json(data).article_language == "en"
    assert not summary_from_json(data).translated


def test_a_point_expands_to_its_citations() -> None:
    html = render(edition(item(1)), "html", TEMPLATES)
    assert re.search(r"<details><summary>The council voted for a tram\.</summary>.*?<blockquote", html, re.DOTALL)


STUB = Stub(
    title="Sea wall will cost more", teaser="At least £41m, say papers.", url="https://example.org/s",
    source="Chronicle", section="Town", published=MORNING, wall="paywall",
)  # fmt: skip


@pytest.mark.parametrize("format_", [*FORMATS, "atom"])
def test_stubs_are_shown_with_their_reason_and_without_points(format_: str) -> None:
    text = render(edition(item(1), stubs=[STUB]), format_, TEMPLATES)
    words = " ".join(text.split())
    for part in (STUB.title, STUB.teaser, STUB.source, *(() if format_ in {"atom", "json"} else ("behind a paywall",))):
        assert part in words
    points = edition(item(1), stubs=[STUB]).stories[0].summary.key_points
    assert all(STUB.teaser not in point.text for point in points)


@pytest.mark.parametrize(
    "wall", ["paywall", "consent", "login", "region", "robots", "javascript", "unrelated", "refused", "unread"]
)
def test_every_wall_is_in_the_schema(wall: str, must_fit: Callable[..., None]) -> None:
    shown = edition(item(1), stubs=[replace(STUB, wall=wall)])
    assert "(Chronicle" in render(shown, "text", TEMPLATES)
    must_fit("edition", json.loads(render(shown, "json", TEMPLATES)))


def test_stubs_round_trip_through_json() -> None:
    known = edition(item(1), stubs=[STUB, replace(STUB, url=None, published=None)])
    assert edition_from_json(json.loads(json.dumps(edition_to_json(known))), lambda _: None).stubs == known.stubs


def test_a_quotation_is_labelled_in_every_format() -> None:
    for format_ in ("md", "html", "text"):
        assert "uoted from the article" in render(edition(item(1, verdict=Verdict.QUOTED)), format_, TEMPLATES)


def test_a_page_loads_no_remote_resources() -> None:
    html = render(edition(item(1), item(2)), "html", TEMPLATES)
    assert not re.search(r"<script|<link|<img|src=|url\(|@import", html)
    assert '<html lang="en">' in html
    assert re.findall(r"<h(\d)", html) == sorted(re.findall(r"<h(\d)", html))


def test_ids_are_unique_and_fragment_links_resolve() -> None:
    html = render(edition(item(1, "A b"), item(2, "a-B"), item(3, "!!")), "html", TEMPLATES)
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_contrast_is_enough_in_light_and_dark(repository: Path) -> None:
    """WCAG 2.2, success criterion 1.4.3: 4.5 to 1 for text."""
    css = (repository / "templates" / "style.css").read_text("utf-8")
    light_mode, dark_mode, *_ = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    for block in (light_mode, dark_mode):
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block))
        for ink in ("ink", "soft", "accent"):
            for ground in ("paper", "quote"):
                light, dark = luminance(colours[ink]), luminance(colours[ground])
                assert (max(light, dark) + 0.05) / (min(light, dark) + 0.05) >= 4.5, (ink, ground)


def test_plain_text_fits_78_columns() -> None:
    text = render(edition(item(1, text="The council voted for a tram. " * 12)), "text", TEMPLATES)
    assert max(len(line) for line in text.splitlines()) <= 78


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(UsageError, match="docx"):
        render(edition(item(1)), "docx", TEMPLATES)


# --- JSON -------------------------------------------------------------------------------------------------------

# Short of the first and the last year, which are no times in every zone.
moments = st.none() | st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC))
points = st.builds(
    KeyPoint,
    text=st.text(),
    citations=st.lists(
        st.builds(Citation, sentence=st.integers(0), start=st.integers(0), end=st.integers(0), text=st.text()),
        max_size=2,
    ).map(tuple),
    verdict=st.sampled_from(Verdict),
)
summaries = st.builds(
    Summary, id=st.text(), url=st.none() | st.text(), title=st.text(), headline=st.text(), source=st.text(),
    published=moments, language=st.text(), key_points=st.lists(points, max_size=3).map(tuple),
    paragraph=st.none() | st.text(), model=st.text(), engine=st.text(), cached=st.booleans(),
    seconds=st.floats(0, 1e6), warnings=st.lists(st.text()).map(tuple),
)  # fmt: skip


@given(summaries)
def test_summaries_round_trip_through_json(summary: Summary) -> None:
    assert summary_from_json(json.loads(json.dumps(summary_to_json(summary)))) == summary


def test_json_is_of_the_documented_shape(must_fit: Callable[..., None]) -> None:
    shown = edition(item(1, published=MORNING), failures=[Failure(subject="x", stage="read", cause="y")])
    must_fit("edition", json.loads(render(shown, "json", TEMPLATES)))
    with_paragraph = replace(item(1)[1], paragraph="Prose.")
    for summary in (item(1)[1], with_paragraph):
        must_fit("summary", json.loads(render_summary([summary], "json", TEMPLATES)))
    assert len(json.loads(render_summary([item(1)[1], item(2)[1]], "json", TEMPLATES))) == 2


# --- golden output ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["md", "html", "txt", "json"])
def test_golden_output(ending: str) -> None:
    """Beside its input in tests/data/golden. `UPDATE_GOLDEN=1 pytest` writes it anew, to be read before a commit."""

    data = json.loads((GOLDEN / "input.json").read_text("utf-8"))
    items = []
    for entry in data["items"]:
        summary = summary_from_json(entry["summary"])
        article = Article(
            id=summary.id, title=summary.title, text=entry["text"], source=summary.source, section=entry["section"],
            url=summary.url, published=summary.published, language=summary.language,
            warnings=tuple(entry.get("warnings", ())),
        )  # fmt: skip
        items.append((article, summary))
    shown = edition(*items, failures=[Failure(**entry) for entry in data["failures"]], title=data["title"])
    format_ = {"txt": "text"}.get(ending, ending)
    is_golden(render(shown, format_, TEMPLATES), GOLDEN / f"edition.{ending}")


@pytest.mark.parametrize("ending", ["md", "html", "txt"])
def test_golden_stories_of_several_articles_updates_and_unsummarised_ones(ending: str) -> None:
    data = json.loads((GOLDEN / "stories.json").read_text("utf-8"))
    shown = edition_from_json(data, lambda _: None)
    assert edition_to_json(shown) == data
    is_golden(render(shown, {"txt": "text"}.get(ending, ending), TEMPLATES), GOLDEN / f"stories.{ending}")


def is_golden(rendered: str, path: Path) -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(rendered, "utf-8")
    assert rendered == path.read_text("utf-8")


# --- templates of one's own -------------------------------------------------------------------------------------


def test_ejected_templates_render_the_same(tmp_path: Path) -> None:
    written = eject("templates", tmp_path)
    assert {path.name for path in written} == set(shipped("templates"))
    own = environment("templates", [tmp_path])
    for format_ in FORMATS:
        assert render(edition(item(1)), format_, own) == render(edition(item(1)), format_, TEMPLATES)
    assert eject("templates", tmp_path) == []
    assert len(eject("templates", tmp_path, overwrite=True)) == len(written)


@pytest.mark.parametrize(
    ("template", "reason"),
    [("one\n{{ nothing }}", "line 2"), ("{% if %}", "line 1"), ("{{ ''.__class__.__mro__ }}", "unsafe")],
)
def test_a_broken_template_is_named_with_its_line(tmp_path: Path, template: str, reason: str) -> None:
    (tmp_path / "edition.md.j2").write_text(template)
    with pytest.raises(AssetError) as caught:
        render(edition(item(1)), "md", environment("templates", [tmp_path]))
    assert reason in str(caught.value)
    assert "edition.md.j2" in str(caught.value)


def test_single_summaries_in_every_format() -> None:
    two = [item(1, published=MORNING)[1], replace(item(2)[1], paragraph="A paragraph of prose.", url=None)]
    for format_ in ("text", "md", "html"):
        shown = render_summary(two, format_, TEMPLATES)
        assert shown.count("Tram approved") >= 2
        assert "17 May 2024, 05:30 UTC" in shown
        # As the point, and as the sentence behind it.
        assert shown.count("The council voted for a tram.") == 2 * len(two)
        if format_ == "html":
            assert re.findall(r"<h(\d)", shown) == ["1", "2", "2"]
        assert "A paragraph of prose." in shown
    assert re.findall(r"<h(\d)", render_summary(two[:1], "html", TEMPLATES)) == ["1"]


# --- the front page ------------------------------------------------------------------------------------------------


def many(count: int, **fields: object) -> Edition:
    """Stories 0, 1, 2 ... from the best, in turn in the sections S0, S1 and S2."""
    told = (
        item(n, f"S{n % 3}", headline=f"Headline {n}", text=f"Point {n}.", url=f"https://example.org/{n}")
        for n in range(count)
    )
    return edition(*told, **fields)


@pytest.mark.parametrize(("count", "front"), [(4, 0), (5, 3), (9, 3), (12, 4), (15, 5), (40, 5)])
def test_three_to_five_first_stories_are_the_front_page(count: int, front: int) -> None:
    ids = [f"id{number}" for number in range(count)]
    shown = many(count)
    assert (list(shown.front), list(shown.ranking)) == (ids[:front], ids)
    again = edition_from_json(json.loads(json.dumps(edition_to_json(shown))), lambda _: None)
    assert (again.front, again.ranking) == (shown.front, shown.ranking)


def order_of(text: str, pattern: str) -> list[int]:
    return [int(number) for number in re.findall(pattern, text)]


def test_every_format_tells_each_story_once_the_front_stories_first() -> None:
    shown = many(14, section_order=["S0", "S1", "S2"])
    expected = [0, 1, 2, 3, 6, 9, 12, 4, 7, 10, 13, 5, 8, 11]
    html = render(shown, "html", TEMPLATES)
    assert order_of(html, r'<article id="a-id(\d+)"') == expected
    assert order_of(render(shown, "md", TEMPLATES), r"### \[Headline (\d+)") == expected
    assert order_of(render(shown, "text", TEMPLATES), r"  https://example\.org/(\d+)") == expected
    assert order_of(render(shown, "atom", TEMPLATES), r"<title>Headline (\d+)") == expected
    assert order_of(letter(shown), r"<h3[^>]*><a[^>]*>Headline (\d+)") == expected
    with zipfile.ZipFile(io.BytesIO(render_epub(shown, TEMPLATES))) as book:
        pages = [book.read(f"EPUB/{name}.xhtml").decode() for name in ("front", "s1", "s2", "s3")]
        contents = book.read("EPUB/nav.xhtml").decode()
    assert order_of("".join(pages), r'<article id="a-id(\d+)"') == expected
    assert order_of(contents.partition("<nav")[2], r">Headline (\d+)<") == expected


def test_a_section_names_its_stories_that_are_told_at_the_top() -> None:
    shown = many(14, section_order=["S0", "S1", "S2"])
    section = render(shown, "html", TEMPLATES).partition('<h2 id="s1-s0"')[2].partition("</section>")[0]
    assert re.findall(r'<a href="#a-(id\d+)"', section) == ["id0", "id3"]
    text = render(shown, "text", TEMPLATES)
    assert "== S0 ==\n\nAt the top: Headline 0; Headline 3\n" in text


def test_the_day_in_brief_is_a_list_of_links_to_its_stories() -> None:
    shown = many(9)
    assert len(shown.overview) == 5
    html = render(shown, "html", TEMPLATES).partition('<h2 id="overview">')[2].partition("</section>")[0]
    assert re.findall(r'<li dir="auto"><a href="#a-id(\d)">Point \1\.</a></li>', html) == list("01234")
    markdown = render(shown, "md", TEMPLATES)
    assert re.findall(r"\n- \[Point (\d)\.\]\(#headline-\1\)", markdown) == list("01234")
    assert "\n  - Point 3.\n" in render(shown, "text", TEMPLATES).partition("== Top stories")[0]
    linked = re.findall(r'<li[^>]*><a[^>]*href="https://example\.org/(\d)"[^>]*>Point \1\.</a></li>', letter(shown))
    assert linked == list("01234")


def test_an_edition_of_before_there_was_a_front_page_is_shown_as_it_was() -> None:
    data = edition_to_json(many(9))
    del data["front"], data["ranking"]
    html = render(edition_from_json(data, lambda _: None), "html", TEMPLATES)
    assert order_of(html, r'<article id="a-id(\d+)"') == [0, 3, 6, 1, 4, 7, 2, 5, 8]
    assert '<p class="day" dir="auto">Headline 0</p>' in html
    assert "Top stories" not in html


@pytest.mark.parametrize("format_", ["md", "html", "text"])
def test_headlines_stand_at_the_end_of_their_section(format_: str) -> None:
    stubs = [replace(STUB, title=f"Stub {n} here", section="S0") for n in range(22)]
    alone = replace(STUB, title="Stub alone", section="A quiet one", wall="unread", teaser="First said. Then more.")
    shown = many(9, stubs=[*stubs, alone], section_order=["A quiet one", "S0"])
    text = render(shown, format_, TEMPLATES)
    places = [text.rindex(words) for words in ("Stub alone", "Stub 0 here", "Stub 9 here", "and 12 more", "Headline 7")]
    assert places == sorted(places)
    assert text.rindex("Headline 6") < text.index("Stub 0 here")
    assert "Stub 10 here" not in text
    assert "First said." in text
    assert "Then more." not in text


def test_failures_are_a_folded_line_for_each_server_with_links() -> None:
    gone = [
        Failure(
            subject=f"The Post: Title {n}", stage="fetch", cause="HTTP 404",
            url=f"https://www.example.org/{n}?id={n}&utm_source=rss",
        )
        for n in range(5)
    ]  # fmt: skip
    shown = many(2, failures=[*gone, Failure(subject="feed.xml", stage="read", cause="it is damaged")])
    html = render(shown, "html", TEMPLATES).partition('<h2 id="left-out">')[2]
    assert html.count("<li>") == 2
    assert "<details" in html
    assert "6 articles or sources could not be read" in html
    assert "<bdi>example.org</bdi> (5): <bdi>HTTP 404</bdi>" in html
    assert '<a href="https://www.example.org/1?id=1" rel="noopener noreferrer"><bdi>Title 1</bdi></a>' in html
    assert "utm_" not in html
    text = render(shown, "text", TEMPLATES)
    assert "  - example.org (5): HTTP 404\n  - feed.xml: it is damaged\n" in text
    assert "[Title 2](https://www.example.org/2?id=2)" in render(shown, "md", TEMPLATES)


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("https://a.example/x?utm_source=rss&id=3&fbclid=1#top", "https://a.example/x?id=3#top"),
        ("See https://a.example/x?utm_source=rss: it failed", "See https://a.example/x: it failed"),
        ("(https://a.example/?at_medium=RSS)", "(https://a.example/)"),
        ("Why? Because. What?No", "Why? Because. What?No"),
        ("https://a.example/x?b=%20&a=1&c", "https://a.example/x?b=%20&a=1&c"),
    ],
)
def test_addresses_in_a_failure_have_no_tracking(text: str, without: str) -> None:
    assert Failure(subject=text, stage="fetch", cause="c").subject == without
