"""Redaction of secrets in addresses, links and texts."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.address import Address, Secrets, shown, shown_in
from briefing.errors import FetchError
from briefing.types import Failure, Source

WORDS = st.text("abcxyzABC0189-._~", min_size=6, max_size=20).filter(lambda word: word.strip("*"))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("ftp://me:hunter2@h.example/f", "ftp://h.example/f"),
        ("me:hunter2@h.example/f", "h.example/f"),
        ("//me:hunter2@h.example/f", "//h.example/f"),
        ("https://me%40h.example:hun%40ter2@h.example/f", "https://h.example/f"),
        ("https://hunter2@h.example/f", "https://h.example/f"),
        ("sftp:/me:hunter2@h.example/f", "sftp:/h.example/f"),
        ("https://h.example/f?a=1&token=hunter2&b=2", "https://h.example/f?a=1&token=***&b=2"),
        ("https://h.example/f?a=1;api_key=hunter2", "https://h.example/f?a=1;api_key=***"),
        ("https://h.example/f?X-Amz-Signature=hunter2", "https://h.example/f?X-Amz-Signature=***"),
        ("https://h.example/f?auth%5Bkey%5D=hunter2", "https://h.example/f?auth%5Bkey%5D=***"),
        ("https://h.example/f?TOKEN[]=hunter2&key[a]=hunter2", "https://h.example/f?TOKEN[]=***&key[a]=***"),
        ("https://h.example/f?token%5B0%5D=hunter2", "https://h.example/f?token%5B0%5D=***"),
        ("http://me:hunter2@[2001:db8::1]:8080/@ann", "http://[2001:db8::1]:8080/@ann"),
        ("https://h.example/f#access_token=hunter2", "https://h.example/f#access_token=***"),
        ("https://h.example/f;jsessionid=hunter2", "https://h.example/f;jsessionid=***"),
        ("https://h.example/f?to=https://me:hunter2@g.example/", "https://h.example/f?to=https://g.example/"),
        (
            "https://h.example/f?to=https%3A%2F%2Fme%3Ahunter2%40g.example%2F%3Fkey%3Dhunter2&b=2",
            "https://h.example/f?to=https%3A%2F%2Fg.example%2F%3Fkey%3D***&b=2",
        ),
        ("imaps://me:hunter2@h.example/INBOX?token=hunter2", "imaps://me@h.example/INBOX?token=***"),
        ("imaps://me%3Ahunter2@h.example/INBOX", "imaps://me@h.example/INBOX"),
        ("https://h.example/f?a=1&to%6ben=hunter2&b=2", "https://h.example/f?a=1&to%6ben=***&b=2"),
        ("https://h.example/f?%6Bey=hunter2", "https://h.example/f?%6Bey=***"),
        ("me:hunter2@nas", "nas"),
        ("me:hunter2@nas:8080/f", "nas:8080/f"),
    ],
)
def test_secrets_in_userinfo_and_parameters_are_redacted(address: str, expected: str) -> None:
    assert shown(address) == expected
    assert shown_in(f'(it is "{expected}").') == f'(it is "{expected}").'


@pytest.mark.parametrize(
    "address",
    [
        "https://h.example/f?id=7&code=de&hash=1&author=ann&monkey=2&keyword=x&p=3&user=ann&compass=n",
        "https://h.example/@ann/1?q=a@b.example",
        "https://h.example:8080/a:b@c",
        "http://[2001:db8::1]/@ann/feed",
        "//[2001:db8::1]:80/@ann",
        "a/file@home",
        "C:/me@home/f.txt",
        "https://h.example/?key=",
        "https://h.example/?mon%6bey=1&c%6fde=de",
    ],
)
def test_addresses_without_secrets_are_unchanged(address: str) -> None:
    assert shown(address) == address
    assert Address(address).public == address
    assert Address(address).secrets == frozenset()


@given(user=WORDS, secret=WORDS, name=st.sampled_from(["token", "KEY", "access_token", "sig", "Api-Key", "passwd"]))
def test_str_repr_and_format_of_an_address_are_redacted(user: str, secret: str, name: str) -> None:
    secret = f"Q{secret}Q"  # no part of anything else here
    place = Source(location=f"https://{user}:{secret}@h.example/f?a=1&{name}={quote(secret)}#t")
    error = FetchError(place.location, f"it said <{place.location}>", f"Open '{place.location}', then try again")
    failure = Failure(subject=place.location, stage="fetch", cause=place.location, remedy="")
    texts = [str(place.address), f"{place.address:>9} {place.address!r}", repr(place), place.shown, str(error)]
    texts += [repr(error), repr(failure), place.address.public, json.dumps(str(place.address))]
    assert not [text for text in texts if secret in text]
    assert secret in place.address.secrets
    assert all(shown_in(text) == text for text in texts)
    assert place.address.raw == place.location


@given(st.text("ab:/@?&=;#%3AF2token.key ", max_size=60))
def test_redaction_is_idempotent(text: str) -> None:
    assert shown_in(shown_in(text)) == shown_in(text)
    assert shown(shown(text)) == shown(text)


OWN = ("https://me:zebra-4711x@h.example/f", "https://h.example/f?token=Okapi%2F31415&key=news&sid=42")


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://h.example/1?token=Okapi%2F31415&a=1", "https://h.example/1?a=1"),
        ("https://h.example/1?t=Okapi%2F31415", "https://h.example/1"),
        ("https://h.example/Okapi%2F31415/1", "https://h.example/***/1"),
        ("https://me:zebra-4711x@h.example/1", "https://h.example/1"),
        ("https://h.example/1?key=news", "https://h.example/1"),
        # Words and small numbers are no secrets elsewhere; the key of another is a part of its link.
        ("https://h.example/news/42?section=news&page=42", "https://h.example/news/42?section=news&page=42"),
        ("https://g.example/1?token=theirs&b;c#d=e", "https://g.example/1?token=theirs&b;c#d=e"),
    ],
)
def test_only_secrets_of_the_sources_are_removed_from_links(link: str, expected: str) -> None:
    assert Secrets(OWN).link(link) == expected


def test_secrets_are_removed_from_texts_and_words_are_not() -> None:
    secrets = Secrets(OWN)
    said = "The news of 42: see https://h.example/1?token=Okapi%2F31415 or type Okapi/31415"
    assert secrets.text(said) == "The news of 42: see https://h.example/1 or type ***"
    assert secrets.text("It is https://h.example/1?token=Okapi%2f31415") == "It is https://h.example/1"
    assert secrets.text("It is Okapi%2f31415") == "It is ***"
    assert secrets.text("All the news.") == "All the news."


@pytest.mark.parametrize("secret", ["abcdefghijklmnopqrstuv", "4815162342108000", "Okapi%2F31415", "news"])
def test_secrets_are_removed_from_an_address_in_a_parameter(secret: str) -> None:
    secrets = Secrets([f"https://h.example/f?token={secret}", "https://me:zebra%3A4711x@h.example/"])
    inner = quote(f"https://h.example/1?token={secret}&a=1", safe="")
    shared = f"https://g.example/share?u={inner}&b=2"
    freed = "https://g.example/share?u=https%3A%2F%2Fh.example%2F1%3Ftoken%3D***%26a%3D1&b=2"
    assert secrets.link(shared) == freed
    assert secrets.text(f"See {shared} now.") == f"See {freed} now."
    own = "https://g.example/?u=" + quote("https://me:zebra%3A4711x@h.example/", safe="")
    assert secrets.link(own) == "https://g.example/?u=https%3A%2F%2Fh.example%2F"


@pytest.mark.parametrize("secret", ["abcdefghijklmnop", "4815162342108000", "Okapi314"])
def test_a_distinct_secret_is_redacted_anywhere(secret: str) -> None:
    secrets = Secrets([f"https://h.example/f?token={secret}"])
    assert (
        secrets.text(f"Type {secret}, or see https://h.example/{secret}/1")
        == "Type ***, or see https://h.example/***/1"
    )
    assert secrets.link(f"https://h.example/1?t={secret}") == "https://h.example/1"


@pytest.mark.parametrize(
    "link",
    [
        "https://g.example/?u=https%3A%2F%2Fh.example%2F1%3Ftoken%3Dtheirs",
        "https://g.example/?body=https%3A%2F%2Fh.example%20by%20ann%40h.example",
        "https://g.example/abcdefghijklmno?t=abcdefghijklmno",
    ],
)
def test_other_parameters_stay_in_a_link(link: str) -> None:
    assert Secrets(["https://h.example/f?token=abcdefghijklmno", *OWN]).link(link) == link


@pytest.mark.parametrize(
    "address", ["https://h.example/f?to%6ben=hunter2", "imaps://me%3Ahunter2@h.example/INBOX", "imaps://m:hunter2@h/I"]
)
def test_percent_encoded_secrets_are_recognised(address: str) -> None:
    assert "hunter2" in Address(address).secrets
    assert "hunter2" not in Address(address).public
