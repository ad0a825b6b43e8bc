"""Learning all heads at once gives what learning each by itself gives."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

from classifiers import solve as module
from classifiers.solve import Rows, solve

ROWS, SPARSE, DENSE, HEADS = 300, 40, 3, 3


@pytest.fixture(scope="module")
def made() -> tuple[Rows, np.ndarray, np.ndarray]:
    chance = np.random.default_rng(3)
    sparse = sp.random(ROWS, SPARSE, 0.2, "csr", np.float32, random_state=4)
    dense = chance.normal(size=(ROWS, DENSE)).astype(np.float32)
    told = np.hstack([sparse.toarray(), dense]) @ chance.normal(size=(SPARSE + DENSE, HEADS)) * 2
    wanted = (told + chance.normal(size=told.shape) > 0.5).astype(np.float32)
    return Rows(sparse, dense), wanted, chance.uniform(0.2, 2, wanted.shape).astype(np.float32)


def test_it_finds_the_weights_that_scikit_learn_finds(
    made: tuple[Rows, np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLOSE", 1e-4)
    rows, wanted, counts = made
    weights = solve(rows, wanted, counts, 2.0)
    whole = np.hstack([rows.sparse.toarray(), rows.dense])
    for head in range(HEADS):
        # Its liblinear is the one whose start is regularised like every other weight.
        other = LogisticRegression(C=2.0, solver="liblinear", tol=1e-8, max_iter=1_000)
        other.fit(whole, wanted[:, head], sample_weight=counts[:, head])
        expected = other.decision_function(whole)
        assert np.abs(rows.sums(weights)[:, head] - expected).max() < 0.01


def test_a_row_that_does_not_count_teaches_nothing(made: tuple[Rows, np.ndarray, np.ndarray]) -> None:
    rows, wanted, counts = made
    counts = counts.copy()
    counts[::2, 0] = 0
    turned = wanted.copy()
    turned[::2, 0] = 1 - turned[::2, 0]
    assert np.array_equal(solve(rows, wanted, counts, 1.0), solve(rows, turned, counts, 1.0))


def test_a_head_of_which_nobody_said_anything_stays_at_nothing(made: tuple[Rows, np.ndarray, np.ndarray]) -> None:
    rows, wanted, counts = made
    counts = counts.copy()
    counts[:, 1] = 0
    assert not solve(rows, wanted, counts, 1.0)[:, 1].any()


def test_doubts_are_learned_as_doubts() -> None:
    rows = Rows(sp.csr_matrix((400, 0), dtype=np.float32), np.tile([[0.0], [1.0]], (200, 1)).astype(np.float32))
    wanted = np.tile([[0.3], [0.8]], (200, 1))
    weights = solve(rows, wanted, np.ones_like(wanted), 1_000.0)
    assert 1 / (1 + np.exp(-rows.sums(weights)[:2, 0])) == pytest.approx([0.3, 0.8], abs=0.02)
