"""What a handle lacks, or holds in another form, is refused before anything is asked of the platform."""

from typing import Any

import pytest

from inbox.connectors.contract import Refused
from inbox.connectors.handles import number_in, word_in


def test_what_is_there_is_given() -> None:
    assert word_in({"name": "t1_a"}, "name") == "t1_a"
    assert number_in({"issue": 0}, "issue") == 0


@pytest.mark.parametrize("kept", [{}, {"of": None}, {"of": ""}, {"of": 7}, {"of": ["a"]}])
def test_no_word_is_refused(kept: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="cannot be answered"):
        word_in(kept, "of")


@pytest.mark.parametrize("kept", [{}, {"of": None}, {"of": "7"}, {"of": True}, {"of": 7.0}])
def test_no_number_is_refused(kept: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="cannot be answered"):
        number_in(kept, "of")
