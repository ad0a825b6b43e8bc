"""Cues are found where they begin, whatever stands around them."""

import pytest

from classifiers.cue_index import CueIndex
from classifiers.tokens import Tokens

GROUPS = {"fails": ["broken", "not working", "defekt*"], "anything": ["broken", "one two three four"]}


def met(*texts: str) -> list[list[str]]:
    tokens = Tokens(texts)
    found = CueIndex(GROUPS).find(tokens)
    assert found.shape == (len(tokens.starts), len(GROUPS))
    return [[name for name, holds in zip(GROUPS, row, strict=True) if holds] for row in found]


def test_a_word_may_stand_in_several_groups() -> None:
    assert met("it is broken") == [[], [], ["fails", "anything"]]


def test_a_phrase_is_found_at_its_first_word_and_never_across_texts() -> None:
    assert met("not working", "not", "working") == [["fails"], [], [], []]
    assert met("one two three four") == [["anything"], [], [], []]


def test_a_beginning_takes_any_ending_and_no_other_start() -> None:
    assert met("defekter motor undefekt defek") == [["fails"], [], [], []]


def test_nothing_is_found_in_nothing() -> None:
    assert met() == []
    assert met("") == []


@pytest.mark.parametrize("cue", ["a*", "unzuverlässigste*", "one two three four five"])
def test_a_cue_that_could_not_be_found_is_refused(cue: str) -> None:
    with pytest.raises(ValueError, match=r"letters|words"):
        CueIndex({"some": [cue]})


def test_more_groups_than_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="64 fit"):
        CueIndex({str(number): ["word"] for number in range(65)})
