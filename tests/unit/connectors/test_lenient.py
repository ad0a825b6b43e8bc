"""Fields that a platform may fill with anything: what is a count is counted, and what is none is not zero."""

from typing import Any

import pytest

from inbox.connectors.contract import Metric
from inbox.connectors.lenient import counted


@pytest.mark.parametrize(("told", "number"), [(12, 12), (0, 0), (-3, -3), ("1204", 1204), ("00", 0)])
def test_a_count_is_a_number_also_where_it_is_written_as_text(told: Any, number: int) -> None:
    assert counted({Metric.POINTS: told}) == {Metric.POINTS: number}


@pytest.mark.parametrize("told", [None, True, False, "many", " ", "2.5", "-3", "٣", 1.5, [7], {"count": 7}, "9" * 50])
def test_what_is_no_count_is_left_out(told: Any) -> None:
    assert counted({Metric.LIKES: told, Metric.SHARES: 1}) == {Metric.SHARES: 1}
