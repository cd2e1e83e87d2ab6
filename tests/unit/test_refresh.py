"""Pages that only lead on by `<meta http-equiv=refresh>`, and those that do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.fetch.refresh import header_target, parse_refresh, refresh_target

URL = "https://a.example/dir/old"
ARTICLE = "<p>The council met on Tuesday and voted for the new bridge, which is to be opened in May.</p>" * 10


@pytest.mark.parametrize(
    ("content", "delay", "target"),
    [
        ("0; url=/new", 0, "https://a.example/new"),
        ("0;URL='https://b.example/x'", 0, "https://b.example/x"),
        ('0; url="new page"', 0, "https://a.example/dir/new%20page"),
        ("0;url=?id=7", 0, "https://a.example/dir/old?id=7"),
        ("5 url=/new", 5, "https://a.example/new"),
        ("0,url=/new", 0, "https://a.example/new"),
        ("  3 ;\n UrL \t=  /new", 3, "https://a.example/new"),
        ("0.5; url=/new", 0, "https://a.example/new"),
        (".5; url=/new", 0, "https://a.example/new"),
        ("0; /new", 0, "https://a.example/new"),
        ("0; urls.html", 0, "https://a.example/dir/urls.html"),
        ("0; url='/new' and more", 0, "https://a.example/new"),
        ("0; url='/new", 0, "https://a.example/new"),
        ("0; url=//b.example/x", 0, "https://b.example/x"),
        ("0; url=javascript:go()", 0, None),
        ("0; url=mailto:ann@b.example", 0, None),
        ("0; url=''", 0, None),
        ("300", None, None),
        ("0;", None, None),
        ("", None, None),
        ("url=/new", None, None),
        ("soon; url=/new", None, None),
        ("-1; url=/new", None, None),
    ],
)
def test_refresh_is_parsed_by_the_html_standard(content: str, delay: int | None, target: str | None) -> None:
    assert parse_refresh(content, URL) == (delay, target)


def meta(content: str = "0; url=/new") -> str:
    return f'<meta http-equiv="refresh" content="{content}">'


@pytest.mark.parametrize(
    "page",
    [
        f"<html><head>{meta()}</head><body>moved</body></html>",
        f"<!doctype html><meta charset=utf-8><title>Moved</title>{meta()}",
        "<HTML><HEAD><META CONTENT='0; URL=/new' HTTP-EQUIV=Refresh></HEAD>",
        f"<head><noscript>{meta()}</noscript><script>location.replace('/other')</script></head><body></body>",
        f"<head>{meta('10; url=/new')}</head><body>This page has moved.</body>",
        f"<head>{meta()}</head><body>{ARTICLE}</body>",
        f"<head>{meta('300')}{meta()}</head>",
        f"<head><base href='https://a.example/'>{meta('0; url=new')}</head>",
        f"<head>{meta()}{meta('0; url=/second')}</head>",
        f"<html>{meta()}",
        f"<!-- moved --><html><head>\n<link rel=canonical href=/x><style>p {{}}</style>{meta()}",
        f"<head><title>{'x' * 4000}</title>{meta()}</head>",
    ],
)
def test_pages_that_lead_on(page: str) -> None:
    assert refresh_target(page.encode(), URL) == "https://a.example/new"
    assert refresh_target(page.encode("utf-16"), URL) == "https://a.example/new"


@pytest.mark.parametrize(
    "page",
    [
        f"<head><!-- {meta()} --></head>",
        f"<head><script>var s = '{meta()}';</script></head>",
        f"<head><title>{meta()}</title></head>",
        f"<head><template>{meta()}</template></head>",
        f"<head><style>{meta()}</style></head>",
        f"<head></head><body>{meta()}</body>",
        f"<head></head>{meta()}",
        f"<html><body>{meta()}",
        f"<title>Moved</title><div>{meta()}</div>",
        f"<p>How to move: {meta()}",
        f"Text first {meta()}",
        f"<head>{meta('300; url=/new')}</head><body>live</body>",
        f"<head>{meta('11; url=/new')}</head><body></body>",
        f"<head>{meta('5; url=/new')}</head><body>{ARTICLE}</body>",
        f"<head><noscript>{meta()}</noscript></head><body>{ARTICLE}</body>",
        f"<head><noscript>{meta('0; url=/nojs')}</noscript></head><body>{ARTICLE[:200]}</body>",
        f"<head>{meta('0; url=javascript:go()')}</head>",
        "<head><meta name=refresh content='0; url=/new'></head>",
        "<head><meta http-equiv=content-type content='text/html'><script>location='/new' // refresh</script></head>",
        f"<head><title>{'x' * 20_000}</title>{meta()}</head>",
        "",
    ],
)
def test_pages_that_are_read_themselves(page: str) -> None:
    assert refresh_target(page.encode(), URL) is None


def test_refresh_header_leads_on() -> None:
    assert header_target("0; url=/new", URL) == "https://a.example/new"
    assert header_target("30; url=/new", URL) is None
    assert header_target("", URL) is None


@given(st.text(max_size=200), st.binary(max_size=400))
def test_no_refresh_raises(content: str, body: bytes) -> None:
    parse_refresh(content, URL)
    refresh_target(b"<meta http-equiv=refresh content='0;url=" + body, URL)
    refresh_target(f"<head>{meta(content)}".encode(errors="replace"), URL)
