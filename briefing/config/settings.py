"""The settings: names, types, defaults, and how values are checked. Not here: conversions (`validators`)."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar
from urllib.parse import urlsplit

from briefing.address import shown, shown_in
from briefing.config.locations import mailbox_error
from briefing.config.mail import Mail, Recipient, is_loopback
from briefing.config.notify import Notify
from briefing.config.validators import (
    FORBID_EXTRA,
    Command,
    Cookies,
    Count,
    Duration,
    Flag,
    FolderPath,
    Formats,
    GpuLayers,
    Headers,
    Kind,
    LanguageCode,
    LazyValidator,
    OptionalFlag,
    OptionalPath,
    Place,
    Prices,
    ServerAddress,
    Since,
    SourcePath,
    TimeOfDay,
    TimeZone,
    Topics,
    WebAddress,
    Weight,
    Words,
    whole,
)
from briefing.errors import UsageError
from briefing.types import EvidenceStyle, Source, SourceKind

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interests:
    """The table ``[interests]``: what ranks higher."""

    __pydantic_config__: ClassVar[Any] = FORBID_EXTRA

    words: Words = ()
    """Words and phrases; a story with one of them in its title or beginning ranks higher."""
    boost: Weight = 1.0
    """What a word in the title is worth; in the beginning, half of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """The table ``[mute]``: what is left out."""

    __pydantic_config__: ClassVar[Any] = FORBID_EXTRA

    words: Words = ()
    """An article with one of them in its title or beginning is left out."""
    sources: Words = ()
    sections: Words = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every setting of a run. `load_config` and `with_overrides` check the values, the constructor does not."""

    __pydantic_config__: ClassVar[Any] = FORBID_EXTRA

    title: str = "Morning briefing"
    timezone: TimeZone = ""
    """IANA name; empty means this machine's own (`local_timezone`)."""
    language: LanguageCode = ""
    """ISO 639-1 code of the language of the summaries; empty means each article's own."""
    model: Place = ""
    """Name in the catalogue, path or Hub repository; empty means the catalogue's default."""
    engine: str = ""
    """Empty means: the one that runs the model."""
    threads: Annotated[int, LazyValidator(whole(0, 1024))] = 0
    """Of the engine; 0 means: one for each physical core."""
    gpu_layers: GpuLayers = "auto"
    """Layers of the model that a GPU holds, for the engine llama; ``auto`` means: as many as fit, none without one."""
    parallel: Annotated[int, LazyValidator(whole(0, 1024))] = 0
    """Prompts answered side by side; 0 means what the engine takes to be best."""
    context: Count = 0
    """Tokens of a prompt and its answer together; 0 means what the engine takes to be best."""
    base_url: ServerAddress = ""
    """Of an OpenAI-compatible server, such as ``http://127.0.0.1:8000/v1``."""
    patience: Annotated[int, LazyValidator(whole(1))] = 300
    """Seconds that a server has for one answer."""
    token_budget: Count = 0
    """Tokens, read and written, after which a server is asked no more in this run; 0 means no limit."""
    thinking_tokens: Count = 0
    """Tokens that a model which thinks has for its thoughts, on top of its answer's; 0 means: 8,192, or what fits."""
    prices: Prices = ()
    """Of a million tokens read and of a million written, in whatever currency; empty means: no costs are shown."""
    trust_pickles: Flag = False
    """Whether weights may be read from pickles, which can run whatever code is in them."""
    points: Annotated[int, LazyValidator(whole(1, 10))] = 4
    """Key points an article, at most."""
    length: Literal["short", "medium", "long"] = "medium"
    paragraph: Flag = False
    evidence: EvidenceStyle = "footnotes"
    """How the sentences behind each point are shown; letters have a setting of their own, `Mail.evidence`."""
    formats: Formats = (
        "md",
        "html",
    )
    """Without repetition, at least one."""
    pictures: Literal["front", "all", "none"] = "front"
    """Which stories show one, in HTML, EPUB and the archive: those of the front, all, or none."""
    out: FolderPath = Path("briefings")
    """Folder of the editions; the default is one in the current folder, wherever the configuration lies."""
    since: Since = "last"
    """How old an article of a feed may be; ``last`` means: whatever no edition has seen; None means: any age."""
    catch_up: Duration = timedelta(days=3)
    """How far ``last`` reaches back, in whole days; None means: to the first edition."""
    deadline: TimeOfDay = ""
    """``HH:MM`` in `timezone`, by which the edition is written, finished or not; empty means: no such time."""
    budget: Duration = None
    """How long a run may take; None means: as long as it needs."""
    wait: Duration = timedelta(minutes=10)
    """How long a run waits for the network where no source of the web can be reached; None means: not at all."""
    max_stories: Count = 30
    """That one run adds to an edition; 0 means: no limit. A file may call it ``max_articles``, as it was once."""
    max_per_source: Count = 0
    """0 means: no limit."""
    full_text: Flag = True
    """Whether the page behind a feed's item is fetched; else the feed's own text is all there is."""
    allow_local: Flag = False
    """Whether every source may live at a private address, as `Source.allow_local` says for one."""
    offline: Flag = False
    """Whether the network is left alone."""
    state: OptionalPath = None
    """The state file; None means `store.default_state`."""
    models: OptionalPath = None
    """Folder of model files; None means the user's cache folder."""
    prompts: OptionalPath = None
    """Folder looked in before the user's and the shipped prompts."""
    templates: OptionalPath = None
    """Folder looked in before the user's and the shipped templates."""
    group: Flag = True
    """Whether articles about one event are told as one story."""
    embeddings: Place = ""
    """Embedding model, by name or path, that helps to see what is about one event, and which sentence is behind a point
    in another language; empty means: words alone."""
    repeat: Flag = False
    """Whether an edition may tell again what the editions of the last days have told."""
    max_per_section: Count = 0
    """Stories; 0 means: no limit."""
    interests: Interests = field(default_factory=Interests)
    mute: Mute = field(default_factory=Mute)
    topics: Topics = field(default_factory=dict)
    """Sections for articles whose source has none, by words in their titles and beginnings."""
    other: str = "Other"
    """Where there are `topics`: the section of articles that none of them fits."""
    sections: tuple[str, ...] = ()
    """Names in the order in which the edition shows them; the others follow."""
    mail: Mail = field(default_factory=Mail)
    """How an edition is sent by e-mail."""
    notify: Notify = field(default_factory=Notify)
    """Where its front page is pushed to."""
    sources: tuple[Source, ...] = ()

    def may_reach(self, host: str) -> bool:
        """Whether a server on `host` may be asked: offline only one on this machine."""
        return not self.offline or is_loopback(host)

    def with_overrides(self, **options: object) -> Config:
        """The same with every option that is not None, checked like the file's values.

        Relative paths stay relative (to the current folder). Raises `UsageError` naming the first option that is wrong.
        """
        given = {name: value for name, value in options.items() if value is not None}
        problems: list[Problem] = []
        values = {setting.name: getattr(self, setting.name) for setting in fields(self)} | given
        config = check(Config, values, None, problems)
        if config is None:
            raise UsageError(problems[0].key, problems[0].cause, problems[0].remedy)
        return config


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTable:
    """One ``[[sources]]`` table."""

    __pydantic_config__: ClassVar[Any] = FORBID_EXTRA

    url: WebAddress = ""
    path: SourcePath = None
    imap: str = ""
    """``imaps://user@host/folder``, never with a password; checked below, where an error does not show the value."""
    password_command: Command = ""
    """For `imap`: prints the password; empty means the environment or the keyring has it."""
    name: str = ""
    section: str = ""
    kind: Kind = SourceKind.AUTO
    weight: Weight = 1.0
    allow_local: Flag = False
    max_articles: Count = 0
    """Taken of it in one run, the newest; 0: no limit of its own."""
    full_text: OptionalFlag = None
    """The setting of this name, for this source."""
    points: Annotated[int, LazyValidator(whole(1, 10))] = 0
    """The setting of this name, for its articles; 0, the default: that for all."""
    language: LanguageCode = ""
    """Of the summaries of its articles; empty: the setting for all."""
    mute: Words = ()
    """An article of it with one of these words in its title or beginning is left out."""
    headers: Headers = ()
    """Sent to the origin of `url` alone; values come from the environment or a command."""
    cookies: Cookies = ()

    def __post_init__(self) -> None:
        given = [bool(self.url), self.path is not None, bool(self.imap)].count(True)
        if given != 1:
            raise ValueError("expected either 'url' or 'path' (or 'imap')" + (", not both" if given else ""))
        if self.imap and (problem := mailbox_error(self.imap)):
            raise ValueError(problem)
        if self.password_command and not self.imap:
            raise ValueError("expected 'password_command' only beside 'imap'")
        if sent := ("headers" if self.headers else "cookies" if self.cookies else ""):
            parts = urlsplit(self.url)
            if not self.url:
                raise ValueError(f"expected '{sent}' only beside 'url'")
            if parts.scheme != "https" and not (self.allow_local or is_loopback(parts.hostname or "")):
                raise ValueError(
                    f"expected an address that begins with https:// beside '{sent}': others could read them"
                )

    def source(self) -> Source:
        """The same as the rest of the package knows it."""
        return Source(
            location=self.url or self.imap or str(self.path),
            name=self.name,
            section=self.section,
            kind=self.kind,
            weight=self.weight,
            allow_local=self.allow_local,
            password_command=self.password_command,
            max_articles=self.max_articles,
            full_text=self.full_text,
            points=self.points,
            language=self.language,
            mute=self.mute,
            headers=self.headers,
            cookies=self.cookies,
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file or a call."""

    location: tuple[str | int, ...]
    cause: str
    remedy: str = ""

    @property
    def key(self) -> str:
        """The full path as a reader writes it; tables are counted from 1."""
        path = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in self.location)
        return path.removeprefix(".")


def check(
    wanted: type[T], values: object, folder: Path | None, problems: list[Problem], prefix: tuple[str | int, ...] = ()
) -> T | None:
    """`values` as a `wanted`, or None after adding everything that is wrong to `problems`."""
    from pydantic import ValidationError

    try:
        adapter: Any = _adapter(wanted)  # type: ignore[arg-type]
        checked: T = adapter.validate_python(values, context=folder)
        return checked
    except ValidationError as error:
        problems += [_problem(prefix + item["loc"], item) for item in error.errors(include_url=False)]
        return None


@cache
def _adapter(wanted: Any) -> Any:
    """Making one takes longer than using it."""
    from pydantic import TypeAdapter

    return TypeAdapter(wanted)


_TABLES: dict[str, Any] = {"mail": Mail, "interests": Interests, "mute": Mute, "notify": Notify}


def _problem(location: tuple[str | int, ...], item: Mapping[str, Any]) -> Problem:
    if item["type"] == "unexpected_keyword_argument":
        key, inside = str(location[-1]), location[0] == "sources" and len(location) > 1
        table: Any = SourceTable if inside else Config
        if location[0] in _TABLES and len(location) > 1:
            table = Recipient if location[1] == "recipients" and len(location) > 2 else _TABLES[str(location[0])]
        keys = [setting.name for setting in fields(table)]
        if table is not Config and key not in keys and key in {setting.name for setting in fields(Config)}:
            return _misplaced(location, key)
        near = difflib.get_close_matches(key, keys, n=1)
        remedy = f"Did you mean `{near[0]}`?" if near else f"The keys are {', '.join(keys)}"
        return Problem(location, "there is no such key", remedy)
    path = ".".join(part for part in location if isinstance(part, str))
    many = f"[[{path}]] tables" if path in {"sources", "mail.recipients"} else "a list in square brackets"
    single = len(location) == 1 and path in _TABLES
    expected = {
        "string_type": "expected text in quotation marks",
        "tuple_type": f"expected {many}",
        "dataclass_type": f"expected a{'n' * (path[:1] in 'aeiou')} [{path if single else f'[{path}]'}] table",
    }
    own = str(item["ctx"]["error"]) if item["type"] == "value_error" else None
    cause = own or expected.get(item["type"]) or item["msg"].replace("Input should be", "expected")
    secret = {"headers", "cookies", "notify"}.intersection(location)
    if isinstance(item["input"], str | int | float | list) and not secret:
        cause += f", but found {_shown(item['input'])}"
    if single and item["type"] == "dataclass_type":
        return Problem(location, cause, f"Its keys are {', '.join(one.name for one in fields(_TABLES[path]))}")
    return Problem(location, cause)


_OF_A_SOURCE = {"title": "name", "max_stories": "max_articles", "topics": "section", "sections": "section"}
"""Keys of a source by the settings of the edition that are taken for them."""


def _misplaced(location: tuple[str | int, ...], key: str) -> Problem:
    """A setting of the edition that stands in a table, as what is written below a table's header does."""
    if location[0] != "sources":
        table = ".".join(part for part in location[:-1] if isinstance(part, str))
        return Problem(location, f"is not a key of [{table}]", "Move it above the first [table]")
    meant = f"Did you mean `{_OF_A_SOURCE[key]}`? If not, move" if key in _OF_A_SOURCE else "Move"
    return Problem(location, "is not a key of a source", f"{meant} it above the first [[sources]] table")


def _shown(value: object) -> str:
    value = shown(value) if isinstance(value, str) else value
    value = [shown(item) if isinstance(item, str) else item for item in value] if isinstance(value, list) else value
    text = shown_in(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= 60 else f"{text[:57]}..."
