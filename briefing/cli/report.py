"""The report at the end of a command, and its exit code."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from briefing.cli.logs import log_printed
from briefing.cli.messages import ProgressDisplay
from briefing.encodings import is_about_loss
from briefing.errors import ExitCode
from briefing.render.failures import grouped
from briefing.types import Edition, Failure, FailureKind, Notice, Summary

if TYPE_CHECKING:
    from briefing.pipeline import Report, RunContext


def exit_code(produced: bool, failures: Sequence[Failure]) -> ExitCode:
    """WELL, PARTLY (a result despite failures) or NOTHING. Items that were skipped on purpose do not count."""
    if not produced:
        return ExitCode.NOTHING
    return ExitCode.PARTLY if any(failure.kind is FailureKind.FAILED for failure in failures) else ExitCode.WELL


def run_code(produced: bool, failures: Sequence[Failure], *, known: int = 0, offline: bool = False) -> ExitCode:
    """`exit_code` of a run: a day without news is WELL, a missing network OFFLINE. `known`: as for `nothing_new`."""
    if offline and not produced:
        return ExitCode.OFFLINE
    return exit_code(produced or nothing_new(failures, known), failures)


def nothing_new(failures: Sequence[Failure], known: int = 0) -> bool:
    """Whether a run without a story had none to tell: some source was read, and no story failed to be summarised.

    `known`: how much was read that is not new.
    """
    failed = [failure for failure in failures if failure.kind is FailureKind.FAILED]
    unsummarised = any(failure.stage == "summarise" for failure in failed)
    return not unsummarised and (not failed or bool(known) or len(failed) < len(failures))


_NOTICES = 10
"""Shown of what is to be known of sources."""
_NAMED = 3
"""Items named of those with one reason; of those that a model did not summarise, only the first."""


def tell_failures(
    display: ProgressDisplay, failures: Sequence[Failure], *, produced: bool, quiet: bool = False
) -> None:
    """Print a line for each failed item and each headline; where nothing was `produced`, for all that were skipped.

    On a `quiet` day the skipped ones are no complaint, since a scheduler mails those. Of items with one reason, such as
    a feed of teasers or a spent budget, the first `_NAMED` are named and the rest counted; ``--verbose`` names all.
    """
    failures = _one_for_each_host(display, failures)
    total = Counter(map(_reason, failures))
    printed: Counter[tuple[str, ...]] = Counter()
    for failure in failures:
        helps = display.in_hand.completed(failure.remedy)
        remedy = f" {helps}{'' if helps.endswith('?') else '.'}" if helps else ""
        reason = _reason(failure)
        printed[reason] += 1
        named = 1 if failure.stage == "summarise" else _NAMED
        more, repeats = total[reason] - named, printed[reason] > named
        last = more > 0 and printed[reason] == named
        subject = f"{failure.subject} (and {more} more)" if last else failure.subject
        line = f"{failure.kind.value.capitalize()} ({failure.stage}): {subject}: {failure.cause}.{remedy}"
        log_printed(line, level=logging.DEBUG)
        if repeats:
            display.detail(line)
            continue
        # Failed items are always printed, skipped ones only for --verbose or where there is no result.
        if failure.kind is FailureKind.FAILED or not (produced or quiet):
            display.complain(line)
        else:
            (display.detail if produced and not failure.stub else display.say)(line)
    if not (produced or quiet or failures):
        display.complain("There is no article in it.")


def _one_for_each_host(display: ProgressDisplay, failures: Sequence[Failure]) -> list[Failure]:
    """The failures with one in place of several pages of a host, of which each is in the log and with ``--verbose``."""
    several = {group.failures[0]: group for group in grouped(one for one in failures if one.url) if group.count > 1}
    hidden = {failure for group in several.values() for failure in group.failures}
    shown = []
    for failure in failures:
        if failure in hidden:
            line = f"Failed ({failure.stage}): {failure.subject}: {failure.cause}."
            log_printed(line, level=logging.DEBUG)
            display.detail(line)
        if group := several.get(failure):
            cause = f"{group.cause} ({group.count} articles)"
            shown.append(replace(failure, subject=group.name, cause=cause, url=""))
        elif failure not in hidden:
            shown.append(failure)
    return shown


def _reason(failure: Failure) -> tuple[str, ...]:
    return failure.kind, failure.stage, failure.cause, failure.remedy


def tell_notices(display: ProgressDisplay, notices: Sequence[Notice]) -> None:
    """Print what is to be known of sources that were read; of many the first, and all for ``--verbose``."""
    for number, notice in enumerate(notices):
        (display.say if number < _NOTICES else display.detail)(f"Warning: {notice.subject}: {notice.sentences}")
    if len(notices) > _NOTICES:
        display.say(f"And {len(notices) - _NOTICES} more warnings; --verbose shows them.")


def tell_warnings(display: ProgressDisplay, summary: Summary) -> None:
    """Print what was dropped from a summary, for ``--verbose``, and what could not be read of its article, always."""
    for warning in summary.warnings:
        (display.say if is_about_loss(warning) else display.detail)(f"{summary.headline}: {warning}")


def tell_language(display: ProgressDisplay, summaries: Sequence[Summary], wished: str) -> None:
    """Print how many summaries are in their article's language and not in `wished` (ISO 639-1; empty: each its own).

    A complaint where all are: a single one may be a short article that is shown as it is.
    """
    foreign = [summary for summary in summaries if summary.article_language not in {"und", wished}]
    missed = sum(summary.language != wished for summary in foreign)
    if wished and missed:
        (display.complain if missed == len(foreign) else display.say)(
            f"Told in their article's language, not in the one asked for ({wished}): {missed} of {len(foreign)}. "
            "No point that holds was written in it; --verbose says why. A larger --model may help."
        )


def tell_usage(display: ProgressDisplay, context: RunContext) -> None:
    """Print a server's tokens and their cost; for engines on this machine only with ``--verbose``."""
    (read, written), prices = context.tokens, context.config.prices
    if not read + written:
        return
    line = f"Tokens: {read:,} read, {written:,} written"
    if prices:
        cost = (read * prices[0] + written * prices[1]) / 1e6
        line += f"; cost: {cost:,.4f}"
    (display.say if prices or context.config.base_url else display.detail)(f"{line}.")


def _more(items: int) -> str:
    return f"{items:,} more item{'s' if items > 1 else ''}"


def tell_run(display: ProgressDisplay, edition: Edition, report: Report, *, explained_by: str | None = "") -> None:
    """Print the report of a run.

    `explained_by`: the command that says why; empty: it is the same with ``--explain``; None: it has been said.
    """
    for story in edition.stories:
        tell_warnings(display, story.summary)
    quiet = edition.empty and nothing_new(report.failures, report.known)
    # Articles that are in the edition with their headlines are no failures.
    told_short = {stub.url for stub in edition.stubs}
    unused = [one for one in report.failures if not (one.stub and one.stub.url in told_short)]
    tell_failures(display, unused, produced=not edition.empty or bool(report.known), quiet=quiet)
    failed = sum(failure.kind is FailureKind.FAILED for failure in unused)
    skipped = sum(one.kind is FailureKind.SKIPPED and not one.counted for one in unused)
    told = f", {report.told_before} told by earlier editions" if report.told_before else ""
    seen = f", {report.seen_before} seen by earlier editions" if report.seen_before else ""
    total = report.sources + report.unread_sources
    hint = f": see `{explained_by}`" if explained_by else ": see the same command with --explain"
    why = "" if explained_by is None else hint
    rows = [
        ("Sources", f"{report.sources}{f' of {total}' if report.unread_sources else ''} read"),
        ("Articles", f"{report.articles} found{seen}"),
        ("Stories", f"{report.condensed} summarised, {report.cached} from an earlier run{told}"),
        ("Muted", f"{report.muted} stor{'y' if report.muted == 1 else 'ies'} of this edition" if report.muted else ""),
        ("In short", f"{len(edition.stubs)}, with their headlines only" if edition.stubs else ""),
        ("Not used", f"{failed} failed, {skipped} skipped" if failed or skipped else ""),
        ("Left out", f"{_more(edition.left_out)}{why}" if edition.left_out else ""),
        ("Time", f"{report.seconds:,.0f} s"),
    ]
    for name, told_of_it in rows:
        if told_of_it:
            display.say(f"{name:<10}{told_of_it}")
    tell_notices(display, report.notices)
    if report.brief:
        display.say(f"Time was up: {report.brief} told in one quoted sentence. Run again to complete the edition.")
    if report.cut:
        display.say(f"Longer than is read, so that only the beginning was: {report.cut}.")
    if report.emptied:
        display.say("All that the edition of the day had is muted by now: it is written without a story.")
    elif edition.empty:
        display.say("Nothing is new: there is no edition to write." if quiet else "There is nothing to write.")
