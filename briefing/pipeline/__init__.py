"""Orders the calls: sources -> articles -> stories -> summaries -> edition -> files and mail.

This module only re-exports what the command line and other programs call. `edition` makes an edition, `read` gives the
articles of the sources, `story_pipeline` the stories of the articles, `summaries` summarises without an edition;
`context` holds what a run keeps open, `progress` is the interface of progress listeners. What a summary or an edition
is, the pure modules decide.
"""

from __future__ import annotations

from briefing.pipeline.batch import batch
from briefing.pipeline.checking import CheckedSource, check_source, check_sources, found_in
from briefing.pipeline.context import RunContext, utc_now
from briefing.pipeline.delivery import DeliveryResult, owe_letters, send_editions
from briefing.pipeline.edition import (
    Report,
    build_edition,
    check_output,
    make_edition,
    remember_edition,
    write_edition,
    write_files,
)
from briefing.pipeline.history import (
    day_since,
    history,
    known_edition,
    removal,
    remove_edition,
    shown_edition,
    write_archive,
)
from briefing.pipeline.mailing import check_mail, letters
from briefing.pipeline.preflight import check_named, check_run
from briefing.pipeline.progress import NoProgress, ProgressListener
from briefing.pipeline.pushing import check_notify, mails, push_text, send_pushes, shown_recipient
from briefing.pipeline.read import read
from briefing.pipeline.state_file import keep_state, mend_state
from briefing.pipeline.summaries import compare, summarise, summarise_sources
from briefing.render.edition import render_explanation, render_summary

__all__ = [
    "CheckedSource",
    "DeliveryResult",
    "NoProgress",
    "ProgressListener",
    "Report",
    "RunContext",
    "batch",
    "build_edition",
    "check_mail",
    "check_named",
    "check_notify",
    "check_output",
    "check_run",
    "check_source",
    "check_sources",
    "compare",
    "day_since",
    "found_in",
    "history",
    "keep_state",
    "known_edition",
    "letters",
    "mails",
    "make_edition",
    "mend_state",
    "owe_letters",
    "push_text",
    "read",
    "remember_edition",
    "removal",
    "remove_edition",
    "render_explanation",
    "render_summary",
    "send_editions",
    "send_pushes",
    "shown_edition",
    "shown_recipient",
    "summarise",
    "summarise_sources",
    "utc_now",
    "write_archive",
    "write_edition",
    "write_files",
]
