"""The reasons for a tag are the sum itself, taken apart: nothing is left over and nothing made up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.clean import clean
from classifiers.tagger import load_tagger
from classifiers.tags import Tag


def _left_over(text: str) -> float:
    tagger = load_tagger()
    (scores,), _ = tagger.scores([text])
    found = tagger.reasons(text)
    told = [
        found.start[head] + found.manner[head] + sum(share for _, share in found.words[head]) for head in tagger.heads
    ]
    return float(np.abs(scores - told).max())


@pytest.mark.parametrize(
    "text",
    [
        "Könntet ihr bitte einen Export nach Excel einbauen?",
        "WHY is the app so slow?? I'm waiting, waiting, waiting ... https://example.org @anna",
        "Danke! 😊 Seit dem Update läuft's wieder. " * 40,
        "x",
        "",
        "?",
    ],
)
def test_all_shares_add_up_to_the_score(text: str) -> None:
    assert _left_over(text) < 1e-4


@given(st.text(max_size=300))
@settings(max_examples=50, deadline=None)
def test_shares_of_any_text_add_up(text: str) -> None:
    assert _left_over(text) < 1e-4


def test_words_stand_as_they_were_read() -> None:
    text = "Nein, nein: der Export geht nicht!"
    found = load_tagger().reasons(text)
    for label in load_tagger().heads:
        assert [word for word, _ in found.words[label]] == clean(text).split()
    assert (found.lang, found.version) == ("de", load_tagger().version)


def test_the_word_that_spoke_most_for_a_tag_is_named_first() -> None:
    tagger = load_tagger()
    strongest, weight = tagger.explain("Könntet ihr bitte einen Export nach Excel einbauen?", Tag.IDEA)[0]
    assert strongest in {"könntet", "einbauen"}, (
        "which of the two is the model's choice, that it is one of them is ours"
    )
    assert weight > 0
    assert tagger.explain("", Tag.IDEA) == []
    with pytest.raises(KeyError):
        tagger.explain("text", "nonsense")


def test_a_question_mark_has_its_share() -> None:
    shares = dict(load_tagger().explain("der bus fährt morgen?", Tag.QUESTION))
    assert max(shares, key=lambda word: shares[word]) == "?"
