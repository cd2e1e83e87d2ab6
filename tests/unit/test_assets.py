"""Where prompts and templates come from, and what a person hears who makes a mistake in one."""

from __future__ import annotations

from pathlib import Path

import pytest

from briefing.assets import Kind, eject, environment, shipped, user_folder
from briefing.errors import AssetError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder of our own, on every system."""
    for name in ("HOME", "XDG_CONFIG_HOME", "APPDATA", "LOCALAPPDATA", "USERPROFILE", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    return tmp_path


def put(folder: Path, name: str, text: str | bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def shown(name: str, *extra: Path, **variables: object) -> str:
    return environment("templates", extra).get_template(name).render(**variables)


def test_the_callers_folders_come_first_then_the_users_then_what_is_shipped(tmp_path: Path) -> None:
    assert "Iowan" in shown("style.css")
    put(user_folder("templates"), "style.css", "users")
    assert shown("style.css") == "users"
    second = put(tmp_path / "second", "style.css", "second")
    assert shown("style.css", second) == "second"
    assert shown("style.css", put(tmp_path / "first", "style.css", "first"), second) == "first"
    assert "Iowan" in shown("shipped/style.css", second)


def test_one_block_of_a_shipped_template_can_be_changed(tmp_path: Path) -> None:
    mine = put(
        tmp_path / "mine", "page.html.j2", '{% extends "shipped/page.html.j2" %}{% block title %}Mine{% endblock %}'
    )
    page = shown("page.html.j2", mine)
    assert "<title>Mine</title>" in page
    assert "Iowan" in page


def test_a_users_part_is_used_by_shipped_wholes(tmp_path: Path) -> None:
    assert "h1 { color: red }" in shown("page.html.j2", put(tmp_path / "mine", "style.css", "h1 { color: red }"))


@pytest.mark.parametrize(
    ("name", "expected"), [("x.html.j2", "&lt;b&gt;"), ("x.md.j2", "<b>"), ("x.txt.j2", "<b>"), ("x.j2", "<b>")]
)
def test_html_alone_is_escaped(tmp_path: Path, name: str, expected: str) -> None:
    assert shown(name, put(tmp_path / "mine", name, "{{ it }}"), it="<b>") == expected


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{% if %}", "line 1"),
        ("\n{{ nothing }}", "line 2: 'nothing' is undefined"),
        ("\n\n{{ it.nothing }}", "line 3"),
        ("\n{{ 1 + 'a' }}", "line 2: unsupported operand"),
        ("\n{{ 1 / 0 }}", "line 2: division by zero"),
        ("\n{{ 'x' | round }}", "line 2"),
        ("{{ 1 | nofilter }}", "No filter named 'nofilter'"),
        ("\n{% include 'gone.j2' %}", "line 2: there is no file 'gone.j2'"),
        ("\n{% extends 'gone.j2' %}", "line 2: there is no file 'gone.j2'"),
        ("{% extends 'mine.j2' %}", 'Extend the shipped one: {% extends "shipped/mine.j2" %}'),
        ("{% include 'mine.j2' %}", "it extends or includes itself"),
        ("{{ range(10 ** 9) }}", "line 1"),
        (b"caf\xe9", "it is not UTF-8 text"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_line(tmp_path: Path, template: str | bytes, reason: str) -> None:
    mine = put(tmp_path / "mine", "mine.j2", template)
    with pytest.raises(AssetError) as caught:
        shown("mine.j2", mine, it=1)
    assert "mine.j2" in str(caught.value)
    assert reason in str(caught.value)


def test_words_that_a_users_own_lack_are_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "words.j2").write_text('{% set quoted = "Zitat" %}\n{% macro read(n) %}{{ n }} gelesen{% endmacro %}\n')
    (tmp_path / "it.j2").write_text(
        '{% import "words.j2" as words %}'
        '{{ words.quoted }}, {{ words.stubs }}, {{ words.wall("paywall") }}, {{ words.read(3) }}'
    )
    text = environment("templates", [tmp_path]).get_template("it.j2").render()
    assert text == "Zitat, In short, behind a paywall, 3 gelesen"


def test_a_mistake_in_a_users_words_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "words.j2").write_text('{% set quoted = "Zitat" %}\n{% set stubs = %}\n')
    (tmp_path / "it.j2").write_text('{% import "words.j2" as words %}{{ words.quoted }}')
    with pytest.raises(AssetError, match=r"words\.j2, line 2"):
        environment("templates", [tmp_path]).get_template("it.j2").render()


def test_a_mistake_in_a_part_is_named_with_the_parts_line(tmp_path: Path) -> None:
    mine = put(tmp_path / "mine", "whole.j2", "{% include 'part.j2' %}")
    put(mine, "part.j2", "\n\n{{ nothing }}")
    with pytest.raises(AssetError, match=r"part\.j2, line 3"):
        shown("whole.j2", mine)


def test_a_template_reaches_nothing_but_what_it_is_given(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match="unsafe"):
        shown("x.j2", put(tmp_path / "mine", "x.j2", "{{ ''.__class__.__mro__ }}"))


def test_a_bug_in_the_code_is_no_asset_error(tmp_path: Path) -> None:
    def broken() -> str:
        return str(1 // 0)

    with pytest.raises(ZeroDivisionError):
        shown("x.j2", put(tmp_path / "mine", "x.j2", "{{ it() }}"), it=broken)


def test_a_part_may_be_missing_where_the_template_says_so(tmp_path: Path) -> None:
    mine = put(tmp_path / "mine", "x.j2", "{% include 'gone.j2' ignore missing %}{% include ['gone.j2', 'y.j2'] %}")
    put(mine, "y.j2", "found")
    assert shown("x.j2", mine) == "found"


def test_a_missing_file_or_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match=r"gone\.j2: there is no such file among the templates"):
        shown("gone.j2")
    with pytest.raises(AssetError, match=r"no such folder.*briefing prompts eject"):
        environment("prompts", [tmp_path / "gone"])


@pytest.mark.parametrize("kind", ["prompts", "templates"])
def test_eject_copies_all_and_keeps_what_is_there(tmp_path: Path, kind: Kind) -> None:
    folder = put(tmp_path / "mine", shipped(kind)[0], "edited")
    written = eject(kind, folder)
    assert sorted(path.name for path in folder.iterdir()) == list(shipped(kind))
    assert [path.name for path in written] == list(shipped(kind)[1:])
    assert (folder / shipped(kind)[0]).read_text() == "edited"
    assert len(eject(kind, folder, overwrite=True)) == len(shipped(kind))
    assert (folder / shipped(kind)[0]).read_text() != "edited"


def test_eject_into_a_file_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "file", "x")
    with pytest.raises(AssetError, match="cannot be written"):
        eject("templates", tmp_path / "file")
