"""Hugging Face models on this machine: BART, PEGASUS, T5, mBART, LED and their kind, and chat models.

`engine` answers prompts, `loading` opens a model, `settings` reads the generation settings from its files, `inputs`
renders and batches prompts, `decoding` turns tokens into answers. torch and transformers are imported with the first
prompt.
"""

from briefing.engines.transformers.engine import TransformersEngine

__all__ = ["TransformersEngine"]
