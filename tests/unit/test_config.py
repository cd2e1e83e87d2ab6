"""The configuration: every setting checked, every mistake named with its place and what was probably meant."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.assets import environment
from briefing.config import (
    Config,
    Mail,
    add_sources,
    find_config,
    load_config,
    parse_config,
    parse_duration,
    remove_source,
)
from briefing.errors import ConfigError, UsageError
from briefing.types import Source, SourceKind

HERE = Path("/somewhere/briefing.toml")


def test_settings_are_read_and_paths_start_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "briefing.toml"
    path.write_text(
        'title = "Abend"\nsince = "1d12h"\nformats = ["json"]\nout = "out"\n'
        '[[sources]]\nurl = "https://example.org/f"\nsection = "World"\n[[sources]]\npath = "notes"\nname = "N"\n',
        "utf-8",
    )
    config = load_config(path)
    assert (config.title, config.since, config.formats) == ("Abend", timedelta(hours=36), ("json",))
    assert config.out == tmp_path / "out"
    assert config.sources[0] == Source(location="https://example.org/f", section="World")
    assert config.sources[1].location == str(tmp_path / "notes")


def test_without_a_line_for_it_editions_go_to_the_current_folder() -> None:
    assert parse_config("", HERE).out == Path("briefings")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("titel = 'x'", ["titel", "title"]),
        ("[[sources]]\nurl = 'https://example.org'\nnmae = 'x'", ["sources[1].nmae", "name"]),
        ("points = 11", ["points", "from 1 to 10"]),
        ("points = 'four'", ["points", "whole number"]),
        ("timezone = 'Europe/Londn'", ["timezone", "Europe/London"]),
        ("formats = ['pdf']", ["formats"]),
        ("since = 'yesterday'", ["since", "24h"]),
        ("language = 'german'", ["language", "ISO 639-1"]),
        ("language = 'xx'", ["language", "ISO 639-1", "xx"]),
        ("language = 'DE'", ["language", "ISO 639-1"]),
        ("[[sources]]\nname = 'x'", ["sources[1]", "url", "path"]),
        ("[[sources]]\nurl = 'ftp://example.org'", ["sources[1].url", "https://"]),
        ("title = \n", ["line 1", "column 9"]),
        ("# a comment\n\npoints = 0", ["line 3, points", "but found 0"]),
        ("[[sources]]\nurl = 'https://example.org'\n\n[[sources]]\nurl = 'x'", ["line 5, sources[2].url"]),
        ("[[sources]]\nurl = 'https://example.org'\npath = 'x'", ["line 1, sources[1]", "not both"]),
        (
            "[[sources]]\nurl = 'https://example.org'\nthreads = 3",
            ["sources[1].threads", "above the first [[sources]]"],
        ),
        ("[[source]]\nurl = 'https://example.org'", ["line 1, source", "`sources`"]),
        ("sources = 'https://example.org'", ["sources", "[[sources]] tables"]),
        ("sources = ['https://example.org']", ["sources[1]", "[[sources]] table"]),
        ("[[sources]]\npath = ''", ["sources[1].path", "path"]),
        ("[[sources]]\npath = 'x'\nkind = 'rss'", ["sources[1].kind", "feed"]),
        ("[[sources]]\npath = 'https://example.org/f'", ["sources[1].path", "goes under 'url'"]),
        ("[[sources]]\nurl = 'bbc.co.uk'", ["sources[1].url", "did you mean 'https://bbc.co.uk'?"]),
        ("[[sources]]\nurl = 'x'\ntitle = 'BBC'", ["sources[1].title", "Did you mean `name`?"]),
        ("[[sources]]\nurl = 'x'\nmax_stories = 3", ["sources[1].max_stories", "Did you mean `max_articles`?"]),
        ("[mail]\ntitle = 'T'", ["mail.title", "above the first [table]"]),
        ("[[mail.recipients]]\nlanguage = 'de'", ["is not a key of [mail.recipients]", "above the first [table]"]),
        ("interests = 'bikes'", ["an [interests] table", "Its keys are words, boost"]),
        ("title = 'a'\ntitle = 'b'\n", ["line 2", "may be there once"]),
        ("[mail]\n[mail]", ["line 2", "may be there once"]),
        ("full_text = True", ["line 1", "in small letters"]),
        ("title = \u201cMy\u201d", ["line 1", "straight"]),
        ("title: x", ["line 1", "name = value"]),
        ("title = 5", ["title", "quotation marks", "5"]),
        ("paragraph = 'yes'", ["paragraph", "true or false"]),
        ("points = true", ["points", "whole number"]),
        ("points = 4.0", ["points", "whole number"]),
        ("max_stories = -1", ["max_stories", "from 0 upwards"]),
        ("max_articles = -1", ["max_articles", "from 0 upwards"]),
        ("max_articles = 5\nmax_stories = 5", ["line 1, max_articles", "same setting as 'max_stories'"]),
        ("formats = []", ["formats", "at least one"]),
        ("formats = 'md'", ["formats", "square brackets"]),
        ("formats = [['md']]", ["formats[1]"]),
        ("since = 24", ["since", "24h"]),
        ("since = '0h'", ["since", "24h"]),
        ("since = '99999999999999d'", ["since", "24h"]),
        ("length = 'tiny'", ["length", "'short', 'medium' or 'long'", "tiny"]),
        ("timezone = 'Europe'", ["timezone", "IANA"]),
        ("timezone = '../../etc/passwd'", ["timezone", "IANA"]),
        ('out = "a\\u0000b"', ["out", "path"]),
        ("[mail]\npassword_command = 5", ["line 2, mail.password_command", "'pass show mail'"]),
        ("[mail]\npassword_command = []", ["mail.password_command", "list of its words"]),
        ("[mail]\nretries = ['soon']", ["mail.retries", "'90m'"]),
        ("[mail]\nretries = [5]", ["mail.retries", "'5m'"]),
        ("[mail]\nsender = 'zoe@ü..example'", ["mail.sender", "ann@example.org"]),
        (f"[mail]\nunsubscribe = 'https://example.org/{'u' * 900}'", ["mail.unsubscribe", "900 characters"]),
        ("[mail]\nunsubscribe = 'https://ü..example/'", ["mail.unsubscribe", "https://"]),
        ("[mail]\nlink = 'javascript:alert(1)'", ["mail.link", "{date}.html"]),
        ("[mail]\nlink = 'https://example.org/{day}'", ["mail.link", "{date}.html"]),
        ("[notify]\nlink = 'https://example.org/{day}'", ["notify.link", "{date}.html"]),
        ("[notify]\nurls = [{ command = ' ' }]", ["notify.urls", "{ env ="]),
        ("evidence = 'below'", ["evidence", "'footnotes'"]),
        ("mail = 3", ["mail", "[mail] table"]),
        ("state = '~nobody-of-this-name/x'", ["state", "home folder"]),
        ("prices = [0.15]", ["prices", "two numbers"]),
        ("prices = [1, -2]", ["prices", "two numbers"]),
        ("gpu_layers = 'all'", ["gpu_layers", "'auto'"]),
        ("base_url = 'gpu.example:8000'", ["base_url", "http://127.0.0.1:8000/v1"]),
        ("deadline = '25:00'", ["deadline"]),
        ("[interests]\nwords = 'tram'", ["interests.words", "list of words"]),
        ("[interests]\nwords = ['tram', ' ']", ["interests.words", "list of words"]),
        ("[interests]\nboost = 11", ["interests.boost", "from 0 to 10"]),
        ("[[sources]]\npath = 'x'\n[topics]\nScience = 'telescope'", ["line 3, topics", "Science a list of words"]),
        ("topics = 3", ["topics", "sections with their words"]),
        ("[mute]\nwrods = ['x']", ["mute.wrods", "`words`"]),
        ("[[sources]]\nurl = 'https://example.org'\nweight = -1", ["sources[1].weight", "from 0 to 10"]),
        (
            "[[sources]]\nimap = 'imaps://ann@mail.example:99999/INBOX'",
            ["sources[1]", "imaps://user@mail.example/INBOX"],
        ),
        ("[[sources]]\nimap = 'imap://ann@mail.example/INBOX'", ["sources[1]", "without TLS"]),
        ("[mail]\nhost = 'smtp example'", ["mail.host", "smtp.example.org"]),
        ("[mail]\nport = 70000", ["mail.port", "from 0 to 65535"]),
        ("[mail]\nsecurity = 'ssl'", ["mail.security", "'starttls'"]),
        ("[mail]\nsender = 5", ["mail.sender", "quotation marks"]),
        ("[mail]\nsender = 'ann@example.org, zoe@example.org'", ["mail.sender", "Ann <ann@example.org>"]),
        ("[[mail.recipients]]\naddress = 'ann'", ["mail.recipients[1].address", "Ann <ann@example.org>"]),
        ("[[mail.recipients]]\nadress = 'ann@example.org'", ["mail.recipients[1].adress", "`address`"]),
        ("[mail]\nretries = '5m'", ["mail.retries", "square brackets"]),
        (f"[mail]\nretries = {['1m'] * 11}", ["mail.retries", "at most 10"]),
    ],
)
def test_a_mistake_is_named_with_its_key_and_what_is_expected(text: str, parts: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, HERE)
    for part in [str(HERE), *parts]:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "base_url = 'http://ann:tell-nobody-4711@gpu.example/v1'",
        "[[sources]]\nimap = 'imaps://ann:tell-nobody-4711@mail.example/INBOX'",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ConfigError, match="without a password") as caught:
        parse_config(text, HERE)
    assert "4711" not in str(caught.value)


def test_mail_errors_can_be_reported_without_losing_the_rest() -> None:
    told: list[ConfigError] = []
    text = "title = 'Day'\n[mail]\nhost = 'smtp.example.org'\nport = 'x'\nsecurty = 'tls'"
    config = parse_config(text, HERE, mail_error=told.append)
    assert (config.title, config.mail) == ("Day", Mail())
    (error,) = told
    assert "line 4, mail.port" in str(error)
    assert "mail.securty" in str(error)
    with pytest.raises(ConfigError, match="points"):
        parse_config(f"points = 0\n{text}", HERE, mail_error=told.append)


def test_the_mail_table_is_read() -> None:
    text = """
        [mail]
        host = "smtp.bücher.example"
        password_command = ["pass", "show", "my mail"]
        token_command = "pass show token"
        retries = ["2m", "1h"]
        unsubscribe = "https://bücher.example/ü"
        """
    mail = parse_config(text, HERE).mail
    assert mail.host == "smtp.xn--bcher-kva.example"
    assert mail.password_command == ("pass", "show", "my mail")
    assert mail.token_command == "pass show token"
    assert mail.retries == (timedelta(minutes=2), timedelta(hours=1))
    assert parse_config("", HERE).mail.retries == tuple(timedelta(minutes=one) for one in (1, 5, 15))


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config("points = 0\nlength = 'huge'", HERE)
    assert "points" in str(caught.value)
    assert "length" in str(caught.value)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="briefing init"):
        load_config(tmp_path / "none.toml")


def test_a_file_that_cannot_be_read_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes("title = 'Zürich'".encode("latin-1"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load_config(tmp_path / "latin.toml")
    with pytest.raises(ConfigError, match="is a folder"):
        load_config(tmp_path)


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "briefing.toml").write_bytes("title = 'Zürich'\r\n".encode("utf-8-sig"))
    assert load_config(tmp_path / "briefing.toml").title == "Zürich"


def test_paths_may_start_at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    config = parse_config("state = '~/s.db'\nmodels = ''\n[[sources]]\npath = '~/notes'", HERE)
    assert (config.state, config.models) == (tmp_path / "s.db", None)
    assert config.sources[0].location == str(tmp_path / "notes")


def test_the_configuration_is_found_here_then_in_the_users_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    users = tmp_path / "users"
    users.mkdir()
    monkeypatch.setattr("platformdirs.user_config_dir", lambda *_, **__: str(users))
    monkeypatch.chdir(tmp_path)
    assert find_config() is None
    (users / "briefing.toml").touch()
    assert find_config() == users / "briefing.toml"
    (tmp_path / "briefing.toml").touch()
    assert find_config() == Path("briefing.toml")


@pytest.mark.parametrize("setting", ["Asia/Tokyo", "Nowhere/Such", "", "EST5EDT4,M3.2.0,M11.1.0"])
def test_the_machines_time_zone_has_an_iana_name_whatever_its_setting(setting: str) -> None:
    code = "from briefing.config import local_timezone; print(local_timezone())"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "TZ": setting}, capture_output=True, text=True, check=True
    )
    name = done.stdout.strip()
    assert ZoneInfo(name)
    assert name == setting or setting != "Asia/Tokyo"


def test_options_are_checked_like_the_file() -> None:
    assert Config().with_overrides(points=7, title=None).points == 7
    with pytest.raises(UsageError, match="points"):
        Config().with_overrides(points=70)
    with pytest.raises(UsageError, match="since"):
        Config().with_overrides(since="soon")


def test_options_leave_the_other_settings_and_relative_paths_as_they_are() -> None:
    config = parse_config("since = ''\nstate = 's.db'\n[[sources]]\npath = 'notes'", HERE)
    assert config.with_overrides(out="here", since="2d") == replace(config, out=Path("here"), since=timedelta(days=2))
    assert config.with_overrides() == config


def test_a_format_named_twice_is_written_once() -> None:
    assert parse_config("formats = ['html', 'md', 'html']", HERE).formats == ("html", "md")


def test_importing_config_does_not_import_pydantic() -> None:
    code = "import sys, briefing.config; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("text", "span"),
    [("90m", timedelta(minutes=90)), ("2w", timedelta(weeks=2)), ("", None), ("1D", timedelta(days=1))],
)
def test_time_spans(text: str, span: timedelta | None) -> None:
    assert parse_duration(text) == span


def test_a_span_of_seconds_is_told_the_smallest_unit() -> None:
    with pytest.raises(ValueError, match="whole minutes"):
        parse_duration("2s")


TEXT = '# mine\ntitle = "T"  # keep\n\n[[sources]]\nurl = "https://example.org/a"\nname = "A"\n'


def test_a_source_is_added_and_removed_without_touching_the_rest() -> None:
    added = add_sources(TEXT, [Source(location="https://example.org/b", name='B "quoted"')], HERE)
    assert added.startswith(TEXT)
    assert [source.name for source in parse_config(added, HERE).sources] == ["A", 'B "quoted"']
    assert remove_source(added, 'B "quoted"', HERE) == TEXT


THREE = """\
# Mine: World
title = "T"

# the first
[[sources]]
url = "https://example.org/a"   # with a remark
name = "A"
# section = "off for now"

# the second
[[sources]]
path = "notes"
name = "Twin"
# the third
[[sources]]
url = "https://example.org/c"
name = "Twin"

# the end
"""


def test_a_removed_source_takes_its_own_comments_along_and_no_others() -> None:
    assert remove_source(THREE, "A", HERE) == THREE.replace(
        THREE[THREE.index("# the first") : THREE.index("# the second")], ""
    )
    assert remove_source(THREE, "notes", HERE) == THREE.replace(
        THREE[THREE.index("# the second") : THREE.index("# the third")], ""
    )
    assert remove_source(THREE, "https://example.org/c", HERE) == THREE.replace(
        THREE[THREE.index("# the third") : THREE.index("\n# the end")], ""
    )


def test_a_path_can_be_removed_as_it_is_listed() -> None:
    listed = parse_config(THREE, HERE).sources[1].location
    assert listed == str(Path("/somewhere/notes").absolute())
    assert len(parse_config(remove_source(THREE, listed, HERE), HERE).sources) == 2


def test_a_name_that_two_sources_have_is_not_enough_to_remove_one() -> None:
    with pytest.raises(ConfigError, match="2 sources named 'Twin'"):
        remove_source(THREE, "Twin", HERE)


def test_a_source_that_is_there_twice_goes_at_once() -> None:
    table = '# note\n[[sources]]\nurl = "https://example.org/a"\n'
    other = '[[sources]]\nurl = "https://example.org/b"\n'
    assert remove_source(table + table + other, "https://example.org/a", HERE) == other


def test_windows_line_ends_stay() -> None:
    text = THREE.replace("\n", "\r\n")
    added = add_sources(text, [Source(location="https://example.org/d")], HERE)
    assert added == text + '\r\n[[sources]]\r\nurl = "https://example.org/d"\r\n'
    assert remove_source(added, "https://example.org/d", HERE) == text


def test_nothing_to_add_changes_nothing() -> None:
    assert add_sources(THREE, [], HERE) == THREE


def test_sources_in_one_inline_value_are_not_edited() -> None:
    text = "sources = [{url = 'https://example.org/a'}, {path = 'notes'}]"
    assert len(parse_config(text, HERE).sources) == 2
    with pytest.raises(ConfigError, match="by hand"):
        add_sources(text, [Source(location="https://example.org/b")], HERE)
    with pytest.raises(ConfigError, match="by hand"):
        remove_source(text, "notes", HERE)


def test_a_text_that_looks_like_a_table_does_not_mislead_the_edit() -> None:
    text = 'title = """\n[[sources]]\n"""\n[[sources]]\nurl = "https://example.org/a"\n'
    assert remove_source(text, "https://example.org/a", HERE) == 'title = """\n[[sources]]\n"""\n'


MAIL = '[mail]\nhost = "smtp.example.org"\nsender = "a@example.org"\n'
TABLE = '[[sources]]\nurl = "https://example.org/a"\n'


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"{TABLE}\n{MAIL}", MAIL),
        (f"{TABLE}\n# how it is sent\n{MAIL}", f"# how it is sent\n{MAIL}"),
        (f"{MAIL}\n{TABLE}\n# the end\n", f"{MAIL}\n# the end\n"),
        (f'{TABLE}# section = "World"\n# models = "/big"\n# title = "T"\n', '# models = "/big"\n# title = "T"\n'),
        (f'# models = "/big"\n# good\n{TABLE}', '# models = "/big"\n'),
        (f'{MAIL}\n# [[sources]]\n# url = "https://example.org/off"\n{TABLE}', None),
        (f"\ufeff{TABLE}{MAIL}", f"\ufeff{MAIL}"),
        (f"{TABLE}\n{MAIL}\n{TABLE.replace('/a', '/b')}", f"{MAIL}\n{TABLE.replace('/a', '/b')}"),
        (f"# a\u2028[[sources]]\n\n{TABLE}", "# a\u2028[[sources]]\n"),
    ],
)
def test_what_stands_around_a_removed_source_stays(text: str, left: str | None) -> None:
    left = text.replace(TABLE, "") if left is None else left
    assert remove_source(text, "https://example.org/a", HERE) == left


URLS = [f"https://example.org/{letter}" for letter in "abcdefgh"]
COMMENTS = ["# prose\n", "# prose: [[sources]]\n", '# title = "off"\n', "# [[mail.recipients]]\n", "  # far\n"]
prose = st.lists(st.sampled_from([*COMMENTS, "\n", "\n\n"]), max_size=4).map("".join)
others = st.sampled_from(
    [
        "",
        MAIL,
        'title = """\n[[sources]]\nurl = "https://example.org/no"\n"""\n',
        "sections = [\n  'a',  # [[sources]]\n\n  'b',\n]\n",
        "[topics]\nScience = [\n'x',\n]\n",
        "[interests]\nwords = ['a']  # mine\n",
    ]
)


@st.composite
def configurations(draw: st.DrawFn) -> str:
    """A file in which tables of sources and others stand in any order, with comments and blank lines anywhere."""
    root = [block for block in draw(st.lists(others, unique=True)) if not block.startswith("[")]
    tables = [block for block in draw(st.lists(others, unique=True)) if block.startswith("[")]
    wishes = ("", '# section = "off"\n', 'name = "N"  # its name\n', "\n# between\nweight = 2\n", "allow_local=true\n")
    headers = st.sampled_from(["[[sources]]", "[[ sources ]] # here"])
    tables += [
        f'{draw(headers)}\n  url = "{url}"\n{draw(st.sampled_from(wishes))}'
        for url in draw(st.lists(st.sampled_from(URLS), unique=True, max_size=4))
    ]
    blocks = root + draw(st.permutations(tables))
    text = draw(prose) + "".join(block + draw(prose) for block in blocks)
    text = text.removesuffix("\n") if draw(st.booleans()) else text
    return draw(st.sampled_from(["", "\ufeff"])) + text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


def cut_out(text: str, edited: str) -> list[str]:
    """Every stretch of `text` without which it is `edited`."""
    size = len(text) - len(edited)
    starts = [start for start in range(len(edited) + 1) if text[:start] + text[start + size :] == edited]
    return [text[start : start + size] for start in starts]


def is_only_the_source(gone: str, url: str) -> bool:
    _, found, below = gone.partition(f'url = "{url}"')
    others = ["[mail", "[topics]", "[interests]", "title", "sections", *(other for other in URLS if other != url)]
    behind = {line.strip() for line in below.splitlines()}
    return bool(found) and not any(other in gone for other in others) and not behind & {"# prose", "# far"}


@given(configurations(), st.lists(st.tuples(st.booleans(), st.sampled_from(URLS)), max_size=6))
def test_edits_leave_everything_else_byte_for_byte(text: str, edits: list[tuple[bool, str]]) -> None:
    for add, url in edits:
        here = [source.location for source in parse_config(text, HERE).sources]
        if add and url not in here:
            edited = add_sources(text, [Source(location=url, name="Ñew")], HERE)
            assert edited.startswith(text)
            if text.endswith("\n") or not text.removeprefix("\ufeff"):
                assert remove_source(edited, url, HERE) == text
            text = edited
        elif not add and url in here:
            edited = remove_source(text, url, HERE)
            assert any(is_only_the_source(gone, url) for gone in cut_out(text, edited))
            text = edited


def test_every_kind_of_place_is_written_under_its_key() -> None:
    for location, key in [
        ("feed://example.org/f", 'url = "http://example.org/f"'),
        ("feed:https://example.org/f", 'url = "https://example.org/f"'),
        ("feed://https://example.org/f", 'url = "https://example.org/f"'),
        ("HTTPS://example.org/f", 'url = "HTTPS://example.org/f"'),
        ("imaps://me@mail.example/INBOX", 'imap = "imaps://me@mail.example/INBOX"'),
        ("notes", 'path = "notes"'),
    ]:
        added = add_sources("", [Source(location=location)], HERE)
        assert added == f"[[sources]]\n{key}\n"
        assert remove_source(added, location, HERE) == ""


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("htps://example.org/f", "Did you mean https://"),
        ("ftp://example.org/f", "addresses that begin with ftp:// are not read"),
        ("https://", "names no host"),
        ("feed:", "names no host"),
        ("feed:htps://example.org", "Did you mean https://"),
        ("http://[bad/feed", "not a usable address"),
        ("imaps://me:secret@mail.example", "without a password"),
    ],
)
def test_an_address_that_no_run_can_read_is_not_written(location: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        add_sources("", [Source(location=location)], HERE)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_feed_address_in_the_file_is_one_of_the_web() -> None:
    (source,) = parse_config('[[sources]]\nurl = "feed://example.org/f"', HERE).sources
    assert source.location == "http://example.org/f"


def test_a_name_that_utf8_cannot_hold_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot hold"):
        add_sources("", [Source(location="caf\udce9")], HERE)


def test_every_field_of_a_source_is_written() -> None:
    source = Source(location="http://127.0.0.1:8000/f", name="N", section="S", kind=SourceKind.FEED, allow_local=True)
    assert parse_config(add_sources(TEXT, [source], HERE), HERE).sources[1] == source


@given(st.text(), st.text())
def test_any_name_and_section_survive_being_written(name: str, section: str) -> None:
    source = Source(location="https://example.org/x", name=name, section=section)
    try:
        text = add_sources("", [source], HERE)
    except ConfigError:
        return  # what TOML cannot hold is refused, never mangled
    assert parse_config(text, HERE).sources == (source,)


def test_removing_what_is_not_there_names_what_is() -> None:
    with pytest.raises(ConfigError, match=r"https://example\.org/a"):
        remove_source(TEXT, "https://example.org/aa", HERE)


def test_the_first_configuration_is_valid_and_its_comments_show_the_defaults() -> None:
    text = environment("templates").get_template("briefing.toml.j2").render(timezone="Europe/London")
    assert parse_config(text, HERE) == replace(Config(), timezone="Europe/London")
    shown = "\n".join(
        line[2:] for line in text.splitlines() if line.startswith("# ") and " = " in line and "#" not in line[2:]
    )
    shown = "\n".join(line for line in shown.splitlines() if line.split(" = ")[0] in {f.name for f in fields(Config)})
    values = tomllib.loads(shown)
    example = {"sections", "prompts", "templates", "state", "models", "out", "base_url", "prices", "deadline", "budget"}
    config = parse_config("\n".join(line for line in shown.splitlines() if line.split(" = ")[0] not in example), HERE)
    assert config == Config()
    assert set(values) | {
        "title",
        "timezone",
        "since",
        "sources",
        "mail",
        "notify",
        "interests",
        "mute",
        "topics",
        "other",
    } == {field.name for field in fields(Config)}


def test_kinds_of_sources_can_be_stated() -> None:
    (source,) = parse_config("[[sources]]\nurl = 'https://example.org/f'\nkind = 'feed'", HERE).sources
    assert source.kind is SourceKind.FEED


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (r'path = "C:\Users\ann\notes"', "begins an escape"),
        (r'path = "C:\data"', "begins an escape"),
        (r'path = "D:\xyz"', "begins an escape"),
        (r'path = "\\server\share"', "begins an escape"),
        (r'path = "C:\notes\"', "begins an escape"),
        (r'path = "C:\UD800\x"', "begins an escape"),
        (r'path = "C:\temp\notes"', r"\t is a tab"),
        (r'path = "C:\new"', r"\n is a line end"),
        (r'path = "C:\back"', r"\b is a backspace"),
        (r'path = "C:\files"', r"\f is a form feed"),
        (r'path = "C:\read"', r"\r is a carriage return"),
        (r'path = "..\notes"', r"\n is a line end"),
        (r'path = "C:\u0007"', r"\u0007 is a control character"),
    ],
)
def test_backslashes_of_a_path_are_named_with_line_and_remedy(line: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(f'title = "Morning"\n\n[[sources]]\n{line}\n', HERE)
    told = str(caught.value)
    assert "line 4" in told
    assert why in told
    assert "'C:\\folder'" in told
    assert '"C:/folder"' in told
    assert "not valid TOML" not in told


@pytest.mark.parametrize("key", ["out", "state", "models", "prompts", "templates", "model", "embeddings"])
def test_escapes_are_named_in_every_setting_that_may_be_a_path(key: str) -> None:
    with pytest.raises(ConfigError, match=rf"line 1, {key}: .*single quotation marks.*tab"):
        parse_config(rf'{key} = "C:\temp"', HERE)


def test_escapes_are_named_in_commands_with_a_windows_path() -> None:
    for command in (r'"C:\tools.exe show"', r'["C:\tools.exe", "show"]'):
        with pytest.raises(ConfigError, match=r"line 2, .*password_command: .*tab"):
            parse_config(f"[mail]\npassword_command = {command}", HERE)
    parse_config('[mail]\nhost = "localhost"\npassword_command = """pass\n  show\tmail"""', HERE)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (r"path = 'C:\temp\new'", r"C:\temp\new"),
        (r'path = "C:\\temp\\new"', r"C:\temp\new"),
        (r'path = "C:/temp/new"', "C:/temp/new"),
        (r'path = "\u00e9t\u00e9"', "été"),
    ],
)
def test_paths_that_are_written_as_toml_wants_them_are_read(line: str, path: str) -> None:
    assert parse_config(f"[[sources]]\n{line}", HERE).sources[0].location == str(HERE.parent / path)


def test_other_errors_of_toml_are_told_as_before() -> None:
    for text in ("out = briefings", 'title = "a', 'path = "C:\\\\temp", x'):
        with pytest.raises(ConfigError, match=r"not valid TOML: .*Texts need quotation marks"):
            parse_config(text, HERE)


def test_options_are_taken_literally() -> None:
    assert Config().with_overrides(out=Path("a\tb"), model="a\tb").out == Path("a\tb")


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://a.example/my feed.xml", "https://a.example/my%20feed.xml"),
        (" https://a.example/f ", "https://a.example/f"),
        ("feed:https://a.example/f", "https://a.example/f"),
        ("feed://a.example/f", "http://a.example/f"),
        ("feed:a.example", "http://a.example"),
    ],
)
def test_addresses_of_sources_are_read_as_browsers_read_them(written: str, address: str) -> None:
    config = f'[[sources]]\nurl = "{written}"\n'
    assert parse_config(config, HERE).sources[0].location == address
    assert parse_config(remove_source(config, written, HERE), HERE).sources == ()
    added = add_sources("", [Source(location=written)], HERE)
    assert parse_config(added, HERE).sources[0].location == address
