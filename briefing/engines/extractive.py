"""The extractive baseline, without a model: the document's most salient sentences. Labelled, never used silently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from briefing.engines.base import Capabilities, Completion, EngineOptions, ModelSpec, Prompt
from briefing.nlp.salience import ranked
from briefing.nlp.sentences import sentences
from briefing.nlp.text import word_count


class ExtractiveEngine:
    """Answers with sentences of `Prompt.document`, one a line, in the document's order."""

    name = "extractive"
    model = ""
    digest = "extractive-1"
    context = 1_000_000
    instructable = False
    verbatim = True
    capabilities = Capabilities(languages="quoted")

    def __init__(self, model: ModelSpec | None = None, options: EngineOptions | None = None) -> None:
        """Both arguments are ignored."""

    def count_tokens(self, text: str) -> int:
        """Words: there is no tokeniser."""
        return word_count(text)

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
        """Yield the `Prompt.points` most salient sentences (three by default) of each prompt's document."""
        for prompt in prompts:
            found = sentences(prompt.document, prompt.language)
            chosen = sorted(ranked(found)[: prompt.points or 3])
            text = "\n".join(" ".join(found[index].text.split()) for index in chosen)
            words = word_count(prompt.document)
            yield Completion(
                id=prompt.id, text=text, prompt_tokens=words, completion_tokens=word_count(text), finish="stop"
            )

    def close(self) -> None:
        """Nothing to free."""
