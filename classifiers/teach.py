"""Learns the weights of all heads: from what people said of texts, and from what a teacher makes of those where they are silent.

The teacher judges by an embedding of the whole text, so it knows what words mean together. The student keeps the sum of words
that the model is. The teacher itself becomes the second look. Without the optional embedding nobody teaches.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.examples import OURS
from classifiers.solve import Rows, chances, solve
from classifiers.weigh import count_rows

STRENGTH, TEACHERS_STRENGTH = 0.7, 0.05
"""Inverse strengths of regularisation. The teacher, with few weights, is to know what holds everywhere."""

LEVEL = 1.0
"""How freely the level of a set moves beside the words in it."""

TRUST, SILENT = 0.7, 0.7
"""How much the teacher counts beside what people said; and how much a row of which nobody said anything counts beside one
of which somebody did."""

MOST, OF_OURS = 2_000, 100
"""Rows of one set, and of one theme of our own messages, that the teacher reads."""

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lessons:
    """All rows: their n-grams and their turns and meanings, what people `said` of each head (nan: nobody did), and sources.

    `read` are the rows that the teacher reads, rising, and `meant` what these mean, one line each.
    """

    grams: Any
    dense: Floats
    said: Floats
    sources: NDArray[np.str_]
    read: Ints
    meant: Floats

    def rows(self, some: Bools) -> Rows:
        """Some of the rows, as the student sees them."""
        return Rows(self.grams[some], self.dense[some])

    def meanings(self, some: Bools) -> Rows:
        """Those of some rows that the teacher reads, as it sees them."""
        import scipy.sparse as sp

        meant = self.meant[some[self.read]]
        return Rows(sp.csr_matrix((len(meant), 0), dtype=np.float32), meant)


@dataclass(frozen=True, slots=True)
class Taught:
    """Weights, one column per head, the last row the start: of n-grams, turns and meanings; and of the teacher's inputs."""

    student: Floats
    teacher: Floats


def choose_read(sources: NDArray[np.str_]) -> Ints:
    """The rows that the teacher reads: at most MOST of a set, and OF_OURS of a theme."""
    chance = np.random.default_rng(0)
    found = []
    for source in sorted(set(sources.tolist())):
        rows = np.flatnonzero(sources == source)
        found.append(chance.permutation(rows)[: OF_OURS if source.startswith(OURS) else MOST])
    return np.sort(np.concatenate(found))


def set_levels(sources: NDArray[np.str_]) -> Any:
    """One line per row, one column per set: LEVEL where the row is of it."""
    import scipy.sparse as sp

    names, place = np.unique(sources, return_inverse=True)
    levels = np.full(len(sources), LEVEL, np.float32)
    return sp.csr_matrix((levels, (np.arange(len(sources)), place)), shape=(len(sources), len(names)))


def teach(lessons: Lessons, inside: Bools) -> Taught:
    """What the rows `inside` teach; of the others nothing is seen."""
    said, sources = lessons.said[inside], lessons.sources[inside]
    wanted, counts = (said == 1).astype(np.float32), count_rows(said, sources)
    teacher = np.zeros((lessons.meant.shape[1] + 1, said.shape[1]), np.float32)
    if len(lessons.read):
        at = (np.cumsum(inside) - 1)[lessons.read[inside[lessons.read]]]
        known, read = said[at], sources[at]
        teacher, sums = _learn(lessons.meanings(inside), read, known == 1, count_rows(known, read), TEACHERS_STRENGTH)
        thought = chances(sums)
        silent, usual = counts[at] == 0, counts.sum(axis=0) / np.maximum((counts > 0).sum(axis=0), 1)
        wanted[at] = np.where(silent, thought, TRUST * thought + (1 - TRUST) * wanted[at])
        counts[at] = np.where(silent, SILENT * usual, counts[at])
    return Taught(_learn(lessons.rows(inside), sources, wanted, counts, STRENGTH)[0], teacher)


def _learn(
    rows: Rows, sources: NDArray[np.str_], wanted: NDArray[Any], counts: NDArray[np.float32], strength: float
) -> tuple[Floats, Floats]:
    """Weights, and the sums of the rows they were learned from.

    Some sets hold more complaints than others. Each has a level of its own, so that words are weighed against others of
    their set and need not tell one set from the next. A text from elsewhere has none: the levels are left out in the end.
    """
    import scipy.sparse as sp

    width, levels = rows.sparse.shape[1], set_levels(sources)
    levelled = Rows(sp.hstack([rows.sparse, levels], format="csr", dtype=np.float32), rows.dense)
    weights = solve(levelled, wanted, counts, strength)
    return np.delete(weights, np.s_[width : width + levels.shape[1]], axis=0), levelled.sums(weights)
