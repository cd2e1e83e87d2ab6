"""What is said at the end of a run, and its exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from briefing.cli.messages import ProgressDisplay
from briefing.errors import ExitCode
from briefing.types import Edition, Failure, FailureKind, Summary

if TYPE_CHECKING:
    from briefing.pipeline import Report, RunContext

__all__ = [
    "exit_code",
    "nothing_new",
    "run_code",
    "tell_failures",
    "tell_language",
    "tell_run",
    "tell_usage",
    "tell_warnings",
]


def exit_code(produced: bool, failures: Sequence[Failure]) -> ExitCode:
    """All well, or something broke but there is a result, or there is none. What was skipped on purpose is well."""
    if not produced:
        return ExitCode.NOTHING
    return ExitCode.PARTLY if any(failure.kind is FailureKind.FAILED for failure in failures) else ExitCode.WELL


def run_code(produced: bool, failures: Sequence[Failure], *, told_before: int = 0, offline: bool = False) -> ExitCode:
    """The same for a run, in which a day without news is no failure, and a missing network will pass."""
    if offline and not produced:
        return ExitCode.OFFLINE
    return exit_code(produced or nothing_new(failures, told_before), failures)


def nothing_new(failures: Sequence[Failure], told_before: int = 0) -> bool:
    """Whether a run without a story had none to tell: it read something, and lost none on the way to the edition."""
    broken = [failure for failure in failures if failure.kind is FailureKind.FAILED]
    lost = any(failure.stage == "summarise" for failure in broken)
    return not lost and (not broken or bool(told_before) or len(broken) < len(failures))


_NAMED = 3
"""Items named of those that one reason kept out; of those that a model did not summarise, the first."""


def tell_failures(screen: ProgressDisplay, failures: Sequence[Failure], *, produced: bool, quiet: bool = False) -> None:
    """A line for each item that was not used; where nothing was `produced`, also for what was left out on purpose.

    On a `quiet` day that is no complaint: a scheduler mails those. Of items that one reason kept out, such as a feed of
    teasers or a budget that is used up, the first few are named and the rest counted; who asked for more is told of
    each.
    """
    alike = Counter(map(_reason, failures))
    told: Counter[tuple[str, ...]] = Counter()
    for failure in failures:
        remedy = f" {failure.remedy}{'' if failure.remedy.endswith('?') else '.'}" if failure.remedy else ""
        reason = _reason(failure)
        told[reason] += 1
        named = 1 if failure.stage == "summarise" else _NAMED
        others, repeats = alike[reason] - named, told[reason] > named
        last = others > 0 and told[reason] == named
        subject = f"{failure.subject} (and {others} more)" if last else failure.subject
        line = f"{failure.kind.value.capitalize()} ({failure.stage}): {subject}: {failure.cause}.{remedy}"
        if repeats:
            screen.detail(line)
            continue
        # What broke is said; what was left out on purpose only to those who asked for more, or who get nothing.
        if failure.kind is FailureKind.FAILED or not (produced or quiet):
            screen.complain(line)
        else:
            (screen.detail if produced and not failure.stub else screen.say)(line)
    if not (produced or quiet or failures):
        screen.complain("There is no article in it.")


def _reason(failure: Failure) -> tuple[str, ...]:
    return failure.kind, failure.stage, failure.cause, failure.remedy


def tell_warnings(screen: ProgressDisplay, summary: Summary) -> None:
    """What was dropped from a summary, for those who asked for more."""
    for warning in summary.warnings:
        screen.detail(f"{summary.headline}: {warning}")


def tell_language(screen: ProgressDisplay, summaries: Sequence[Summary], wished: str) -> None:
    """How many summaries are in their article's language instead of the one `wished` (ISO 639-1; empty: each its own).

    A complaint where all are: a short article that is shown as it is says nothing of the model.
    """
    others = [summary for summary in summaries if summary.article_language not in {"und", wished}]
    missed = sum(summary.language != wished for summary in others)
    if wished and missed:
        (screen.complain if missed == len(others) else screen.say)(
            f"Told in their article's language, not in the one asked for ({wished}): {missed} of {len(others)}. "
            "No point that holds was written in it; --verbose says why. A larger --model may help."
        )


def tell_usage(screen: ProgressDisplay, context: RunContext) -> None:
    """The tokens that a server was given and gave, and what they cost; for engines on this machine only on request."""
    (read, written), prices = context.tokens, context.config.prices
    if not read + written:
        return
    line = f"Tokens: {read:,} read, {written:,} written"
    if prices:
        cost = (read * prices[0] + written * prices[1]) / 1e6
        line += f"; cost: {cost:,.4f}"
    (screen.say if prices or context.config.base_url else screen.detail)(f"{line}.")


def tell_run(screen: ProgressDisplay, edition: Edition, report: Report) -> None:
    """The report of a whole run."""
    for story in edition.stories:
        tell_warnings(screen, story.summary)
    before = report.told_before + report.seen_before
    quiet = not edition.stories and nothing_new(report.failures, before)
    # What is in the edition with its headline need not be said as well.
    lost = [failure for failure in report.failures if not (failure.stub and edition.stories)]
    tell_failures(screen, lost, produced=bool(edition.stories or before), quiet=quiet)
    failed = sum(failure.kind is FailureKind.FAILED for failure in report.failures)
    skipped = len(report.failures) - failed - len(edition.stubs)
    screen.say(
        f"Sources: {report.sources} read. Articles: {report.articles} found. Stories: {report.condensed} summarised, "
        f"{report.cached} from an earlier run. Not used: {failed} failed, {skipped} skipped. "
        f"{report.seconds:,.0f} s."
    )
    if edition.stubs:
        screen.say(f"Headlines only, because of walls before their pages: {len(edition.stubs)}.")
    if report.brief:
        screen.say(f"Time was up: {report.brief} told in one quoted sentence. Run again to complete the edition.")
    if report.cut:
        screen.say(f"Longer than is read, so that only the beginning was: {report.cut}.")
    if report.told_before:
        screen.say(f"Told by earlier editions: {report.told_before}.")
    if report.seen_before:
        screen.say(f"Seen by earlier editions: {report.seen_before} articles.")
    if not edition.stories:
        screen.say("Nothing is new: there is no edition to write." if quiet else "There is nothing to write.")
