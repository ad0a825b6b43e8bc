"""The shipped model's figures, read off the curve that it was published with."""

import numpy as np
import pytest

from classifiers.figures import calibration_error as measured
from classifiers.lanes import draw_curve, reached
from inbox.database import Database
from inbox.labels.models import Tag
from inbox.labels.publish_lanes import Published, publish_lanes
from inbox.training.held_out import calibration_error, held_out

ROWS = 4_000


def drawn(truthful: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities of which `truthful` of what they say is so, and weights as of a usual inbox."""
    dice = np.random.default_rng(7)
    chances = dice.beta(0.4, 1.2, ROWS)
    truth = dice.random(ROWS) < chances * truthful
    return chances, truth, np.where(truth, 2.0, 0.5)


@pytest.mark.parametrize("truthful", [1.0, 0.6, 0.1])
def test_the_curve_tells_how_far_off_the_probabilities_are(truthful: float) -> None:
    chances, truth, weights = drawn(truthful)
    curve = [(at.threshold, at.precision, at.recall, at.share) for at in draw_curve(chances, truth, weights)]
    assert calibration_error(curve) == pytest.approx(measured(chances, truth, weights), abs=0.01)


def test_thresholds_give_what_was_measured_and_closed_lanes_nothing(database: Database) -> None:
    rows = drawn(0.8)
    curve = [(at.threshold, at.precision, at.recall, at.share) for at in draw_curve(*rows)]
    lanes = [Published(Tag.IDEA, "de", 0.71, 0.335, curve), Published(Tag.QUESTION, "de", 1.01, 0.3, curve)]
    with database.writing() as session:
        publish_lanes(session, "m", [*lanes, Published(Tag.IDEA, "en", 0.9, 0.5, [])])
    with database.reading() as session:
        figures = held_out(session)
    assert list(figures) == ["de"]
    question, idea = figures["de"]
    assert (question.tag, question.automatic, idea.tag) == (Tag.QUESTION, None, Tag.IDEA)
    for said, threshold in ((idea.automatic, 0.71), (idea.suggest, 0.335)):
        so = reached(*rows, threshold)
        assert said is not None
        assert said.right == pytest.approx(so.precision, abs=0.02)
        assert said.found == pytest.approx(so.recall, abs=0.02)


def test_before_a_worker_has_come_there_is_nothing(database: Database) -> None:
    with database.reading() as session:
        assert held_out(session) == {}
