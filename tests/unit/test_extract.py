"""Content extraction from five formats, boilerplate removal, refusal of what is no article."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from briefing.errors import BriefingError, ExtractError, WallError
from briefing.extract import (
    article_from_feed_item,
    article_from_text,
    extract_article,
    extract_file,
    teaser_of,
    with_fuller_text,
)
from briefing.extract.boilerplate import without_boilerplate
from briefing.nlp.text import normalise, word_count
from briefing.types import Article, FeedItem

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
EXPECTED: list[dict[str, Any]] = tomllib.loads((SAMPLE / "expected.toml").read_text("utf-8"))["articles"]

BODY = """The council voted on Tuesday to build a tram line to the hospital, ending a dispute of two years.
Construction is due to start in March. Shopkeepers fear that the works will drive customers away, and their association
will go to court."""


def page(body: str, head: str = "<title>Tram line approved | The Post</title>") -> bytes:
    return f"<!doctype html><html lang=en><head>{head}</head><body>{body}</body></html>".encode()


def extracted(body: bytes, **options: Any) -> Article:
    return extract_article(body, name="it", url=None, source="Post", **options)


# --- the sample -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda expected: expected["id"])
def test_an_article_of_the_sample_is_whole_and_clean(expected: dict[str, Any]) -> None:
    article = extract_file(SAMPLE / expected["file"], source="sample")
    for clutter in expected["clutter"]:
        assert clutter not in article.text
    for fact in expected["facts"]:
        for words in fact["words"]:
            assert words in " ".join(article.text.split())
    assert article.language == "en"


@pytest.mark.parametrize(
    "expected", [e for e in EXPECTED if e["format"] != "mail"], ids=lambda expected: expected["id"]
)
def test_an_article_of_the_sample_has_its_own_title(expected: dict[str, Any]) -> None:
    article = extract_file(SAMPLE / expected["file"], source="sample")
    assert article.title == expected["title"]
    if article.published is not None:
        assert article.published.date() == expected["published"]


def test_a_german_article_is_known_to_be_german() -> None:
    article = extract_file(SAMPLE / "other-language" / "atomausstieg.txt", source="sample")
    assert article.language == "de"


def test_boilerplate_of_the_seed_article_is_removed_and_its_title_found(shared_data: Path) -> None:
    article = extract_file(shared_data / "seed" / "us-iraq-troops.txt", source="seed")
    assert article.title == "US reiterates commitment to reduce troops from Iraq"
    assert "Related" not in article.text
    assert article.text.endswith("after the talks ended.")


# --- what is no article -----------------------------------------------------------------------------------------

FILLER = "<p>" + BODY + "</p>"
LINKS = "".join(f'<li><a href="/{i}">Story number {i} of the day</a></li>' for i in range(40))
WALLS = {
    "cookie wall": "Before you continue: we and our partners use cookies. Accept all cookies or manage preferences?",
    "paywall": "The council voted on Tuesday. Subscribe for full access and continue reading. Already a subscriber?",
    "login": "Please log in with your account name and password to continue to this page of the site, thank you.",
    "JavaScript": "You need to enable JavaScript to run this app on your device, thank you very much for doing so.",
    "robots": "Checking your browser before accessing the site. Please verify you are human to go on with it.",
    "error page": "Sorry, the page you are looking for could not be found on this server any more. Error 404.",
}
REFUSED = {
    **{reason: (page(f"<h1>The Post</h1><p>{text}</p>"), reason) for reason, text in WALLS.items()},
    "links": (page(f"<ul>{LINKS}</ul>"), "page of links"),
    "German wall": (
        page("<p>Wir und unsere Partner verwenden Cookies. Mit Ihrer Einwilligung: alle akzeptieren, ablehnen?</p>"),
        "cookie wall",
    ),
    "nothing": (page("<div></div>"), "no article"),
    "empty": (b"  \n ", "empty"),
    "zip": (b"PK\x03\x04" + bytes(range(256)) * 20, "ZIP"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "picture"),
    "binary": (bytes(range(256)) * 50, "binary"),
    "title only": (b"Council approves tram line", "only 4 words"),
    "large": (b"The council met. " * 1_200_000, "limit is 10 MB"),
}


@pytest.mark.parametrize(("body", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_pages_without_an_article_are_refused_with_their_name(body: bytes, reason: str) -> None:
    with pytest.raises(ExtractError, match=reason) as caught:
        extracted(body)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "Browsers will block cookies from June, a company said, and must ask for consent in another way. ",
        "The paper will put its stories behind a paywall. Readers who subscribe pay £4 a week to read them. ",
        "Researchers found a flaw in JavaScript. Users are advised to restart without JavaScript, they wrote. ",
    ],
)
def test_an_article_about_walls_is_still_an_article(text: str) -> None:
    article = extracted(page(f"<h1>News of the day</h1><article><p>{text}</p><p>{BODY}</p></article>"))
    assert word_count(article.text) > 50


@pytest.mark.slow
def test_no_real_article_is_refused(shared_data: Path) -> None:
    folder = shared_data / "html"
    gold = json.loads(gzip.decompress((folder / "gold.json.gz").read_bytes()))
    names = sorted(name for name in gold if name.startswith("aeb-"))[:40]
    refused = []
    for name in names:
        try:
            extracted(gzip.decompress((folder / f"{name}.gz").read_bytes()), content_type="text/html")
        except ExtractError as error:
            refused.append((name, error.cause))
    assert refused == []


# --- formats and encodings --------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
def test_any_encoding_is_read(encoding: str) -> None:
    text = f"Straßenbahn für Möwen\n\nDer Rat stimmte am Dienstag über die Größe der Brücke ab. {BODY}"
    article = extracted(text.encode(encoding))
    assert article.title == "Straßenbahn für Möwen"
    assert "Größe der Brücke" in article.text


def test_a_wrongly_declared_encoding_does_not_garble() -> None:
    assert "Größe" in extracted(f"Die Größe zählt, sagte er. {BODY}".encode(), charset="latin-1").text


def test_a_page_gives_title_author_date_and_no_site_name() -> None:
    data = {"@graph": [{"@type": "WebSite"}, {"@type": "NewsArticle", "headline": "Tram line approved",
            "author": [{"name": "Jo Ray"}], "datePublished": "2024-05-16T21:00:00+02:00"}]}  # fmt: skip
    head = f'<title>Tram line approved | The Post</title><script type="application/ld+json">{json.dumps(data)}</script>'
    article = extracted(page(f"<h1>Tram line approved</h1>{FILLER * 3}", head))
    assert (article.title, article.author) == ("Tram line approved", "Jo Ray")
    assert article.published is not None
    assert article.published.isoformat() == "2024-05-16T19:00:00+00:00"


def test_markdown_front_matter_and_markup() -> None:
    text = f'---\ntitle: "Tram"\ndate: 2024-05-16\nauthor: Jo\n---\n\nIt *will* be [built](https://x.example). {BODY}'
    article = extract_article(text.encode(), content_type="text/markdown", name="it", url=None, source="P")
    assert (article.title, article.author) == ("Tram", "Jo")
    assert article.text.startswith("It will be built.")


def test_a_pdf_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdf", None)
    with pytest.raises(ExtractError, match=r"-m pip install 'pypdf"):
        extracted(b"%PDF-1.7\n")


def test_a_damaged_pdf_is_named() -> None:
    pytest.importorskip("pypdf")
    with pytest.raises(ExtractError, match="PDF"):
        extracted(b"%PDF-1.7\n garbage")


def test_the_title_of_plain_text_may_be_given() -> None:
    assert article_from_text(BODY, title="Tram", source="batch").title == "Tram"
    with pytest.raises(ExtractError, match="empty"):
        article_from_text(" ", source="batch")


def test_one_sentence_of_5000_characters_is_an_article() -> None:
    assert len(article_from_text("the tram and " * 385 + "the end", source="x").text) > 5000


def test_the_feeds_text_replaces_a_failed_page_with_a_warning() -> None:
    item = FeedItem(
        url="https://example.org/a", title="Tram", published=None, html=f"<p>{BODY}</p><script>x()</script>"
    )
    article = article_from_feed_item(item, source="Post", error=ExtractError("page", "no server is known by the name"))
    assert article.text == " ".join(BODY.split())
    assert article.warnings == ("From the feed's text: the page could not be read.",)
    walled = WallError("page", "it is behind a paywall", wall="paywall")
    assert article_from_feed_item(item, source="Post", error=walled).warnings == (
        "From the feed's text: the page is behind a paywall.",
    )
    with pytest.raises(ExtractError, match="teaser"):
        article_from_feed_item(FeedItem(url=None, title="T", published=None, html="Short."), source="Post")


def item_of(text: str, title: str = "Tram") -> FeedItem:
    return FeedItem(url="https://example.org/a", title=title, published=None, html=f"<p>{text}</p>")


def test_only_a_clearly_longer_feed_text_replaces_the_pages() -> None:
    article = extracted(page(FILLER))
    assert with_fuller_text(article, item_of(f"{BODY} The mayor spoke.")) == article
    assert with_fuller_text(article, item_of("The council met.")) == article
    longer = with_fuller_text(article, item_of(f"{BODY} {BODY}"))
    assert word_count(longer.text) > 1.9 * word_count(article.text)
    assert replace(longer, text=article.text) == article


def test_boilerplate_does_not_count_in_the_length_of_a_feed_text() -> None:
    article = extracted(page(FILLER))
    clutter = "</p><p>Advertisement</p><p>Share this</p><p>Read more: ten trams to see in your life before you die</p>"
    assert with_fuller_text(article, item_of(f"{BODY}{clutter * 5}")) == article


@pytest.mark.parametrize("end", ["…", "...", "[…]", "[...] Read more", "… Continue reading →", "Continue reading…"])
def test_a_truncated_feed_text_does_not_replace_a_walled_article(end: str) -> None:
    item = item_of(f"{BODY.rstrip('.')} {end}")
    with pytest.raises(ExtractError, match="teaser"):
        article_from_feed_item(item, source="Post", error=WallError("page", "it is behind a paywall", wall="paywall"))
    assert article_from_feed_item(item, source="Post", error=ExtractError("page", "it is gone")).text


def test_a_teaser_is_one_line_of_at_most_sixty_words() -> None:
    assert teaser_of(item_of("It voted.</p><p>Shops fear.")) == "It voted. Shops fear."
    assert teaser_of(item_of("word " * 90)).split() == ["word"] * 60 + ["…"]
    assert teaser_of(item_of("")) == ""


# --- clutter ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    ["Advertisement", "Share this", "Image caption: the tram", "Photo: Jo Ray", "Follow us on Twitter", "Getty Images",
     "© 2024 The Post. All rights reserved.", "(Photo: Jo Ray)", "Photo by Jo Ray",
     "Share this article on social media.", "Read more: ten trams to see", "Sign up to our newsletter", "5 min read"],
)  # fmt: skip
def test_boilerplate_lines_are_removed(line: str) -> None:
    text = f"The council met.\n\n{line}\n\nIt voted for the tram."
    assert without_boilerplate(text) == "The council met.\n\nIt voted for the tram."


@pytest.mark.parametrize(
    "line",
    ["Share prices rose on Friday.", "Watch makers in Geneva fear tariffs.", "Print is dead, the editor said.",
     "Copyright law was changed on Tuesday.", "Published in 1813, the novel sold well.",
     "Image captions were wrong, the editor said.", "Follow him on this journey, she urged.",
     "Register to vote by e-mail, the council urged.", "We use cookies to track you, the firm admitted.",
     "Advertisement spending fell by 3 per cent.", "Read more books, he told pupils.", "By Tuesday the sea was calm."],
)  # fmt: skip
def test_sentences_that_begin_like_boilerplate_stay(line: str) -> None:
    text = f"The council met.\n\n{line}\n\nIt voted for the tram."
    assert without_boilerplate(text) == text


def test_a_tail_is_removed_only_before_teasers() -> None:
    assert without_boilerplate("It voted.\n\nRelated Posts\n\nTen trams\nA bridge too far") == "It voted."
    going_on = f"It voted.\n\nRelated stories\n\n{' '.join(BODY.split())}"
    assert without_boilerplate(going_on) == going_on


def test_related_headlines_within_an_article_are_removed_and_sentences_stay() -> None:
    text = "It voted.\n\nDON'T MISS\nTen trams to see\nA bridge too far\n\nThe works begin in March.\n\nShops fear."
    assert without_boilerplate(text) == "It voted.\n\nThe works begin in March.\n\nShops fear."


def test_a_related_heading_glued_to_a_sentence_is_removed_with_its_list() -> None:
    assert (
        without_boilerplate("It voted on Tuesday.Related Posts\nTen trams\nA bridge too far") == "It voted on Tuesday."
    )


def test_readers_comments_are_removed() -> None:
    article = " ".join(BODY.split())
    assert without_boilerplate(f"{article}\n\n12 comments\n\nI never liked trams. They are loud and slow.") == article


CALLS = [
    "Find us on Facebook: https://facebook.example/post",
    "- Subscribe to our channel: http://post.example/subscribe",
    "Subscribe to the Harwick Post channel!",
    "Click here to subscribe",
    "Continue reading...",
    "Read more at The Harwick Post.",
    "Read full article >>",
    "Sign up for our newsletter and get the news of Harwick in your inbox.",
    "Follow us on Mastodon!",
    "FOLLOW THE POST ON SOCIAL MEDIA Facebook: https://facebook.example/post",
    "To read this article in full, please click here",
    "For more tram videos, click the link below: http://post.example/trams",
    "For more information, visit our website.",
    "Download our free app for Android.",
    "WATCH DAILY AT 6PM OR CATCH UP: https://post.example/six",
    "The post Council votes for the tram appeared first on Harwick Post.",
    "A version of this article originally appeared in the Post's Friday letter.",
    "Image credit: Jo Vale",
    "Photo by Jo Vale/Harwick via Getty Images.",
    "(Jo R. Vale / Harwick Times)",
    "#Trams #Harwick @post",
    "October 17, 2021 8:00 PM",
    "This is the official channel of the Harwick Post.",
    "Follow us on Mastodon, Bluesky and Threads.",
    "Like us on Facebook for more news of Harwick.",
    "Follow Jo Vale on Twitter: @jovale",
    "Click here to read the full report.",
    "Read the full interview at The Harwick Post.",
    "Subscribe to our podcast on YouTube.",
    "Sign up here for our daily newsletter.",
    "Get the news of Harwick in your inbox every morning.",
    "Watch daily at six: https://post.example/shows/six",
    "For the latest on the tram, follow our live blog.",
]
NEWS = [
    "Subscribe or lose access, the paper told its readers.",
    "Read more books, the minister told pupils.",
    "Read more than the headline, the judge advised.",
    "For more than a decade, pilgrims have visited the shrine.",
    "To pay the fine, drivers were told to click on a link in a false letter.",
    "Sign up by Friday, the council told voters.",
    "Register for flood alerts, the council urged.",
    "Follow the river for two miles to the mill.",
    "Photos by Jo Vale show smoke over the port of Marlow.",
    "Images by Reuters show smoke over the port.",
    "The post office closed (the last one in Marlow).",
    "Watch for ice, the police said.",
    "#Trams was the word of the day.",
    "#1",
    "October 17, 2021 was a Sunday.",
    "Facebook: a company that the court has fined twice.",
    "The app can be downloaded from Monday.",
    "The newsletter of the union has 300 subscribers.",
    "Follow Taylor Swift on Instagram for more than a day and the pattern emerges.",
    "Follow England on YouTube for free thanks to a new deal.",
    "Click here to support striking miners draws millions.",
    "The post Trump era appeared first on stage in Chicago.",
    "For months, tap water in the city of Jackson has been unsafe to drink.",
    "For years, click farms in Vietnam have sold followers to politicians.",
    "Like us on the coast, farmers inland have lost their wells.",
    "Like me at that age, she had no money and no passport.",
    "Follow the money on Twitter: how the scam worked for three years.",
    "OPINION POLLS put Labour ahead.",
    "OPINION Polls put Labour ahead.",
    "COMMENT SECTIONS of two papers closed on Friday.",
    "Read the full report which says that 300 people died in custody.",
    "Read the full text of the treaty aloud, the judge ordered.",
    "Keep reading to children past the age of ten, a study of 4,000 families urges.",
    "Continue reading clubs in prisons, members of parliament plead.",
    "Read more in prison, get out sooner: a scheme in Brazil cuts sentences.",
    "Read more… and live longer, a study finds.",
    "Read more: that is the advice of the minister to pupils.",
    "Click here to win a car, the false letter promised.",
    "Click below the photograph was where the trap lay.",
    "To claim the refund, tap here, the criminals wrote to 4,000 pensioners.",
    "For a fee of ten pounds, tap on the link opened every door of the hotel.",
    "To learn more about the sea, visit our ancestors did to the island.",
    "For further proof, see our planet: 2023 was the hottest year on record.",
    "For more money, follow the nurses to Australia.",
    "For the latest victims, see the mayor of Harwick.",
    "This story first appeared in 1914 and led to the fall of a minister.",
    "This article first appeared to be a hoax.",
    "This interview was first published in 1998, a year before her death.",
    "Subscribe to a newsletter and lose your savings: so went the fraud.",
    "Subscribe to the magazine for a year and the price rises by half.",
    "Subscribe to the channel of a preacher, fans were told, or burn.",
    "Sign up for the newsletter of a cult and it takes your house.",
    "Register for alerts before Friday or pay a fine of 80 pounds.",
    "Register for the e-mail bulletin of the court, lawyers were told.",
    "Get the jab and a code lands in your inbox.",
    "Get the newsletters out of prisons, guards plead.",
    "Get our soldiers home: https is not all that the hackers broke.",
    "Join us on Monday was all that the letter of the sect said.",
    "Watch us on the pitch, not off it, the captain told the press.",
    "Find me at the mill, the boy wrote before he vanished.",
    "Follow Musk on Twitter and you know what moves the shares.",
    "Follow Jo Vale on Instagram for a week, and the lie comes apart.",
    "Download our apps or lose your licence, the state tells taxi drivers.",
    "Download the council app and a fine arrives here within a day.",
    "Visit our site and see the dead, the miners of Marlow ask the king.",
    "Check our page of the contract, lawyers wrote.",
    "Browse our channel for whales, fishermen were told.",
    "This is the official page of the bank, which was robbed on Friday.",
    "Watch makers in Geneva fear tariffs: https://post.example/watch",
    "Stream floods the village of Marlow: https://post.example/flood",
    "Catch falls for the third year: https://post.example/herring",
    "Facebook: https://facebook.example was down for six hours on Monday.",
    "Photo credits: banks in Harwick lend money on paintings.",
    "Media sources - three of them in the army - put the dead at 40.",
    "Video source: the army of Marlow.",
    "Photos by soldiers in the camp reached Reuters.",
    "Photographs by Jo Vale of the massacre came from AFP.",
    "The post office in Marlow appeared first on the list of cuts.",
    "The post Brexit plan first appeared on Monday.",
]


@pytest.mark.parametrize("call", CALLS)
def test_calls_around_the_only_sentences_of_a_feed_are_no_news(call: str) -> None:
    assert without_boilerplate(f"The council voted for the tram. {call}") == "The council voted for the tram."
    assert without_boilerplate(f"The council voted for the tram.\n\n{call}") == "The council voted for the tram."
    told = f"The council voted on Tuesday to build a tram line. {'It starts in March, shops fear. ' * 5}{call}"
    article = article_from_feed_item(
        FeedItem(title="Tram", url="https://a.example/1", published=None, html=f"<p>{told}</p>"), source="P"
    )
    assert call not in article.text
    assert article.text.endswith("It starts in March, shops fear.")


@pytest.mark.parametrize("news", NEWS)
def test_news_that_begins_like_a_call_stays(news: str) -> None:
    for text in (news, f"Trams are quiet. {news}", f"{news} That was {'very ' * 90}clear."):
        assert without_boilerplate(text) == text


@pytest.mark.parametrize(
    "before",
    ["OPINION: ", "COMMENT ", "—Jo Vale—Getty Images ", "Jo Vale/Getty Images "],
    ids=lambda text: text.strip(),
)
def test_labels_and_credits_before_a_sentence_go_and_the_sentence_stays(before: str) -> None:
    assert without_boilerplate(f"{before}Trams are quiet. The council likes them.") == (
        "Trams are quiet. The council likes them."
    )
    assert without_boilerplate("OPINION polls are wrong.") == "OPINION polls are wrong."


def test_the_end_of_a_sentence_that_names_a_call_stays() -> None:
    assert without_boilerplate("The minister told them to continue reading…") == (
        "The minister told them to continue reading…"
    )


def test_a_call_between_sentences_stays() -> None:
    text = "The letter said: pay now. Click here to pay. The bank warned of it."
    assert without_boilerplate(text) == text


@given(
    st.lists(
        st.text(alphabet="abcdefgh ,", min_size=30, max_size=80).map(lambda s: f"Then {s.strip()} he left."), min_size=1
    )
)
def test_text_without_boilerplate_is_unchanged(lines: list[str]) -> None:
    text = normalise("\n\n".join(f"Then {line.strip()} he left." for line in lines))
    assert without_boilerplate(text) == text


# --- hostile bytes ----------------------------------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.binary(max_size=2000), st.sampled_from(["", "text/html", "message/rfc822", "text/markdown", "application/pdf"])
)
def test_any_bytes_give_an_article_or_an_extract_error(body: bytes, media_type: str) -> None:
    with contextlib.suppress(BriefingError):
        article = extracted(body, content_type=media_type)
        assert word_count(article.text) > 0
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", article.title + article.text)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * 100_000 + BODY.encode(),
        b"<html><body>" + b"<b><i>" * 30_000 + BODY.encode(),
        page("<script>" + "x" * 2_000_000 + "</script>" + FILLER),
        b"<table><tr><td>" * 20_000 + BODY.encode(),
        page(FILLER + "<p>x</p>" * 300_000),
    ],
    ids=["deep", "deep inline", "long script", "deep tables", "small paragraphs"],
)
def test_a_hostile_page_gives_its_text(body: bytes) -> None:
    assert " ".join(extracted(body, content_type="text/html").text.split()) == " ".join(BODY.split())


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_page_of_one_long_line_gives_the_beginning_of_it() -> None:
    article = extracted(page("<p>" + "word " * 900_000 + "</p>"), content_type="text/html")
    assert set(article.text.split()) == {"word"}
    assert 100_000 < len(article.text) <= 200_000


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize("mark", [b"<" * 3_000_000, b"<!--" * 700_000], ids=["brackets", "comments"])
def test_a_page_whose_text_stands_behind_endless_markup_has_no_article(mark: bytes) -> None:
    with pytest.raises(ExtractError, match="there is no article in it"):
        extracted(mark + BODY.encode() * 3, content_type="text/html")


def test_a_page_too_large_for_a_tree_still_gives_its_sentences() -> None:
    article = extracted(page(f"{FILLER}{'<p>x</p>' * 40_000}"), content_type="text/html")
    assert article.title == "Tram line approved | The Post"
    assert article.text == " ".join(BODY.split())


def test_a_page_too_deep_for_a_tree_still_gives_its_sentences() -> None:
    article = extracted(page(f"{'<div>' * 500}{FILLER}{'</div>' * 500}"), content_type="text/html")
    assert article.text == " ".join(BODY.split())


def test_unclosed_paragraphs_do_not_count_as_nesting() -> None:
    body = "".join(f"<p>The council met for the {n}th time on that day and again decided nothing." for n in range(300))
    article = extracted(
        page(f"<nav>Home of the trams of all the towns here and of everything else on wheels</nav>{body}")
    )
    assert "299th" in article.text
    assert "Home of" not in article.text


def test_an_article_in_a_sponsored_box_is_found() -> None:
    paragraphs = "".join(f"<p>In year {n}, {' '.join(BODY.split())}</p>" for n in range(1990, 2000))
    body = f"<p>{BODY}</p><div class='sponsored'>{paragraphs}</div>"
    assert "In year 1995" in extracted(page(f"<article>{body}</article>")).text


def test_a_login_box_beside_an_article_in_a_sponsored_box_is_not_extracted() -> None:
    paragraphs = "".join(f"<p>In year {n}, {' '.join(BODY.split())}</p>" for n in range(1990, 2000))
    login = "<div><p>Log in or sign up for a free account and start talking to all the other readers now!</p></div>"
    assert "In year 1995" in extracted(page(f"{login}<div class='sponsored'>{paragraphs}</div>")).text


@pytest.mark.parametrize(
    "date",
    [
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:00-14:00", "soon",
        "1970-01-01", "1970-01-01T00:00:00Z", "1970-01-01T01:00:00+01:00", "1969-12-31T19:00:00-05:00",
    ],
)  # fmt: skip
def test_a_date_outside_the_calendar_or_at_the_start_of_unix_time_is_none(date: str) -> None:
    head = f'<meta property="article:published_time" content="{date}">'
    assert extracted(page(FILLER, head)).published is None


@pytest.mark.parametrize("word", ["GGUF", "ID3", "RIFF", "BZh", "OggS", "PK"])
def test_a_text_that_begins_like_a_file_format_is_a_text(word: str) -> None:
    assert extracted(f"{word} is the name of a format. {BODY}".encode()).text.startswith(word)


def test_a_few_broken_bytes_do_not_garble_the_rest() -> None:
    body = "Die Größe zählt für Möwen. ".encode() * 3 + b"\xff\xe9 " + BODY.encode()
    assert "Größe zählt für Möwen" in extracted(body).text


@pytest.mark.parametrize("charset", ["idna", "punycode", "unicode_escape", "rot13", "no-such", "a\0b"])
def test_an_unknown_declared_encoding_is_ignored(charset: str) -> None:
    assert "tram line" in extracted(BODY.encode() + "Straße für Möwen".encode("latin-1"), charset=charset).text


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "body", ["[" * 100_000, "> " * 20_000, "*" * 200_000, "".join("  " * n + "- a\n" for n in range(1500))],
    ids=["brackets", "quotations", "stars", "lists"],
)  # fmt: skip
def test_hostile_markdown_gives_its_text(body: str) -> None:
    article = extracted(f"{body}\n\n{BODY}".encode(), content_type="text/markdown")
    assert "hospital" in article.text


@pytest.mark.parametrize("header", ["Subject: " + "=?utf-8?q?a?= " * 100_000, "From: " + "(" * 100_000],
                         ids=["subject", "sender"])  # fmt: skip
def test_a_mail_with_endless_headers_is_refused(header: str) -> None:
    with pytest.raises(ExtractError, match="header"):
        extracted(f"{header}\n\n{BODY}".encode(), content_type="message/rfc822")


def test_a_mail_in_an_unknown_encoding_is_read() -> None:
    head = b'Subject: Tram\nMIME-Version: 1.0\nContent-Type: text/plain; charset="nope-9"\n\n'
    assert "hospital" in extracted(head + BODY.encode(), content_type="message/rfc822").text


def test_a_mail_of_endlessly_nested_parts_is_refused() -> None:
    body = b"Subject: x\nFrom: a@example.org\nMIME-Version: 1.0\n"
    for depth in range(300):
        body += f'Content-Type: multipart/mixed; boundary="b{depth}"\n\n--b{depth}\n'.encode()
    with pytest.raises(ExtractError, match="the mail has no text"):
        extracted(body, content_type="message/rfc822")


def test_a_pdf_gives_its_heading_and_its_text(tmp_path: Path) -> None:
    pypdf = pytest.importorskip("pypdf")
    lines = ["Council approves tram line", *" ".join(BODY.split()).replace(". ", ".\n").split("\n")]
    shown = "".join(f"({line}) Tj 0 -14 Td " for line in lines)
    stream = f"BT /F1 12 Tf 40 700 Td {shown}ET".encode()
    writer = pypdf.PdfWriter()
    blank = writer.add_blank_page(595, 842)
    content = pypdf.generic.StreamObject()
    content.set_data(stream)
    name = pypdf.generic.NameObject
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    fonts = pypdf.generic.DictionaryObject(
        {name("/F1"): pypdf.generic.DictionaryObject({name(key): name(value) for key, value in font.items()})}
    )
    blank[name("/Resources")] = pypdf.generic.DictionaryObject({name("/Font"): fonts})
    blank[name("/Contents")] = writer._add_object(content)
    writer.add_metadata({"/Title": "print.html"})
    writer.write(tmp_path / "story.pdf")
    article = extract_file(tmp_path / "story.pdf", source="Post")
    assert article.title == "Council approves tram line"
    assert " ".join(article.text.split()) == " ".join(BODY.split())
