"""Scripted stand-ins for what a briefing needs from outside, for this project's tests and for yours.

::

    engine = FakeEngine().says("# Trams for Marlow\\n- The council voted for a tram.", to="tram")
    with Server() as web:
        web.serves("/feed.xml", feed, type="application/rss+xml")
        edition = briefing.build_edition(config, engine=engine)
    assert web.seen("/feed.xml")

`FakeEngine` writes what it was told to and keeps the prompts it was asked. The servers listen on loopback while their
``with`` lasts: `Server` for feeds and pages, with what goes wrong on the way, `ChatServer` for OpenAI's chat
completions API, `ImapServer` for a mailbox. Each module's docstring shows its language.
"""

from briefing.testing.chat import CHAT, MODELS, ChatServer
from briefing.testing.engine import FakeEngine
from briefing.testing.imap_server import ImapServer
from briefing.testing.server import ReceivedRequest, Server

__all__ = ["CHAT", "MODELS", "ChatServer", "FakeEngine", "ImapServer", "ReceivedRequest", "Server"]
