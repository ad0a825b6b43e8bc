"""`trellis train --compare`: candidates for the model on the same splits, each set left out in turn, so that a choice has reasons.

A candidate learns a head from some rows and scores others. All see the same rows, at most MOST of one set; nothing is
tuned here, each comes with the settings that are usual for it or that the shipped model has.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.examples import HEADS, OURS, Example
from classifiers.figures import auroc, mean
from classifiers.inputs import read_inputs
from classifiers.second_look import meaning_inputs
from classifiers.teach import SILENT, STRENGTH, TEACHERS_STRENGTH, TRUST, set_levels
from classifiers.weigh import fold_of, row_weights

MOST, OF_OURS = 150, 10
"""Rows of one set, and of one theme of our own messages, that candidates learn from."""

THEMES = 2
"""Our own messages are left out in so many parts, a theme always whole."""

_FEWEST = 25

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Material:
    """The same rows as every candidate may see them: hashed, with the words' meanings, as a vocabulary, embedded.

    Only the first `learned` rows may be learned from.
    """

    examples: Sequence[Example]
    learned: int
    sources: NDArray[np.str_]
    hashed: Any
    meant: Any
    listed: Any
    embedded: NDArray[np.float32]
    levels: Any


@dataclass(frozen=True, slots=True)
class Compared:
    """One candidate: mean AUROC over every head and set left out, over the sets of each head, and over the sets it never saw."""

    name: str
    left_out: float
    by_head: dict[str, float]
    elsewhere: float


Score = Callable[[Ints], Floats]
Learn = Callable[[Material, int, Ints, Bools], Score]
"""Learns a head (its column) from rows with their truth; gives what scores other rows."""


def compare(
    examples: Sequence[Example],
    elsewhere: Mapping[str, Sequence[Example]],
    say: Callable[[str], None],
) -> list[Compared]:
    """Every candidate on the same splits, the best first. Needs the optional embedding.

    `elsewhere` are sets to report on; nothing is learned or chosen from them.
    """
    chosen = _some(examples)
    others = [(name, row) for name, rows in elsewhere.items() for row in _some(rows)]
    texts = [example.text for example in chosen] + [row.text for _, row in others]
    say(f"Reading {len(texts)} texts for {len(CANDIDATES)} candidates")
    material = _material([*chosen, *(row for _, row in others)], texts, len(chosen), say)
    outside = np.arange(len(chosen), len(texts))
    names = np.array([name for name, _ in others])
    found = []
    for name, learn in CANDIDATES.items():
        left, there = {}, []
        for column, head in enumerate(HEADS):
            known = np.array([row for row, example in enumerate(chosen) if example.said[column] is not None])
            truth = np.array([bool(chosen[row].said[column]) for row in known])
            left[head] = mean(list(_left_out(material, learn, column, known, truth)))
            scores = learn(material, column, known, truth)(outside)
            there += list(_by_set(scores, names, [row.said[column] for _, row in others]))
        found.append(Compared(name, mean(list(left.values())), left, mean(there)))
        say(f"{name}: {found[-1].left_out:.3f} left out, {found[-1].elsewhere:.3f} elsewhere")
    return sorted(found, key=lambda one: -one.left_out)


def _left_out(material: Material, learn: Learn, column: int, known: Ints, truth: Bools) -> Iterator[float]:
    sources = material.sources[known]
    ours = np.char.startswith(sources, OURS)
    group = np.where(ours, np.char.add(OURS, fold_of(sources, THEMES).astype(str)), sources)
    for one in sorted(set(group.tolist())):
        out = group == one
        if (
            min(truth[out].sum(), (~truth[out]).sum()) >= _FEWEST
            and min(truth[~out].sum(), (~truth[~out]).sum()) >= _FEWEST
        ):
            yield auroc(learn(material, column, known[~out], truth[~out])(known[out]), truth[out])


def _by_set(scores: Floats, names: NDArray[np.str_], said: Sequence[bool | None]) -> Iterator[float]:
    for name in dict.fromkeys(names.tolist()):
        rows = [row for row in range(len(said)) if names[row] == name and said[row] is not None]
        truth = np.array([bool(said[row]) for row in rows], dtype=np.bool_)
        if min(int(truth.sum()), int((~truth).sum())) >= _FEWEST // 2:
            yield auroc(scores[rows], truth)


def _some(examples: Sequence[Example]) -> list[Example]:
    chance = np.random.default_rng(0)
    by_source: dict[str, list[int]] = {}
    for row, example in enumerate(examples):
        by_source.setdefault(example.source, []).append(row)
    found = []
    for source, rows in by_source.items():
        most = OF_OURS if source.startswith(OURS) else MOST
        found += chance.permutation(rows)[:most].tolist()
    return [examples[row] for row in sorted(found)]


def _material(examples: list[Example], texts: list[str], learned: int, say: Callable[[str], None]) -> Material:
    import scipy.sparse as sp
    from sklearn.feature_extraction.text import TfidfVectorizer

    inputs = read_inputs(texts, (), say, learned)
    grams, turns = inputs.grams(), sp.csr_matrix(inputs.turns)
    listed = []
    for analyzer, lengths in (("word", (1, 2)), ("char_wb", (2, 5))):
        vocabulary = TfidfVectorizer(
            analyzer=analyzer, ngram_range=lengths, min_df=2, sublinear_tf=True, dtype=np.float32
        )
        vocabulary.fit(texts[:learned])
        listed.append(vocabulary.transform(texts))
    return Material(
        examples,
        learned,
        np.array([example.source for example in examples]),
        _narrowed(sp.hstack([grams, turns], format="csr")),
        _narrowed(sp.hstack([grams, sp.csr_matrix(inputs.dense())], format="csr")),
        sp.hstack([*listed, turns], format="csr"),
        meaning_inputs(texts, inputs.turns),
        set_levels(np.array([example.source for example in examples])),
    )


def _narrowed(matrix: Any) -> Any:
    return matrix[:, np.flatnonzero(matrix.getnnz(axis=0))].tocsr()


def _linear(inputs: str, strength: float = 1.0, is_levelled: bool = False) -> Learn:
    def learn(material: Material, column: int, rows: Ints, truth: Bools) -> Score:
        weights = row_weights(truth, material.sources[rows])
        levels = material.levels[rows] if is_levelled else None
        return _regression(getattr(material, inputs), rows, truth, weights, strength, levels)

    return learn


def _regression(
    matrix: Any, rows: Ints, truth: Bools, weights: Floats, strength: float = 1.0, levels: Any = None
) -> Score:
    import scipy.sparse as sp
    from sklearn.linear_model import LogisticRegression

    dense = isinstance(matrix, np.ndarray)
    seen = matrix[rows]
    if levels is not None:
        seen = np.hstack([seen, levels.toarray()]) if dense else sp.hstack([seen, levels], format="csr")
    found = LogisticRegression(C=strength, solver="lbfgs" if dense else "liblinear", max_iter=300, random_state=0)
    found.fit(seen, truth, sample_weight=weights)
    learned = found.coef_[0, : matrix.shape[1]]
    return lambda others: np.asarray(matrix[others] @ learned + found.intercept_[0])


def _nb_svm(material: Material, column: int, rows: Ints, truth: Bools) -> Score:
    seen = material.listed[rows]
    present, absent = (1 + np.asarray(seen[part].sum(axis=0)).ravel() for part in (truth, ~truth))
    ratio = np.log((present / present.sum()) / (absent / absent.sum())).astype(np.float32)
    scaled = material.listed.multiply(ratio).tocsr()
    return _regression(scaled, rows, truth, row_weights(truth, material.sources[rows]))


def _stack(material: Material, column: int, rows: Ints, truth: Bools) -> Score:
    parts = [_linear("listed"), _linear("meant"), _nb_svm]
    fold, weights = fold_of(material.sources[rows], 2), row_weights(truth, material.sources[rows])
    below = np.zeros((len(rows), len(parts)))
    for out in range(2):
        for place, part in enumerate(parts):
            learned = part(material, column, rows[fold != out], truth[fold != out])
            below[fold == out, place] = learned(rows[fold == out])
    whole = [part(material, column, rows, truth) for part in parts]

    def score(others: Ints) -> Floats:
        above = np.vstack([below, np.column_stack([learned(others) for learned in whole])])
        return _regression(above, np.arange(len(rows)), truth, weights)(np.arange(len(rows), len(above)))

    return score


def _student(material: Material, column: int, rows: Ints, truth: Bools) -> Score:
    """Learns what a teacher with the embedding says of every row, labelled or not, and what people said."""
    import scipy.sparse as sp

    teacher = _TEACHER(material, column, rows, truth)
    known = enumerate(material.examples[: material.learned])
    silent = np.array([row for row, example in known if example.said[column] is None], dtype=np.int64)
    both = np.concatenate([rows, silent])
    wanted = 1 / (1 + np.exp(-teacher(both)))
    wanted[: len(rows)] = TRUST * wanted[: len(rows)] + (1 - TRUST) * truth
    weights = row_weights(truth, material.sources[rows])
    each = np.concatenate([weights, np.full(len(silent), SILENT * weights.mean())])
    # A row that is wanted to three quarters is one positive row of that weight and one negative row of the rest.
    doubled = sp.vstack([material.meant[both], material.meant[both], material.meant], format="csr")
    halves = np.repeat([True, False], len(both))
    shares = np.concatenate([each * wanted, each * (1 - wanted)])
    levels = sp.vstack([material.levels[both], material.levels[both]], format="csr")
    learned = _regression(doubled, np.arange(len(halves)), halves, shares, STRENGTH, levels)
    return lambda others: learned(others + len(halves))


def _looked_twice(material: Material, column: int, rows: Ints, truth: Bools) -> Score:
    first = _student(material, column, rows, truth)
    second = _TEACHER(material, column, rows, truth)
    return lambda others: first(others) + second(others)


_TEACHER = _linear("embedded", TEACHERS_STRENGTH, is_levelled=True)

CANDIDATES: dict[str, Learn] = {
    "linear on TF-IDF": _linear("listed"),
    "linear on hashed n-grams": _linear("hashed"),
    "NB-SVM": _nb_svm,
    "stack of three linear ones": _stack,
    "linear on hashed n-grams and meanings of words": _linear("meant"),
    "the same, each set at a level of its own": _linear("meant", STRENGTH, is_levelled=True),
    "the same, taught by the embedding as well (shipped)": _student,
    "linear on the embedding alone (the teacher)": _TEACHER,
    "the shipped one and its teacher (second look)": _looked_twice,
}
