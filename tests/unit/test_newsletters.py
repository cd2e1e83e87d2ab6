"""Plain text of newsletters: paragraphs are kept, boilerplate is removed."""

from __future__ import annotations

import textwrap
from email.message import EmailMessage

import pytest

from briefing.extract import extract_article
from briefing.mail_headers import sender_of

TRACK = "https://news.example/track/click?u=4711&id="
LINKED = [
    f"The council of Porthaven voted on Tuesday evening to build the tram line to the hospital ({TRACK}1), ending a "
    "dispute of two years with the shops in Mill Street.",
    f"The plan [ {TRACK}2 ] has been drawn up by the engineers who built the line in Westport four years ago, and it "
    "costs eighty million pounds.",
    "Construction is due to start in March and will take about two years, said the mayor, who had promised the line "
    "before her election in the autumn of last year.",
    f"Shopkeepers fear that the works will drive their customers away, and their association will go to court "
    f"<{TRACK}3>, as its chairman told this newsletter on Wednesday.",
    f"What comes next: the ministry has to agree by the end of June, and a first tender is out already "
    f"({TRACK}4/Tram_(vehicle)), with bids from three firms.",
]
LONG_LINK = "https://post.example/redirect/2/" + "eyJlIjoiaHR0cHM6" * 40
FEET = {
    "mailchimp": f"""\
============================================================
Copyright © 2026 The Post, All rights reserved.
You are receiving this email because you opted in via our website.

Our mailing address is:
The Post
12 Mill Street
Porthaven PH1 2AB

Want to change how you receive these emails?
You can ** update your preferences (https://list.example/profile?u=1)
or ** unsubscribe from this list ({LONG_LINK}).""",
    "substack": f"Unsubscribe {LONG_LINK}",
    "ghost": "The Post © 2026 – You’re receiving this email because you are a free subscriber to The Post. You can "
    f"manage your account or stop these letters at any time. Unsubscribe [{LONG_LINK}]",
    "polite": "We hope that you enjoyed this letter and that you will tell your friends about it. If you no longer "
    f"wish to get it, you can unsubscribe with one click at {LONG_LINK} and we shall be sorry to see you go.",
    "German": f"Wenn Sie diese Briefe nicht mehr lesen möchten, können Sie sie hier jederzeit abbestellen: {LONG_LINK}",
    "French": f"Pour ne plus recevoir nos lettres, vous pouvez à tout moment vous désabonner ici : {LONG_LINK}",
}
CLUTTER = ("nsubscribe", "Copyright", "receiving", "Mill Street\n", "abbestellen", "désabonner", "http", "browser")


def letter(plain: str, html: str = "") -> str:
    message = EmailMessage()
    message["Subject"] = "Tram line approved"
    message["From"] = "The Post <news@post.example>"
    message.set_content(plain)
    if html:
        message.add_alternative(html, subtype="html")
    article = extract_article(message.as_bytes(), content_type="message/rfc822", name="it", url=None, source="The Post")
    return article.text


def wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, 72, break_long_words=False, break_on_hyphens=False))


def last_words(paragraph: str) -> str:
    return " ".join(paragraph.split()[-3:])


@pytest.mark.parametrize("lines", [str, wrapped], ids=["flowing", "wrapped"])
@pytest.mark.parametrize("foot", FEET.values(), ids=FEET.keys())
def test_paragraphs_with_links_are_kept_and_the_footer_is_removed(foot: str, lines: type[str]) -> None:
    body = "\n\n".join(lines(one) for one in LINKED)
    text = letter(f"View this email in your browser ({LONG_LINK})\n\n{body}\n\n{foot}\n")
    flat = " ".join(text.split())
    for paragraph in LINKED:
        assert " ".join(paragraph.split()[:2]) in flat
        assert last_words(paragraph) in flat
    for clutter in CLUTTER:
        assert clutter not in text, clutter
    assert flat.endswith("with bids from three firms.")


def test_url_of_a_link_is_removed_and_its_text_kept() -> None:
    text = letter("\n\n".join(LINKED))
    assert "to the hospital, ending a dispute" in text
    assert "The plan has been drawn up" in text
    assert "will go to court, as its chairman" in text
    assert "is out already, with bids" in text


def test_url_in_a_sentence_is_kept() -> None:
    sentence = "The plan can be read at https://porthaven.example/tram until the end of June, said the council."
    assert sentence in letter(f"{LINKED[2]}\n\n{sentence}\n\n{LINKED[2].replace('March', 'April')}")


def test_double_hyphen_between_sections_is_no_signature() -> None:
    text = letter("\n\n--\n\n".join(LINKED))
    assert last_words(LINKED[-1]) in text


@pytest.mark.parametrize("mark", ["-- ", "--"])
def test_signature_is_removed(mark: str) -> None:
    text = letter(f"{LINKED[2]}\n\n{mark}\nAnna Writer\nThe Post, Porthaven\n")
    assert text == LINKED[2]


def test_html_part_is_used_if_cleaning_removes_a_fifth_of_the_plain_part() -> None:
    items = [
        f"{word} fares rise by {n} per cent" for n, word in enumerate(("Ferry", "Bus", "Tram", "Train", "Taxi"), 2)
    ]
    # Short items: in plain text nothing tells them from a frame.
    plain = "\n\n".join([*items, LINKED[2], *(item.replace("rise", "fall") for item in items)])
    rows = "".join(
        f"<p>{item}, the council of Porthaven said in its letter to the papers on Monday.</p>" for item in items
    )
    html = f"<html><body><article><h1>Fares</h1><p>{LINKED[2]}</p>{rows}</article></body></html>"
    assert "Ferry fares rise" in letter(plain, html)
    whole = "\n\n".join(LINKED)
    assert "Ferry fares rise" not in letter(whole, html.replace(LINKED[2], whole))


SHOP = "https://porthaven.example/"
THAI = "สภาเมืองจะลงมติเรื่องรถรางในวันศุกร์"


@pytest.mark.parametrize(
    ("tail", "kept"),
    [
        ("The rails were worn in March.", "The rails were worn in March."),
        ("Buses.\n\nThey are late.", "Buses.\n\nThey are late."),
        (
            "Open days:\n- Monday\n- Friday\n\nThe doors of the new depot open at nine on each of these.",
            "Open days:\n\n- Monday\n\n- Friday\n\nThe doors of the new depot open at nine on each of these.",
        ),
        ("Also open\n\n* the harbour\n\n* the depot", "Also open\n\n* the harbour\n\n* the depot"),
        ("- Concert, 8 pm, 12 Mill Street", "- Concert, 8 pm, 12 Mill Street"),
        ("市议会星期五表决。", "市议会星期五表决。"),
        ("परिषद शुक्रवार को मतदान करेगी।", "परिषद शुक्रवार को मतदान करेगी।"),
        (THAI, THAI),
        ("“We shall vote on Friday.”", "“We shall vote on Friday.”"),
        (f"The plan is out. ({SHOP}plan)", "The plan is out."),
        ("--\n\nThe vote is on Friday.", "--\n\nThe vote is on Friday."),
        (f"The vote is on Friday.\nUnsubscribe: {SHOP}leave", "The vote is on Friday."),
        ("The vote is on Friday.\n\nYou are subscribed to The Post.\n\nTell a friend.", "The vote is on Friday."),
        ("The vote is on Friday.\n\nThe Post\n12 Mill Street\nPorthaven PH1 2AB\n\nA firm.", "The vote is on Friday."),
        (f"Talk ({SHOP}t) | Shop ({SHOP}s)\n\nThe Post is a paper of Porthaven.", ""),
        ("Anna\n\nWas this newsletter forwarded to you? You can get your own.", ""),
        ("Best wishes,\nAnna", ""),
        ("- Anna", ""),
        (f"Read more: {SHOP}more", ""),
        ("--\nAnna Writer, The Post.", ""),
    ],
)
def test_statements_behind_the_last_long_paragraph_are_kept_up_to_the_footer(tail: str, kept: str) -> None:
    assert letter(f"{LINKED[2]}\n\n{tail}\n") == f"{LINKED[2]}\n\n{kept}".strip()


def test_a_sender_with_brackets_without_end_is_none() -> None:
    """The standard library's parser recurses over them."""
    assert sender_of(b"(" * 5000) == ("", "")
    assert sender_of(b"Jo Ray <jo@a.example>") == ("Jo Ray", "jo@a.example")
