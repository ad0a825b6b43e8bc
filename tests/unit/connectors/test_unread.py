"""Why something foreign could not be read is told in our words, which can be translated, not in a library's."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError

from inbox.connectors.read_each import unread
from inbox.sentence import Sentence


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class _Inner(BaseModel):
    word: str = ""


class _Foreign(BaseModel):
    truth: bool = False
    moment: datetime | None = None
    names: dict[str, str] = {}
    share: float = 0
    count: int = 0
    parts: list[str] = Field(default=[], max_length=2)
    inner: _Inner = _Inner()
    word: str = Field("a", max_length=3, pattern="^a")
    colour: Colour = Colour.RED
    shape: Literal["round", "square"] = "round"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("a word", "message: an object is expected"),
        ({"truth": "perhaps"}, "truth: true or false is expected"),
        ({"moment": "yesterday"}, "moment: a time is expected"),
        ({"moment": []}, "moment: a time is expected"),
        ({"names": 3}, "names: an object is expected"),
        ({"share": "half"}, "share: a number is expected"),
        ({"count": "few"}, "count: a whole number is expected"),
        ({"count": 1.5}, "count: a whole number is expected"),
        ({"parts": 3}, "parts: a list is expected"),
        ({"parts": ["a", "b", "c"]}, "parts: at most 2 entries are expected"),
        ({"inner": []}, "inner: an object is expected"),
        ({"inner": {"word": 3}}, "inner.word: a text is expected"),
        ({"word": "abcd"}, "word: at most 3 characters are expected"),
        ({"word": "b"}, "word: the form ^a is expected"),
        ({"colour": "green"}, "colour: one of these is expected: 'red', 'blue'"),
        ({"shape": "flat"}, "shape: one of these is expected: 'round', 'square'"),
    ],
)
def test_each_fault_names_its_field_and_what_was_expected(given: Any, told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        _Foreign.model_validate(given)
    sentence = unread(caught.value)
    assert sentence == told
    # Whatever stands in the gaps is a sentence too, or a name: nothing of it stays English.
    assert isinstance(sentence.values["part0"].values["expectation"], Sentence)


def test_what_has_no_words_of_ours_keeps_those_it_has() -> None:
    with pytest.raises(ValidationError) as caught:
        _Foreign.model_validate({"count": "1" * 5_000})
    assert unread(caught.value).startswith("count is not as expected (")
