"""Everything a run needs open: the store, the prompts, the engine with its model, the fetcher. Opened when first asked
for, closed together."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self
from zoneinfo import ZoneInfo

from briefing.config import Config, local_timezone
from briefing.engines import Completion, Engine, check_engine, open_engine
from briefing.pipeline.deadline import due
from briefing.pipeline.model_resolution import chosen, embedding_model, engine_options
from briefing.pipeline.progress import ProgressListener
from briefing.pipeline.secrets import Commands
from briefing.store import Store, StoredCompletion, default_state
from briefing.stories import Likeness, likeness, with_embeddings
from briefing.summariser import PromptBook

if TYPE_CHECKING:
    from briefing.engines.embedding import Embedder
    from briefing.fetch import Fetcher

__all__ = ["RunContext", "StoredCompletions", "utc_now"]


def utc_now() -> datetime:
    """The current time (UTC). The package's only clock: everything else takes a time or a clock as an argument."""
    return datetime.now(UTC)


class StoredCompletions:
    """The store as `summarise.Answers`; counts in ``engine.answer`` what an engine had to decode."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self.tokens_read = 0
        """Of prompts that the engine answered in this run."""
        self.tokens_written = 0
        """Of its answers."""

    def get(self, key: str) -> Completion | None:
        """The completion kept under `key`."""
        known = self._store.get_completion(key)
        if known is None:
            return None
        return Completion(
            id="",
            text=known.text,
            prompt_tokens=known.prompt_tokens,
            completion_tokens=known.completion_tokens,
            finish="length" if known.finish == "length" else "stop",
            odds=known.odds,
        )

    def put(self, key: str, completion: Completion) -> None:
        """Keep `completion`."""
        self._store.count("engine.answer")
        self.tokens_read += completion.prompt_tokens
        self.tokens_written += completion.completion_tokens
        kept = StoredCompletion(
            text=completion.text,
            prompt_tokens=completion.prompt_tokens,
            completion_tokens=completion.completion_tokens,
            finish=completion.finish,
            odds=completion.odds,
        )
        self._store.put_completion(key, kept, self._clock())


class RunContext:
    """A context manager.

    `clock` gives the current time in UTC; `engine` replaces the configuration's; `fetcher` makes the fetcher from the
    path of its cache, for those who want other limits than the default ones. `sleep` waits for as many seconds.
    """

    def __init__(
        self,
        config: Config,
        *,
        clock: Callable[[], datetime],
        progress: ProgressListener,
        engine: Engine | None = None,
        fetcher: Callable[[Path], Fetcher] | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.config = config
        self.clock = clock
        self.progress = progress
        self.sleep = sleep
        self._given = engine
        self._make_fetcher = fetcher
        self.commands = Commands()
        """Those that give passwords, each asked once a run."""
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @cached_property
    def store(self) -> Store:
        """The state file, with a run begun that counts are kept for. Raises `StoreError`."""
        store = self._open.enter_context(Store(self.config.state or default_state()))
        store.start_run(self.clock())
        return store

    @cached_property
    def timezone(self) -> str:
        """IANA name of the edition's time zone."""
        return self.config.timezone or local_timezone()

    def today(self, now: datetime | None = None) -> date:
        """The day it is, or is `now` (aware), in the edition's time zone."""
        return (now or self.clock()).astimezone(ZoneInfo(self.timezone)).date()

    def due(self, now: datetime, deadline: datetime | None = None) -> datetime | None:
        """When, in UTC, the configuration's deadline or budget ends a run that begins `now`; None: never.

        `deadline`, where it is still to come, is kept: it passes only while a machine is asleep.
        """
        if deadline and deadline > now:
            return deadline
        return due(self.config.deadline, self.config.budget, now, ZoneInfo(self.timezone))

    @cached_property
    def answers(self) -> StoredCompletions:
        """Completions of this and earlier runs."""
        return StoredCompletions(self.store, self.clock)

    @property
    def tokens(self) -> tuple[int, int]:
        """Tokens that the engine read and wrote in this run."""
        answers = self.__dict__.get("answers")
        return (answers.tokens_read, answers.tokens_written) if answers else (0, 0)

    @cached_property
    def prompts(self) -> PromptBook:
        """The prompts, the user's before the shipped. Raises `AssetError`."""
        return PromptBook(self._environment("prompts", self.config.prompts))

    @cached_property
    def templates(self) -> Any:
        """The Jinja2 environment of the output templates. Raises `AssetError`."""
        return self._environment("templates", self.config.templates)

    @cached_property
    def engine(self) -> Engine:
        """The engine with its model, pulled first where it is not here.

        Raises `ModelError` where the model cannot be had, `UsageError` for an engine nobody has installed.
        """
        if self._given is not None:
            return self._given
        if self.config.engine:
            check_engine(self.config.engine)  # before a gigabyte is pulled for nothing
        name, spec = chosen(self.config, self.progress)
        engine = open_engine(name, spec, engine_options(self.config))
        self._open.callback(engine.close)
        return engine

    @cached_property
    def compare(self) -> Likeness:
        """How articles are compared, to see which tell one story. Raises `ModelError` where its model is missing."""
        return with_embeddings(self.embedder.embed) if self.embedder else likeness

    @cached_property
    def embedder(self) -> Embedder | None:
        """The model of the setting `embeddings`; None where there is none. Raises `ModelError` where it is missing."""
        if not self.config.embeddings:
            return None
        from briefing.engines.embedding import Embedder

        embedder = Embedder(embedding_model(self.config, self.progress), threads=self.config.threads)
        self._open.callback(embedder.close)
        return embedder

    def fetcher(self) -> Fetcher:
        """The one fetcher of the run, with its cache beside the state file."""
        return self._fetcher

    @cached_property
    def _fetcher(self) -> Fetcher:
        from briefing.fetch import Fetcher

        state = Path(self.config.state or default_state())
        cache = state.with_name(f"{state.stem}-http.db")
        return self._open.enter_context((self._make_fetcher or Fetcher)(cache))

    def _environment(self, kind: Literal["prompts", "templates"], folder: Path | None) -> Any:
        from briefing.assets import environment

        return environment(kind, [folder] if folder else [])
