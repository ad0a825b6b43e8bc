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
        ("a word", "message is not as expected (an object is expected)"),
        ({"truth": "perhaps"}, "truth is not as expected (true or false is expected)"),
        ({"moment": "yesterday"}, "moment is not as expected (a time is expected)"),
        ({"moment": []}, "moment is not as expected (a time is expected)"),
        ({"names": 3}, "names is not as expected (an object is expected)"),
        ({"share": "half"}, "share is not as expected (a number is expected)"),
        ({"count": "few"}, "count is not as expected (a whole number is expected)"),
        ({"parts": 3}, "parts is not as expected (a list is expected)"),
        ({"parts": ["a", "b", "c"]}, "parts is not as expected (at most 2 entries are expected)"),
        ({"inner": []}, "inner is not as expected (an object is expected)"),
        ({"inner": {"word": 3}}, "inner.word is not as expected (a text is expected)"),
        ({"word": "abcd"}, "word is not as expected (at most 3 characters are expected)"),
        ({"word": "b"}, "word is not as expected (the form ^a is expected)"),
        ({"colour": "green"}, "colour is not as expected (one of these is expected: 'red', 'blue')"),
        ({"shape": "flat"}, "shape is not as expected (one of these is expected: 'round', 'square')"),
    ],
)
def test_each_fault_names_its_field_and_what_was_expected(given: Any, told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        _Foreign.model_validate(given)
    sentence = unread(caught.value)
    assert sentence == told
    # Whatever stands in the gaps is a sentence too, or a name: nothing of it stays English.
    fault = sentence.values["part0"].values["told"]
    assert isinstance(fault, Sentence)
