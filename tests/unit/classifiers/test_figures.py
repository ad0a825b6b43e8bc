"""Figures are what their definitions say."""

import math

import numpy as np
import pytest

from classifiers.figures import auroc, calibration_error, head_figures, mean


def test_precision_recall_and_f1_count_from_the_threshold_on() -> None:
    found = head_figures(np.array([0.9, 0.5, 0.4, 0.1]), np.array([True, False, True, False]), 0.5)
    assert (found.precision, found.recall, found.f1) == (0.5, 0.5, pytest.approx(0.5))


def test_nothing_found_and_nothing_there_give_zeros() -> None:
    found = head_figures(np.array([0.1]), np.array([False]), 0.5)
    assert (found.precision, found.recall, found.f1, found.positive) == (0, 0, 0, 0)
    assert head_figures(np.array([]), np.array([], dtype=bool), 0.5).rows == 0


@pytest.mark.parametrize(
    ("scores", "area"), [([1, 2, 3, 4], 1.0), ([4, 3, 2, 1], 0.0), ([1, 1, 1, 1], 0.5), ([1, 2, 2, 3], 0.875)]
)
def test_the_area_is_the_chance_to_rank_right(scores: list[float], area: float) -> None:
    assert auroc(np.array(scores, dtype=float), np.array([False, False, True, True])) == area


def test_one_kind_only_has_no_area() -> None:
    assert math.isnan(auroc(np.array([1.0]), np.array([True])))


def test_calibration_error_is_the_distance_between_said_and_so() -> None:
    ones = np.ones(4)
    assert calibration_error(np.full(4, 0.75), np.array([True, True, True, False]), ones) == pytest.approx(0)
    assert calibration_error(np.full(4, 0.95), np.zeros(4, dtype=bool), ones) == pytest.approx(0.95)


def test_means_leave_out_what_is_no_number() -> None:
    assert mean([1.0, float("nan"), 3.0]) == 2.0
    assert math.isnan(mean([]))
