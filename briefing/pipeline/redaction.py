"""What was read, freed of the secrets in the addresses it was read from, before anything is made of it or kept."""

from __future__ import annotations

from dataclasses import replace
from typing import overload

from briefing.address import Secrets
from briefing.types import Article, Failure

__all__ = ["without_secrets"]


@overload
def without_secrets(one: Failure, secrets: Secrets) -> Failure: ...


@overload
def without_secrets(one: Article | Failure, secrets: Secrets) -> Article | Failure: ...


def without_secrets(one: Article | Failure, secrets: Secrets) -> Article | Failure:
    """`one` as every reader may have it: its links lead where they did, as far as that is possible without a key.

    An article's id stays, so that the store knows it again: it is a digest.
    """
    hidden = secrets.text
    if isinstance(one, Failure):
        stub = one.stub
        if stub:
            stub = replace(
                stub,
                title=hidden(stub.title),
                teaser=hidden(stub.teaser),
                source=hidden(stub.source),
                section=hidden(stub.section),
                url=stub.url and secrets.link(stub.url),
            )
        return replace(one, subject=hidden(one.subject), cause=hidden(one.cause), stub=stub)
    return replace(
        one,
        title=hidden(one.title),
        text=hidden(one.text),
        author=hidden(one.author),
        source=hidden(one.source),
        url=one.url and secrets.link(one.url),
        canonical=secrets.link(one.canonical),
        warnings=tuple(map(hidden, one.warnings)),
    )
