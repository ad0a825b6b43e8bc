"""Posts as Bluesky wants them: byte offsets, whole links, and keys that are always the same."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.connectors.bluesky_text import facets, record_key, with_whole_links

TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")


def parts(text: str, **people: str) -> list[tuple[str, str]]:
    """What each facet covers, and what it leads to."""
    found = facets(text, lambda handle: people.get(handle.replace(".", "_")))
    encoded = text.encode()
    return [
        (
            encoded[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(),
            next(value for name, value in facet["features"][0].items() if name != "$type"),
        )
        for facet in found
    ]


def test_offsets_are_bytes_not_characters() -> None:
    text = "Grüße 👩‍👩‍👧 an @ana.example: https://a.example/ä #größe"
    assert parts(text, ana_example="did:plc:ana") == [
        ("@ana.example", "did:plc:ana"),
        ("https://a.example/ä", "https://a.example/ä"),
        ("#größe", "größe"),
    ]


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("see https://a.example/x.", "https://a.example/x"),
        ("(https://a.example/x)", "https://a.example/x"),
        ("https://a.example/x_(y)", "https://a.example/x_(y)"),
        ("»https://a.example/x«!", "https://a.example/x"),
        ("https://a.example/#part", "https://a.example/#part"),
        ("https://a.example/@ana.example", "https://a.example/@ana.example"),
    ],
)
def test_a_link_ends_where_a_reader_would_end_it(text: str, link: str) -> None:
    assert parts(text, ana_example="did:plc:ana") == [(link, link)]


def test_a_name_that_nobody_has_stays_bare_words() -> None:
    assert parts("hello @nobody.example and mail ana@ana.example", ana_example="did:plc:ana") == []


def test_only_so_many_names_are_looked_up() -> None:
    asked: list[str] = []
    facets(" ".join(f"@a{number}.example" for number in range(200)), asked.append)
    assert len(asked) == 20


@given(st.text(max_size=300))
def test_facets_of_any_text_lie_within_it_in_order_and_apart(text: str) -> None:
    end = 0
    for facet in facets(text, lambda _handle: "did:plc:x"):
        assert end <= facet["index"]["byteStart"] < facet["index"]["byteEnd"] <= len(text.encode("utf-8", "replace"))
        end = facet["index"]["byteEnd"]


def link(text: str, shown: str, uri: str) -> dict[str, Any]:
    start = text.encode().index(shown.encode())
    feature = {"$type": "app.bsky.richtext.facet#link", "uri": uri}
    return {"index": {"byteStart": start, "byteEnd": start + len(shown.encode())}, "features": [feature]}


def test_shortened_links_are_written_out() -> None:
    text = "Größe: a.example/lon... und b.example/län… und c.example"
    record = {
        "facets": [
            link(text, "b.example/län…", "https://b.example/länger"),
            link(text, "a.example/lon...", "https://a.example/longer"),
            link(text, "c.example", "https://c.example"),
        ]
    }
    assert (
        with_whole_links(text, record) == "Größe: https://a.example/longer und https://b.example/länger und c.example"
    )


@pytest.mark.parametrize(
    "nonsense",
    [
        None,
        7,
        [None],
        [{}],
        [{"index": None, "features": None}],
        [{"index": {"byteStart": -5, "byteEnd": 900}, "features": [{"uri": "https://x.example"}]}],
        [{"index": {"byteStart": True, "byteEnd": "1"}, "features": [{"uri": "https://x.example"}]}],
        [{"index": {"byteStart": 3, "byteEnd": 1}, "features": [{"uri": 7}, {"uri": "https://x.example"}]}],
    ],
)
def test_hostile_facets_change_nothing(nonsense: Any) -> None:
    assert with_whole_links("plain words...", {"facets": nonsense}) == "plain words..."


def test_a_key_is_the_same_for_the_same_reply_and_of_the_form_asked_for() -> None:
    at = datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert record_key("delivery-1", at) == record_key("delivery-1", at)
    assert record_key("delivery-1") == record_key("delivery-1")
    keys = {record_key(f"delivery-{number}", at) for number in range(50)} | {record_key(f"d-{n}") for n in range(50)}
    assert len(keys) > 90
    assert all(TID.fullmatch(key) for key in keys)


def test_keys_sort_by_time() -> None:
    moments = [datetime(2026, 11, 21, 8, minute, tzinfo=UTC) for minute in range(10)]
    keys = [record_key("x", moment) for moment in moments]
    assert keys == sorted(keys)
