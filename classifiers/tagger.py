"""Gives texts their tags. The model is read once per process; scikit-learn is not needed to use it."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.clean import LINK, MAIL, NAME, clean
from classifiers.language import UNKNOWN, languages
from classifiers.prediction import Prediction
from classifiers.score import capitals, score_cleaned
from classifiers.store import MODELS, Model, ModelRefused, load_model
from classifiers.tags import LANGUAGES, OTHER, UNSURE, Tag

_BATCH = 512
_MOST_EXPLAINED = 60


class Tagger:
    """Text in, tags out. Safe to share between threads: nothing in it changes."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def version(self) -> str:
        """Names the model; stored with every label it gives."""
        return self._model.version

    def tag(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> list[Prediction]:
        """One prediction per text, in order. Never raises for any string.

        `languages` are hints (what the platform, channel or author says), used where the text is too short to tell.
        """
        hints = list(languages) if languages is not None else [None] * len(texts)
        found: list[Prediction] = []
        for start in range(0, len(texts), _BATCH):
            found += self._batch(texts[start : start + _BATCH], hints[start : start + _BATCH])
        return found

    def explain(self, text: str, label: str) -> list[tuple[str, float]]:
        """The words of the text with what each adds to the label's score, strongest first; negative speaks against.

        A word's share is what the score loses when the word is left out, for at most the first 60 different words.
        Raises KeyError for a label that the model does not know.
        """
        column = {head: place for place, head in enumerate(self._model.heads)}[label]
        spoken = clean(text).split()
        words = list(dict.fromkeys(word for word in spoken if word[0].isalnum() or word in ("?", "!")))[
            :_MOST_EXPLAINED
        ]
        variants = [" ".join(spoken), *(" ".join(other for other in spoken if other != word) for word in words)]
        scores = score_cleaned(self._model, variants, [capitals(text)] * len(variants))[:, column]
        shares = [(word, float(scores[0] - without)) for word, without in zip(words, scores[1:], strict=True)]
        return sorted(shares, key=lambda share: -abs(share[1]))

    def _batch(self, texts: Sequence[str], hints: Sequence[str | None]) -> list[Prediction]:
        cleaned = [clean(text) for text in texts]
        spoken = languages(cleaned, hints)
        scores = score_cleaned(self._model, cleaned, [capitals(text) for text in texts])
        probabilities = calibrate(self._model, scores, spoken)
        return [self._decide(row, lang, text) for row, lang, text in zip(probabilities, spoken, cleaned, strict=True)]

    def _decide(self, row: NDArray[np.float64], lang: str, text: str) -> Prediction:
        model = self._model
        if lang not in LANGUAGES:
            # Weights learned from German and English say nothing here: what is left is how often a tag occurs.
            wordless = lang == UNKNOWN and not _speaks(text)
            return Prediction({tag.value: model.shares[tag] for tag in Tag}, OTHER if wordless else UNSURE, (), lang)
        chances = {head: round(float(chance), 4) for head, chance in zip(model.heads, row, strict=True)}
        labels = {tag.value: chances[tag] for tag in Tag}
        held = [label for label in labels if labels[label] >= model.thresholds[label][lang]]
        tags = tuple(sorted(held, key=lambda label: -labels[label]))
        if tags:
            primary = tags[0]
        else:
            doubtful = any(labels[label] >= model.doubts[label][lang] for label in labels)
            praised = "praise" in chances and chances["praise"] >= model.thresholds["praise"][lang]
            primary = UNSURE if doubtful and not praised else OTHER
        return Prediction(labels, primary, tags, lang)


def calibrate(model: Model, scores: NDArray[np.float64], spoken: Sequence[str]) -> NDArray[np.float64]:
    """Scores as probabilities, by each text's language."""
    curves = {
        lang: np.array([model.calibration[head].get(lang, model.calibration[head]["*"]) for head in model.heads])
        for lang in set(spoken)
    }
    slopes = np.array([curves[lang][:, 0] for lang in spoken]).reshape(scores.shape)
    intercepts = np.array([curves[lang][:, 1] for lang in spoken]).reshape(scores.shape)
    found: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(slopes * scores + intercepts, -30, 30)))
    return found


def load_tagger(path: Path | None = None) -> Tagger:
    """The tagger from a model file, by default the shipped one; read once per process. Raises ModelRefused."""
    return _loaded((path or shipped_model()).resolve())


def shipped_model() -> Path:
    """The model that came with the code. Raises ModelRefused where there is none."""
    found = sorted(MODELS.glob("tagger-*.zip"))
    if not found:
        raise ModelRefused("Trellis came without a model; make one with `trellis train`.")
    return found[-1]


@lru_cache(maxsize=4)
def _loaded(path: Path) -> Tagger:
    return Tagger(load_model(path))


def _speaks(text: str) -> bool:
    # A link or a name alone says nothing; a letter, a face or a mark does, and a person may read it.
    return any(token not in (LINK, NAME, MAIL, "0") for token in text.split())
