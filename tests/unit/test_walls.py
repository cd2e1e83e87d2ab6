"""Pages that stand before an article are told from articles about such pages, whatever the length of either."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from briefing.errors import ExtractError, WallError
from briefing.extract import extract_article
from briefing.types import Article, FeedItem

PAGES = Path(__file__).resolve().parents[1] / "data" / "walls"
"""Of our own writing; names say what each is: ``wall-NUMBER-KIND-LANGUAGE`` or ``article-NUMBER-SUBJECT-LANGUAGE``."""
WALLS = sorted(PAGES.glob("wall-*.html"))
CAUSES = {"error": "it is an error page", "parked": "its domain is for sale"}
ARTICLES = {
    "article-01-cookies-en": "up to 2% of their turnover, Ms Holt said.",
    "article-02-cookies-short-en": "the market researchers of Tidewater.",
    "article-03-paywall-en": "how small you are willing to be.”",
    "article-04-advice-en": "sold the addresses that its users visited.",
    "article-05-art404-en": "Admission is £4.04.",
    "article-06-breach-en": "sign in on a copy of the site.",
    "article-07-captcha-en": "will know rather more about us.",
    "article-08-dsgvo-de": "ab Juli stichprobenartig zu prüfen.",
    "article-09-abo-short-de": "2,3 Millionen Kunden.",
    "article-10-ineigenersache-de": "am Samstag auf dieser Seite.",
    "article-11-cnil-fr": "revient aux sites eux-mêmes.",
    "article-12-presse-fr": "fermé l’accès à son site.",
    "article-13-aepd-es": "incumplía las normas el año pasado.",
    "article-14-suscripciones-es": "La ley entrará en vigor en enero.",
    "article-15-garante-it": "gli altri chiudono la pagina.",
    "article-16-captcha-it": "questa volta chiedendo un documento.",
    "article-17-lgpd-pt": "pediu desculpa aos clientes.",
    "article-18-assinaturas-pt": "recebam uma assinatura gratuita.",
    "article-19-opinion-en": "I picked it up again.",
    "article-20-geoblock-long-en": "got his name wrong.",
}
TEASER = (
    "<p>Dredgers have worked the lower Tarn for a century without anyone asking whose gravel they were taking. A "
    "farmer, two anglers and a retired judge have now put the question to the high court.</p>"
)
REST = "".join(
    f"<p>In the year {year} the bank moved by another {year - 1990} metres, say the papers that the farmer keeps.</p>"
    for year in range(1991, 2006)
)


def extracted(html: str) -> Article:
    return extract_article(html.encode(), content_type="text/html", name="it", url=None, source="Post")


def page(body: str, data: object = None, title: str = "Who owns the river bed?") -> str:
    stated = f'<script type="application/ld+json">{json.dumps(data)}</script>' if data else ""
    return (
        f"<!doctype html><html lang=en><head><title>{title} | The Post</title>{stated}</head><body><nav>"
        f"<a href=/>Home</a></nav><article><h1>{title}</h1>{body}</article></body></html>"
    )


def priced(**more: object) -> dict[str, object]:
    return {"@type": "NewsArticle", "headline": "Who owns the river bed?", **more}


def part(free: object, selector: str = ".premium") -> dict[str, object]:
    return {"@type": "WebPageElement", "isAccessibleForFree": free, "cssSelector": selector}


@pytest.mark.parametrize("path", WALLS, ids=lambda path: path.stem)
def test_walls_are_detected_with_their_kind(path: Path) -> None:
    kind = path.stem.split("-")[2].replace("cookielist", "consent")
    with pytest.raises(ExtractError) as caught:
        extracted(path.read_text("utf-8"))
    if kind in CAUSES:
        assert caught.value.cause == CAUSES[kind]
    else:
        assert isinstance(caught.value, WallError)
        assert caught.value.wall == kind
    assert caught.value.remedy


@pytest.mark.parametrize("path", sorted(PAGES.glob("article-*.html")), ids=lambda path: path.stem)
def test_articles_about_walls_are_extracted_in_full(path: Path) -> None:
    text = extracted(path.read_text("utf-8")).text
    assert ARTICLES[path.stem] in " ".join(text.split())


@pytest.mark.parametrize("times", [1, 3, 12])
def test_walls_of_any_length_are_detected(times: int) -> None:
    purpose = (
        "<p>We and our partners store information on your device for purpose {}, among them cookies. You can withdraw "
        "your consent to purpose {} at any time.</p>"
    )
    with pytest.raises(WallError, match="asks for consent"):
        extracted(page("".join(purpose.format(n, n) for n in range(times)), title="Your choices"))


def test_a_notice_below_a_whole_article_does_not_make_it_a_wall() -> None:
    notice = "<p>Subscribe to continue reading tomorrow's edition. Already a subscriber? Log in.</p>"
    assert "In the year 2005" in extracted(page(TEASER + REST + notice)).text


def test_quoted_wall_phrases_are_ignored() -> None:
    quoted = "<p>“Subscribe to continue reading,” it says on every page of the Courier, “or log in to go on.”</p>"
    assert extracted(page(TEASER + quoted)).text


@pytest.mark.parametrize(
    "end",
    [
        "Subscribe to our newsletter for more stories like this one.",
        "Read the full story at The Ledger.",
        "To read the full report, click here.",
        "Keep reading: ten charts that explain the case of the river bed",
        "The Post is paid for by its readers. If you can, support us from £1 a month.",
        "Readers who want to go on will have to subscribe to read the paper from May, its editor said.",
        "This article first appeared in the March issue. Subscribe now and save 50 per cent.",
    ],
)
def test_short_articles_with_a_plea_or_about_subscribers_are_articles(end: str) -> None:
    assert "high court" in extracted(page(f"{TEASER}{TEASER}<p>{end}</p>")).text


@pytest.mark.parametrize(
    "notice",
    [
        "<p>Get the rest of this piece, and every other one, with a membership.</p><p>Members sign in here.</p>",
        "<p>This content is locked</p><p>Sign in or choose a plan to view it.</p>",
        "<p>You have reached your monthly limit of free articles.</p><p>Plans begin at $3 a week.</p>",
        "<p>Vuoi leggere l’articolo completo?</p><p>Abbonati a partire da 1 euro al mese.</p>",
        "<p>Leia o texto completo: assine por apenas 2 euros por mês.</p>",
    ],
)
def test_a_paywall_notice_counts_only_at_the_end(notice: str) -> None:
    with pytest.raises(WallError, match="paywall"):
        extracted(page(TEASER + notice))
    assert "In the year 2005" in extracted(page(TEASER + notice + REST)).text


# --- what a page says of its price ---


@pytest.mark.parametrize("free", [False, "False", "false", "http://schema.org/False"])
def test_a_page_whose_paid_part_is_empty_is_a_stub(free: object) -> None:
    with pytest.raises(WallError, match="paywall"):
        extracted(page(f"{TEASER}<div class='premium'></div>", priced(hasPart=part(free))))


def test_a_page_whose_paid_part_is_there_is_an_article() -> None:
    body = f"{TEASER}<div class='body premium'>{REST}</div>"
    assert "In the year 2005" in extracted(page(body, priced(isAccessibleForFree=False, hasPart=[part(False)]))).text


@pytest.mark.parametrize(
    "data",
    [
        priced(isAccessibleForFree=False),
        priced(isAccessibleForFree="False", hasPart=part("False", ".nowhere")),
        {"@graph": [{"@type": "WebSite"}, priced(isAccessibleForFree=False, wordCount=900)]},
    ],
)
def test_a_page_that_is_not_free_and_gives_little_is_a_stub(data: object) -> None:
    with pytest.raises(WallError, match="paywall"):
        extracted(page(TEASER, data))


@pytest.mark.parametrize("data", [priced(isAccessibleForFree=True), priced(wordCount=9000), priced(), ["x"], {"a": {}}])
def test_a_short_page_without_a_declared_price_is_an_article(data: object) -> None:
    assert extracted(page(TEASER, data)).text


def test_a_page_that_is_not_free_but_whole_is_an_article() -> None:
    assert extracted(page(TEASER + REST, priced(isAccessibleForFree=False, wordCount=260))).text


# --- what is no text by its type ---

DATA = b"The council voted on Tuesday to build a tram line to the hospital, ending a dispute of two years at last."


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "application/ld+json; charset=utf-8", "text/css", "text/javascript", "application/javascript",
     "application/x-javascript", "text/csv", "application/x-ndjson"],
)  # fmt: skip
def test_data_styles_and_programs_are_refused_by_type(media_type: str) -> None:
    with pytest.raises(ExtractError, match="not text"):
        extract_article(DATA, content_type=media_type, name="it", url=None, source="Post")


@pytest.mark.parametrize("media_type", ["", "text/plain"])
def test_data_is_refused_under_any_media_type(media_type: str) -> None:
    body = json.dumps({"text": DATA.decode(), "more": [1, 2]}).encode()
    with pytest.raises(ExtractError, match="it is JSON"):
        extract_article(body, content_type=media_type, name="it", url=None, source="Post")


@pytest.mark.parametrize("start", [b"[Berlin] ", b"[1] ", b"{sic} "])
def test_a_text_that_begins_with_a_bracket_is_a_text(start: bytes) -> None:
    article = extract_article(start + DATA, content_type="text/plain", name="it", url=None, source="Post")
    assert "tram line" in article.text


# --- a page that has nothing of its feed's headline ----------------------------------------------------------------

UNKNOWN_WALL = """<html><head><title>Ennen kuin jatkat</title></head><body><article><h1>Ennen kuin jatkat</h1>
<p>Me ja kumppanimme tallennamme tietoja laitteellesi ja luemme niitä, jotta voimme mitata käyttöä ja näyttää sinulle
kiinnostavaa sisältöä. Voit muuttaa valintojasi milloin tahansa sivun alareunasta. Lue lisää siitä, miten käsittelemme
tietojasi ja kuinka kauan niitä säilytetään palvelussamme.</p></article></body></html>"""


def announced(title: str, page: str, text: str = "") -> Article:
    item = FeedItem(url="https://example.org/a", title=title, published=None, html=text)
    return extract_article(page.encode(), content_type="text/html", name="it", url=item.url, source="Post", hint=item)


def test_a_page_without_words_of_its_headline_is_unrelated() -> None:
    with pytest.raises(WallError, match="something else than its feed says") as caught:
        announced("Council approves tram line to the hospital", UNKNOWN_WALL)
    assert caught.value.wall == "unrelated"


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Mitä tietoja laitteellesi tallennetaan", ""),  # one word will do
        ("Voit lukea", ""),  # too short to tell
        ("Council approves tram line to the hospital", "Me ja kumppanimme tallennamme tietoja laitteellesi."),
    ],
)
def test_a_page_with_a_word_of_its_headline_or_much_of_its_teaser_is_the_article(title: str, text: str) -> None:
    assert "kumppanimme" in announced(title, UNKNOWN_WALL, text).text


def test_a_headline_repeated_only_in_the_pages_title_is_enough() -> None:
    page = UNKNOWN_WALL.replace("Ennen kuin jatkat", "Council approves tram line to the hospital")
    assert announced("Tram line to the hospital approved", page).text
