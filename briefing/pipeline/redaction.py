"""Articles and failures without the secrets in the addresses they were read from: before all else is done with them.

Links lead where they did, as far as that is possible without a key. Ids stay, so that the store knows an article again:
they are digests.
"""

from __future__ import annotations

from dataclasses import replace

from briefing.address import Secrets, shown_in
from briefing.types import Article, Failure


def redacted_failure(failure: Failure, secrets: Secrets) -> Failure:
    """`failure` and its headline without `secrets`."""
    hidden, stub = secrets.text, failure.stub
    if stub:
        stub = replace(
            stub,
            title=hidden(stub.title),
            teaser=hidden(stub.teaser),
            source=hidden(stub.source),
            section=hidden(stub.section),
            url=stub.url and secrets.link(stub.url),
        )
    return replace(failure, subject=hidden(failure.subject), cause=hidden(failure.cause), stub=stub)


def redacted_article(article: Article, secrets: Secrets) -> Article:
    """`article` without `secrets`."""
    hidden = secrets.text
    return replace(
        article,
        title=hidden(article.title),
        text=hidden(article.text),
        author=hidden(article.author),
        source=hidden(article.source),
        url=article.url and secrets.link(article.url),
        canonical=secrets.link(article.canonical),
        warnings=tuple(map(hidden, article.warnings)),
        # One whose address holds a secret could be neither fetched without it nor named with it.
        pictures=tuple(
            replace(link, alt=hidden(link.alt)) for link in article.pictures if hidden(link.url) == shown_in(link.url)
        ),
    )
