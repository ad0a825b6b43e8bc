"""Log-odds of texts whose language is known: the model's sums, calibrated, and where wanted looked at twice."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.clean import clean
from classifiers.features import read_features
from classifiers.lanes import ASK, SUGGEST
from classifiers.score import capitals, score_cleaned
from classifiers.second_look import SecondLook
from classifiers.store import Model
from classifiers.tags import LANGUAGES

Floats = NDArray[np.float64]


def judge(model: Model, texts: Sequence[str], spoken: Sequence[str], second: SecondLook | None = None) -> Floats:
    """One row per text, one column per head. `second` looks again at every text with a label that is not certain."""
    return judge_cleaned(model, texts, [clean(text) for text in texts], spoken, second)


def judge_cleaned(
    model: Model, texts: Sequence[str], cleaned: Sequence[str], spoken: Sequence[str], second: SecondLook | None
) -> Floats:
    """As `judge`, for texts that went through `clean` already."""
    shares = [capitals(text) for text in texts]
    scores = calibrate(model, score_cleaned(model, cleaned, shares), spoken)
    rows = [row for row, lang in enumerate(spoken) if second and _is_uncertain(model, scores[row], lang)]
    if second and rows:
        turns = [chunk.cues for chunk in read_features([cleaned[row] for row in rows], [shares[row] for row in rows])]
        scores[rows] = second.look(
            [texts[row] for row in rows],
            np.concatenate(turns),
            scores[rows],
            [spoken[row] for row in rows],
            model.heads,
        )
    return scores


def calibrate(model: Model, scores: Floats, spoken: Sequence[str]) -> Floats:
    """Scores as log-odds, by each text's language."""
    places = {lang: place for place, lang in enumerate(dict.fromkeys(spoken))}
    if not places:
        return scores
    curves = np.stack([curves_of(model, lang) for lang in places])[[places[lang] for lang in spoken]]
    found: Floats = curves[:, :, 0] * scores + curves[:, :, 1]
    return found


def curves_of(model: Model, lang: str) -> Floats:
    """Slope and intercept of each head in a language."""
    return np.array([model.calibration[head].get(lang, model.calibration[head]["*"]) for head in model.heads])


def chance(score: float) -> float:
    """Log-odds as a probability."""
    return 1 / (1 + math.exp(-min(max(score, -30.0), 30.0)))


def _is_uncertain(model: Model, row: Floats, lang: str) -> bool:
    if lang not in LANGUAGES:
        return False
    lanes = (model.lanes[head][lang].of(chance(score)) for head, score in zip(model.heads, row, strict=True))
    return any(lane in (ASK, SUGGEST) for lane in lanes)
