"""Where the sentences behind the points stand: footnotes, below the points, nowhere; marks of quotations."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import briefing
from briefing.assets import environment
from briefing.config import Config
from briefing.render.edition import render, render_edition, render_summary
from briefing.render.quotations import quoted, within_quotation
from briefing.types import Citation, Edition, KeyPoint, Verdict

from .. import factories
from ..conftest import Cli

TEMPLATES = environment("templates")
ARTICLE = factories.article(
    "The tram line was approved on Tuesday.", id="a1", title="Tram approved", source="The Post",
    url="https://example.org/a", section="World",
)  # fmt: skip
OTHER = factories.article("Bauern sagen nein.", id="a2", source="Die Post", url="https://example.org/b", language="de")
SENTENCES = ("The tram line was approved on Tuesday, the council said.", "It costs £212m.", "Die Bauern „sagten“ nein.")


def cited(index: int, article: str = "") -> Citation:
    return Citation(sentence=index, start=0, end=1, text=SENTENCES[index], article=article)


def point(text: str, *citations: Citation, verdict: Verdict = Verdict.SUPPORTED) -> KeyPoint:
    return KeyPoint(text=text, citations=citations, verdict=verdict)


def day(*points: KeyPoint, stories: int = 1) -> Edition:
    told = factories.story([ARTICLE, OTHER], *points)
    return factories.edition(*[told] * stories)


POINTS = (point("A tram comes.", cited(0), cited(1)), point("Farmers refuse!", cited(2, "a2")))


def test_markdown_has_the_sentences_as_footnotes_numbered_through_the_edition() -> None:
    shown = render(day(*POINTS, stories=2), "md", TEMPLATES)
    story, _, notes = shown.partition("\n[^1]: ")
    assert "- A tram comes.[^1] [The Post]\n- Farmers refuse!\u2060[^2] [Die Post]\n" in story
    assert "- A tram comes.[^3]" in story
    assert not any(sentence in story for sentence in SENTENCES)
    first, second, third, fourth = ("[^1]: " + notes).strip().split("\n\n")
    assert first == f"[^1]: “{SENTENCES[0]}” “{SENTENCES[1]}” ([The Post](https://example.org/a))"
    assert second == "[^2]: „Die Bauern ‚sagten‘ nein.“ ([Die Post](https://example.org/b))"
    assert third.startswith("[^3]: ")
    assert fourth.startswith("[^4]: ")


def test_python_markdown_reads_the_footnotes() -> None:
    import markdown

    html = markdown.markdown(render(day(*POINTS), "md", TEMPLATES), extensions=["extra"])
    assert html.count('class="footnote-ref"') == 2
    assert re.search(r'<li id="fn:1">\s*<p>“The tram line was approved on Tuesday, the council said\.”', html)
    assert "[^" not in html


def test_a_single_summary_has_footnotes_too() -> None:
    summary = factories.summary(ARTICLE, *POINTS)
    shown = render_summary([summary, summary], "md", TEMPLATES)
    assert re.findall(r"\[\^\d+\]:?", shown) == [f"[^{n}]" for n in (1, 2, 3, 4)] + [f"[^{n}]:" for n in (1, 2, 3, 4)]
    assert f"\n    > {SENTENCES[0]}" in render_summary([summary], "md", TEMPLATES, evidence="inline")
    assert SENTENCES[0] not in render_summary([summary], "text", TEMPLATES, evidence="none")


def test_inline_evidence_stands_below_its_point() -> None:
    shown = render(day(*POINTS), "md", TEMPLATES, evidence="inline")
    assert f"- A tram comes. [The Post]\n\n    > {SENTENCES[0]} ([The Post](https://example.org/a))\n" in shown
    assert "[^" not in shown


@pytest.mark.parametrize("format_", ["md", "html", "text", "atom"])
def test_without_evidence_no_format_has_the_sentences(format_: str) -> None:
    shown = render(day(*POINTS), format_, TEMPLATES, evidence="none")
    assert "A tram comes." in shown
    assert "approved on Tuesday" not in shown
    assert "the sentences behind each point are given" not in shown
    assert "approved on Tuesday" in render(day(*POINTS), format_, TEMPLATES)
    assert len(render_edition(day(*POINTS), "epub", TEMPLATES, evidence="none")) < len(
        render_edition(day(*POINTS), "epub", TEMPLATES)
    )


@pytest.mark.parametrize("format_", ["md", "html", "text"])
def test_the_label_of_quotations_stands_once_a_story(format_: str) -> None:
    words = [point(text, cited(0), verdict=Verdict.QUOTED) for text in ("“Yes,” he said.", "It rained.")]
    only = " ".join(render(day(*words), format_, TEMPLATES).split())
    assert only.count("Quoted from the article") == 1
    both = " ".join(render(day(*words, *POINTS), format_, TEMPLATES).split())
    assert both.count("In quotation marks: quoted from the article") == 1
    assert "uoted from the article" not in render(day(*POINTS), format_, TEMPLATES)
    assert "““" not in only
    assert "<q>“" not in only
    assert "‘Yes,’ he said." in only


@pytest.mark.parametrize(
    ("text", "language", "shown"),
    [
        ("“We heard nothing,” he said.", "en", "“‘We heard nothing,’ he said.”"),
        ('"We go," he said, "now".', "en", "“‘We go,’ he said, ‘now’.”"),
        ('It had 6" of rain.', "en", '“It had 6" of rain.”'),
        ("“We are building.", "en", "“‘We are building.”"),
        ("„Wir bauen“, sagte er.", "de", "„‚Wir bauen‘, sagte er.“"),
        ("« Nous allons », dit-il.", "fr", "«“Nous allons”, dit-il.»"),
        ("«Мы строим», сказал он.", "ru", "«„Мы строим“, сказал он.»"),
        ("「はい」と言った。", "ja", "「『はい』と言った。」"),
        ("It is Ann's.", "und", "“It is Ann's.”"),
    ],
)
def test_quotations_within_a_quotation_have_the_inner_marks(text: str, language: str, shown: str) -> None:
    assert quoted(text, language) == shown


@given(st.text(st.sampled_from('ab "“”„«»「」6.'), max_size=30), st.sampled_from(["en", "de", "fr", "ja"]))
def test_only_marks_and_blanks_beside_them_change(text: str, language: str) -> None:
    bare = re.compile(r'["“”„«»「」‘’‚『』 ]')
    assert bare.sub("", within_quotation(text, language)) == bare.sub("", text)


# --- Markdown that reads like text ------------------------------------------------------------------------------


PROSE = (
    "Visit https://example.org/a_b or www.example.org, or write to Ann.",
    "3.5 million (a record) - and 12. Coast & Country, AT&T; 5 < 6 > 4!",
    "-5 degrees at 2:30; C# and snake_case; ~5 km; “He [Smith] said so.”",
    "$5m = 50 % + 1 | 2 / 3; #",
)


@pytest.mark.parametrize("text", PROSE)
def test_raw_markdown_reads_like_the_text(text: str) -> None:
    shown = render(day(replace(POINTS[0], text=text)), "md", TEMPLATES).replace("\u2060", "")
    assert f"- {text.removesuffix('#')}" in shown
    assert text in shown or text.endswith("#")


# --- on the command line ----------------------------------------------------------------------------------------


def test_the_setting_is_for_files_and_the_option_wins_over_it(cli: Cli, tmp_path: Path) -> None:
    settings = {"state": tmp_path / "state.db", "out": tmp_path, "formats": ("md", "text")}
    written = briefing.write_edition(day(*POINTS), Config(evidence="inline", **settings))  # type: ignore[arg-type]
    assert [f"    > {SENTENCES[0]}" in path.read_text("utf-8") for path in written] == [True, False]
    (tmp_path / "briefing.toml").write_text("state = 'state.db'\nevidence = 'none'\n", "utf-8")
    shown = {style: cli("show", "--format", "md", "--evidence", style).stdout for style in ("footnotes", "inline")}
    assert f"[^1]: “{SENTENCES[0]}”" in shown["footnotes"]
    assert f"    > {SENTENCES[0]}" in shown["inline"]
    assert SENTENCES[0] not in cli("show", "--format", "md").stdout
    assert cli("show", "--evidence", "sometimes").returncode == 2


@pytest.mark.parametrize("command", [("run", "--source", "tram.txt"), ("summarise", "tram.txt")])
def test_a_style_that_is_none_is_refused(cli: Cli, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "tram.txt").write_text(factories.STORY, "utf-8")
    done = cli(*command, "--engine", "extractive", "--evidence", "sometimes")
    assert done.returncode == 2
    assert "evidence" in done.stderr
    assert cli(*command, "--engine", "extractive", "--evidence", "none").returncode == 0
