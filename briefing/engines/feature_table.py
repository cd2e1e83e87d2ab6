"""What the engines can do, side by side, as the Markdown table in docs/models.md. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from briefing.engines.base import Capabilities

__all__ = ["capability_table"]

_FORMS = {"grammar": "GBNF grammar", "schema": "JSON schema"}
_ODDS = {"always": "yes", "some models": "where the model or its server gives them", "never": "no"}
_CANCELLATION = {
    "chunk": "after the token at hand, or the batch of the prompt's tokens",
    "batch": "after the prompts that are being answered together",
    "prompt": "after the prompt at hand",
}
_THINKING = {
    "off": "switched off where the model's chat template can",
    "cut": "thoughts are cut out of the answer",
    "room": "room is given once",
}
_BATCH = {
    "continuous": "decoded together, each leaves when it ends",
    "requests": "requests in flight together",
    "padded": "batches of like length",
    "single": "one after another",
}
_LANGUAGES = {
    "instructed": "the prompt asks for one",
    "told": "the prompt asks for one; mBART and its kind are told by its token",
    "quoted": "the article's own",
}


def capability_table(engines: Mapping[str, Capabilities]) -> str:
    """One column for each engine, by name, in the order given; one row for each capability."""
    rows = {
        "structured output": [
            ", else ".join(_FORMS[form] for form in one.structured) or "by the prompt alone" for one in engines.values()
        ],
        "odds of offered answers": [_ODDS[one.odds] for one in engines.values()],
        "cancelled": [_CANCELLATION[one.cancellation] for one in engines.values()],
        "models that think first": [
            "; ".join(_THINKING[act] for act in one.thinking) or "nothing is done" for one in engines.values()
        ],
        "prompts side by side": [_BATCH[one.batch] for one in engines.values()],
        "language of the answer": [_LANGUAGES[one.languages] for one in engines.values()],
    }
    lines = [["what", *(f"`{name}`" for name in engines)], ["---"] * (len(engines) + 1)]
    lines += [[title, *cells] for title, cells in rows.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
