"""What a letter holds and says for each recipient, as ``[mail]`` and ``[[mail.recipients]]`` set it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest

from ..conftest import Cli
from .conftest import Opener, PostOffice

GOLDEN = Path(__file__).resolve().parents[1] / "data" / "golden" / "edition.json"
ANN, BOB, ZOE = "ann@example.org", "bob@example.org", "zoe@example.org"
SEND = ("send", str(GOLDEN))
HEADLINES = {
    "Science": ["Stadtrat stimmt für die Straßenbahn"],
    "World": ["Marlow backs £212m tram line", "Ferry service ends after 90 years"],
}
"""Of the edition that is sent; each stands in both parts."""
EVIDENCE = ("Marlow City Council voted 31 to 14 on Tuesday.", "It was about a tram line.")
"""Cited sentences of the section World, which no point has word for word."""


@dataclass(frozen=True)
class Desk:
    """Sends the golden edition, which has two sections, through the command line."""

    cli: Cli
    office: PostOffice
    folder: Path

    def send(
        self, *recipients: Mapping[str, object], command: tuple[str, ...] = ("send", str(GOLDEN)), **mail: object
    ) -> str:
        """What was printed, once all went well."""
        settings = {"host": "localhost", "port": self.office.port, "security": "none", "sender": "d@example.org"} | mail
        lines = ["[mail]", *(f"{name} = {json.dumps(value)}" for name, value in settings.items())]
        for recipient in recipients or ({"address": ANN},):
            lines += ["[[mail.recipients]]", *(f"{name} = {json.dumps(value)}" for name, value in recipient.items())]
        lines += ["[[sources]]", 'path = "read"']
        (self.folder / "read").mkdir(exist_ok=True)
        (self.folder / "briefing.toml").write_text("\n".join(['engine = "extractive"', *lines]), "utf-8")
        done = self.cli(*command)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def office(post_office: Opener) -> PostOffice:
    return post_office()


@pytest.fixture
def desk(cli: Cli, office: PostOffice, tmp_path: Path) -> Desk:
    return Desk(cli, office, tmp_path)


def parts(letter: EmailMessage) -> dict[str, str]:
    """The text of every part, in one line, by its kind. A letter has two and nothing attached."""
    assert letter.get_content_type() == "multipart/alternative"
    texts = {part.get_content_type(): " ".join(part.get_content().split()) for part in letter.iter_parts()}
    assert set(texts) == {"text/plain", "text/html"}
    assert not list(letter.iter_attachments())
    return texts


def sections_in(text: str) -> set[str]:
    """The sections of which every story stands in `text`; of the others none may."""
    told = {name for name, headlines in HEADLINES.items() if all(headline in text for headline in headlines)}
    assert not [one for name, headlines in HEADLINES.items() if name not in told for one in headlines if one in text]
    return told


def test_each_recipient_gets_their_sections_and_no_other_in_both_parts(desk: Desk, office: PostOffice) -> None:
    said = desk.send(
        {"address": ANN, "sections": ["World"]},
        {"address": BOB, "sections": ["Science", "Sport"]},
        {"address": ZOE},
        {"address": "none@example.org", "sections": ["Sport"]},
    )
    assert office.letters == {ANN: 1, BOB: 1, ZOE: 1}
    assert "There is nothing in it for none@example.org." in said
    for address, wanted in ((ANN, {"World"}), (BOB, {"Science"}), (ZOE, {"World", "Science"})):
        letter = office.letter(address)
        for text in parts(letter).values():
            assert sections_in(text) == wanted
    assert "3 stories" in office.letter(ANN)["Subject"]
    assert "Marlow backs" not in office.letter(BOB)["Subject"]  # the headline of the day is of another section


def test_an_address_given_by_to_has_its_sections_and_a_new_one_gets_all(desk: Desk, office: PostOffice) -> None:
    command = (*SEND, "--to", BOB.upper(), "--to", "new@example.org")
    desk.send({"address": ANN}, {"address": BOB, "sections": ["Science"]}, command=command)
    (bob, new) = (message for _, message in sorted(office.got))
    assert {address.lower() for address in office.letters} == {BOB, "new@example.org"}
    assert b"Ferry service" not in bob
    assert b"Ferry service" in new


@pytest.mark.slow
def test_letters_written_as_files_have_the_sections_of_each_recipient(desk: Desk, tmp_path: Path) -> None:
    recipients = {"address": ANN, "sections": ["World"]}, {"address": BOB, "sections": ["Science"]}
    desk.send(*recipients, command=(*SEND, "--dry-run", "--out", "letters"))
    world, science = ((tmp_path / "letters" / f"2024-05-17-{one}.eml").read_bytes() for one in (ANN, BOB))
    assert (b"Ferry service" in world, b"Ferry service" in science) == (True, False)


def test_replies_go_where_reply_to_says(desk: Desk, office: PostOffice) -> None:
    desk.send({"address": ANN}, {"address": BOB}, reply_to="Editors <editors@example.org>")
    for address in (ANN, BOB):
        (reply_to,) = office.letter(address)["Reply-To"].addresses
        assert (reply_to.display_name, reply_to.addr_spec) == ("Editors", "editors@example.org")


def test_without_reply_to_and_unsubscribe_their_headers_are_missing(desk: Desk, office: PostOffice) -> None:
    desk.send()
    letter = office.letter(ANN)
    assert not {"Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post"} & set(letter.keys())
    assert "nsubscribe" not in parts(letter)["text/plain"]


@pytest.mark.parametrize("address", ["mailto:d@example.org?subject=unsubscribe", "https://example.org/u?list=1&who=2"])
def test_the_unsubscribe_address_is_in_the_header_and_the_letter(desk: Desk, office: PostOffice, address: str) -> None:
    desk.send({"address": ANN}, {"address": BOB}, unsubscribe=address)
    for reader in (ANN, BOB):
        letter = office.letter(reader)
        assert letter["List-Unsubscribe"] == f"<{address}>"
        both = parts(letter)
        assert f"Unsubscribe: {address}" in both["text/plain"]
        assert f'href="{address.replace("&", "&amp;")}"' in both["text/html"]


@pytest.mark.parametrize(
    ("unsubscribe", "one_click", "promised"),
    [
        ("https://example.org/u", True, True),
        ("https://example.org/u", False, False),
        ("mailto:d@example.org", True, False),
        ("", True, False),
    ],
)
def test_one_click_is_promised_only_where_it_is_set_for_an_https_address(
    desk: Desk, office: PostOffice, unsubscribe: str, one_click: bool, promised: bool
) -> None:
    desk.send(unsubscribe=unsubscribe, one_click=one_click)
    letter = office.letter(ANN)
    assert letter["List-Unsubscribe-Post"] == ("List-Unsubscribe=One-Click" if promised else None)  # RFC 8058, 3.1
    if promised:
        assert letter["List-Unsubscribe"] == f"<{unsubscribe}>"


@pytest.mark.parametrize("evidence", [True, False])
def test_cited_sentences_are_in_both_parts_unless_evidence_is_off(
    desk: Desk, office: PostOffice, evidence: bool
) -> None:
    desk.send({"address": ANN}, {"address": BOB, "sections": ["Science", "World"]}, evidence=evidence)
    for reader in (ANN, BOB):
        for text in parts(office.letter(reader)).values():
            assert sections_in(text) == {"World", "Science"}
            assert [sentence in text for sentence in EVIDENCE] == [evidence] * len(EVIDENCE)
            assert ("the sentences behind each point are given" in text) == evidence
            words = " ".join(text.split())
            assert ("are in the full edition, which whoever sends this letter has" in words) == (not evidence)


def test_a_letter_links_to_the_full_edition_of_its_day(desk: Desk, office: PostOffice) -> None:
    desk.send(link="https://example.org/{date}.html")
    both = parts(office.letter(ANN))
    assert "Read the full edition: https://example.org/2024-05-17.html" in both["text/plain"]
    assert 'href="https://example.org/2024-05-17.html"' in both["text/html"]
    for text in both.values():
        assert "The sentences behind each point are in the full edition." in " ".join(text.split())


def test_letters_have_no_evidence_unless_it_is_asked_for(desk: Desk, office: PostOffice) -> None:
    desk.send()
    for text in parts(office.letter(ANN)).values():
        assert not any(sentence in text for sentence in EVIDENCE)


def test_an_identifier_of_the_list_takes_the_place_of_the_usual_one(desk: Desk, office: PostOffice) -> None:
    desk.send(list_id="morning.example.net")
    assert office.letter(ANN)["List-ID"] == "<morning.example.net>"


@pytest.mark.parametrize("send_empty", [True, False])
def test_an_empty_edition_is_sent_only_with_send_empty(desk: Desk, office: PostOffice, send_empty: bool) -> None:
    recipients = {"address": ANN}, {"address": BOB, "sections": ["Science"]}
    for _ in range(2):  # the second time everybody has it
        desk.send(*recipients, command=("run", "--send", "--date", "2024-05-18"), send_empty=send_empty)
    assert office.letters == ({ANN: 1, BOB: 1} if send_empty else {})
    if send_empty:
        assert office.letter(ANN)["Subject"] == "Morning briefing, 18 May (0 stories)"


@pytest.mark.parametrize("send_empty", [True, False])
def test_a_recipient_without_a_story_gets_a_letter_only_with_send_empty(
    desk: Desk, office: PostOffice, send_empty: bool
) -> None:
    desk.send({"address": ANN, "sections": ["Sport"]}, {"address": BOB}, send_empty=send_empty)
    assert office.letters == ({ANN: 1, BOB: 1} if send_empty else {BOB: 1})
    if send_empty:
        assert sections_in(parts(office.letter(ANN))["text/html"]) == set()


@pytest.mark.slow
def test_the_preview_is_the_first_letter_opened_and_nothing_is_sent(
    desk: Desk, office: PostOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("typer.launch", opened.append)
    recipients = {"address": "none@example.org", "sections": ["Sport"]}, {"address": BOB, "sections": ["World"]}
    said = desk.send(*recipients, {"address": ANN}, command=(*SEND, "--preview", "--out", "look"), evidence=False)
    page = Path("look") / f"2024-05-17-{BOB}.preview.html"  # of the first who gets one; its name says whose it is
    assert said == f"{page}\n"
    assert [Path(one) for one in opened] == [page]
    assert sorted((tmp_path / "look").iterdir()) == [tmp_path / page]
    text = (tmp_path / page).read_text("utf-8")
    assert text.casefold().startswith("<!doctype html>")
    assert sections_in(text) == {"World"}
    assert EVIDENCE[0] not in text
    assert office.asked == []
    desk.send(*recipients, {"address": ANN})
    assert office.letters == {BOB: 1, ANN: 1}  # nobody counts as having it


def test_a_preview_for_one_address_is_of_their_letter(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typer.launch", lambda page: None)
    said = desk.send({"address": ANN}, {"address": BOB}, command=(*SEND, "--preview", "--to", BOB))
    assert said == f"{Path('briefings') / f'2024-05-17-{BOB}.preview.html'}\n"


@pytest.mark.slow
def test_a_removed_edition_that_is_made_again_reaches_who_had_it_only_on_request(
    desk: Desk, office: PostOffice, cli: Cli, tmp_path: Path
) -> None:
    desk.send({"address": ANN}, {"address": BOB}, command=("doctor",), retries=[])
    (tmp_path / "read" / "story.txt").write_text(
        "Trams\n\nThe council voted 31 to 14 on Tuesday for a tram line to the hospital, ending a long dispute."
    )
    office.refuse = {BOB: ["450 4.7.1 later"]}
    assert cli("run", "--send", "--date", "2024-05-17").returncode == 5
    removed = cli("history", "remove", "2024-05-17", "--yes")
    assert f"{ANN} has got it; that stays on record.\n" in removed.stderr
    assert f"{BOB} has not got it and will not.\n" in removed.stderr
    assert cli("send").returncode == 2  # nothing waits any more
    assert office.letters == {ANN: 1}
    made = cli("run", "--send", "--date", "2024-05-17")
    assert f"{ANN} has it already." in made.stderr
    assert office.letters == {ANN: 1, BOB: 1}
    assert cli("send", "2024-05-17", "--resend", "--to", ANN).returncode == 0
    assert office.letters == {ANN: 2, BOB: 1}
