"""Engines: what turns prompts into text.

`base` holds the protocol and its types; every other module is one engine. Engines are found by name through the entry
points ``briefing.engines`` (`load`), so that a package of a third party can add one.
"""

from __future__ import annotations

from briefing.engines.base import Completion, Engine, Message, Prompt

__all__ = ["Completion", "Engine", "Message", "Prompt"]
