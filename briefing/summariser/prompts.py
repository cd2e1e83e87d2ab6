"""Renders prompt templates to messages, with control marks in article text escaped.

A prompt is a Jinja2 template in which ``{{ system }}``, ``{{ user }}`` and ``{{ assistant }}`` each begin a turn. They
print a mark with a random nonce, so that no article can contain it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from briefing.engines.base import Message
from briefing.nlp.text import fingerprint

if TYPE_CHECKING:
    from jinja2 import Environment

_ROLES = ("system", "user", "assistant")

# Control marks of chat templates (<|im_end|>, [INST], <<SYS>>, <s>, <start_of_turn>) and our own delimiters. Tokenisers
# turn the first kind into a control token wherever it stands.
_CONTROL = re.compile(
    r"<(?=\|)|(?<=\|)>|<(?=/?(?:s|article|notes|text|start_of_turn|end_of_turn|bos|eos|pad|unk|tool_\w+)>)"
    r"|\[(?=/?INST\])|<(?=</?SYS>>)",
    re.IGNORECASE,
)


def escape_control_marks(text: str) -> str:
    """`text` with control marks broken by a space, so that they are plain characters."""
    return _CONTROL.sub(lambda mark: f"{mark[0]} " if mark[0] in "<[" else f" {mark[0]}", text)


class PromptBook:
    """The prompts by name, from their environment (`assets.environment`)."""

    def __init__(self, templates: Environment) -> None:
        self._templates = templates

    def messages(self, name: str, **variables: Any) -> tuple[Message, ...]:
        """The turns of prompt `name`, such as ``points``; strings among the variables are escaped.

        Raises `errors.AssetError` for a prompt that is missing or broken, before a model is loaded for the others.
        """
        nonce = secrets.token_hex(8)
        marks = {role: f"\x00{nonce} {role}\x00" for role in _ROLES}
        clean = {key: _escaped(value) for key, value in variables.items()}
        text = self._templates.get_template(f"{name}.j2").render(**clean, **marks)
        parts = re.split(f"\x00{nonce} ({'|'.join(_ROLES)})\x00", text)
        turns = zip(parts[1::2], parts[2::2], strict=True)
        return tuple(Message(role, content.strip()) for role, content in turns if content.strip())  # type: ignore[arg-type]

    def grammar(self, name: str, **variables: Any) -> str:
        """The GBNF grammar of answers to prompt `name`."""
        return self._templates.get_template(f"{name}.gbnf.j2").render(**variables).strip()

    def language(self, code: str) -> str:
        """English name of the language of this ISO 639-1 code, else the code."""
        module: Any = self._templates.get_template("languages.j2")
        names: dict[str, str] = module.module.names
        return names.get(code, code)

    def fingerprint(self, *names: str) -> str:
        """Changes with any edit of these prompts and grammars that could reach a model.

        Raises `errors.AssetError` for a prompt that is missing or broken, before a model is loaded for the others.
        """
        asked = [message.content for name in names for message in self.messages(name, **_SPECIMEN)]
        grammars = [name for name in names if name in _WITH_GRAMMAR]
        asked += [self.grammar(name, **_GRAMMAR) for name in grammars]
        seen: set[str] = set()  # a rendering shows one branch of each condition, the sources show all
        for file in (*(f"{name}.j2" for name in names), *(f"{name}.gbnf.j2" for name in grammars)):
            asked += self._sources(file, seen)
        return fingerprint(*asked)

    def _sources(self, file: str, seen: set[str]) -> Iterator[str]:
        """The sources, without comments, of a template and of those that it extends, includes or imports by name."""
        if file in seen:
            return
        seen.add(file)
        assert self._templates.loader is not None
        try:
            source, *_ = self._templates.loader.get_source(self._templates, file)
        except LookupError:  # an optional include; a required one has failed to render
            return
        text = _COMMENT.sub("", source)
        yield text
        for named in _NAMED.findall(text):
            yield from self._sources(named, seen)


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return escape_control_marks(value)
    if isinstance(value, Sequence):
        return [_escaped(item) for item in value]
    return value


_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_NAMED = re.compile(r"\{%[-+]?\s*(?:extends|include|import|from)\s+[\"']([^\"']+)[\"']")
_WITH_GRAMMAR = {"cite", "points", "points_numbered", "rewrite"}
_GRAMMAR: dict[str, Any] = {"sentences": 2, "fewest": 3, "points": 5, "headline": True, "opened": False,
                            "numbers": [1, 2]}  # fmt: skip
# Every variable of the prompts, with values for each branch.
_SPECIMEN: dict[str, Any] = {
    "article": "article", "title": "title", "sentences": ["one", "two"], "notes": ["one", "two"], "failed": ["part"],
    "point": "point", "fewest": 3, "points": 5, "words_low": 1, "words_high": 2, "characters": 1.6,
    "language": "French", "length": "medium", "headline": True, "cites": [2, 1], "numbers": [1, 2],
    "statement": "statement",
}  # fmt: skip
