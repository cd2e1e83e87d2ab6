"""Sections that the configuration names and no source has."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..conftest import Cli


def write(folder: Path, sections: str) -> Path:
    news = folder / "news"
    news.mkdir()
    (news / "a.txt").write_text(
        "A new bridge opens. " + "The bridge across the river opened on Monday in the rain. " * 20
    )
    path = folder / "briefing.toml"
    path.write_text(
        f'out = "out"\nstate = "state.db"\nengine = "extractive"\nsections = {sections}\n'
        '[[sources]]\npath = "news/a.txt"\nsection = "World"\n'
    )
    return path


@pytest.mark.parametrize("command", ["run", "doctor"])
@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ('["Wrold"]', "The section 'Wrold' is in no source: did you mean 'World'?"),
        ('["Gardening"]', "The section 'Gardening' is in no source."),
        ('["World"]', ""),
    ],
)
def test_a_section_that_no_source_has_is_named_with_the_nearest(
    cli: Cli, tmp_path: Path, command: str, sections: str, said: str
) -> None:
    done = cli(command, "-c", str(write(tmp_path, sections)))
    shown = " ".join((done.stdout + done.stderr).split())
    assert (said in shown) if said else ("is in no source" not in shown)
    assert done.returncode == 0 or command == "doctor"


TWICE = "it is there more than once, and what it has is told as of the first."


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('path = "news/a.txt"\nsection = "World"\n', TWICE),
        (
            'path = "./news/a.txt"\nname = "Mine"\n',
            "it is there as {first} already, and what it has is told as of that.",
        ),
        ('path = "news/b.txt"\n', ""),
    ],
)
@pytest.mark.parametrize("command", ["run", "doctor"])
def test_a_source_that_is_there_twice_is_named(cli: Cli, tmp_path: Path, command: str, more: str, said: str) -> None:
    path = write(tmp_path, "[]")
    (tmp_path / "news" / "b.txt").write_text(
        "A market moves. " + "The market moved to the square on Monday morning. " * 20
    )
    path.write_text(f"{path.read_text()}[[sources]]\n{more}")
    done = cli(command, "-c", str(path))
    shown = " ".join((done.stdout + done.stderr).split())
    assert (said.format(first=tmp_path / "news" / "a.txt") in shown) if said else ("is there" not in shown)


def test_feeds_at_one_address_with_other_keys_are_no_repetition(cli: Cli, tmp_path: Path) -> None:
    places = ("https://ann:one@example.org/f", "https://bob:two@example.org/f", "https://example.org/g?token=a")
    sources = "".join(f'[[sources]]\nurl = "{place}"\n' for place in (*places, "http://example.org/g?token=a"))
    (tmp_path / "briefing.toml").write_text(sources)
    (line,) = (line for line in cli("doctor").stdout.splitlines() if "  sources: " in line)
    assert line.count("it is there") == 1
    assert "token=a" not in line


TOPICS = '[topics]\nScience = ["telescope"]\n'
LIST = '[[sources]]\npath = "list.opml"\nsection = "World"\n'


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", "The section 'Gardening' is in no source."),
        (LIST, ""),  # which may bring sections of its own
        (TOPICS, "The section 'Gardening' is in no source."),
    ],
)
def test_a_recipients_slip_is_told_once_and_by_what_the_configuration_knows(
    cli: Cli, tmp_path: Path, more: str, said: str
) -> None:
    path = write(tmp_path, '["World", "Gardening"]')
    (tmp_path / "list.opml").write_text("<opml><body><outline xmlUrl='https://127.0.0.1:9/f'/></body></opml>")
    mail = '[mail]\nhost = "localhost"\nsender = "d@example.org"\n[[mail.recipients]]\naddress = "bob@example.org"\n'
    path.write_text(f'{path.read_text()}{more}{mail}sections = ["Gardening"]\n')
    told = cli("doctor", "-c", str(path)).stdout.splitlines()
    (sources,) = (line for line in told if "  sources: " in line)
    (letters,) = (line for line in told if "  mail: " in line)
    assert sources.endswith(said or "reads them")
    assert ("no source has the section 'Gardening' of bob@example.org" in letters) is bool(said)
    assert sum("Gardening" in line for line in told) == 2 * bool(said)
