"""Why a text got its scores: every weight that was added, given back to the words it came from."""

import numpy as np
from numpy.typing import NDArray

from classifiers.features import LETTERS, WORDS, letter_places, word_places
from classifiers.score import places_of
from classifiers.store import Model
from classifiers.tokens import Ints, Tokens
from classifiers.turns import SHAPES, count_turns, met_turns

Floats = NDArray[np.float64]


def explain_score(model: Model, cleaned: str, capitals: float) -> tuple[list[str], Floats, Floats]:
    """Words of a text from `clean`, the share of each in the score (words × heads), and what the manner adds (heads).

    All shares, the manner and the bias add up to what `score_cleaned` gives. A pair of words shares its weight in
    halves, letters by how many of them lie in a word, a turn of phrase goes to the word it begins with.
    """
    tokens = Tokens([cleaned])
    words = cleaned.split()
    shares = np.zeros((len(words), len(model.heads)))
    _add_words(shares, model, tokens)
    _add_letters(shares, model, tokens)
    _add_meanings(shares, model, tokens)
    met = met_turns(tokens)
    counted = count_turns(tokens, [capitals], met)[0].astype(np.float64)
    turns = met.shape[1]
    # A turn that was met thrice and counts twice gives each place two thirds.
    each = counted[:turns] / np.maximum(met.sum(axis=0), 1)
    shares += (met * each) @ model.cues[:turns]
    manner = counted[turns:] @ model.cues[turns:]
    asking = [SHAPES.index("ends asking"), SHAPES.index("marks asking")]
    marks = np.array(["?" in word for word in words], dtype=bool)
    if marks.any():
        weight = counted[turns:][asking] @ model.cues[turns:][asking]
        shares[marks] += weight / marks.sum()
        manner -= weight
    return words, shares, manner


def _add_words(shares: Floats, model: Model, tokens: Tokens) -> None:
    found = [(first, model.words[places], count) for count in WORDS for first, places in [word_places(tokens, count)]]
    length = _length([weights for _, weights, _ in found])
    for first, weights, count in found:
        for offset in range(count):
            _add(shares, first + offset, weights[:, :-1] / (length * count))


def _add_letters(shares: Floats, model: Model, tokens: Tokens) -> None:
    word_of = np.searchsorted(tokens.starts, np.arange(len(tokens.codes)), side="right") - 1
    found = [
        (start, model.letters[place], count) for count in LETTERS for start, place in [letter_places(tokens, count)]
    ]
    length = _length([weights for _, weights, _ in found])
    for start, weights, count in found:
        at = start[:, None] + np.arange(count)
        spoken = ~tokens.space[at]
        each = weights[:, :-1] / (length * spoken.sum(axis=1))[:, None]
        for offset in range(count):
            here = spoken[:, offset]
            _add(shares, word_of[at[here, offset]], each[here])


def _add_meanings(shares: Floats, model: Model, tokens: Tokens) -> None:
    first, hashes = tokens.spans(1)
    known = places_of(hashes, model.known)
    hit = known >= 0
    _add(shares, first[hit], model.meanings[known[hit]] / np.sqrt(max(int(hit.sum()), 1)))


def _add(shares: Floats, words: Ints, weights: Floats | NDArray[np.float32]) -> None:
    heads = shares.shape[1]
    places = (words[:, None] * heads + np.arange(heads)).ravel()
    shares += np.bincount(places, weights.ravel(), minlength=shares.size).reshape(shares.shape)


def _length(weights: list[NDArray[np.float32]]) -> float:
    return float(np.sqrt(max(sum(float(part[:, -1].sum(dtype=np.float64)) for part in weights), 1e-9)))
