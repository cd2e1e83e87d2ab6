"""One article while it is condensed: its evidence, the points kept and left out, and the summary made of them.

The strategies (`cite`, `instruct`, `seq2seq`) differ in what they ask a model; what is shown of its answers is decided
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
from briefing.nlp.sentences import sentences
from briefing.nlp.text import word_count
from briefing.stories.embeddings import nearest
from briefing.summariser.introductions import introduced
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
from briefing.summariser.scheduler import Conversation, ServedCompletion
from briefing.types import Article, KeyPoint, Summary, Verdict

SHORT = 60
"""Words up to which a text is its own summary."""
_ANSWERS = re.compile(r"(?:[\W_]*(?:yes|no)\b|\s*(?:ye?|n)?\s*\Z)", re.IGNORECASE)
"""An answer to which its odds apply: its first word is one of the two, or it is only their first token or a blank."""
_ENOUGH_WORDS = 4
"""Lower-case words from which on a line's language can be told."""
_OWN, _OWN_ENGLISH = 0.65, 0.55
"""Share of these that an article in the same language has; lower for English, whose function words are known. An
English article had a seventh at most of a German or French line, a Portuguese one two fifths of a Spanish line, and a
Danish one three fifths of a Norwegian line."""


@dataclass(slots=True)
class Draft:
    """One article while it is condensed."""

    article: Article
    options: SummaryOptions
    evidence: Evidence
    headline: str = ""
    paragraph: str | None = None
    points: list[KeyPoint] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0
    """Of prefill and decoding."""
    asked: int = 0
    """Prompts."""
    cached: int = 0
    """Prompts that the store answered."""
    untranslated: bool = False
    """Whether the engine was found to write in the article's language only."""
    strayed: bool = False
    """Whether an answer was, as a whole, in the article's language (`all_astray`)."""

    @classmethod
    def of(cls, article: Article, options: SummaryOptions) -> Draft:
        """An empty draft with the article's evidence."""
        published = article.published.date() if article.published else None
        return cls(article, options, Evidence(article.text, article.title, article.language, published))

    @property
    def language(self) -> str:
        """ISO 639-1 code of the language to write in; English where it is unknown."""
        language = self.options.language or self.article.language
        return language if language != "und" else "en"

    @property
    def answer_language(self) -> str:
        """ISO 639-1 code of the language of the answers, by which they are split; ``und`` where it is unknown."""
        return self.options.language or self.article.language

    @property
    def translated(self) -> bool:
        """Whether the summary is in another language than the article."""
        return self.options.translates(self.article.language) and not self.untranslated

    @property
    def examples(self) -> list[str]:
        """Sentences in the summary's language, to measure tokens with."""
        if self.translated:
            return sample_sentences(self.language)
        return [sentence.text for sentence in self.evidence.sentences]

    def in_articles_language(self, text: str) -> bool:
        """Whether `text`, which is to be in another language than the article, is in the article's.

        It is where its script is the article's and not that of the language to write in; else where most of its
        lower-case words (all words in a script without case) are in the article. False for a short text.
        """
        if not self.translated:
            return False
        written, target = script(text), script_of(self.language)
        if written != script(self.article.text):
            return False
        if target and written != target:
            return True
        english = self.article.language == "en"
        words = [surface for _, surface, _ in occurrences(text) if _is_lower(surface)]
        known = {word.surface for reading in self.evidence.analysed for word in reading.words}
        own = sum(word in known or (english and len(word) > 2 and not stem_of(word)) for word in words)
        return len(words) >= _ENOUGH_WORDS and own >= (_OWN_ENGLISH if english else _OWN) * len(words)

    def astray(self, line: str) -> bool:
        """Whether a line is in the article's language; once an answer was, a short one is judged as well."""
        return self.all_astray([line] * _ENOUGH_WORDS) if self.strayed else self.in_articles_language(line)

    def all_astray(self, lines: Sequence[str]) -> bool:
        """Whether the lines of an answer, taken together, are in the article's language."""
        whole = " ".join(lines)
        language = self.options.language_of(whole) if self.translated and self.options.language_of else ""
        astray = self.in_articles_language(whole) or (self.translated and language == self.article.language)
        self.strayed = self.strayed or astray
        return astray

    def take(self, completions: Sequence[ServedCompletion]) -> list[Answer]:
        """The answers. Raises `NoAnswerError` for a failed completion."""
        for served in completions:
            self._count(served)
            if served.completion.finish == "error":
                raise NoAnswerError(self.article.title or self.article.id, f"no answer came: {served.completion.error}")
        return [_answer(served) for served in completions]

    def ask(
        self, prompts: Sequence[Prompt], window: int, enough: Callable[[str], bool] = lambda text: False
    ) -> Conversation[list[Answer]]:
        """The answers to `prompts`; a truncated one is asked for once more with twice the tokens.

        Not where these do not fit into the `window` (tokens), nor where the answer is `enough`. The longer answer
        stands; a sentence that is truncated even so goes to the warnings. Raises `NoAnswerError` for a failed
        completion.
        """
        completions = yield list(prompts)
        answers = self.take(completions)
        retried = [
            index
            for index, (served, prompt) in enumerate(zip(completions, prompts, strict=True))
            if answers[index].cut
            and served.completion.prompt_tokens + 2 * prompt.max_tokens <= window
            and not enough(answers[index].text)
        ]
        if retried:
            more = yield [replace(prompts[index], max_tokens=2 * prompts[index].max_tokens) for index in retried]
            for index, served in zip(retried, more, strict=True):
                self._count(served)
                answer, first = _answer(served), answers[index]
                fuller = len(answer.text) > len(first.text) if answer.cut else bool(answer.text.strip())
                if served.completion.finish != "error" and fuller:
                    answers[index] = answer
        for answer in answers:
            if rest := broken_off(answer, self.answer_language):
                self.warnings.append(f"Left out (broken off): {rest}")
        return answers

    def yes_probabilities(self, completions: Sequence[ServedCompletion]) -> list[float | None]:
        """Of each answer to a yes-or-no prompt, the probability of "yes", the first of its choices.

        Without odds, or where its first word is neither: 0 for a "no" in its text, else None.
        """
        probabilities: list[float | None] = []
        for served, answer in zip(completions, self.take(completions), strict=True):
            if served.completion.odds and _ANSWERS.match(answer.text):
                probabilities.append(served.completion.odds[0])
            else:
                probabilities.append(0.0 if parse_yes_no(answer.text) is False else None)
        return probabilities

    def _count(self, served: ServedCompletion) -> None:
        self.asked += 1
        self.cached += served.cached
        self.seconds += served.completion.prefill_seconds + served.completion.decode_seconds

    def open(self, check: Check) -> bool:
        """Whether the verdict is open and a model may settle it; not for a translated point."""
        return check.verdict is Verdict.UNCERTAIN and not self.translated

    def check(self, point: str, cited: Sequence[int] = ()) -> Check:
        """Check `point` against the article; `cited`: the sentences that the model gave for a translated one."""
        if not self.translated:
            return check(point, self.evidence)
        return check(point, self.evidence, translated=True, language=self.language, cited=cited)

    def keep(self, text: str, check: Check) -> None:
        """Add `text` as a key point; a translated one without a citation gets the sentence nearest in meaning."""
        citations = check.citations
        if self.translated and not citations and self.options.embed is not None:
            index = nearest(text, [sentence.text for sentence in self.evidence.sentences], self.options.embed)
            if index is not None and index not in self.evidence.injections:
                citations = (self.evidence.cite(index),)
        self.points.append(KeyPoint(text=with_full_stop(text), citations=citations, verdict=check.verdict))

    def keep_new(self, points: Iterable[tuple[str, Check] | None]) -> None:
        """`keep` those that are not None and say something new."""
        for point in points:
            if point and not self.told_already(point[0]):
                self.keep(*point)

    def told_already(self, text: str) -> bool:
        """Whether a kept point says the same."""
        return any(says_the_same(text, point.text) for point in self.points)

    def uncited(self, shortest: int) -> list[int]:
        """Sentences of at least `shortest` words that no kept point cites, most salient first."""
        excluded = self.evidence.injections | {
            citation.sentence for point in self.points for citation in point.citations
        }
        whole = self.evidence.sentences
        return [i for i in ranked(whole) if i not in excluded and word_count(whole[i].text) >= shortest]

    def quote(self, chosen: Iterable[int]) -> None:
        """Replace the points by these sentences of the article; by orders to a model where there is nothing else."""
        self.points = []
        indices = list(chosen)
        told = [index for index in indices if index not in self.evidence.injections] or indices
        for point in (quoted_point(self.evidence, index) for index in told):
            if not self.told_already(point.text):  # pages repeat their own sentences
                self.points.append(point)

    def introduce_names(self) -> None:
        """Give persons their full names at their first mention in the points (`introductions`); in English only."""
        if self.language == "en" and not self.translated:
            self.points = introduced(self.points, self.article.title, self.evidence)

    @property
    def short(self) -> bool:
        """Whether the article is its own summary."""
        few = min(2, self.options.points)
        return word_count(self.article.text) <= SHORT or len(self.evidence.sentences) <= few

    def summary(self, model: str, engine: str) -> Summary:
        """The summary, as written by `model` on `engine`."""
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
        """The article's title, truncated at a word; without one, or in a translated summary, the model's headline where
        the article supports it; else the beginning of the first point.
        """
        title = title_without_site(self.article.title, self.article.source, self.article.url)
        if title and not (self.translated and self._written_in() == self.language):
            return truncate_words(title, LONGEST_HEADLINE)
        written = "" if self.in_articles_language(self.headline) else self.headline
        # A list of keywords passes every check of facts and is still no headline.
        fits = 2 <= word_count(written) <= LONGEST_HEADLINE and written.count(",") <= 2
        check = self.check(written)
        if fits and not rejection_reason(check) and not (self.open(check) and self.article.title):
            return written
        points = [point.text for point in self.points if point.verdict is not Verdict.QUOTED or not self.translated]
        texts = [*points, self.paragraph or "", self.article.text]
        return truncate_words(next(text for text in texts if text).rstrip(FULL_STOPS), LONGEST_HEADLINE)

    def _written_in(self) -> str:
        """The language of the summary: the article's, where all of it is quoted."""
        quoted = [point.text for point in self.points if point.verdict is Verdict.QUOTED]
        prose = self.paragraph and self.paragraph != " ".join(quoted)
        written = not self.untranslated and (len(quoted) < len(self.points) or prose)
        return self.options.language if self.options.language and written else self.article.language


def _is_lower(word: str) -> bool:
    """Whether a word has letters only, none of them a capital."""
    return word == word.lower() and all(unicodedata.category(letter)[0] in "LM" for letter in word)


def _answer(served: ServedCompletion) -> Answer:
    return Answer(served.completion.text, cut=served.completion.finish == "length")


def quoted_point(evidence: Evidence, index: int) -> KeyPoint:
    """The sentence of that index as a quotation."""
    citation = evidence.cite(index)
    text = " ".join(citation.text.split())
    return KeyPoint(text=text, citations=(citation,), verdict=Verdict.QUOTED, rung="quoted")


def salient_sentences(text: str, count: int, language: str) -> list[str]:
    """The `count` most salient sentences of `text`, which is in `language`, in its order."""
    whole = sentences(text, language)
    return [whole[index].text for index in sorted(ranked(whole)[:count])]


def rejection_reason(check: Check) -> str:
    """Why a point may not be shown; empty when it may."""
    if not check.missing:
        return ""
    part = check.missing[0]
    if part.kind in {"support", "scattered", "quotation"}:
        return f"{part.kind} not in the article"
    differs = "not in the article" if part.kind in {"number", "name"} else "not as in the article"
    return f"{part.kind} {differs}: {part.surface}"
