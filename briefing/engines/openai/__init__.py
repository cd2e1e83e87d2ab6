"""Models behind an OpenAI-compatible chat completions API: vLLM, llama-server, Ollama, LM Studio, hosted ones.

`EngineOptions.slots` prompts are in flight (default 8). Answers are streamed, so that cancelling frees the server.
Transient errors (429, 5xx, broken connections) are retried, five attempts in all, after ``Retry-After`` or an
exponential backoff with jitter; permanent ones (a refused key, an unknown model) end the run at once. Once a server is
unreachable, the remaining prompts fail without waiting for each.

Servers differ in the fields that they accept. After a refusal, all requests in flight adapt (`capabilities`): unknown
fields are dropped, limits are kept. Answers are constrained by a JSON schema where the server takes one, by a grammar
on llama.cpp, else by the prompt alone.

Reasoning is no answer, whether in it (`<think>`), beside it (``reasoning``, ``reasoning_content``) or hidden. A model
that used up its tokens on reasoning gets more of them, once, and lower effort; after that, and wherever an answer is
empty, the prompt fails. Discarded answers count towards the token budget.

The API key is sent in one header and stands in no message, error or log.

`engine` orders the requests, `capabilities` is what was learnt of the server, `model_list` reads its list of models,
`transport` is HTTP, `response` parses an answer, `failures` parses refusals.
"""

from briefing.engines.openai.engine import OpenAIEngine

__all__ = ["OpenAIEngine"]
