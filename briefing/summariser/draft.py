"""One article on its way to a summary: what is known of it, what was kept, what was left out, and what comes of it.

The strategies (`cite`, `instruct`, `seq2seq`) differ in what they ask a model; what is told of its answers is decided
here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from briefing.engines.base import Prompt
from briefing.errors import NoAnswerError
from briefing.ground import Check, Evidence, check
from briefing.nlp.facts import occurrences, stem_of
from briefing.nlp.salience import ranked
from briefing.nlp.text import sentences, word_count
from briefing.stories.embeddings import nearest
from briefing.summariser.language_samples import sample_sentences, script, script_of
from briefing.summariser.options import SummaryOptions
from briefing.summariser.parsing import (
    FULL_STOPS,
    LONGEST_HEADLINE,
    Answer,
    broken_off,
    parse_yes_no,
    says_the_same,
    title_without_site,
    truncate_words,
    with_full_stop,
)
from briefing.summariser.scheduler import Conversation, KeyedCompletion
from briefing.types import Article, KeyPoint, Summary, Verdict

__all__ = ["Draft", "most_telling", "rejection_reason"]

SHORT = 60
"""Words up to which a text is its own summary."""
_ANSWERS = re.compile(r"(?:[\W_]*(?:yes|no)\b|\s*(?:ye?|n)?\s*\Z)", re.IGNORECASE)
"""An answer whose odds are its own: its first word is one of the two, or all there is of it is their first token or a
blank. Of any other, the odds are those of a token that was not said.
"""
_TELLING = 4
"""Small words of a line from which on its language shows."""
_OWN, _OWN_ENGLISH = 0.65, 0.55
"""Share of these that an article in the same language has; lower for English, whose function words are known. Of a
German or French line an English article had a seventh at most, of a Spanish one a Portuguese article two fifths, and of
a Norwegian one a Danish article three fifths."""


@dataclass(slots=True)
class Draft:
    """One article on its way to a summary."""

    article: Article
    options: SummaryOptions
    evidence: Evidence
    headline: str = ""
    paragraph: str | None = None
    points: list[KeyPoint] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0
    asked: int = 0
    cached: int = 0
    untranslated: bool = False
    """Whether the engine was found to write in the article's language, whatever is wished."""
    strayed: bool = False
    """Whether an answer was, as a whole, in the article's language (`all_astray`)."""

    @classmethod
    def of(cls, article: Article, options: SummaryOptions) -> Draft:
        """Nothing written yet."""
        published = article.published.date() if article.published else None
        return cls(article, options, Evidence(article.text, article.title, article.language, published))

    @property
    def language(self) -> str:
        """ISO 639-1 code of the language to write in; English where nobody knows."""
        language = self.options.language or self.article.language
        return language if language != "und" else "en"

    @property
    def translated(self) -> bool:
        """Whether the summary is in another language than the article."""
        return self.options.translates(self.article.language) and not self.untranslated

    @property
    def examples(self) -> list[str]:
        """Sentences in the summary's language, for what they cost in tokens; none where none is known."""
        return sample_sentences(self.language) if self.translated else [one.text for one in self.evidence.sentences]

    def in_articles_language(self, text: str) -> bool:
        """Whether `text`, which is to be in another language than the article, is in the article's: in its script,
        where the other language has another; else most of its small words are the article's own (in a script without
        small letters, most of its words). Of a short one nobody can tell.
        """
        if not self.translated:
            return False
        written, other = script(text), script_of(self.language)
        if written != script(self.article.text):
            return False
        if other and written != other:
            return True
        english = self.article.language == "en"
        small = [surface for _, surface, _ in occurrences(text) if _small(surface)]
        known = {word.surface for reading in self.evidence.analysed for word in reading.words}
        own = sum(word in known or (english and len(word) > 2 and not stem_of(word)) for word in small)
        return len(small) >= _TELLING and own >= (_OWN_ENGLISH if english else _OWN) * len(small)

    def astray(self, line: str) -> bool:
        """Whether a line is in the article's language: once an answer was, whatever makes it likely tells."""
        return self.all_astray([line] * _TELLING) if self.strayed else self.in_articles_language(line)

    def all_astray(self, lines: Sequence[str]) -> bool:
        """Whether the lines of an answer, taken together, are in the article's language, however short each is."""
        whole = " ".join(lines)
        told = self.options.language_of(whole) if self.translated and self.options.language_of else ""
        found = self.in_articles_language(whole) or (self.translated and told == self.article.language)
        self.strayed = self.strayed or found
        return found

    def take(self, told: Sequence[KeyedCompletion]) -> list[Answer]:
        """The answers. Raises `NoAnswerError` where the model gave none."""
        for one in told:
            self._count(one)
            if one.completion.finish == "error":
                raise NoAnswerError(self.article.title or self.article.id, f"no answer came: {one.completion.error}")
        return [_answer(one) for one in told]

    def ask(
        self, prompts: Sequence[Prompt], window: int, enough: Callable[[str], bool] = lambda text: False
    ) -> Conversation[list[Answer]]:
        """The answers to `prompts`; where one was cut, it is asked for once more with twice the room.

        Not where the prompt and twice the room are over the `window`, tokens, nor where what came is `enough`. The
        first answer stands where the second says less. What is cut even so stands in the warnings. Raises
        `NoAnswerError` where the model gave no answer.
        """
        told = yield list(prompts)
        answers = self.take(told)
        again = [
            place
            for place, (one, prompt) in enumerate(zip(told, prompts, strict=True))
            if answers[place].cut
            and one.completion.prompt_tokens + 2 * prompt.max_tokens <= window
            and not enough(answers[place].text)
        ]
        if again:
            more = yield [replace(prompts[place], max_tokens=2 * prompts[place].max_tokens) for place in again]
            for place, one in zip(again, more, strict=True):
                self._count(one)
                answer, first = _answer(one), answers[place]
                fuller = len(answer.text) > len(first.text) if answer.cut else bool(answer.text.strip())
                if one.completion.finish != "error" and fuller:
                    answers[place] = answer
        for answer in answers:
            if rest := broken_off(answer):
                self.warnings.append(f"Left out (broken off): {rest}")
        return answers

    def weigh(self, told: Sequence[KeyedCompletion]) -> list[float | None]:
        """How likely the model found "yes", the first of the two answers it was offered.

        Where it does not say how likely, or its first word is none of the two: 0 for a "no" that it wrote, else None.
        """
        found: list[float | None] = []
        for one, answer in zip(told, self.take(told), strict=True):
            if one.completion.odds and _ANSWERS.match(answer.text):
                found.append(one.completion.odds[0])
            else:
                found.append(0.0 if parse_yes_no(answer.text) is False else None)
        return found

    def _count(self, one: KeyedCompletion) -> None:
        self.asked += 1
        self.cached += one.cached
        self.seconds += one.completion.prefill_seconds + one.completion.decode_seconds

    def open(self, found: Check) -> bool:
        """Whether the checks leave a point open that a model may settle; of a translated one they cannot say more."""
        return found.verdict is Verdict.UNCERTAIN and not self.translated

    def check(self, point: str, cited: Sequence[int] = ()) -> Check:
        """Look `point` up in the article. Of one in another language, `cited` are the sentences its model gave."""
        if not self.translated:
            return check(point, self.evidence)
        return check(point, self.evidence, translated=True, language=self.language, cited=cited)

    def keep(self, text: str, found: Check) -> None:
        """Show `text` as a key point; one in another language that has no sentence gets the nearest in meaning."""
        citations = found.citations
        if self.translated and not citations and self.options.embed is not None:
            alike = nearest(text, [one.text for one in self.evidence.sentences], self.options.embed)
            if alike is not None and alike not in self.evidence.injections:
                citations = (self.evidence.cite(alike),)
        self.points.append(KeyPoint(text=with_full_stop(text), citations=citations, verdict=found.verdict))

    def told_already(self, text: str) -> bool:
        """Whether a point that is kept says the same."""
        return any(says_the_same(text, point.text) for point in self.points)

    def quote(self, chosen: Iterable[int]) -> None:
        """Show these sentences of the article, and nothing else."""
        self.points = []
        for citation in map(self.evidence.cite, chosen):
            text = " ".join(citation.text.split())
            if not self.told_already(text):  # pages repeat their own sentences
                self.points.append(KeyPoint(text=text, citations=(citation,), verdict=Verdict.QUOTED, rung="quoted"))

    @property
    def short(self) -> bool:
        """Whether the article is its own summary."""
        few = min(2, self.options.points)
        return word_count(self.article.text) <= SHORT or len(self.evidence.sentences) <= few

    def summary(self, model: str, engine: str) -> Summary:
        """What a reader gets, under the names of what wrote it."""
        article = self.article
        return Summary(
            id=article.id,
            url=article.url,
            title=article.title,
            headline=self._shown_headline(),
            source=article.source,
            published=article.published,
            language=self._written_in(),
            article_language=article.language,
            key_points=tuple(self.points),
            paragraph=self.paragraph,
            model=model,
            engine=engine,
            cached=self.asked > 0 and self.cached == self.asked,
            seconds=round(self.seconds, 3),
            warnings=(*article.warnings, *self.warnings),
        )

    def _shown_headline(self) -> str:
        """The article's own, cut at a word; of a text without one, or where the summary is in another language, the
        model's, where the article supports it; else the beginning of the first point.
        """
        title = title_without_site(self.article.title, self.article.source, self.article.url)
        if title and not (self.translated and self._written_in() == self.language):
            return truncate_words(title, LONGEST_HEADLINE)
        written = "" if self.in_articles_language(self.headline) else self.headline
        # A list of keywords passes every check of facts and is still no headline.
        fits = 2 <= word_count(written) <= LONGEST_HEADLINE and written.count(",") <= 2
        found = self.check(written)
        if fits and not rejection_reason(found) and not (self.open(found) and self.article.title):
            return written
        told = [point.text for point in self.points if point.verdict is not Verdict.QUOTED or not self.translated]
        first = [*told, self.paragraph or "", self.article.text]
        return truncate_words(next(text for text in first if text).rstrip(FULL_STOPS), LONGEST_HEADLINE)

    def _written_in(self) -> str:
        """The language of the summary: the article's, where nothing of it was written but all is quoted."""
        quoted = [point.text for point in self.points if point.verdict is Verdict.QUOTED]
        prose = self.paragraph and self.paragraph != " ".join(quoted)
        wished = self.options.language and not self.untranslated and (len(quoted) < len(self.points) or prose)
        return self.options.language if wished else self.article.language


def _small(word: str) -> bool:
    """Whether a word has letters only, and none of them is a capital."""
    return word == word.lower() and all(unicodedata.category(letter)[0] in "LM" for letter in word)


def _answer(one: KeyedCompletion) -> Answer:
    return Answer(one.completion.text, cut=one.completion.finish == "length")


def most_telling(text: str, count: int) -> list[str]:
    """The `count` sentences of `text` that carry it, in its order."""
    found = sentences(text)
    return [found[index].text for index in sorted(ranked(found)[:count])]


def rejection_reason(found: Check) -> str:
    """Why a point may not be shown; empty when it may."""
    if not found.missing:
        return ""
    part = found.missing[0]
    if part.kind in {"support", "scattered", "quotation"}:
        return f"{part.kind} not in the article"
    differs = "not in the article" if part.kind in {"number", "name"} else "not as in the article"
    return f"{part.kind} {differs}: {part.surface}"
