"""Reading: nothing is lost, nothing comes twice, and one bad item never blocks the rest."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox.clock import now
from inbox.connectors.contract import Batch
from tests.contract.stage import Stage
from tests.contract.traits import authors, needs, paged, polled


def names(batches: Sequence[Batch]) -> list[str]:
    """What was brought, without our own posts that came along."""
    return [m.external_id for b in batches for m in b.messages if not (m.author and m.author.is_us)]


def fetched(batches: Sequence[Batch]) -> int:
    return sum(batch.fetched for batch in batches)


def fresh_names(stage: Stage, number: int) -> list[Any]:
    """So many new items, newest first."""
    return [stage.named(stage.items[0], f"3lbnew2222{each:03d}") for each in reversed(range(number))]


def test_everything_comes_once_and_is_accounted_for(stage: Stage) -> None:
    batches = stage.brought()
    assert len(names(batches)) == len(set(names(batches))) == len(stage.items)
    assert set(names(batches)) == set(map(stage.name_of, stage.items))
    ours = sum(1 for b in batches for m in b.messages if m.author and m.author.is_us)
    assert fetched(batches) == len(stage.items) + ours
    assert not any(batch.bad or batch.filtered for batch in batches)


def test_messages_say_what_an_answer_needs(stage: Stage) -> None:
    for message in (m for batch in stage.brought() for m in batch.messages):
        assert message.text
        assert "<p>" not in message.text
        assert message.thread_id
        json.dumps(dict(message.reply_handle))
        if message.author:
            assert message.author.external_id
            assert message.author.handle or message.author.name


@needs(polled)
def test_a_second_poll_brings_nothing_new(stage: Stage) -> None:
    cursor = stage.brought()[-1].cursor
    assert fetched(stage.brought(cursor)) == 0


def test_a_page_that_was_not_kept_comes_again_under_the_same_ids(stage: Stage) -> None:
    first, second = stage.brought(), stage.brought()
    assert [(m.external_id, m.thread_id) for b in first for m in b.messages] == [
        (m.external_id, m.thread_id) for b in second for m in b.messages
    ]


@needs(polled)
def test_only_what_is_new_comes_with_the_cursor(stage: Stage) -> None:
    cursor = stage.brought()[-1].cursor
    fresh = stage.named(stage.items[0], "3lbnew22222aa")
    stage.items = [fresh, *stage.items]
    second = stage.brought(cursor)
    assert names(second) == [stage.name_of(fresh)]
    assert fetched(stage.brought(second[-1].cursor)) == 0


@needs(paged)
def test_a_late_item_below_known_ones_is_found(stage: Stage) -> None:
    cursor = stage.brought()[-1].cursor
    late = stage.named(stage.items[2], "3lblate2222aa")
    stage.items = [*stage.items[:3], late, *stage.items[3:]]
    assert names(stage.brought(cursor)) == [stage.name_of(late)]


@needs(polled)
def test_a_vanished_item_does_not_bring_the_others_back(stage: Stage) -> None:
    cursor = stage.brought()[-1].cursor
    del stage.items[0]
    assert names(stage.brought(cursor)) == []


def test_a_bad_item_is_set_aside_and_the_others_go_on(stage: Stage) -> None:
    stage.items[2] = stage.broken(stage.items[2])
    batches = stage.brought()
    bad = [entry for batch in batches for entry in batch.bad]
    assert len(bad) == 1
    assert bad[0].reason
    assert bad[0].raw
    assert len(names(batches)) == len(stage.items) - 1


@needs(polled)
def test_a_bad_item_is_not_told_again_and_again(stage: Stage) -> None:
    stage.items[2] = stage.broken(stage.items[2])
    assert fetched(stage.brought(stage.brought()[-1].cursor)) == 0


@needs(paged)
@pytest.mark.parametrize("nonsense", [None, 7, "text", [], {}, {"id": {}}, {"uri": [1]}, {"id": "1", "status": 3}])
def test_nonsense_among_the_items_is_set_aside(stage: Stage, nonsense: Any) -> None:
    good = len(stage.items)
    stage.items.insert(1, nonsense)
    batches = stage.brought()
    assert sum(len(batch.bad) + batch.filtered for batch in batches) == 1
    assert len(names(batches)) == good


@needs(authors)
def test_an_author_may_be_missing(stage: Stage) -> None:
    stage.items[1] = stage.anonymous(stage.items[1])
    found = [m for b in stage.brought() for m in b.messages if m.external_id == stage.name_of(stage.items[1])]
    assert [message.author for message in found] == [None]


@pytest.mark.parametrize("lie", ["", "gestern", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "1601-01-01T00:00:00Z"])
def test_a_date_that_lies_is_no_reason_to_lose_the_words(stage: Stage, lie: str) -> None:
    count = len(stage.items)
    stage.items[0] = stage.dated(stage.items[0], lie)
    batches = stage.brought()
    # A form that is not a time at all may make the item one to look at; it is never gone.
    assert len(names(batches)) + sum(len(batch.bad) for batch in batches) == count


@needs(polled)
@pytest.mark.parametrize("skew", [timedelta(minutes=-10), timedelta(minutes=10), timedelta(days=3)])
def test_a_platform_whose_clock_goes_wrong_hides_nothing(stage: Stage, skew: timedelta) -> None:
    stage.items[0] = stage.dated(stage.items[0], stage.moment(now() + skew))
    batches = stage.brought()
    assert len(names(batches)) == len(stage.items)
    fresh = stage.dated(stage.named(stage.items[0], "3lbnew22222aa"), stage.moment(now() - timedelta(seconds=30)))
    stage.items = [fresh, *stage.items]
    assert stage.name_of(fresh) in names(stage.brought(batches[-1].cursor))


@needs(polled)
def test_what_is_older_than_the_wanted_past_is_left_out_but_nothing_newer(stage: Stage) -> None:
    since = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
    everything = {m.external_id: m.posted_at for b in stage.brought() for m in b.messages}
    batches = stage.brought(since=since)
    wanted = {name for name in map(stage.name_of, stage.items) if not (at := everything[name]) or at >= since}
    assert 0 < len(wanted) < len(stage.items)
    assert set(names(batches)) == wanted


@needs(polled)
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
            "after": 7,
        },
        {"v": 1, "seen": [[1], None, ["a", "b", "c"]], "walk": {"older": None}, "etag": 7, "after": []},
    ],
)
def test_a_cursor_of_another_version_starts_anew(stage: Stage, cursor: Any) -> None:
    assert len(names(stage.brought(cursor))) == len(stage.items)


@needs(paged)
def test_pages_that_overlap_do_no_harm(stage: Stage) -> None:
    stage.pages = [stage.items[:3], stage.items[2:4], stage.items[3:]]
    assert sorted(names(stage.brought())) == sorted(map(stage.name_of, stage.items))


@needs(paged)
@pytest.mark.parametrize("read_before_the_kill", [1, 2])
def test_a_walk_that_is_killed_half_way_leaves_no_gap(stage: Stage, read_before_the_kill: int) -> None:
    everything = set(map(stage.name_of, stage.items))
    stage.pages = [stage.items[:2], stage.items[2:4], stage.items[4:]]
    walk = stage.connector().poll(stage.stream, None, None)
    stored = [next(walk) for _ in range(read_before_the_kill)]
    walk.close()  # type: ignore[attr-defined]
    (fresh,) = fresh_names(stage, 1)
    stage.pages[0] = [fresh, *stage.pages[0]]
    stored += stage.brought(stored[-1].cursor)
    assert set(names(stored)) == everything | {stage.name_of(fresh)}
    assert fetched(stage.brought(stored[-1].cursor)) == 0


@needs(paged)
def test_what_is_deleted_between_two_pages_hides_no_other(stage: Stage) -> None:
    first, *others = stage.items
    stage.pages = [[first, others[0]], others[1:3], others[3:]]
    walk = stage.connector().poll(stage.stream, None, None)
    stored = [next(walk)]
    # The items behind move up where pages are counted; where they are marked by an item, the marks stay.
    stage.pages = [others[:2], others[2:4], others[4:]] if stage.pages_are_counted else [others[:1], *stage.pages[1:]]
    stored += [*walk]
    assert set(map(stage.name_of, others)) <= set(names(stored))


@needs(paged)
def test_more_than_a_page_of_news_is_read_to_the_known_end(stage: Stage) -> None:
    cursor = stage.brought()[-1].cursor
    fresh = fresh_names(stage, 7)
    stage.pages = [fresh[:3], fresh[3:6], [fresh[6], *stage.items]]
    assert sorted(names(stage.brought(cursor))) == sorted(map(stage.name_of, fresh))
