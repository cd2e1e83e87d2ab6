"""What the package says of itself: dependencies, Pythons, systems, version; and the workflows that test and publish."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from briefing.extras import EXTRAS

REPOSITORY = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
PROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
CALENDAR_VERSIONS = {"packaging", "tzdata", "xllamacpp"}
"""Packages whose versions are dates, so that no number says what is untested."""


Script = Callable[[str], ModuleType]


# --- pyproject.toml ---------------------------------------------------------------------------------------------


def requirements() -> list[str]:
    extras = PROJECT["optional-dependencies"].values()
    named = [*PROJECT["dependencies"], *(requirement for extra in extras for requirement in extra)]
    return sorted({requirement for requirement in named if not requirement.startswith("daily-briefing[")})


@pytest.mark.parametrize("requirement", requirements())
def test_a_dependency_has_a_lower_bound_and_the_next_untested_major(requirement: str) -> None:
    """A new major release may break what worked: it is allowed once it was tried, not before."""
    name = re.split(r"[\[<>=!~; ]", requirement)[0]
    bounds = requirement.split(";", maxsplit=1)[0]
    assert re.search(r">=\d", bounds)
    upper = re.search(r"<(\d[\d.]*)", bounds)
    assert (upper is None) == (name in CALENDAR_VERSIONS)
    lower = re.search(r">=(\d+)", bounds)
    if upper and lower:
        assert re.fullmatch(r"\d+", upper[1]), "a major version, not a minor one"
        assert int(lower[1]) < int(upper[1])


@pytest.mark.parametrize("requirement", requirements())
def test_what_is_installed_here_is_within_the_bounds(requirement: str) -> None:
    """A bound below what the tests run with would promise what nobody tried."""
    from packaging.requirements import Requirement

    wanted = Requirement(requirement)
    try:
        found = importlib.metadata.version(wanted.name)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{wanted.name} is not installed")
    assert wanted.specifier.contains(found, prereleases=True), found


def test_hints_about_extras_have_the_bounds_of_the_project() -> None:
    assert {name: tuple(PROJECT["optional-dependencies"][name]) for name in EXTRAS} == EXTRAS


def test_nothing_tells_to_install_the_strangers_package_of_our_commands_name() -> None:
    """On the package index `briefing` is another project."""
    assert PROJECT["name"] == "daily-briefing"
    stranger = re.compile(
        r"""(?:pip|pipx|uv tool|uvx?)\s+(?:install|run|add)\s[^\n`]*?(?<![\w./-])briefing(?![\w./-])"""
    )
    for text in ('pip install "briefing[pdf]"', "pipx install briefing", "uv pip install -U 'briefing'"):
        assert stranger.search(text)
    pages = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md"), *(REPOSITORY / "templates").iterdir()]
    code = [
        path for room in ("briefing", ".ci", ".github") for path in (REPOSITORY / room).rglob("*") if path.is_file()
    ]
    said = [
        f"{path.relative_to(REPOSITORY)}: {found[0]}"
        for path in (*pages, *code)
        if path.suffix in {"", ".md", ".py", ".yml", ".j2"}
        for found in stranger.finditer(path.read_text("utf-8"))
    ]
    assert said == []


def pythons() -> list[str]:
    """Those of the classifiers."""
    found = (re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", entry) for entry in PROJECT["classifiers"])
    return [match[1] for match in found if match]


def test_classifiers_begin_with_the_oldest_python_allowed_and_have_no_gap() -> None:
    minors = [int(python.split(".")[1]) for python in pythons()]
    assert PROJECT["requires-python"] == f">=3.{minors[0]}"
    assert minors == list(range(minors[0], minors[-1] + 1))


def test_the_tools_are_set_to_the_oldest_python() -> None:
    tools = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["tool"]
    assert tools["mypy"]["python_version"] == pythons()[0]
    assert tools["ruff"]["target-version"] == f"py{pythons()[0].replace('.', '')}"


# --- workflows --------------------------------------------------------------------------------------------------


def workflow(name: str) -> dict[str, Any]:
    loaded: dict[Any, Any] = yaml.safe_load((REPOSITORY / ".github" / "workflows" / f"{name}.yml").read_text("utf-8"))
    loaded["on"] = loaded.pop(True)  # YAML 1.1 takes `on` for a boolean
    return loaded


def steps(name: str) -> Iterator[dict[str, Any]]:
    for job in workflow(name)["jobs"].values():
        yield from job["steps"]


def commands(name: str) -> str:
    return "\n".join(step["run"] for step in steps(name) if "run" in step)


def test_every_python_and_every_system_of_the_classifiers_is_tested() -> None:
    matrix = workflow("ci")["jobs"]["systems"]["strategy"]["matrix"]
    assert matrix["python"] == pythons()
    runners = {"MacOS": "macos-latest", "Microsoft :: Windows": "windows-latest", "POSIX :: Linux": "ubuntu-latest"}
    stated = {entry.partition(" :: ")[2] for entry in PROJECT["classifiers"] if entry.startswith("Operating System")}
    assert {runners[system] for system in stated} == set(matrix["os"])


def test_lowest_versions_are_tested_on_the_oldest_python_and_newest_on_the_newest() -> None:
    for job, python in (("lowest", pythons()[0]), ("newest", pythons()[-1])):
        found = [step.get("with", {}).get("python-version") for step in workflow("ci")["jobs"][job]["steps"]]
        assert [version for version in found if version] == [python]


@pytest.mark.parametrize("name", [path.stem for path in WORKFLOWS])
def test_extras_scripts_and_markers_of_a_workflow_exist(name: str) -> None:
    text = commands(name)
    scripts = re.findall(r"\.ci/[\w.]+", text)
    for path in scripts:
        assert (REPOSITORY / path).is_file(), path
    text += "".join((REPOSITORY / path).read_text("utf-8") for path in scripts)
    extras = {extra for found in re.findall(r"\[(\w+(?:,\w+)*)\]\"", text) for extra in found.split(",")}
    assert extras <= set(PROJECT["optional-dependencies"])
    tools = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["tool"]
    markers = {line.split(":")[0] for line in tools["pytest"]["ini_options"]["markers"]}
    selected = re.findall(r"pytest[^\n]* -m (?:\"([^\"]+)\"|(\w+))", text)
    words = {word for found in selected for word in re.findall(r"\w+", "".join(found))} - {"not", "or", "and"}
    assert words <= markers


@pytest.mark.parametrize("name", [path.stem for path in WORKFLOWS])
def test_a_workflow_has_least_permissions_limits_and_pinned_actions(name: str) -> None:
    found = workflow(name)
    assert found["permissions"] in ({}, {"contents": "read"})
    assert "concurrency" in found
    for job in found["jobs"].values():
        assert 0 < job["timeout-minutes"] <= 120
    for step in steps(name):
        if "uses" in step:
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@(?:v\d+|release/v\d+|[0-9a-f]{40})", step["uses"])
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
        # A tag or a branch may be named so that it is a command: it is read as a variable, not put into the text.
        assert "${{" not in step.get("run", "")


def test_only_the_publishing_job_may_sign_and_it_builds_nothing() -> None:
    jobs = workflow("publish")["jobs"]
    assert workflow("publish")["on"] == {"push": {"tags": ["v*"]}}
    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "build": {"contents": "read"},
        "publish": {"id-token": "write"},
    }
    publish = jobs["publish"]
    assert publish["needs"] == "build"
    assert publish["environment"]
    assert not [step for step in publish["steps"] if "run" in step]
    assert publish["steps"][-1]["with"]["attestations"] is True
    assert "password" not in str(jobs)


def test_a_release_is_checked_before_it_is_built_and_tried_before_it_is_uploaded() -> None:
    text = commands("publish")
    wanted = (".ci/check_release.py", ".ci/link_to_the_project.py", "python -m build", ".ci/distributions")
    assert sorted(wanted, key=text.index) == list(wanted)
    tried = (REPOSITORY / ".ci" / "distributions").read_text("utf-8")
    assert "twine check --strict" in tried
    assert "--engine extractive" in tried


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "RELEASING.md"])
def test_scripts_and_extras_that_a_page_for_contributors_names_exist(page: str) -> None:
    text = (REPOSITORY / page).read_text("utf-8")
    named = set(re.findall(r"\.ci/\w+(?:\.py)?|tests/\w+/\w+\.py|tests/\w+/\w+\.json|publish\.yml", text))
    assert named
    for path in named:
        assert (REPOSITORY / path).is_file() or (REPOSITORY / ".github" / "workflows" / path).is_file(), path
    extras = {extra for found in re.findall(r"\[(\w+(?:,\w+)*)\]\"", text) for extra in found.split(",")}
    assert extras <= set(PROJECT["optional-dependencies"])


def test_the_readmes_test_command_is_a_job() -> None:
    """Its second command, behind the environment that the first one makes."""
    blocks = re.findall(r"```sh\n(.*?)```", (REPOSITORY / "README.md").read_text("utf-8"), re.DOTALL)
    command = next(line for block in blocks for line in block.splitlines() if "pytest" in line)
    runs = [step.get("run", "") for step in workflow("ci")["jobs"]["readme"]["steps"]]
    assert command.split("  #")[0].strip() in runs


@pytest.mark.slow
def test_others_warnings_are_shown_and_ours_are_errors_with_the_newest_versions(tmp_path: Path) -> None:
    """The job's own option, over a module of each kind."""
    (line,) = [step["run"] for step in workflow("ci")["jobs"]["newest"]["steps"] if "pytest" in step.get("run", "")]
    quoted = re.search(r"filterwarnings=\$'([^']*)'", line)
    assert quoted
    option = f"filterwarnings={quoted[1].encode().decode('unicode_escape')}"
    for package in ("briefing", "others"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
        (tmp_path / package / "part.py").write_text(
            "import warnings\ndef old():\n    warnings.warn('old', DeprecationWarning)\n"
        )
        (tmp_path / f"test_{package}.py").write_text(
            f"from {package}.part import old\n\ndef test_old():\n    old()\n", "utf-8"
        )
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-o", option],
        cwd=tmp_path, capture_output=True, encoding="utf-8", check=False, env={**variables, "PYTHONPATH": "."},
    )  # fmt: skip
    assert "FAILED test_briefing.py::test_old" in done.stdout
    assert "1 failed, 1 passed, 1 warning" in done.stdout


# --- a release --------------------------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What `.ci/check_release.py` reads, as it is for a released version 1.2.3."""
    (tmp_path / "briefing").mkdir()
    (tmp_path / "briefing" / "_version.py").write_text('__version__ = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## 1.2.3 - 2026-11-27\n\n- News.\n\n## 1.2.2 - 2026-01-01\n")
    (tmp_path / "tests" / "data" / "schemas" / "1.2.3").mkdir(parents=True)
    (tmp_path / "tests" / "data" / "states").mkdir()
    (tmp_path / "tests" / "data" / "states" / "1.2.3.db.gz").touch()
    return tmp_path


def test_version_and_changelog_of_this_project_agree(ci_script: Script) -> None:
    assert ci_script("check_release").problems(REPOSITORY) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("CHANGELOG.md", "", "", "the tag is v1.2.4, the version 1.2.3"),
        ("briefing/_version.py", "1.2.3", "1.2.4", "CHANGELOG.md was last released as '1.2.3 - 2026-11-27'"),
        ("briefing/_version.py", "1.2.3", "soon", "which is no version"),
        ("CHANGELOG.md", "1.2.3 - 2026-11-27", "1.2.3", "is no version with its day"),
        ("CHANGELOG.md", "## 1.2.3", "## Unreleased\n\n- Something.\n\n## 1.2.3", "changes under Unreleased"),
        ("CHANGELOG.md", "## ", "### ", "no released section"),
    ],
)
def test_a_tag_that_does_not_fit_is_refused(tree: Path, file: str, old: str, new: str, reason: str) -> None:
    text = (tree / file).read_text("utf-8")
    (tree / file).write_text(text.replace(old, new) if old else text, "utf-8")
    tag = "v1.2.3" if old else "v1.2.4"
    command = [sys.executable, str(REPOSITORY / ".ci" / "check_release.py"), tag]
    done = subprocess.run(command, cwd=tree, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert reason in done.stderr


def test_a_tag_that_fits_is_allowed_also_with_an_empty_section_for_what_comes_next(
    tree: Path, ci_script: Script
) -> None:
    check = ci_script("check_release")
    assert check.problems(tree, "v1.2.3") == []
    text = (tree / "CHANGELOG.md").read_text("utf-8")
    (tree / "CHANGELOG.md").write_text(text.replace("## 1.2.3", "## Unreleased\n\n## 1.2.3"), "utf-8")
    assert check.problems(tree, "v1.2.3") == []


def test_a_release_without_its_kept_files_is_refused(tree: Path, ci_script: Script) -> None:
    (tree / "tests" / "data" / "states" / "1.2.3.db.gz").unlink()
    shutil.rmtree(tree / "tests" / "data" / "schemas")
    wrong = ci_script("check_release").problems(tree, "v1.2.3")
    assert [problem.split(" ")[0] for problem in wrong] == [
        "tests/data/schemas/1.2.3", "tests/data/states/1.2.3.db.gz",
    ]  # fmt: skip


README = """![An edition](docs/edition.png)

[How](docs/daily.md), [by mail](docs/mail.md#lists), [elsewhere](https://example.org/x), [below](#two-commands).
"""


def test_links_and_pictures_of_the_readme_lead_to_the_tag_on_the_index_page(ci_script: Script) -> None:
    link = ci_script("link_to_the_project")
    assert link.with_absolute_links(README, "https://example.net/a/b", "v1.2.3").splitlines() == [
        "![An edition](https://example.net/a/b/raw/v1.2.3/docs/edition.png)",
        "",
        "[How](https://example.net/a/b/blob/v1.2.3/docs/daily.md), "
        "[by mail](https://example.net/a/b/blob/v1.2.3/docs/mail.md#lists), [elsewhere](https://example.org/x), "
        "[below](#two-commands).",
    ]


def test_no_relative_link_of_the_readme_is_left_for_the_index_page(repository: Path, ci_script: Script) -> None:
    readme = (repository / "README.md").read_text("utf-8")
    linked = ci_script("link_to_the_project").with_absolute_links(readme, "https://example.net/a/b", "v1.2.3")
    assert len(re.findall(r"\]\(https:", linked)) > 10
    assert re.findall(r"\]\((?!https:)[^)]*\)", linked) == []


def test_the_projects_addresses_are_added_before_a_release_is_built(repository: Path, ci_script: Script) -> None:
    link = ci_script("link_to_the_project")
    text = re.sub(r"\[project.urls\]\n(?:\w.*\n)+\n", "", (repository / "pyproject.toml").read_text("utf-8"))
    added = link.with_addresses(text, "https://example.org/owner/briefing", "v1.2.3")
    project = tomllib.loads(added)["project"]
    assert project["urls"]["Source"] == "https://example.org/owner/briefing"
    assert project["scripts"] == PROJECT["scripts"]
    assert project["dependencies"] == PROJECT["dependencies"]
    with pytest.raises(ValueError, match="already"):
        link.with_addresses(added, "https://example.org/owner/briefing", "v1.2.3")
