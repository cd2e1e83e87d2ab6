"""Cache keys of completions and summaries: everything that changes the result, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from briefing.assets import environment, shipped_folder
from briefing.engines import Engine, EngineOptions, Message, ModelSpec, Prompt
from briefing.engines.llama import LlamaEngine
from briefing.engines.openai import OpenAIEngine
from briefing.engines.transformers import TransformersEngine
from briefing.models.folder import ModelFile
from briefing.summariser import PromptBook, SummaryOptions, summary_key
from briefing.summariser.scheduler import completion_key
from briefing.testing.engine import FakeEngine
from briefing.types import Article

BOOK = PromptBook(environment("prompts"))
ARTICLE = Article(id="a", title="Tram approved", text="The council voted for a tram.", source="Post", language="en")
OTHER = Article(id="b", title="Tram", text="Marlow gets a tram.", source="Times", language="en")
SPEC = ModelSpec(name="m", path=Path("m.gguf"), digest="d1", context=32_768)
"""Of a file that is not there: no model is loaded and no server asked to name what they answer."""
PROMPT = Prompt(
    id="1",
    messages=(Message("system", "You condense."), Message("user", "The article.")),
    document="The article.",
    max_tokens=64,
    points=3,
    language="en",
    stop=("\n\n",),
    schema={"type": "object"},
    grammar="root ::= .",
    choices=("yes", "no"),
)


def on_a_server(spec: ModelSpec, options: EngineOptions) -> OpenAIEngine:
    return OpenAIEngine(replace(spec, address="http://127.0.0.1:9/v1"), options)


MAKES: dict[str, Callable[..., Any]] = {
    "llama": LlamaEngine,
    "openai": on_a_server,
}
if find_spec("torch"):  # not of the extra `test`; it reads a model's configuration with it
    MAKES["transformers"] = TransformersEngine


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Engine]:
    """Makes engines; of those that read a model's configuration first, with one."""

    def make(name: str, spec: ModelSpec = SPEC, **options: Any) -> Engine:
        if name == "transformers":
            folder = tmp_path_factory.mktemp(spec.path.name if spec.path else "model")
            (folder / "config.json").write_text('{"model_type": "llama"}', "utf-8")
            spec = replace(spec, path=folder)
        made: Engine = MAKES[name](spec, EngineOptions(**options))
        return made

    return make


def keys(of: Engine, prompt: Prompt = PROMPT, options: SummaryOptions | None = None) -> tuple[str, str]:
    """Of an answer, and of a summary."""
    return completion_key(of, prompt), summary_key(ARTICLE, of, BOOK, options or SummaryOptions())


# --- what the engine is told ---------------------------------------------------------------------------------

ALL = tuple(MAKES)
SAMPLING = ("llama", "openai")
"""Those that sample; transformers always takes the likeliest token."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engines", "changed", "options"),
    [
        (ALL, {"digest": "d2"}, {}),
        (ALL, {}, {"context": 2048}),
        (ALL, {}, {"thinking_tokens": 16_384}),
        (("llama",), {"adapter": Path("m.lora")}, {}),
        (("llama",), {"context": 2048}, {}),  # the file's own window, where it is under the one that is taken
        (SAMPLING, {}, {"seed": 2}),
        (SAMPLING, {}, {"temperature": 0.7}),
    ],
)
def test_another_model_window_or_sampling_is_another_key(
    engine: Callable[..., Engine], engines: tuple[str, ...], changed: dict[str, Any], options: dict[str, Any]
) -> None:
    for name in engines:
        base, other = keys(engine(name)), keys(engine(name, replace(SPEC, **changed), **options))
        assert base[0] != other[0], name
        assert base[1] != other[1], name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "options"),
    [
        ({"path": Path("elsewhere/m.gguf")}, {}),
        ({}, {"slots": 7}),
        ({}, {"threads": 7}),
        ({}, {"reuse_prefix": False}),
        ({}, {"trust_pickles": True}),
        ({}, {"key": "secret"}),
        ({}, {"patience": 7.0}),
        ({}, {"token_budget": 7}),
        ({}, {"thinking_tokens": 8192}),  # what there is without it
    ],
)
def test_how_an_engine_is_run_and_where_its_file_lies_is_the_same_key(
    engine: Callable[..., Engine], changed: dict[str, Any], options: dict[str, Any]
) -> None:
    for name in ALL:
        assert keys(engine(name)) == keys(engine(name, replace(SPEC, **changed), **options)), name


def test_engines_do_not_share_answers(engine: Callable[..., Engine]) -> None:
    assert len({keys(engine(name)) for name in ALL}) == len(ALL)


def test_the_window_of_the_fake_engine_counts_as_well() -> None:
    narrow, wide = keys(FakeEngine(context=2048)), keys(FakeEngine())
    assert narrow[0] != wide[0]
    assert narrow[1] != wide[1]
    assert wide == keys(FakeEngine(at_once=3))


def test_an_adapter_and_its_weights_are_part_of_a_model_files_digest() -> None:
    plain = ModelFile(name="m", path=Path("m"), size=1, sha256="s", context=0, licence="", engine="llama")
    tuned = replace(plain, adapter=Path("a"), adapter_sha256="a1")
    assert len({plain.digest, tuned.digest, replace(tuned, adapter_sha256="a2").digest}) == 3
    assert tuned.digest == replace(tuned, adapter=Path("b"), path=Path("n"), name="n").digest


# --- what is asked -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"messages": (Message("system", "You shorten."), *PROMPT.messages[1:])},
        {"messages": PROMPT.messages[::-1]},
        {"messages": (Message("user", "You condense."), *PROMPT.messages[1:])},
        {"max_tokens": 128},
        {"stop": ()},
        {"stop": ("\n",)},
        {"stop": (), "choices": ("\n\n", "yes", "no")},
        {"choices": ("no", "yes")},
        {"choices": ()},
        {"schema": None},
        {"schema": {"type": "array"}},
        {"grammar": None},
        {"grammar": "root ::= ..\n"},
        {"tuned": True},
    ],
)
def test_another_question_is_another_key(changed: dict[str, Any]) -> None:
    asked = FakeEngine()
    assert completion_key(asked, PROMPT) != completion_key(asked, replace(PROMPT, **changed))


@pytest.mark.parametrize("changed", [{"id": "2"}, {"document": "Another."}, {"points": 4}, {"language": "de"}])
def test_what_a_chat_model_does_not_read_is_no_part_of_its_question(changed: dict[str, Any]) -> None:
    asked = FakeEngine()
    assert completion_key(asked, PROMPT) == completion_key(asked, replace(PROMPT, **changed))


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({"id": "2"}, True),
        ({"messages": ()}, True),
        ({"document": "Another."}, False),
        ({"points": 4}, False),
        ({"language": "de"}, False),
        ({"answer_language": "de"}, False),
        ({"max_tokens": 128}, False),
    ],
)
def test_a_model_that_takes_no_instructions_is_asked_by_its_document(changed: dict[str, Any], same: bool) -> None:
    asked = FakeEngine(instructable=False)
    assert (completion_key(asked, PROMPT) == completion_key(asked, replace(PROMPT, **changed))) is same


# --- what a summary is made of -------------------------------------------------------------------------------


def summary(
    article: Article = ARTICLE, others: tuple[Article, ...] = (OTHER,), book: PromptBook = BOOK, **wishes: Any
) -> str:
    return summary_key(article, FakeEngine(), book, SummaryOptions(**wishes), others)


@pytest.mark.parametrize(
    "changed",
    [
        lambda: summary(points=5),
        lambda: summary(length="short"),
        lambda: summary(language="de"),
        lambda: summary(paragraph=True),
        lambda: summary(replace(ARTICLE, text="The council voted against a tram.")),
        lambda: summary(replace(ARTICLE, title="Tram refused")),
        lambda: summary(replace(ARTICLE, title="Tram approved | Evening Post", source="Evening Post")),
        lambda: summary(replace(ARTICLE, language="de")),
        lambda: summary(others=()),
        lambda: summary(others=(replace(OTHER, text="Marlow gets two trams."),)),
        lambda: summary(others=(replace(OTHER, title="Trams"),)),
        lambda: summary(others=(replace(OTHER, id="c"),)),
    ],
)
def test_another_article_or_wish_is_another_summary(changed: Callable[[], str]) -> None:
    assert changed() != summary()


def test_an_articles_address_and_id_make_no_other_summary() -> None:
    assert summary(replace(ARTICLE, id="z", url="http://post.example/tram")) == summary()


@pytest.mark.parametrize("title", [ARTICLE.title, "Tram approved | Post"])
def test_another_name_of_the_source_makes_no_other_summary(title: str) -> None:
    article = replace(ARTICLE, title=title)
    assert summary(replace(article, source="Post (post.example)")) == summary(article)


def edited(folder: Path, file: str, change: Callable[[str], str]) -> PromptBook:
    """The shipped prompts, with one file of them changed in a user's folder."""
    source = (shipped_folder("prompts") / file).read_text("utf-8")
    assert change(source) != source
    (folder / file).write_text(change(source), "utf-8")
    return PromptBook(environment("prompts", [folder]))


SHARED = {"languages.j2", "length.j2"}
"""What prompts look up and import: parts of those that do."""
FILES = sorted(path.name for path in shipped_folder("prompts").iterdir() if path.name not in SHARED)


@pytest.mark.parametrize("file", FILES)
def test_editing_a_prompt_or_a_grammar_makes_another_summary(file: str, tmp_path: Path) -> None:
    assert summary(book=edited(tmp_path, file, lambda source: f"{source} ")) != summary()


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("cite.gbnf.j2", 'root ::= " " text', "root ::= text"),  # the branch for a line whose numbers are given
        ("points.j2", "points > 3", "points > 4"),
        ("rewrite.j2", "Do not mention:", "Leave out:"),
        ("cite.j2", "{{ points }} {{ length }}", "{{ length }} {{ points }}"),
        ("numbered.j2", "You condense", "You shorten"),
        ("languages.j2", '"en": "English"', '"en": "British English"'),
        ("length.j2", "characters{% else %}", "signs{% else %}"),
    ],
)
def test_every_branch_of_a_prompt_counts(file: str, old: str, new: str, tmp_path: Path) -> None:
    assert summary(book=edited(tmp_path, file, lambda source: source.replace(old, new))) != summary()


@pytest.mark.slow
def test_what_no_model_sees_makes_no_other_summary(tmp_path: Path) -> None:
    def commented(source: str) -> str:
        return source.replace("{#-", "{#- Mine.", 1)

    for file in FILES:
        assert summary(book=edited(tmp_path, file, commented)) == summary(), file
    other_language = edited(tmp_path, "languages.j2", lambda source: source.replace("Bulgarian", "Bulgar"))
    assert summary(book=other_language) == summary()


def test_a_file_that_a_users_prompt_includes_is_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "points.j2").write_text('{% extends "shipped/points.j2" %}{# mine #}{% include "house.j2" %}', "utf-8")
    found = []
    for text in ("Be brief.", "Be kind."):
        (tmp_path / "house.j2").write_text("{% if points > 99 %}" + text + "{% endif %}", "utf-8")
        found.append(summary(book=PromptBook(environment("prompts", [tmp_path]))))
    assert len({*found, summary()}) == 3
