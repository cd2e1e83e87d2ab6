"""Models on a server that speaks the chat part of OpenAI's API: vLLM, llama-server, Ollama, LM Studio, hosted ones.

What a caller gets: N prompts in flight (`EngineOptions.slots`, 8 unless told otherwise), each answer streamed, so that
cancelling frees the server; what may pass (429, 5xx, a connection that breaks) is asked again, five times in all, after
as long as the server wishes or a growing, jittered pause; what never will (a refused key, an unknown model) ends the
run at once. A server that has gone fails the prompts that are left without waiting for each.

Servers differ in what they understand. What one refuses by name is left away from then on (`manners`); answers are
held to a form by a grammar where the server is llama.cpp's, else by a JSON schema, else by the prompt alone. Thoughts
(`<think>`, ``reasoning_content``) are no answer; a model that used up its tokens on them is given more, once.

The key is sent in one header and stands in no message, error or log.

`engine` asks, `manners` is what was learnt of the server, `answer` is one answer as it comes in, `failures` are the
ways in which none comes.
"""

from briefing.engines.openai.engine import OpenAIEngine

__all__ = ["OpenAIEngine"]
