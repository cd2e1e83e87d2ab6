"""Makes ``-q``, ``-v`` and ``--log-file`` work after the command as before it, and help pages without types of flags.

Not here: what these options do (`logs`, `messages`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

PANEL = "Options of every command"


def equip(group: Any, apply: Callable[[Any, str, Any], None]) -> None:
    """Give every command below `group`, of any depth, the group's own options.

    Where one is used there, `apply` is called with the command's context, the option's name and its value. The
    command's function does not get it. Called again, it changes nothing.
    """
    if any(param.rich_help_panel == PANEL for param in group.params):
        return
    shared = [_shared(param, apply) for param in group.params if param.expose_value and not param.is_eager]
    _plain(group)
    for command in group.commands.values():
        _equip(command, shared)
    for param in group.params:
        if param.name in {option.name for option in shared}:
            param.rich_help_panel = PANEL


def _equip(command: Any, shared: list[Any]) -> None:
    taken = {name for param in command.params for name in param.opts}
    command.params = [*command.params, *(param for param in shared if taken.isdisjoint(param.opts))]
    _plain(command)
    for inner in getattr(command, "commands", {}).values():
        _equip(inner, shared)


def _shared(param: Any, apply: Callable[[Any, str, Any], None]) -> Any:
    option = copy.copy(param)
    option.expose_value = False
    option.rich_help_panel = PANEL

    def used(context: Any, _: Any, value: Any) -> Any:
        if value and not context.resilient_parsing:
            apply(context, option.name, value)
        return value

    option.callback = used
    return option


def _plain(command: Any) -> None:
    """Show flags without the type of their value, ``--help`` too, which is made only with the help page."""
    for param in command.params:
        if getattr(param, "is_flag", False) and param.metavar is None:
            param.metavar = ""
    made = command.get_help_option

    def help_option(context: Any) -> Any:
        if option := made(context):
            option.metavar = ""
        return option

    command.get_help_option = help_option
