"""The configuration file: TOML -> a frozen, checked `Config`; adding and removing sources in its text.

Not here: what the settings do, and writing files.

Paths in the file are relative to the file and may start with ``~``. Errors name a key by its full path and its line;
``[[sources]]`` tables are counted from 1.
"""

from briefing.config.edit import add_sources, remove_source
from briefing.config.file import find_config, load_config, local_timezone, parse_config, read_config
from briefing.config.locations import source_key
from briefing.config.mail import Mail, Recipient, is_loopback
from briefing.config.notify import Notify
from briefing.config.settings import Config
from briefing.config.starters import STARTERS, read_starter
from briefing.config.validators import parse_duration

__all__ = [
    "STARTERS",
    "Config",
    "Mail",
    "Notify",
    "Recipient",
    "add_sources",
    "find_config",
    "is_loopback",
    "load_config",
    "local_timezone",
    "parse_config",
    "parse_duration",
    "read_config",
    "read_starter",
    "remove_source",
    "source_key",
]
