"""OPML and plain lists of addresses: what other readers export comes in, and what goes out comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.errors import SourceError
from briefing.sanitise import shown_name
from briefing.sources import is_url_list, read_opml, read_subscriptions, read_url_list, write_opml
from briefing.types import Notice, Source, SourceKind


def opml(inside: str) -> bytes:
    return f"<opml version='2.0'><head><title>t</title></head><body>{inside}</body></opml>".encode()


def test_nested_outlines_give_the_section() -> None:
    sources = read_opml(
        opml(
            "<outline text='News'><outline text='UK'><outline text='The Paper' xmlUrl='https://a.example/f'/></outline>"
            "<outline text='World' type='rss' xmlUrl='https://b.example/f'/></outline><outline xmlUrl='https://c.example/f'/>"
        )
    )
    assert [(source.name, source.section, source.location) for source in sources] == [
        ("The Paper", "News / UK", "https://a.example/f"),
        ("World", "News", "https://b.example/f"),
        ("", "", "https://c.example/f"),
    ]
    assert {source.kind for source in sources} == {SourceKind.FEED}


FEED = "<outline text='F' xmlUrl='https://a.example/f'/>"


@pytest.mark.parametrize(
    ("inside", "section"),
    [
        (f"<outline type='rss' title='tech'>{FEED}</outline>", "tech"),
        (f"<outline type='folder' text='tech'>{FEED}</outline>", "tech"),
        (f"<outline type='rss' text='tech' xmlUrl=''>{FEED}</outline>", "tech"),
        (f"<outline type='rss' text='tech' xmlUrl='about:blank'>{FEED}</outline>", "tech"),
        (f"<outline type='link' text='tech'>{FEED}</outline>", "tech"),
        (f"<outline title='Art'><outline title='zone &#952;'>{FEED}</outline></outline>", "Art / zone θ"),
        (f"<outline text='Empty'/><outline text='After'>{FEED}</outline>", "After"),
        (f"<outline type='rss' text='Empty'></outline><outline text='After'>{FEED}</outline>", "After"),
        (f"<outline><outline text='Inner'>{FEED}</outline></outline>", "Inner"),
        (f"<outline text='' title='Titled'>{FEED}</outline>", "Titled"),
        (f"<outline text='R&amp;amp;D &amp;raquo; Labs'>{FEED}</outline>", "R&D » Labs"),
        (f"<outline text='a'/>{FEED}", ""),
        ("<outline text='F' xmlUrl='https://a.example/f' categories='/Boston/Weather'/>", "Boston / Weather"),
    ],
)
def test_an_outline_without_an_address_is_a_folder_whatever_its_type(inside: str, section: str) -> None:
    (source,) = read_opml(opml(inside))
    assert (source.name, source.section, source.kind) == ("F", section, SourceKind.FEED)


@pytest.mark.parametrize(
    ("attributes", "location", "kind"),
    [
        ("type='atom' xmlUrl='https://a.example/f'", "https://a.example/f", SourceKind.FEED),
        ("type='ATOM' XMLURL='https://a.example/f'", "https://a.example/f", SourceKind.FEED),
        ("type='rss' url='https://a.example/f'", "https://a.example/f", SourceKind.FEED),
        ("type='link' url='https://a.example/p'", "https://a.example/p", SourceKind.PAGE),
        ("type='include' url='https://a.example/l.opml'", "https://a.example/l.opml", SourceKind.AUTO),
        ("xmlUrl='https://a.example/my feed.xml'", "https://a.example/my%20feed.xml", SourceKind.FEED),
        ("xmlUrl='\n https://a.example/f&#10;'", "https://a.example/f", SourceKind.FEED),
        ("xmlUrl='FEED:https://a.example/f'", "https://a.example/f", SourceKind.FEED),
    ],
)
def test_addresses_of_outlines_are_read(attributes: str, location: str, kind: SourceKind) -> None:
    (source,) = read_opml(opml(f"<outline {attributes}/>"))
    assert (source.location, source.kind) == (location, kind)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Q&amp;A", "Q&A"),
        ("Q&amp;amp;A Weekly", "Q&A Weekly"),
        ("Q&amp;amp;amp;A", "Q&A"),
        ("Fran&amp;#231;ais &amp;#x2014; Une", "Français — Une"),
        ("AT&amp;T &amp;c; and so on", "AT&T &c; and so on"),
        ("a &amp;lt;b&amp;gt;", "a <b>"),
        ("R&amp;D and &amp;copy 2020", "R&D and &copy 2020"),
    ],
)
def test_names_that_were_escaped_too_often_are_decoded(written: str, name: str) -> None:
    (source,) = read_opml(opml(f"<outline text='{written}' xmlUrl='https://a.example/f'/>"))
    assert source.name == name


def test_a_plain_list_may_have_feed_scheme_addresses() -> None:
    body = b"feed:https://a.example/f\nfeed://b.example/f first of all\n"
    assert [source.location for source in read_subscriptions(body)] == ["https://a.example/f", "http://b.example/f"]


def test_a_category_gives_the_section_where_no_outline_does() -> None:
    (source,) = read_opml(opml("<outline xmlUrl='https://a.example/f' category='/Boston/Weather,Rain'/>"))
    assert source.section == "Boston / Weather"


def test_duplicate_addresses_are_listed_once() -> None:
    twice = "<outline text='{0}'><outline text='{0}' xmlUrl='https://a.example/f'/></outline>"
    assert [source.name for source in read_opml(opml(twice.format("first") + twice.format("second")))] == ["first"]


def test_a_list_cannot_allow_local_addresses() -> None:
    (source,) = read_opml(opml("<outline xmlUrl='http://127.0.0.1/f' allow_local='true' allowLocal='true'/>"))
    assert not source.allow_local


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("feed://a.example/f", "http://a.example/f"),
        ("feed:https://a.example/f", "https://a.example/f"),
        (" https://a.example/f\n", "https://a.example/f"),
    ],
)
def test_feed_scheme_addresses_are_read(address: str, expected: str) -> None:
    assert read_opml(opml(f"<outline xmlUrl='{address}'/>"))[0].location == expected


@pytest.mark.parametrize(
    "address", ["|~/fetch.py", "filter:x:http://a.example", "exec:ls", "file:///etc/passwd", "a.xml"]
)
def test_commands_and_files_are_never_taken_from_a_list(address: str) -> None:
    with pytest.raises(SourceError, match="none of its entries has a web address"):
        read_opml(opml(f"<outline type='rss' xmlUrl='{address}'/>"))


@pytest.mark.parametrize(
    "inside",
    [
        "<outline text='Q&A' xmlUrl='https://a.example/f?x=1&y=2'/>",
        "<outline text='Q&amp;A' xmlUrl='https://a.example/f?x=1&amp;y=2'/><outline>",
        "<outline text='Q&amp;A' xmlUrl='https://a.example/f?x=1&amp;y=2'>",
        "<outline TEXT='Q&amp;A' xmlurl='https://a.example/f?x=1&amp;y=2'/></b>",
    ],
    ids=["ampersands", "open folder", "open entry", "other case"],
)
def test_lists_that_are_not_well_formed_are_read(inside: str) -> None:
    (source,) = read_opml(opml(inside))
    assert (source.location, source.name) == ("https://a.example/f?x=1&y=2", "Q&A")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("F & G", "F & G"), ("R&D; H&M", "R&D; H&M"), ("caf&eacute; &ndash; bar", "café – bar"),
        ("say &QUOT;hi&QUOT;", 'say "hi"'),
    ],
)  # fmt: skip
def test_unescaped_ampersands_and_html_entities_of_a_list_are_read(written: str, name: str) -> None:
    body = opml(
        f'<outline text="{written}"><outline text="{written}" xmlUrl=\'https://a.example/f?a&copy=1\'/></outline>'
    )
    (source,) = read_opml(body)
    assert (source.name, source.section, source.location) == (name, name, "https://a.example/f?a&copy=1")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b'{"feeds": []}', "JSON"),
        (b"feeds of mine", "not XML"),
        (b"<opml/>", "lists no sources"),
        (opml(""), "lists no sources"),
        (opml("<outline text='a'/>"), "lists no sources"),
        (b"<", "not XML"),
        (opml("<outline text='a'>" * 50_000), "lists no sources"),
    ],
)
def test_other_content_than_a_list_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        read_opml(body, subject="subs.opml")


def test_entities_do_not_expand(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the secret")
    prolog = f'<!DOCTYPE opml [<!ENTITY a "haha"><!ENTITY b SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    body = prolog.encode() + opml("<outline text='x &a; &b;' xmlUrl='https://a.example/f'/>")
    (source,) = read_opml(body)
    assert "haha" not in source.name
    assert "secret" not in source.name


one_line = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30).map(lambda text: " ".join(text.split()))
usable = one_line.map(shown_name)


@given(
    st.lists(
        st.builds(
            Source,
            location=st.integers(0, 10**6).map("https://a.example/f?n={}&x=%3C%27|[]é%".format),
            name=usable,
            section=usable,
            kind=st.sampled_from([SourceKind.FEED, SourceKind.PAGE]),
        ),
        min_size=1,
        unique_by=lambda source: source.location,
    ),
    usable,
)
def test_opml_round_trip(sources: list[Source], title: str) -> None:
    again = read_opml(write_opml(sources, title))
    by_location = {source.location: source for source in sources}
    assert {source.location: source for source in again} == by_location


@pytest.mark.parametrize("name", ["&ap;", "&amp;", "&amp;lt;", "R&D &#8212; news", "&&lt;;"])
def test_names_that_hold_references_come_back(name: str) -> None:
    sources = (Source(location="https://a.example/f", name=name, section=name, kind=SourceKind.FEED),)
    assert read_opml(write_opml(sources, "mine")) == sources


def test_files_and_folders_are_not_exported() -> None:
    document = write_opml(
        [Source(location=place) for place in ("/Users/anna/news", "-", "notes.txt", "https://a.example/")], "mine"
    )
    assert [source.location for source in read_opml(document)] == ["https://a.example/"]
    assert b"anna" not in document


def test_characters_that_xml_forbids_are_dropped_from_names() -> None:
    (source,) = read_opml(write_opml([Source(location="https://a.example/", name="a\x00b\ud800\nc")], "\x1b"))
    assert source.name == "ab c"


def test_a_written_list_declares_its_encoding() -> None:
    document = write_opml([Source(location="https://a.example/", name="Zażółć → 日本")], "mine")
    assert document.startswith(b"<?xml version='1.0' encoding='utf-8'?>\n<opml")
    assert "Zażółć → 日本".encode() in document


def test_a_plain_list_of_addresses_is_a_list() -> None:
    body = b'# mine\nhttps://a.example/f\n\n  https://b.example/ "tag" "~Title"\nhttps://a.example/f\n'
    assert is_url_list(body)
    assert [source.location for source in read_subscriptions(body)] == ["https://a.example/f", "https://b.example/"]
    assert {source.kind for source in read_url_list(body)} == {SourceKind.AUTO}


def test_a_plain_list_may_name_hosts_without_a_scheme() -> None:
    body = b"bbc.co.uk\nexample.org/feed.xml  # a paper\nhttps://a.example/f\n"
    assert is_url_list(body)
    expected = ["https://bbc.co.uk", "https://example.org/feed.xml", "https://a.example/f"]
    assert [source.location for source in read_subscriptions(body)] == expected
    (source,) = read_opml(opml("<outline xmlUrl='example.org/rss'/>"))
    assert source.location == "https://example.org/rss"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"# nothing", b"https://a.example/ is a site\nthat I like", b"a b", b"story.md",
        b"Example.org closes its office in Marlow",
    ],
)  # fmt: skip
def test_prose_is_no_list_of_addresses(body: bytes) -> None:
    assert not is_url_list(body)


def test_lines_that_are_no_address_are_named_and_the_rest_is_read() -> None:
    body = (
        b"# mine\nbbc.co.uk news\nnot an address\nhttps://me:hunter2@a.example/f\nftp://u:hunter2@b.example/\nbbc.co.uk"
    )
    skipped: list[Notice] = []
    sources = read_subscriptions(body, skipped=skipped.append)
    assert [source.location for source in sources] == ["https://bbc.co.uk", "https://me:hunter2@a.example/f"]
    assert [(notice.subject, notice.text) for notice in skipped] == [
        ("line 3 (not an address)", "it does not begin with an address of the web"),
        ("line 5 (ftp://b.example/)", "it does not begin with an address of the web"),
        ("line 6 (https://bbc.co.uk)", "its address is in line 2 already"),
    ]
    with pytest.raises(SourceError):  # where nobody hears what is left out, it is something else than a list
        read_subscriptions(body)


@pytest.mark.parametrize("body", [b"", b'{"feeds": []}', b"<html>bbc.co.uk</html>", b"only words\n"])
def test_what_holds_no_address_is_no_list_for_an_import_either(body: bytes) -> None:
    with pytest.raises(SourceError):
        read_subscriptions(body, skipped=lambda _: None)


@pytest.mark.parametrize(
    ("outline", "said"),
    [
        ("<outline text='Again' xmlUrl='https://a.example/f'/>", "in the list already"),
        ("<outline text='News'/>", "empty folder"),
        ("<outline text='T' type='tweetList' url='https://x.example/t'/>", "type \u2018tweetList\u2019"),
        ("<outline text='U' url='https://x.example/t'/>", "does not say what its address is"),
        ("<outline text='H' htmlUrl='https://x.example/'/>", "of a page, but of no feed"),
        ("<outline text='L' type='link'/>", "no address"),
        ("<outline/>", ""),
        ("<outline text='News'><outline/></outline>", ""),
    ],
)
def test_an_entry_that_is_left_out_is_named_with_the_reason(outline: str, said: str) -> None:
    skipped: list[Notice] = []
    body = opml(f"<outline text='A' xmlUrl='https://a.example/f'/>{outline}")
    assert [source.name for source in read_opml(body, skipped=skipped.append)] == ["A"]
    assert len(skipped) == bool(said)
    assert all(said in notice.text for notice in skipped)


def test_real_lists_are_read_or_refused_with_a_reason(shared_data: Path) -> None:
    refused = {}
    counts = {}
    for file in sorted((shared_data / "feeds" / "opml").iterdir()):
        try:
            sources = read_opml(file.read_bytes(), subject=file.name)
        except SourceError as error:
            refused[file.name] = error.cause
        else:
            counts[file.name] = len(sources)
            assert read_opml(write_opml(sources, "again")) == sources
    assert refused == {
        "kagisearch__kite_feeds.json": "it is JSON, not an OPML list",
        "newsboat__body-element-missing.opml": "it lists no sources",
    }
    assert counts["benwerd__subscriptions.opml"] == 285
    assert counts["newsboat__piped.opml"] == 1
    assert min(counts.values()) >= 1
