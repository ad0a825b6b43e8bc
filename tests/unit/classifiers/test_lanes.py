"""Thresholds keep the precision that was wanted of them, and the curve says what each would give."""

from itertools import pairwise

import numpy as np
import pytest

from classifiers.lanes import ASK, AUTOMATIC, SUGGEST, Lane, cut_lane, draw_curve
from classifiers.tagger import load_tagger
from classifiers.tags import LANGUAGES, UNSURE, Tag

sure = np.linspace(0.005, 0.995, 100)
even = np.ones(100)


def test_thresholds_are_the_lowest_that_keep_the_wanted_precision() -> None:
    truth = (sure > 0.5) | (np.arange(100) % 5 == 0)
    lane = cut_lane(sure, truth, even, 0.9, 0.75)
    for above, below, wanted in (
        (sure >= lane.automatic, sure >= lane.automatic - 0.02, 0.9),
        (sure >= lane.suggest, sure >= lane.suggest - 0.02, 0.75),
    ):
        assert truth[above].mean() >= wanted
        assert truth[below].mean() < wanted + 0.02
    assert lane.doubt <= lane.suggest < lane.automatic


def test_a_precision_that_cannot_be_had_gives_the_best_there_is() -> None:
    truth = np.arange(100) % 2 == 0
    lane = cut_lane(sure, truth, even, 0.9, 0.75)
    assert lane.automatic == lane.suggest
    assert (sure[truth] >= lane.automatic).mean() >= 0.04


def test_weights_make_a_rare_tag_rare() -> None:
    truth = sure > 0.3
    rare = cut_lane(sure, truth, np.where(truth, 0.05, 1.0), 0.9, 0.75)
    assert rare.suggest > cut_lane(sure, truth, even, 0.9, 0.75).suggest


def test_a_lane_names_what_becomes_of_a_message() -> None:
    lane = Lane(0.9, 0.5, 0.2)
    assert [lane.of(chance) for chance in (0.95, 0.9, 0.6, 0.5, 0.3, 0.1)] == [
        AUTOMATIC,
        AUTOMATIC,
        SUGGEST,
        SUGGEST,
        ASK,
        None,
    ]


def test_the_curve_tells_precision_recall_and_share_of_each_threshold() -> None:
    truth = sure > 0.5
    curve = draw_curve(sure, truth, even)
    assert [point.threshold for point in curve] == sorted({point.threshold for point in curve})
    half = next(point for point in curve if point.threshold == 0.5)
    assert (half.precision, half.recall, half.share) == (1.0, 1.0, 0.5)
    assert all(later.recall <= point.recall for point, later in pairwise(curve))
    assert draw_curve(sure / 10, truth, even)[-1].threshold < 0.1


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("label", list(Tag))
def test_the_shipped_lanes_are_ordered_and_lie_on_their_curve(label: str, lang: str) -> None:
    tagger = load_tagger()
    lane = tagger.lanes[label][lang]
    assert 0 < lane.doubt <= lane.suggest <= lane.automatic < 1
    curve = tagger.curve(label, lang)
    assert len(curve) >= 40
    # The curve's next point may lie a little behind the threshold, where few rows are left.
    before = [point for point in curve if point.threshold <= lane.automatic][-1]
    proposed = [point for point in curve if point.threshold <= lane.suggest][-1]
    assert before.precision >= max(0.8, proposed.precision)


def test_predictions_name_the_lane_of_each_label_that_may_hold() -> None:
    tagger = load_tagger()
    for answer in tagger.tag(["Wie geht das?", "Das ist ja mal wieder typisch", "you absolute moron", "Danke!"]):
        for label, chance in answer.labels.items():
            assert answer.lanes.get(label) == tagger.lanes[label][answer.lang].of(chance)
        assert set(answer.tags) == {label for label, lane in answer.lanes.items() if lane != ASK}
        if answer.primary == UNSURE:
            assert ASK in answer.lanes.values()


def test_unknown_labels_and_languages_have_no_curve() -> None:
    for label, lang in (("nonsense", "de"), (Tag.IDEA, "fr")):
        with pytest.raises(KeyError):
            load_tagger().curve(label, lang)
