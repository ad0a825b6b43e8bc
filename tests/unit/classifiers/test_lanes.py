"""Thresholds keep the precision that was wanted of them, and the curve says what each would give."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from classifiers.figures import head_figures
from classifiers.lanes import ASK, AUTOMATIC, NEVER, SUGGEST, Lane, cut_lane, draw_curve
from classifiers.store import load_model
from classifiers.tagger import Tagger, load_tagger, shipped_model
from classifiers.tags import LANGUAGES, UNSURE, Tag
from classifiers.weigh import alike_weights

sure = np.linspace(0.005, 0.995, 100)
even = np.ones(100)


def test_automatic_is_the_lowest_threshold_that_keeps_the_wanted_precision() -> None:
    truth = (sure > 0.5) | (np.arange(100) % 2 == 0)
    lane = cut_lane(sure, truth, even, 0.9)
    assert truth[sure >= lane.automatic].mean() >= 0.9
    assert truth[sure >= lane.automatic - 0.02].mean() < 0.92
    assert lane.doubt <= lane.suggest < lane.automatic


def test_proposed_is_from_where_f1_is_best() -> None:
    truth = (sure > 0.6) | (np.arange(100) % 4 == 0)
    lane = cut_lane(sure, truth, even, 0.9)
    best = max(head_figures(sure, truth, cut).f1 for cut in sure)
    assert head_figures(sure, truth, lane.suggest).f1 == best


def test_a_precision_that_cannot_be_had_closes_the_lane() -> None:
    lane = cut_lane(sure, np.arange(100) % 2 == 0, even, 0.9)
    assert lane.automatic == NEVER
    assert lane.of(0.9999) == SUGGEST


def test_one_lucky_row_at_the_top_opens_no_lane() -> None:
    many = np.linspace(0.001, 0.999, 400)
    truth = np.arange(400) % 2 == 1
    assert truth[-1]
    assert cut_lane(many, truth, np.ones(400), 0.9).automatic == NEVER


def test_nothing_is_so_sure_that_a_closed_lane_takes_it() -> None:
    tagger = load_tagger()
    closed = {label: {lang: Lane(NEVER, 0.1, 0.1) for lang in lanes} for label, lanes in tagger.lanes.items()}
    model = load_model(shipped_model())
    shut = Tagger(replace(model, lanes=model.lanes | closed))
    (answer,) = shut.tag(["how do i reset my password? how can i do that? where do i find it? " * 3])
    assert AUTOMATIC not in answer.lanes.values()
    assert max(answer.labels.values()) > 0.9


def test_weights_make_a_rare_tag_rare() -> None:
    truth = sure > 0.3
    truth[::10] = False
    rare = cut_lane(sure, truth, np.where(truth, 0.02, 1.0), 0.9)
    assert rare.automatic > cut_lane(sure, truth, even, 0.9).automatic


def test_every_set_counts_alike_and_looks_like_a_usual_inbox() -> None:
    sets = np.array(["large"] * 900 + ["small"] * 100 + ["one kind"] * 50)
    truth = np.concatenate([np.arange(900) % 2 == 0, np.arange(100) % 3 == 0, np.zeros(50, bool)])
    weights = alike_weights(truth, sets, 0.2)
    assert weights[sets == "large"].sum() == pytest.approx(weights[sets == "small"].sum())
    assert weights[(sets == "small") & truth].sum() == pytest.approx(0.2 * weights[sets == "small"].sum())
    assert not weights[sets == "one kind"].any()


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
    assert 0 < lane.doubt <= lane.suggest <= lane.automatic <= NEVER
    curve = tagger.curve(label, lang)
    assert len(curve) >= 40
    # The curve's next point may lie a little behind the threshold, where few rows are left.
    before = [point for point in curve if point.threshold <= lane.automatic][-1]
    proposed = [point for point in curve if point.threshold <= lane.suggest][-1]
    assert lane.automatic == NEVER or before.precision >= max(0.8, proposed.precision)


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
