"""Gives texts their tags. The model is read once per process; scikit-learn is not needed to use it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.clean import LINK, MAIL, NAME, clean
from classifiers.embedding import available
from classifiers.explain import explain_score
from classifiers.judge import chance, curves_of, judge_cleaned
from classifiers.lanes import ASK, CurvePoint, Lane
from classifiers.language import UNKNOWN, languages
from classifiers.prediction import Explanation, Prediction
from classifiers.score import capitals
from classifiers.store import MODELS, Model, ModelRefused, load_model
from classifiers.tags import LANGUAGES, OTHER, UNSURE, Tag

_BATCH = 512
_LABELS = tuple(tag.value for tag in Tag)
# Nothing is so sure that a closed lane would take it.
_CERTAIN = 0.9999

Floats = NDArray[np.float64]


class Tagger:
    """Text in, tags out. Safe to share between threads: nothing in it changes.

    With `second_look`, texts that the model is not certain of are also judged by what they mean as a whole, which
    takes a few milliseconds each. Raises ModelRefused where the package for that is missing.
    """

    def __init__(self, model: Model, *, second_look: bool = False) -> None:
        if second_look and not (available() and model.second):
            raise ModelRefused(
                "A second look needs trellis-inbox[second-look], and a model that was trained with it."
                if model.second
                else f"The model {model.version} was trained without a second look."
            )
        self._model = model
        self._second = model.second if second_look else None
        columns = {head: column for column, head in enumerate(model.heads)}
        self._columns = tuple((label, columns[label], model.lanes[label]) for label in _LABELS)
        self._praise = columns["praise"]

    @property
    def version(self) -> str:
        """Names the model; stored with every label it gives."""
        return self._model.version

    @property
    def heads(self) -> tuple[str, ...]:
        """What `scores` has a column for: the four tags, and praise."""
        return self._model.heads

    @property
    def lanes(self) -> Mapping[str, Mapping[str, Lane]]:
        """The thresholds that come with the model: by label, then by language."""
        return {label: self._model.lanes[label] for label in _LABELS}

    def curve(self, label: str, lang: str) -> list[CurvePoint]:
        """What rising thresholds of a label gave on texts not learned from. Raises KeyError for what was not measured."""
        return list(self._model.curves[label][lang])

    def tag(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> list[Prediction]:
        """One prediction per text, in order. Never raises for any string.

        `languages` are hints (what the platform, channel or author says), used where the text is too short to tell.
        """
        found: list[Prediction] = []
        for batch, hints in _batches(texts, languages):
            cleaned = [clean(text) for text in batch]
            scores, spoken = self._scores(batch, cleaned, hints)
            found += [self._decide(row, lang, text) for row, lang, text in zip(scores, spoken, cleaned, strict=True)]
        return found

    def scores(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> tuple[Floats, list[str]]:
        """Calibrated log-odds, one row per text and one column per head, and the language of each text."""
        parts, spoken = [np.zeros((0, len(self.heads)))], []
        for batch, hints in _batches(texts, languages):
            scores, named = self._scores(batch, [clean(text) for text in batch], hints)
            parts.append(scores)
            spoken += named
        return np.concatenate(parts), spoken

    def decide(self, scores: Floats, spoken: Sequence[str], texts: Sequence[str]) -> list[Prediction]:
        """Predictions from log-odds as `scores` gives them, for whoever adds to those."""
        return [self._decide(row, lang, clean(text)) for row, lang, text in zip(scores, spoken, texts, strict=True)]

    def explain(self, text: str, label: str) -> list[tuple[str, float]]:
        """The words of the text with what each adds to the label's log-odds, strongest first; negative speaks against.

        A word that occurs twice is named once, with both its shares. Raises KeyError for an unknown label.
        """
        shares: dict[str, float] = {}
        for word, share in self.reasons(text).words[label]:
            if word[0].isalnum() or word[0] in "?!":
                shares[word] = shares.get(word, 0.0) + share
        return sorted(shares.items(), key=lambda share: -abs(share[1]))

    def reasons(self, text: str, language: str | None = None) -> Explanation:
        """All that was added up for a text, word by word and label by label. Never raises for any string."""
        model, cleaned = self._model, clean(text)
        (lang,) = languages([cleaned], [language])
        words, shares, manner = explain_score(model, cleaned, capitals(text))
        slope, intercept = curves_of(model, lang).T
        shares, manner, start = shares * slope, manner * slope, model.bias * slope + intercept
        if self._second:
            (seen,), _ = self._scores([text], [cleaned], [language])
            manner += seen - (start + manner + shares.sum(axis=0))
        return Explanation(
            {head: list(zip(words, map(float, shares[:, at]), strict=True)) for at, head in enumerate(model.heads)},
            {head: float(manner[at]) for at, head in enumerate(model.heads)},
            {head: float(start[at]) for at, head in enumerate(model.heads)},
            lang,
            model.version,
        )

    def _scores(
        self, texts: Sequence[str], cleaned: Sequence[str], hints: Sequence[str | None]
    ) -> tuple[Floats, list[str]]:
        spoken = languages(cleaned, hints)
        return judge_cleaned(self._model, texts, cleaned, spoken, self._second), spoken

    def _decide(self, row: Floats, lang: str, text: str) -> Prediction:
        model = self._model
        if lang not in LANGUAGES:
            # Weights learned from German and English say nothing here: what is left is how often a tag occurs.
            wordless = lang == UNKNOWN and not _speaks(text)
            return Prediction(
                {label: model.shares[label] for label in _LABELS}, OTHER if wordless else UNSURE, (), lang
            )
        chances = [min(round(chance(score), 4), _CERTAIN) for score in row.tolist()]
        labels, lanes = {}, {}
        for label, column, thresholds in self._columns:
            labels[label] = chances[column]
            if lane := thresholds[lang].of(chances[column]):
                lanes[label] = lane
        tags = tuple(sorted((label for label in lanes if lanes[label] != ASK), key=lambda label: -labels[label]))
        if tags:
            primary = tags[0]
        else:
            praised = chances[self._praise] >= model.lanes["praise"][lang].suggest
            primary = UNSURE if lanes and not praised else OTHER
        return Prediction(labels, primary, tags, lang, lanes)


def _batches(
    texts: Sequence[str], hints: Sequence[str | None] | None
) -> Iterator[tuple[Sequence[str], Sequence[str | None]]]:
    expected = list(hints) if hints is not None else [None] * len(texts)
    for start in range(0, len(texts), _BATCH):
        yield texts[start : start + _BATCH], expected[start : start + _BATCH]


def load_tagger(path: Path | None = None, *, second_look: bool = False) -> Tagger:
    """The tagger from a model file, by default the shipped one; read once per process. Raises ModelRefused."""
    return _loaded((path or shipped_model()).resolve(), second_look)


def shipped_model() -> Path:
    """The model that came with the code. Raises ModelRefused where there is none."""
    found = sorted(MODELS.glob("tagger-*.zip"))
    if not found:
        raise ModelRefused("Trellis came without a model; make one with `trellis train`.")
    return found[-1]


@lru_cache(maxsize=4)
def _loaded(path: Path, second_look: bool) -> Tagger:
    return Tagger(load_model(path), second_look=second_look)


def _speaks(text: str) -> bool:
    # A link or a name alone says nothing; a letter, a face or a mark does, and a person may read it.
    return any(token not in (LINK, NAME, MAIL, "0") for token in text.split())
