"""Private conversations of Meta: read as they are listed, gone on with where a poll stopped, and a wrong time hides nothing."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from inbox.clock import now
from inbox.connectors.contract import N_, Batch, Refused
from inbox.connectors.meta_api import MetaApi, Page
from inbox.connectors.meta_talks import TALKS, poll_talks

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
PER_PAGE = 10


class Talks:
    """Conversations with one message each, the last changed first; pages are named by their number."""

    def __init__(self, number: int) -> None:
        self.talks = {f"t{each}": START - timedelta(minutes=each) for each in range(number)}
        self.asked: list[str] = []
        self.expired: set[str] = set()

    def page(self, path: str, query: Any, after: str | None = None) -> Page:
        self.asked.append(f"{path}?{after or ''}")
        if after in self.expired:
            self.expired.remove(after)
            raise Refused(N_("The cursor is not valid any more."))
        if not path.endswith("/conversations"):
            name = path.split("/")[1]
            said = {
                "id": f"m-{name}",
                "created_time": self.talks[name].isoformat(),
                "message": name,
                "from": {"id": "7"},
            }
            return Page([said], None)
        start = int(after or 0)
        listed = sorted(self.talks, key=lambda name: self.talks[name], reverse=True)
        rows = [{"id": name, "updated_time": self.talks[name].isoformat(), "message_count": 1} for name in listed]
        further = start + PER_PAGE
        return Page(rows[start:further], str(further) if further < len(rows) else None)

    def lists(self) -> list[str]:
        """Which pages of the list have been asked for since the last look."""
        asked, self.asked = [each.partition("?")[2] for each in self.asked if "conversations" in each], []
        return asked


def poll(talks: Talks, cursor: Mapping[str, Any] | None = None, *, batches: int = 10_000) -> list[Batch]:
    """The first `batches` of a poll."""
    walk = poll_talks(cast("MetaApi", talks), ("1",), cursor or {}, None, platform="MESSENGER", owner="1")
    return [batch for _, batch in zip(range(batches), walk, strict=False)]


def texts(batches: list[Batch]) -> list[str]:
    return [message.text for batch in batches for message in batch.messages]


def test_the_first_conversation_is_there_before_the_second_page_is_asked_for() -> None:
    talks = Talks(50)
    assert texts(poll(talks, batches=PER_PAGE)) == list(talks.talks)[:PER_PAGE]
    assert talks.lists() == [""]
    assert texts(poll(talks)) == list(talks.talks)
    assert talks.lists() == ["", "10", "20", "30", "40"]


@pytest.mark.parametrize("batches", [1, 5, 10, 11, 12, 25, 54])
def test_a_poll_that_is_killed_anywhere_is_gone_on_with(batches: int) -> None:
    talks = Talks(50)
    first = poll(talks, batches=batches)
    talks.lists()
    again = poll(talks, first[-1].cursor)
    assert texts(first) + texts(again) == list(talks.talks), "nothing is lost, nothing read twice"
    assert talks.lists()[0] == (str(batches // 11 * PER_PAGE) if batches > PER_PAGE else "")
    assert texts(poll(talks, again[-1].cursor)) == []


def test_what_changes_during_a_walk_comes_with_the_poll_after_it() -> None:
    talks = Talks(30)
    stopped = poll(talks, batches=15)
    talks.talks["t25"] = START + timedelta(minutes=5)
    ended = poll(talks, stopped[-1].cursor)
    after = poll(talks, ended[-1].cursor)
    assert texts(after)[:1] == ["t25"]
    assert set(texts(stopped + ended + after)) == set(talks.talks)


def test_a_position_that_has_expired_leads_back_to_the_top() -> None:
    talks = Talks(30)
    stopped = poll(talks, batches=15)
    talks.expired.add("10")
    talks.lists()
    again = poll(talks, stopped[-1].cursor)
    assert talks.lists() == ["10", "", "10", "20"]
    assert set(texts(stopped + again)) == set(talks.talks)


def test_a_refusal_at_the_top_is_told() -> None:
    talks = Talks(1)
    talks.page = lambda *_: (_ for _ in ()).throw(Refused(N_("no")))  # type: ignore[method-assign]
    with pytest.raises(Refused):
        poll(talks)


def test_the_cursor_stays_small_however_many_conversations_there_are() -> None:
    talks = Talks(1_000)
    batches = poll(talks)
    assert max(len((batch.cursor or {}).get("below", {})) for batch in batches) <= TALKS + PER_PAGE
    assert list((batches[-1].cursor or {})["below"]) == list(talks.talks)[:TALKS]


def test_a_conversation_dated_into_the_future_hides_nothing_that_comes_later() -> None:
    talks = Talks(0)
    talks.talks["t1"] = datetime(9999, 1, 1, tzinfo=UTC)
    batches = poll(talks)
    assert texts(batches) == ["t1"]
    assert (batches[-1].cursor or {})["reached"] <= (now() + timedelta(seconds=1)).isoformat()
