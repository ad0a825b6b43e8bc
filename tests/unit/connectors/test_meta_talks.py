"""Private conversations of Meta: a wrong time hides nothing."""

from datetime import timedelta
from typing import Any, cast

from inbox.clock import now
from inbox.connectors.meta_api import MetaApi, Page
from inbox.connectors.meta_talks import poll_talks


class Talks:
    """One conversation that Meta dates into the future."""

    def page(self, path: str, query: Any, after: str | None = None) -> Page:
        if path.endswith("/conversations"):
            return Page([{"id": "t1", "updated_time": "9999-01-01T00:00:00+0000", "message_count": 1}], None)
        said = {"id": "m1", "created_time": "2026-11-20T10:00:00+0000", "message": "Hallo", "from": {"id": "7"}}
        return Page([said], None)


def test_a_conversation_dated_into_the_future_hides_nothing_that_comes_later() -> None:
    batches = list(poll_talks(cast("MetaApi", Talks()), ("1",), {}, None, platform="MESSENGER", owner="1"))
    assert [message.text for batch in batches for message in batch.messages] == ["Hallo"]
    assert batches[-1].cursor["reached"] <= (now() + timedelta(seconds=1)).isoformat()
