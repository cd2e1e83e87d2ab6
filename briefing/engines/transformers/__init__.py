"""Hugging Face models on this machine: BART, PEGASUS, T5, mBART, LED and their kind, and chat models.

`engine` answers prompts, `loading` opens a model and says in one line why it cannot be, `settings` is what a model's
own files say of how it wants to be run, `chat_template` puts a chat as the model's template wants it, `batches` is
which prompts go together, `decoding` reads what the model wrote. torch and transformers are imported when there is
something to answer.
"""

from briefing.engines.transformers.engine import TransformersEngine

__all__ = ["TransformersEngine"]
