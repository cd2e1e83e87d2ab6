"""What `cli` keeps between the commands of one process: compiled templates (tests/conftest.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pytest
from jinja2.compiler import CodeGenerator

from ..conftest import Cli


def test_a_second_command_compiles_no_template_anew(
    cli: Cli, story_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[Any] = []
    visit = CodeGenerator.visit_Template

    def noted(self: CodeGenerator, *given: Any, **options: Any) -> None:
        compiled.append(self.name)
        visit(self, *given, **options)

    cli("run", "-s", story_file.name, "--engine", "extractive")
    monkeypatch.setattr(CodeGenerator, "visit_Template", noted)
    done = cli("run", "-s", story_file.name, "--engine", "extractive", "--state", "other.db")
    assert done.returncode == 0, done.stderr
    assert compiled == []


@pytest.mark.usefixtures("_templates_are_compiled_once")
def test_the_same_text_is_compiled_by_each_environments_syntax_and_escaping() -> None:
    def rendered(**settings: Any) -> str:
        return jinja2.Environment(**settings).from_string("<<a>> {{a}}\n").render(a="&")

    assert rendered() == "<<a>> &"
    assert rendered(autoescape=True) == "<<a>> &amp;"
    assert rendered(variable_start_string="<<", variable_end_string=">>") == "& {{a}}"
    assert rendered(keep_trailing_newline=True) == "<<a>> &\n"
