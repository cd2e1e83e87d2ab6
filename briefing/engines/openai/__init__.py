"""Models on a server that speaks the chat part of OpenAI's API: vLLM, llama-server, Ollama, LM Studio, hosted ones.

What a caller gets: N prompts in flight (`EngineOptions.slots`, 8 unless told otherwise), each answer streamed, so that
cancelling frees the server; what may pass (429, 5xx, a connection that breaks) is asked again, five times in all, after
as long as the server wishes or a growing, jittered pause; what never will (a refused key, an unknown model) ends the
run at once. A server that has gone fails the prompts that are left without waiting for each.

Servers differ in what they understand. What one refuses is put differently from then on, by all requests in flight
(`capabilities`): fields it does not know are left away, limits are kept to. Answers are held to a form by a JSON schema
where the server takes one, else by a grammar where it is llama.cpp's, else by the prompt alone.

Thoughts are no answer, whether they stand in it (`<think>`), beside it (``reasoning``, ``reasoning_content``) or are
hidden. A model that used up its tokens on them is given room for them, once, and asked to think less; after that, and
wherever an answer is empty, the prompt fails and says so. The budget of tokens counts what was discarded, too.

The key is sent in one header and stands in no message, error or log.

`engine` converses, `capabilities` is what was learnt of the server, `model_list` what it says of its models,
`transport` is HTTP, `response` is one answer as it comes in, `failures` are the ways in which none comes.
"""

from briefing.engines.openai.engine import OpenAIEngine

__all__ = ["OpenAIEngine"]
