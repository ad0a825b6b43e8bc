"""Moments that no calendar holds."""

from collections.abc import Callable
from typing import Any

import pytest

from inbox.teams.models import Teammate


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_a_conversation_cannot_be_put_aside_until_the_end_of_time(
    client: Any, heard: Callable[..., Any], house: Any, zone: str
) -> None:
    thread = heard("Hello")
    with house.writing() as session:
        session.query(Teammate).update({"time_zone": zone})
    for moment in ("9999-12-31T23:59", "0001-01-01T00:00", "+9999-12-31", "2026-W53-8"):
        assert client.post(f"/conversations/{thread.id}/snooze", data={"until": moment}).status_code == 303
