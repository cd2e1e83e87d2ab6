"""Parsing of sources: feeds, lists, folders, mailboxes. Bytes in, values out; no network.

`feeds` parses RSS, Atom and JSON Feed; `opml` reads and writes lists of sources; `detection` tells the kind of a source
and lists folders; `mailbox` reads mbox files and Maildirs; `decoding` turns bytes into safe text. Fetching is
`briefing.fetch`'s, articles are `extract`'s.
"""

from __future__ import annotations

from briefing.sources.detection import (
    ARTICLE_SUFFIXES,
    classify_content,
    classify_path,
    find_feeds,
    find_own_feeds,
    is_named_like_comments,
    is_named_like_feed,
    list_folder,
)
from briefing.sources.feeds import Feed, read_feed
from briefing.sources.mailbox import MailHead, Message, list_maildir, list_mbox, read_head
from briefing.sources.opml import is_url_list, read_opml, read_subscriptions, read_url_list, write_opml

__all__ = [
    "ARTICLE_SUFFIXES",
    "Feed",
    "MailHead",
    "Message",
    "classify_content",
    "classify_path",
    "find_feeds",
    "find_own_feeds",
    "is_named_like_comments",
    "is_named_like_feed",
    "is_url_list",
    "list_folder",
    "list_maildir",
    "list_mbox",
    "read_feed",
    "read_head",
    "read_opml",
    "read_subscriptions",
    "read_url_list",
    "write_opml",
]
