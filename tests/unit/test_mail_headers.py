"""Header fields as sent, read by both of Python's parsers and by one in Rust."""

from __future__ import annotations

from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, compat32, strict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.mail_headers import address_of, ascii_domain, ascii_uri, letter_policy

NAMES = (
    "Zoë",
    "Ann Example",
    "Zoë, die Läuferin mit einem sehr langen Namen, der nicht endet und weiter geht, aus Köln am Rhein",
    'John Q. Public, called "the one", with a name that runs on and on over the end of the line and further',
    "Back\\slash; <angle> (and so on)",
    "新聞" * 40,
    "=?utf-8?q?not_encoded?= by anybody",
    "x" * 300,
)
LONG = (
    "https://example.org/" + "u" * 280,
    "https://example.org/u?list=briefing&reader=zoe@example.org&token=" + "0123456789abcdef" * 14,
    "mailto:unsubscribe+" + "a" * 200 + "@example.org?subject=unsubscribe&body=" + "b" * 40,
)


def written(**fields: object) -> bytes:
    """The bytes of a message with these fields; ``List_ID`` is ``List-ID``."""
    people = [value for value in fields.values() if isinstance(value, Address)]
    message = EmailMessage(policy=letter_policy(*people))
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content("text")
    data = message.as_bytes()
    assert all(len(line) <= 998 for line in data.split(b"\r\n"))
    return data


def raw(data: bytes, name: str) -> str:
    """A field unfolded: line ends removed and nothing else (RFC 5322, 2.2.3)."""
    head = data.partition(b"\r\n\r\n")[0].decode().replace("\r\n ", " ")
    (value,) = [line.partition(": ")[2] for line in head.split("\r\n") if line.startswith(f"{name}: ")]
    return value


def other(data: bytes) -> dict[str, list[str]]:
    """Headers read by a parser in Rust."""
    parser = pytest.importorskip("fast_mail_parser", reason="fast-mail-parser is not installed (extra `test`)")
    headers: dict[str, list[str]] = parser.parse_email(data).headers
    return headers


def spaced(text: str) -> str:
    """Without the extra space that Python 3.11 puts between encoded words of a name (against RFC 2047, 6.2)."""
    return " ".join(text.split())


@pytest.mark.parametrize("uri", LONG)
def test_a_long_list_unsubscribe_uri_is_not_encoded(uri: str) -> None:
    data = written(List_Unsubscribe=f"<{ascii_uri(uri)}>")
    assert raw(data, "List-Unsubscribe") == f"<{uri}>"
    for policy in (SMTP + strict, compat32):
        message: Any = message_from_bytes(data, policy=policy)
        assert message["List-Unsubscribe"] == f"<{uri}>"
        assert message.defects == []
    assert other(data)["List-Unsubscribe"] == [f"<{uri}>"]


def test_structured_fields_are_folded_between_their_tokens_only() -> None:
    two = f"<{LONG[0]}>, <{LONG[2]}>"
    data = written(List_Unsubscribe=two, List_ID=f"<{'a' * 90}.example.org>", Message_ID=f"<{'b' * 90}@example.org>")
    assert b">,\r\n <mailto:" in data
    assert raw(data, "List-Unsubscribe") == two
    assert b"=?" not in data
    assert other(data)["List-Unsubscribe"] == [two]
    assert other(data)["Message-ID"] == [f"<{'b' * 90}@example.org>"]


@pytest.mark.parametrize("name", NAMES)
def test_display_names_round_trip(name: str) -> None:
    data = written(To=Address(name, "zoe", "xn--bcher-kva.example"), Subject="Day")
    assert all(len(line) <= (76 if b"=?utf-8" in line else 78) for line in data.split(b"\r\n"))
    message: Any = message_from_bytes(data, policy=SMTP + strict)
    (reader,) = message["To"].addresses
    assert reader.addr_spec == "zoe@xn--bcher-kva.example"
    assert spaced(reader.display_name) == name if " " in name else reader.display_name.replace(" ", "") == name
    (line,) = other(data)["To"]
    assert line.replace("\\", "") == (
        f"{name} <zoe@xn--bcher-kva.example>".replace("\\", "")
        if b"=?utf-8" in data or name == "Ann Example"
        else f'"{name}" <zoe@xn--bcher-kva.example>'.replace("\\", "")
    )


def test_long_addresses_are_never_encoded() -> None:
    address = Address("Zoë", "z" * 64, f"{'d' * 60}.{'e' * 60}.example.org")
    data = written(To=address, Reply_To=address)
    assert f"<{address.addr_spec}>" in raw(data, "To")
    assert other(data)["To"] == other(data)["Reply-To"] == [f"Zoë <{address.addr_spec}>"]


@given(st.lists(st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=90), min_size=1))
def test_subjects_round_trip(words: list[str]) -> None:
    subject = " ".join(words)
    data = written(Subject=subject)
    assert max(map(len, data.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 78
    message: Any = message_from_bytes(data, policy=SMTP)
    assert message["Subject"] == subject
    assert other(data)["Subject"] == [subject]


def test_a_non_ascii_local_part_is_written_in_utf8() -> None:
    address = address_of("Jürgen <jürgen@bücher.example>")
    data = written(To=address)
    assert raw(data, "To").endswith("<jürgen@xn--bcher-kva.example>")
    assert other(data)["To"] == ["Jürgen <jürgen@xn--bcher-kva.example>"]


@pytest.mark.parametrize(
    ("domain", "written"),
    [
        ("example.org", "example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),  # in IDNA 2003 another domain: strasse.example
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
    ],
)
def test_a_domain_is_written_as_a_labels(domain: str, written: str) -> None:
    assert ascii_domain(domain) == written
    assert address_of(f"Zoë <zoe@{domain}>").domain == written
    assert ascii_uri(f"mailto:zoe@{domain}?subject=no") == f"mailto:zoe@{written}?subject=no"
    assert ascii_uri(f"https://u:p@{domain}:8443/ü%20?q=é") == f"https://u:p@{written.lower()}:8443/%C3%BC%20?q=%C3%A9"


@pytest.mark.parametrize(
    "text", ["", "nobody", "@example.org", "ann@", "ann@ü..example", "ann@" + "ü" * 80 + ".example"]
)
def test_an_invalid_address_raises(text: str) -> None:
    with pytest.raises(ValueError, match=r"holds no address|is no domain"):
        address_of(text)
