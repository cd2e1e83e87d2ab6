"""A run's resources (store, prompts, engine with its model, fetcher): opened lazily, closed together."""

from __future__ import annotations

import logging
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
from briefing.dates import AD_HOC
from briefing.engines import Completion, Engine, check_engine, open_engine
from briefing.pipeline.deadline import due
from briefing.pipeline.model_resolution import chosen, embedding_model, engine_options
from briefing.pipeline.progress import ProgressListener
from briefing.pipeline.secrets import Commands
from briefing.store import Store, StoredCompletion, default_state
from briefing.store.pictures import PictureStore
from briefing.stories import Vectoriser, tfidf_vectors, with_embeddings
from briefing.summariser import PromptBook
from briefing.types import Source

if TYPE_CHECKING:
    from briefing.engines.embedding import Embedder
    from briefing.fetch import Fetcher

_log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The current time (UTC). The package's only clock: everything else takes a time or a clock as an argument."""
    return datetime.now(UTC)


class StoredCompletions:
    """The store as the summariser's `CompletionStore`; counts new completions under ``engine.answer``."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self.tokens_read = 0
        """Prompt tokens of this run's new completions."""
        self.tokens_written = 0
        """Tokens of these completions."""

    def get(self, key: str) -> Completion | None:
        """The completion stored under `key`."""
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
        """Store `completion` under `key`."""
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
    """A context manager that closes what was opened.

    `clock` gives the current time in UTC; `engine` replaces the configured one; `fetcher` makes the fetcher from the
    path of its cache, with other limits than the default ones; `sleep` waits for a number of seconds. `edition`: the
    name of the day's edition that is made or meant, empty for the one without. An `ad_hoc` run remembers nothing but
    summaries, and nothing that was told keeps it from telling it again.
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
        edition: str = "",
        ad_hoc: bool = False,
    ) -> None:
        self.config = config
        self.edition = AD_HOC if ad_hoc else edition
        self.ad_hoc = ad_hoc
        self.clock = clock
        self.progress = progress
        self.sleep = sleep
        self._given = engine
        self._make_fetcher = fetcher
        self.commands = Commands()
        """Commands that print passwords; each is run once."""
        self.wishes: dict[str, Source] = {}
        """Sources with options of their own (`Source.has_wishes`), by the name that their articles have; of `read`."""
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @cached_property
    def store(self) -> Store:
        """The state file, with a run begun, to which counters belong. Raises `StoreError`."""
        store = self._open.enter_context(Store(self.config.state or default_state()))
        store.start_run(self.clock())
        return store

    @cached_property
    def timezone(self) -> str:
        """IANA name of the edition's time zone."""
        return self.config.timezone or local_timezone()

    def today(self, now: datetime | None = None) -> date:
        """The date of `now` (aware; default: the current time) in the edition's time zone."""
        return (now or self.clock()).astimezone(ZoneInfo(self.timezone)).date()

    def due(self, now: datetime, deadline: datetime | None = None) -> datetime | None:
        """When, in UTC, the configured deadline or budget ends a run that begins `now`; None: never.

        A `deadline` in the future is kept: it passes only while a machine is suspended.
        """
        if deadline and deadline > now:
            return deadline
        return due(self.config.deadline, self.config.budget, now, ZoneInfo(self.timezone))

    @cached_property
    def answers(self) -> StoredCompletions:
        """The cache of completions."""
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

    @property
    def engine_was_given(self) -> bool:
        """Whether the caller has brought the engine, so that the configuration says nothing of it."""
        return self._given is not None

    @cached_property
    def engine(self) -> Engine:
        """The engine with its model, which is downloaded if it is missing.

        Raises `ModelError` where the model cannot be had, `UsageError` for an engine that is not installed.
        """
        if self._given is not None:
            return self._given
        if self.config.engine:
            check_engine(self.config.engine)  # before a gigabyte is downloaded for nothing
        name, spec = chosen(self.config, self.progress)
        engine = open_engine(name, spec, engine_options(self.config))
        _log.info("Engine %s opened", name)
        self._open.callback(engine.close)
        return engine

    @cached_property
    def compare(self) -> Vectoriser:
        """The similarity of articles for grouping. Raises `ModelError` where its model is missing."""
        return with_embeddings(self.embedder.embed) if self.embedder else tfidf_vectors

    @cached_property
    def embedder(self) -> Embedder | None:
        """The model of the setting `embeddings`, None without one. Raises `ModelError` where it is missing."""
        if not self.config.embeddings:
            return None
        from briefing.engines.embedding import Embedder

        embedder = Embedder(embedding_model(self.config, self.progress), threads=self.config.threads)
        self._open.callback(embedder.close)
        return embedder

    @cached_property
    def fetcher(self) -> Fetcher:
        """The run's fetcher, with its cache beside the state file."""
        from briefing.fetch import Fetcher

        state = Path(self.config.state or default_state())
        cache = state.with_name(f"{state.stem}-http.db")
        return self._open.enter_context((self._make_fetcher or Fetcher)(cache))

    @cached_property
    def pictures(self) -> PictureStore:
        """The pictures of editions, in a file of their own beside the state file."""
        state = Path(self.config.state or default_state())
        return PictureStore(state.with_name(f"{state.stem}-pictures.db"))

    def _environment(self, kind: Literal["prompts", "templates"], folder: Path | None) -> Any:
        from briefing.assets import environment

        return environment(kind, [folder] if folder else [])
