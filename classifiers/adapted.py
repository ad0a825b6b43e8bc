"""A tagger that has learned from corrections: each language by a model of its own, all from the same shipped one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from classifiers.adapt import Adapter, adapt
from classifiers.clean import clean
from classifiers.judge import Floats, judge_cleaned
from classifiers.language import languages
from classifiers.prediction import Explanation
from classifiers.store import Model
from classifiers.tagger import Tagger


class Adapted(Tagger):
    """As a Tagger of `model`, with what the adapters say of the texts in their languages."""

    def __init__(self, model: Model, adapters: Sequence[Adapter], version: str, *, second_look: bool = False) -> None:
        own = {adapter.lang: replace(adapt(model, adapter), version=version) for adapter in adapters}
        lanes = {
            head: {lang: own.get(lang, model).lanes[head][lang] for lang in found}
            for head, found in model.lanes.items()
        }
        super().__init__(replace(model, version=version, lanes=lanes), second_look=second_look)
        self._own: Mapping[str, Model] = own

    def reasons(self, text: str, language: str | None = None) -> Explanation:
        """All that was added up for a text, word by word and label by label. Never raises for any string."""
        (lang,) = languages([clean(text)], [language])
        if lang not in self._own:
            return super().reasons(text, language)
        return Tagger(self._own[lang], second_look=self._second is not None).reasons(text, language)

    def _scores(
        self, texts: Sequence[str], cleaned: Sequence[str], hints: Sequence[str | None]
    ) -> tuple[Floats, list[str]]:
        spoken = languages(cleaned, hints)
        scores = np.zeros((len(texts), len(self.heads)))
        for lang in set(spoken):
            rows = [row for row, named in enumerate(spoken) if named == lang]
            model = self._own.get(lang, self._model)
            scores[rows] = judge_cleaned(
                model, [texts[row] for row in rows], [cleaned[row] for row in rows], [lang] * len(rows), self._second
            )
        return scores, spoken
