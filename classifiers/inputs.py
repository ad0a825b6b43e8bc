"""Texts as the matrices that learning needs: weighed n-grams, counted turns of phrase, and what the words mean together."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.clean import clean
from classifiers.embedding import DIMENSIONS, available, embed
from classifiers.features import BITS, Chunk, read_features
from classifiers.score import capitals, find_known
from classifiers.tokens import Hashes, hash_of
from classifiers.turns import NAMES

Floats = NDArray[np.float32]

KEPT = 128
"""Directions of meaning that learning looks at; the others differ little between texts."""

_SPREAD = 0.125
"""Usual size of one direction, beside n-grams that together have length 1; the more, the freer it is to decide."""

GRAMS = 1.5
"""Length of a text's words, and of its letters, beside turns of phrase that lie between 0 and 1."""

_LOOKED_AT = 20_000
_EDGES = [2**BITS, 2 ** (BITS + 1), 2 ** (BITS + 1) + len(NAMES)]


@dataclass(frozen=True, slots=True)
class Meanings:
    """The meaning of each of many words: `known` their hashes, rising; `vectors` one row of KEPT for each."""

    known: Hashes
    vectors: Floats


@dataclass(frozen=True, slots=True)
class Inputs:
    """One row per text: weighed words and letters (sparse), turns of phrase, what the words mean together.

    `rarity` are the weights of words and letters.
    """

    words: Any
    letters: Any
    turns: Floats
    meant: Floats
    rarity: tuple[Floats, Floats]
    meanings: Meanings

    def grams(self) -> Any:
        """Words and letters side by side, as long as learning wants them."""
        import scipy.sparse as sp

        return sp.hstack([self.words, self.letters], format="csr", dtype=np.float32) * np.float32(GRAMS)

    def dense(self) -> Floats:
        """Turns and meanings side by side."""
        return np.hstack([self.turns, self.meant])


def read_inputs(
    texts: Sequence[str], further: Sequence[str], say: Callable[[str], None], learned: int | None = None
) -> Inputs:
    """Inputs of `texts`; words that only occur in `further` are known by their meaning too. The same texts give the same.

    Where only the first `learned` texts may be learned from, the words of the others stay unknown.
    """
    cleaned, loud = [clean(text) for text in texts], [capitals(text) for text in texts]
    words, letters, turns = _counts(read_features(cleaned, loud), len(texts))
    rarity = _rarity(words), _rarity(letters)
    meanings = _learn_meanings(cleaned[:learned], [clean(text) for text in further], say)
    meant = np.concatenate([mean_of_words(chunk, meanings) for chunk in read_features(cleaned, loud)])
    return Inputs(weigh(words, rarity[0]), weigh(letters, rarity[1]), turns, meant, rarity, meanings)


def split_weights(weights: NDArray[Any]) -> list[NDArray[Any]]:
    """What was learned for the columns of `Inputs`, parted: words, letters (of length 1), turns, meanings."""
    words, letters, turns, meanings = np.split(weights, _EDGES)
    return [words * GRAMS, letters * GRAMS, turns, meanings]


def mean_of_words(chunk: Chunk, meanings: Meanings) -> Floats:
    """What the known words of each text mean together; nothing where none is known."""
    found = np.zeros((chunk.size, meanings.vectors.shape[1]), np.float32)
    rows, at = find_known(chunk, meanings.known)
    np.add.at(found, rows, meanings.vectors[at])
    counts = np.bincount(rows, minlength=chunk.size)
    found /= np.sqrt(np.maximum(counts, 1))[:, None]
    return found


def weigh(counts: Any, rarity: Floats) -> Any:
    """Counts of n-grams, the rare ones weighing more, each text brought to length 1."""
    import scipy.sparse as sp

    length = np.sqrt(np.maximum(counts @ rarity**2, 1e-9))
    return (sp.diags((1 / length).astype(np.float32)) @ counts @ sp.diags(rarity)).tocsr()


def _counts(chunks: Iterator[Chunk], size: int) -> tuple[Any, Any, Floats]:
    import scipy.sparse as sp

    base, turns = 0, []
    found: tuple[list[Any], list[Any]] = ([], [])
    for chunk in chunks:
        for part, (rows, places) in zip(found, (chunk.words, chunk.letters), strict=True):
            part.append((rows + base, places))
        turns.append(chunk.cues)
        base += chunk.size
    counts = []
    for part in found:
        rows, places = (np.concatenate(column) for column in zip(*part, strict=True))
        matrix = sp.csr_matrix((np.ones(len(rows), np.float32), (rows, places)), shape=(size, 2**BITS))
        matrix.sum_duplicates()
        counts.append(matrix)
    return counts[0], counts[1], np.concatenate(turns)


def _rarity(counts: Any) -> Floats:
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    rarity: Floats = (np.log((1 + counts.shape[0]) / (1 + seen)) + 1).astype(np.float32)
    return rarity


def _learn_meanings(cleaned: Sequence[str], further: Sequence[str], say: Callable[[str], None]) -> Meanings:
    if not available():
        say("Without trellis-inbox[second-look] no word has a meaning; the model will know fewer words")
        return Meanings(np.empty(0, np.uint64), np.empty((0, KEPT), np.float32))
    words = sorted(
        {word for text in (*cleaned, *further) for word in text.split() if word[0].isalpha() or len(word) > 1}
    )
    say(f"Asking what {len(words)} words mean")
    by_hash = {hash_of(word): word for word in words}
    known = np.array(sorted(by_hash), dtype=np.uint64)
    vectors = embed([by_hash[int(place)] for place in known])
    vectors -= vectors.mean(axis=0)
    whole = Meanings(known, vectors)
    looked_at = cleaned[:: max(1, len(cleaned) // _LOOKED_AT)]
    seen = np.concatenate(
        [mean_of_words(chunk, whole) for chunk in read_features(looked_at, [0.0] * len(looked_at))]
    ).astype(np.float64)
    _, directions = np.linalg.eigh(seen.T @ seen)
    kept = directions[:, ::-1][:, : min(KEPT, DIMENSIONS)]
    spread = np.sqrt((seen.std(axis=0) ** 2).sum() / DIMENSIONS)
    return Meanings(known, (vectors @ kept * (_SPREAD / spread)).astype(np.float32))
