"""Reading: nothing is lost, nothing comes twice, and one bad item never blocks the rest."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from inbox.connectors.contract import Batch
from tests.contract.stages import PAGED, STAGES, Stage

LONG_AGO = "2020-01-01T00:00:00+00:00"


def poll(stage: Stage, cursor: Any = None, since: datetime | None = None) -> list[Batch]:
    """Every batch of one poll; cursors must survive the database."""
    batches = list(stage.connector().poll(stage.stream, json.loads(json.dumps(cursor)), since))
    json.dumps([dict(batch.cursor) for batch in batches])
    return batches


def names(batches: Sequence[Batch]) -> list[str]:
    """What was brought, without our own posts that came along."""
    return [m.external_id for b in batches for m in b.messages if not (m.author and m.author.is_us)]


def fetched(batches: Sequence[Batch]) -> int:
    return sum(batch.fetched for batch in batches)


def test_everything_comes_once_and_is_accounted_for(stage: Stage) -> None:
    batches = poll(stage)
    assert len(names(batches)) == len(set(names(batches))) == len(stage.items)
    ours = sum(1 for b in batches for m in b.messages if m.author and m.author.is_us)
    assert fetched(batches) == len(stage.items) + ours
    assert not any(batch.bad or batch.filtered for batch in batches)


def test_messages_say_what_an_answer_needs(stage: Stage) -> None:
    for message in (m for batch in poll(stage) for m in batch.messages):
        assert message.text
        assert "<" not in message.text
        assert message.thread_id
        json.dumps(dict(message.reply_handle))
        if message.author:
            assert message.author.external_id
            assert message.author.handle or message.author.name


def test_a_second_poll_brings_nothing_new(stage: Stage) -> None:
    cursor = poll(stage)[-1].cursor
    assert fetched(poll(stage, cursor)) == 0


def test_only_what_is_new_comes_with_the_cursor(stage: Stage) -> None:
    cursor = poll(stage)[-1].cursor
    fresh = stage.named(stage.items[0], "3lbnew22222aa")
    stage.items = [fresh, *stage.items]
    second = poll(stage, cursor)
    assert names(second) == [stage.name_of(fresh)]
    assert fetched(poll(stage, second[-1].cursor)) == 0


def test_a_late_item_below_known_ones_is_found(stage: Stage) -> None:
    cursor = poll(stage)[-1].cursor
    late = stage.named(stage.items[2], "3lblate2222aa")
    stage.items = [*stage.items[:3], late, *stage.items[3:]]
    assert names(poll(stage, cursor)) == [stage.name_of(late)]


def test_a_vanished_item_does_not_bring_the_others_back(stage: Stage) -> None:
    cursor = poll(stage)[-1].cursor
    del stage.items[0]
    assert fetched(poll(stage, cursor)) == 0


def test_a_bad_item_is_set_aside_and_the_others_go_on(stage: Stage) -> None:
    stage.items[2] = stage.broken(stage.items[2])
    batches = poll(stage)
    bad = [entry for batch in batches for entry in batch.bad]
    assert len(bad) == 1
    assert bad[0].reason
    assert bad[0].raw
    assert len(names(batches)) == len(stage.items) - 1
    assert fetched(poll(stage, batches[-1].cursor)) == 0


@pytest.mark.parametrize("stage", PAGED, indirect=True)
@pytest.mark.parametrize("nonsense", [None, 7, "text", [], {}, {"id": {}}, {"uri": [1]}, {"id": "1", "status": 3}])
def test_nonsense_among_the_items_is_set_aside(stage: Stage, nonsense: Any) -> None:
    good = len(stage.items)
    stage.items.insert(1, nonsense)
    batches = poll(stage)
    assert sum(len(batch.bad) + batch.filtered for batch in batches) == 1
    assert len(names(batches)) == good


@pytest.mark.parametrize("stage", [kind for kind in STAGES if STAGES[kind].has_authors], indirect=True)
def test_an_author_may_be_missing(stage: Stage) -> None:
    stage.items[1] = stage.anonymous(stage.items[1])
    found = [m for b in poll(stage) for m in b.messages if m.external_id == stage.name_of(stage.items[1])]
    assert [message.author for message in found] == [None]


@pytest.mark.parametrize("lie", ["", "gestern", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "1601-01-01T00:00:00Z"])
def test_a_date_that_lies_is_no_reason_to_lose_the_words(stage: Stage, lie: str) -> None:
    count = len(stage.items)
    stage.items[0] = stage.dated(stage.items[0], lie)
    assert len(names(poll(stage))) == count


def test_what_is_older_than_the_wanted_past_is_left_out_but_counted(stage: Stage) -> None:
    batches = poll(stage, since=datetime(2026, 11, 20, 10, 30, tzinfo=UTC))
    assert 0 < len(names(batches)) < len(stage.items)
    assert sum(batch.filtered for batch in batches) > 0


@pytest.mark.parametrize(
    "cursor",
    [
        {"v": 0, "max_id": "7"},
        {"v": 99, "seen": ["x"], "walk": {"older": "7"}},
        {"last": 12},
        {
            "v": 1,
            "seen": "not a list",
            "walk": 3,
            "watched": [1, ["a"], [None, 2, 3]],
            "looked_at": "gestern",
            "counts": 5,
        },
        {"v": 1, "seen": [[1], None, ["a", "b", "c"]], "walk": {"older": None}, "etag": 7},
    ],
)
def test_a_cursor_of_another_version_starts_anew(stage: Stage, cursor: Any) -> None:
    assert len(names(poll(stage, cursor))) == len(stage.items)


def test_an_edit_brings_the_message_again_under_its_id(stage: Stage) -> None:
    cursor = poll(stage)[-1].cursor
    name = stage.name_of(stage.items[1])
    stage.items[1] = stage.worded(stage.items[1], "Ganz andere Worte")
    batches = poll(stage, {**cursor, "looked_at": LONG_AGO})
    assert [(m.external_id, m.text) for b in batches for m in b.messages] == [(name, "Ganz andere Worte")]
    assert fetched(poll(stage, {**batches[-1].cursor, "looked_at": LONG_AGO})) == 0


@pytest.mark.parametrize("stage", PAGED, indirect=True)
def test_what_was_deleted_there_is_told_once(stage: Stage) -> None:
    cursor = poll(stage)[-1].cursor
    gone = stage.name_of(stage.items.pop(1))
    batches = poll(stage, {**cursor, "looked_at": LONG_AGO})
    assert [d.external_id for b in batches for d in b.deletions] == [gone]
    assert fetched(poll(stage, {**batches[-1].cursor, "looked_at": LONG_AGO})) == 0


@pytest.mark.parametrize("stage", PAGED, indirect=True)
def test_deletions_are_looked_for_once_an_hour_only(stage: Stage) -> None:
    cursor = poll(stage)[-1].cursor
    del stage.items[1]
    assert fetched(poll(stage, cursor)) == 0


@pytest.mark.parametrize("stage", ["rss"], indirect=True)
def test_an_entry_that_left_the_feed_is_not_deleted(stage: Stage) -> None:
    cursor = poll(stage)[-1].cursor
    stage.items = stage.items[:1]
    assert not any(batch.deletions for batch in poll(stage, cursor))


@pytest.mark.parametrize("stage", PAGED, indirect=True)
def test_pages_that_overlap_do_no_harm(stage: Stage) -> None:
    stage.pages = [stage.items[:3], stage.items[2:4], stage.items[3:]]
    batches = poll(stage)
    assert sorted(names(batches)) == sorted(map(stage.name_of, stage.items))


@pytest.mark.parametrize("stage", PAGED, indirect=True)
@pytest.mark.parametrize("read_before_the_kill", [1, 2])
def test_a_walk_that_is_killed_half_way_leaves_no_gap(stage: Stage, read_before_the_kill: int) -> None:
    everything = set(map(stage.name_of, stage.items))
    stage.pages = [stage.items[:2], stage.items[2:4], stage.items[4:]]
    walk = stage.connector().poll(stage.stream, None, None)
    stored = [next(walk) for _ in range(read_before_the_kill)]
    walk.close()
    fresh = stage.named(stage.items[0], "3lbnew22222aa")
    stage.pages[0] = [fresh, *stage.pages[0]]
    stored += poll(stage, stored[-1].cursor)
    assert set(names(stored)) == everything | {stage.name_of(fresh)}
    assert fetched(poll(stage, stored[-1].cursor)) == 0


@pytest.mark.parametrize("stage", PAGED, indirect=True)
def test_more_than_a_page_of_news_is_read_to_the_known_end(stage: Stage) -> None:
    cursor = poll(stage)[-1].cursor
    fresh = [stage.named(stage.items[0], f"3lbnew2222{number:03d}") for number in range(7)]
    stage.pages = [fresh[:3], fresh[3:6], [fresh[6], *stage.items]]
    assert sorted(names(poll(stage, cursor))) == sorted(map(stage.name_of, fresh))
