"""Titles and texts of feeds are shown as they were written: plain text as text, HTML without its tags."""

from __future__ import annotations

import json
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.extract.html import text_of
from briefing.nlp.text import normalise
from briefing.sanitise import shown_title
from briefing.sources import read_feed
from briefing.sources.text_constructs import body_html, plain_html, title_text
from briefing.types import FeedItem

XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'


def item(form: str, title: str = "", text: str = "") -> FeedItem:
    """An item of a feed of the form ``rss``, ``json`` or ``atom`` with the type behind it (``atom html``).

    `title` and `text` are the contents of XML elements, and strings of JSON.
    """
    form, _, type_ = form.partition(" ")
    declared = f' type="{type_}"' if type_ else ""
    if form == "json":
        key = type_ or "content_text"
        body = json.dumps({"version": "1.1", "items": [{"id": "1", "title": title, key: text}]})
    elif form == "atom":
        body = (
            f'<feed xmlns="http://www.w3.org/2005/Atom"><title{declared}>{title}</title><entry><id>tag:1</id>'
            f"<title{declared}>{title}</title><content{declared}>{text}</content></entry></feed>"
        )
    else:
        body = (
            f'<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>{title}</title><item>'
            f"<title>{title}</title><{type_ or 'description'}>{text}</{type_ or 'description'}></item></channel></rss>"
        )
    (found,) = read_feed(body.encode()).items
    return found


TITLES = [
    # Atom: text is what it is, declared or not.
    ("atom", "The &lt;details&gt; element opens by itself", "The <details> element opens by itself"),
    ("atom text", "What Box&lt;dyn Error&gt; costs", "What Box<dyn Error> costs"),
    ("atom text/plain", "Rate &lt; 3 % and &gt; 2 %", "Rate < 3 % and > 2 %"),
    ("atom text", "&lt;b&gt;Bold&lt;/b&gt; words", "<b>Bold</b> words"),
    ("atom", "How to write &amp;amp;amp; and &amp;lt;", "How to write &amp;amp; and &lt;"),
    ("atom text", "Fish &amp;amp; chips", "Fish &amp; chips"),
    ("atom text", "<![CDATA[A <section> of the wall]]>", "A <section> of the wall"),
    ("atom text", "&lt;script&gt;alert(1)&lt;/script&gt; in a title", "<script>alert(1)</script> in a title"),
    # Atom: HTML loses its tags, and its references are resolved once.
    ("atom html", "&lt;em&gt;Harbour&lt;/em&gt; wall breaks", "Harbour wall breaks"),
    ("atom text/html", "Ice &amp;lt; 3 cm closes the lake", "Ice < 3 cm closes the lake"),
    ("atom html", "Caf&amp;eacute; &amp;amp; bar", "Café & bar"),
    ("atom html", "<![CDATA[One &mdash; <i>two</i>]]>", "One — two"),
    ("atom html", "Wind&lt;br/&gt;and rain", "Wind and rain"),
    ("atom html", "&lt;h2&gt;First&lt;/h2&gt;&lt;p&gt;Second&lt;/p&gt;", "First Second"),
    ("atom html", "The &amp;lt;main&amp;gt; element", "The <main> element"),
    ("atom html", "Old &lt;x-badge&gt;news&lt;/x-badge&gt;", "Old news"),
    ("atom html", "Vec&lt;T&gt; explained", "Vec<T> explained"),
    ("atom html", "&lt;style&gt;p {}&lt;/style&gt;Storm", "Storm"),
    ("atom html", "Don&amp;amp;#39;t panic", "Don't panic"),
    # Atom: XHTML is the text of its box.
    ("atom xhtml", f"<div {XHTML}>Less: <em> &lt; </em> than ten</div>", "Less: < than ten"),
    ("atom xhtml", f"<div {XHTML}>Use of <code>&lt;p&gt;</code></div>", "Use of <p>"),
    ("atom application/xhtml+xml", f"<div {XHTML}>Tea &amp; <b>cake</b></div>", "Tea & cake"),
    # RSS: what is no HTML element stays.
    ("rss", "Why Option&lt;T&gt; is not null", "Why Option<T> is not null"),
    ("rss", "Vec&lt;T&gt;s grow", "Vec<T>s grow"),
    ("rss", "A &lt;note&gt;to&lt;/note&gt; self", "A <note>to</note> self"),
    ("rss", "std::map&lt;int, char&gt; is sorted", "std::map<int, char> is sorted"),
    ("rss", "List&lt;String&gt; or String[]", "List<String> or String[]"),
    ("rss", "Map&lt;K,List&lt;V&gt;&gt;", "Map<K,List<V>>"),
    ("rss", "Pair&lt;A, B&gt; and Set&lt;I&gt;", "Pair<A, B> and Set<I>"),
    ("rss", "<![CDATA[a < b and c > d]]>", "a < b and c > d"),
    ("rss", "<![CDATA[We <3 ferries]]>", "We <3 ferries"),
    ("rss", "x&lt;y for all y", "x<y for all y"),
    ("rss", "Proof that a&lt;b and c&gt;d", "Proof that a<b and c>d"),
    ("rss", "Is A&lt;B AND C&gt;D?", "Is A<B AND C>D?"),
    ("json", "if i<s and j>t", "if i<s and j>t"),
    ("json", "when p<q or u>v holds", "when p<q or u>v holds"),
    ("rss", "Prices &lt;10 and &gt;5", "Prices <10 and >5"),
    ("rss", "The &lt;dialog&gt; element closes", "The <dialog> element closes"),
    ("rss", "Use of the &lt;canvas&gt; tag", "Use of the <canvas> tag"),
    ("rss", "What &lt;b&gt; and &lt;i&gt; mean today", "What <b> and <i> mean today"),
    ("rss", "The end of &lt;/p&gt; is near", "The end of </p> is near"),
    ("rss", "Write to &lt;ann@a.example&gt;", "Write to <ann@a.example>"),
    ("rss", "See &lt;https://a.example/&gt;", "See <https://a.example/>"),
    ("rss", "&lt;untitled&gt;", "<untitled>"),
    ("rss", "&lt;?php turns thirty", "<?php turns thirty"),
    ("rss", "Why &lt;!DOCTYPE html&gt; stays", "Why <!DOCTYPE html> stays"),
    # RSS: what is one, loses its tags.
    ("rss", "&lt;b&gt;Storm&lt;/b&gt; floods the pier", "Storm floods the pier"),
    ("rss", "<![CDATA[<I>Hamlet</I> at the <span class='x'>harbour</span>]]>", "Hamlet at the harbour"),
    ("rss", "<b>Storm</b> floods", "Storm floods"),
    ("rss", "&lt;b&gt;Never closed", "Never closed"),
    ("rss", "Closed only&lt;/b&gt;", "Closed only"),
    ("rss", "One&lt;br&gt;two&lt;br /&gt;three", "One two three"),
    ("rss", "&lt;a href='https://a.example/?a>b'&gt;Boat&lt;/a&gt; sinks", "Boat sinks"),
    ("rss", "&lt;font color=red&gt;Late boat", "Late boat"),
    ("rss", "<![CDATA[<img src='a.png' alt='⛴️ Ferry'> back]]>", "⛴️ Ferry back"),
    ("rss", "&lt;p&gt;First&lt;/p&gt;&lt;p&gt;Second&lt;/p&gt;", "First Second"),
    ("rss", "Boat&lt;!-- id 7 --&gt; sinks", "Boat sinks"),
    ("rss", "&lt;script&gt;alert(1)&lt;/script&gt;Boat sinks", "Boat sinks"),
    # RSS: nothing is left without the tags.
    ("rss", "&lt;template&gt;&lt;/template&gt;", "<template></template>"),
    ("rss", "&lt;img src=x onerror=alert(1)&gt;", "<img src=x onerror=alert(1)>"),
    # RSS: references.
    ("rss", "Fish &amp; chips", "Fish & chips"),
    ("rss", "Fish &amp;amp; chips", "Fish & chips"),
    ("rss", "Fish &amp;amp;amp; chips", "Fish & chips"),
    ("rss", "5 &amp;amp;gt; 4 in the vote", "5 > 4 in the vote"),
    ("rss", "Price &amp;amp;euro; 5", "Price € 5"),
    ("rss", "&lt;![CDATA[Storm in Oslo]]&gt;", "Storm in Oslo"),
    ("rss", "Using &lt;template&gt;s", "Using <template>s"),
    ("rss", "Q&amp;amp;amp;A with the mayor", "Q&A with the mayor"),
    ("rss", "Can&amp;#x27;t stop", "Can't stop"),
    ("rss", "Can&amp;amp;#x27;t stop", "Can't stop"),
    ("rss", "The &amp;amp;quot;ship&amp;amp;quot; sails", 'The "ship" sails'),
    ("rss", "<![CDATA[It&#8217;s over &#8211; again]]>", "It’s over – again"),
    ("rss", "It&#146;s over", "It’s over"),
    ("rss", "It&amp;#146;s over", "It’s over"),
    ("rss", "Two&amp;nbsp;boats", "Two boats"),
    ("rss", "Was &amp;amp;nbsp; so clever?", "Was &nbsp; so clever?"),
    ("rss", "&amp;lt;em&amp;gt;Old&amp;lt;/em&amp;gt; roof saved", "Old roof saved"),
    ("rss", "&lt;b&gt;Use&lt;/b&gt; &amp;lt;em&amp;gt;so&amp;lt;/em&amp;gt;", "Use <em>so</em>"),
    ("rss", "The &amp;lt;nav&amp;gt; element", "The <nav> element"),
    ("rss", "Escaping &amp;amp;amp; in HTML", "Escaping &amp; in HTML"),
    # White space and signs.
    ("rss", "Two\n   lines\tand  blanks", "Two lines and blanks"),
    ("rss", "Har\u00adbour mas\u00adter", "Harbour master"),
    ("rss", "🚢 sails 👩‍🚀 home", "🚢 sails 👩‍🚀 home"),
    ("atom", "Zwei\nZeilen", "Zwei Zeilen"),
    # JSON declares nothing.
    ("json", "Why Vec<T> grows", "Why Vec<T> grows"),
    ("json", "The <dialog> element", "The <dialog> element"),
    ("json", "<em>Harbour</em> wall", "Harbour wall"),
    ("json", "Fish &amp; chips", "Fish & chips"),
    ("json", "Can&#39;t stop", "Can't stop"),
    ("json", "R&D and AT&T", "R&D and AT&T"),
    ("json", "5 < 6 > 4", "5 < 6 > 4"),
]


@pytest.mark.parametrize(("form", "written", "shown"), TITLES)
def test_title_is_shown_as_written(form: str, written: str, shown: str) -> None:
    assert item(form, written).title == shown


@pytest.mark.parametrize(
    ("form", "written", "shown"),
    [
        ("atom", "News of &lt;main&gt;", "News of <main>"),
        ("atom html", "&lt;b&gt;News&lt;/b&gt; &amp;amp; more", "News & more"),
        ("rss", "Vec&lt;T&gt; &amp;amp; friends", "Vec<T> & friends"),
    ],
)
def test_title_of_a_feed_is_shown_as_written(form: str, written: str, shown: str) -> None:
    kind, _, declared = form.partition(" ")
    title = f'<title type="{declared}">{written}</title>' if declared else f"<title>{written}</title>"
    if kind == "atom":
        body = f'<feed xmlns="http://www.w3.org/2005/Atom">{title}<entry><title>a</title></entry></feed>'
    else:
        body = f'<rss version="2.0"><channel>{title}<item><title>a</title></item></channel></rss>'
    assert read_feed(body.encode()).title == shown


def test_atom_namespace_in_rss_declares_no_types() -> None:
    body = (
        '<rdf:RDF xmlns:atom="http://www.w3.org/2005/Atom" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><channel><title>&lt;b&gt;A&lt;/b&gt;</title></channel>'
        "<item><title>&lt;b&gt;Storm&lt;/b&gt; floods</title></item></rdf:RDF>"
    )
    feed = read_feed(body.encode())
    assert (feed.title, [one.title for one in feed.items]) == ("A", ["Storm floods"])


def test_title_of_an_author_is_not_that_of_the_item() -> None:
    body = (
        "<rss version='2.0'><channel><title>a</title><item><title>Boat sinks</title><image>https://a.example/</image>"
        "<author><name>Ann</name><title>Product Manager</title></author></item></channel></rss>"
    )
    assert [one.title for one in read_feed(body.encode()).items] == ["Boat sinks"]


HEADED = "The ferry stops for a week.\n\nTIMES\n- boat at six\n- boat at ten\n\nFares\n\nThey stay as they are."
HEADED_SHOWN = [
    "The ferry stops for a week.", "TIMES", "- boat at six", "- boat at ten", "Fares", "They stay as they are.",
]  # fmt: skip
WRAPPED = (
    "The ferry company said on Monday that its boats will not sail for a\n"
    "week, because two of the five need new shafts and the yard has no\n"
    "more than one dock."
)
WRAPPED_SHOWN = [WRAPPED.replace("\n", " ")]
JAPANESE = (
    "渡船会社は月曜日に、五隻のうち二隻の軸を取り替えるため、来週から一\n"
    "週間にわたって運航を休むと発表した。乗客には橋を渡るバスを用意し、\n"
    "料金は変わらない。"
)
BODIES = [
    ("rss", "<p>Fish &amp;amp; Chips &amp;#8211; now &amp;quot;open&amp;quot;</p>", ['Fish & Chips – now "open"']),
    ("rss", "<p>The sign &amp;copy; is free</p>", ["The sign &copy; is free"]),
    ("rss", "<![CDATA[<p>Storm in Oslo.</p>]]>", ["Storm in Oslo."]),
    # Plain text keeps its lines.
    ("json", HEADED, HEADED_SHOWN),
    ("atom text", HEADED, HEADED_SHOWN),
    ("atom", HEADED, HEADED_SHOWN),
    ("rss", HEADED, HEADED_SHOWN),
    ("rss media:description", HEADED, HEADED_SHOWN),
    ("json summary", HEADED, HEADED_SHOWN),
    ("json content_html", HEADED, HEADED_SHOWN),
    ("json", HEADED.replace("\n", "\r\n"), HEADED_SHOWN),
    ("json", "* one\n* two\n1. three\n2) four\n0:00 Five", ["* one", "* two", "1. three", "2) four", "0:00 Five"]),
    ("json", "Two  blanks and\u00a0one", ["Two blanks and one"]),
    ("rss", "The boat to the islands has broken down\n   today.\nIt is late.",
     ["The boat to the islands has broken down today.", "It is late."]),
    ("rss media:description", "Sails:\nboat at six\nboat at ten\n#ferry",
     ["Sails:", "boat at six", "boat at ten", "#ferry"]),
    ("json", "the boat\nthe train", ["the boat", "the train"]),
    ("json", "the\u2028boat\x0bsails\u2029now\rhere", ["the boat sails now here"]),
    # Hard-wrapped text is joined.
    ("json", WRAPPED, WRAPPED_SHOWN),
    ("rss", WRAPPED, WRAPPED_SHOWN),
    ("atom text", f"TIMES\n{WRAPPED}", ["TIMES", *WRAPPED_SHOWN]),
    ("json", f"{WRAPPED}\n- {WRAPPED}\n- two", [*WRAPPED_SHOWN, f"- {WRAPPED_SHOWN[0]}", "- two"]),
    ("json", JAPANESE, [JAPANESE.replace("\n", "")]),
    # Plain text with angle brackets.
    ("json", "if a < b and c > d\nuse Vec<T>", ["if a < b and c > d", "use Vec<T>"]),
    ("atom text", "The &lt;p&gt; element &amp;amp; more", ["The <p> element &amp; more"]),
    ("rss", "How Vec&lt;T&gt; grows &amp;amp; shrinks", ["How Vec<T> grows & shrinks"]),
    ("rss", "The &lt;dialog&gt; element closes", ["The <dialog> element closes"]),
    ("rss", "Proof that a&lt;b and c&gt;d holds", ["Proof that a<b and c>d holds"]),
    ("rss", "&lt;p&gt;Proof that a&lt;b and c&gt;d holds&lt;/p&gt;", ["Proof that a<b and c>d holds"]),
    ("rss", "&lt;p&gt;Option&lt;Box&lt;dyn Fn()&gt;&gt; and Vec&lt;Vec&lt;T&gt;&gt; meet.&lt;/p&gt;",
     ["Option<Box<dyn Fn()>> and Vec<Vec<T>> meet."]),
    ("json content_html", "<p>A Map<String, List<T>> of Set<A<V>>.</p>", ["A Map<String, List<T>> of Set<A<V>>."]),
    ("json content_html", "<p>It ends with Vec<T", ["It ends with Vec<T"]),
    # HTML.
    ("json content_html", "<p hidden>One<p>Two<option selected>Three", ["One", "TwoThree"]),
    ("json content_html", '<p>One</p><img alt="a < b" src="a.png"><p>Two', ["One", "Two"]),
    ("rss", "&lt;p&gt;One\nline&lt;/p&gt;&lt;p&gt;Two&lt;/p&gt;", ["One line", "Two"]),
    ("atom html", "&lt;p&gt;One&lt;/p&gt;&lt;ul&gt;&lt;li&gt;a&lt;/li&gt;&lt;/ul&gt;", ["One", "a"]),
    ("rss", "&lt;p&gt;A Vec&lt;T&gt; grows.&lt;/p&gt;", ["A Vec<T> grows."]),
    ("rss", "One.&lt;p&gt;Two.&lt;p&gt;Three.", ["One.", "Two.", "Three."]),
    ("atom xhtml", f"<div {XHTML}><p>Less &lt; more</p><p>Two</p></div>", ["Less < more", "Two"]),
    # Escaped once too often.
    ("rss", "&amp;lt;p&amp;gt;One &amp;amp;amp; two.&amp;lt;/p&amp;gt;&amp;lt;p&amp;gt;Three.&amp;lt;/p&amp;gt;",
     ["One & two.", "Three."]),
    ("rss", "&amp;amp;lt;p&amp;amp;gt;One.&amp;amp;lt;/p&amp;amp;gt;", ["One."]),
    ("json content_html", "&lt;p&gt;See the &lt;a href=&quot;https://a.example/&quot;&gt;list&lt;/a&gt;.&lt;/p&gt;",
     ["See the list."]),
    ("atom html", "&amp;lt;p&amp;gt;One&amp;lt;/p&amp;gt;", ["One"]),
    ("rss", "&lt;div&gt;&amp;lt;p&amp;gt;One&amp;lt;/p&amp;gt;&lt;/div&gt;", ["One"]),
    ("rss", "&lt;p&gt;It can&amp;amp;#x27;t be.&lt;/p&gt;", ["It can't be."]),
    # Escaped on purpose.
    ("rss", "&lt;p&gt;Use &lt;code&gt;&amp;lt;p&amp;gt;&lt;/code&gt; for it.&lt;/p&gt;", ["Use <p> for it."]),
    ("rss", "&lt;p&gt;Use &amp;lt;em&amp;gt;words&amp;lt;/em&amp;gt; so.&lt;/p&gt;", ["Use <em>words</em> so."]),
    ("rss", "In HTML, &amp;lt;b&amp;gt;so&amp;lt;/b&amp;gt; is bold", ["In HTML, <b>so</b> is bold"]),
    ("rss", "&lt;p&gt;Write &lt;code&gt;AT&amp;amp;amp;T&lt;/code&gt;&lt;/p&gt;", ["Write AT&amp;T"]),
    # No text.
    ("atom image/png", "aGVsbG8gd29ybGQgYW5kIG1vcmU=", []),
    ("atom application/pdf", "JVBERi0xLjcgaGVsbG8gd29ybGQ=", []),
]  # fmt: skip


@pytest.mark.parametrize(("form", "written", "shown"), BODIES)
def test_text_is_shown_as_written(form: str, written: str, shown: list[str]) -> None:
    text = text_of(item(form, "A", written).html)
    assert [line for line in text.split("\n") if line] == shown


@pytest.mark.parametrize("text", ["a\nb", "a\n\nb"])
def test_lines_are_parted_in_the_html_of_plain_text(text: str) -> None:
    assert plain_html(text) == {"a\nb": "a<br>b", "a\n\nb": "<p>a</p><p>b</p>"}[text]


XML_TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co"], include_characters="\n"), max_size=80)
MARKUP = st.lists(st.sampled_from(["<", ">", "&", "</", "b", "p", "T", " ", "amp;", "#39;", '"', "=", "<!--", "a"]))


def as_title(text: str) -> str:
    """A title as it is shown where nothing of it is markup."""
    return shown_title(" ".join(text.split()))


@given(XML_TEXT | MARKUP.map("".join))
def test_escaped_text_of_atom_is_shown_as_written(text: str) -> None:
    found = item("atom text", f"[{escape(text)}]", f"[{escape(text)}]")
    try:
        f"[{text}]".encode("iso-8859-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        assert found.title == as_title(f"[{text}]")
        flat = " ".join(normalise(text_of(found.html)).split()).replace(" ", "")
        assert flat == normalise(f"[{text}]").replace("\n", "").replace(" ", "")


@given(MARKUP.map("".join))
def test_a_title_is_never_longer_than_written_and_always_the_same(text: str) -> None:
    once = title_text(text)
    assert len(once) <= len(text)
    assert title_text(text) == once
    assert title_text(once, "text/plain") == once


@given(MARKUP.map("".join))
def test_plain_html_is_the_text(text: str) -> None:
    assert "".join(text_of(plain_html(text)).split()) == "".join(normalise(text).split())


@given(MARKUP.map("".join), st.sampled_from(["", "text/html"]))
def test_html_without_tags_or_references_is_the_text(text: str, media_type: str) -> None:
    bare = text.replace("<", "").replace("&", "")
    assert "".join(text_of(body_html(bare, media_type)).split()) == "".join(normalise(bare).split())
