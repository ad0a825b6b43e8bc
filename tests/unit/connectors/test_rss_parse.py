"""Feeds as they are found: three formats, written by hand, by strangers, and by people with bad intentions."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from inbox.connectors.rss_parse import Feed, NotAFeed, moment, parse_feed

RECORDINGS = Path(__file__).resolve().parents[2] / "recordings" / "rss"
HERE = "https://feeds.example/all/feed.xml"


def read(content: str | bytes, charset: str | None = None) -> Feed:
    return parse_feed(content.encode() if isinstance(content, str) else content, HERE, charset)


def rss(*items: str, head: str = "") -> str:
    return f'<rss version="2.0"><channel><title>T</title>{head}{"".join(items)}</channel></rss>'


def test_atom_is_read_with_bases_threads_and_markup_of_both_kinds() -> None:
    feed = read((RECORDINGS / "atom.xml").read_bytes())
    assert (feed.title, feed.url) == ("Notes on planning", "https://blog.example/")
    comment, plain = feed.entries
    assert comment.external_id == "tag:blog.example,2026:2"
    assert comment.text == "Could it show weeks?"
    assert comment.html == (
        '<div xmlns:html="http://www.w3.org/1999/xhtml"><p>Could it show <a href="/weeks">weeks</a>?</p></div>'
    )
    assert comment.url == "https://blog.example/notes/42#c2"
    assert comment.parent_id == "tag:blog.example,2026:1"
    assert (comment.author, comment.author_url) == ("Bo", "https://bo.example/")
    assert comment.posted_at == datetime(2026, 11, 20, 11, tzinfo=UTC)
    assert comment.edited_at == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert plain.title == "1 < 2"
    assert plain.text == "Plain <b> stays & is not markup"
    assert plain.posted_at == datetime(2026, 11, 20, 8, 0, 0, 500_000, tzinfo=UTC)
    assert plain.edited_at is None


def test_rss_1_is_read_with_items_beside_the_channel() -> None:
    feed = read((RECORDINGS / "rdf.xml").read_bytes())
    (entry,) = feed.entries
    assert (entry.external_id, entry.title, entry.text) == ("https://old.example/1", "Grüße", "Still here")
    assert entry.posted_at == datetime(2026, 11, 20, tzinfo=UTC)
    assert entry.author == "Cy"


def test_the_whole_content_is_preferred_to_its_summary() -> None:
    item = "<item><title>a</title><description>short</description>" + (
        '<c:encoded xmlns:c="http://purl.org/rss/1.0/modules/content/"><![CDATA[<p>whole</p>]]></c:encoded></item>'
    )
    assert read(rss(item)).entries[0].text == "whole"


def test_an_entry_without_id_is_known_by_its_link_unless_others_share_it() -> None:
    item = "<item><title>{}</title><link>{}</link></item>"
    own, one, two = read(rss(item.format("a", "/1"), item.format("b", "/all"), item.format("c", "/all"))).entries
    assert own.external_id == "https://feeds.example/1"
    assert one.external_id.startswith("sha256:")
    assert one.external_id != two.external_id
    again = read(rss(item.format("b", "/all"), item.format("c", "/all"))).entries
    assert [entry.external_id for entry in again] == [one.external_id, two.external_id]


def test_of_two_entries_with_one_id_the_first_counts() -> None:
    item = "<item><guid>g</guid><title>{}</title></item>"
    assert [entry.text for entry in read(rss(item.format("new"), item.format("old"))).entries] == ["new"]


def test_an_entry_that_says_nothing_is_set_aside() -> None:
    feed = read(rss("<item><guid>g</guid><title> </title></item>", "<item><title>a</title></item>"))
    assert len(feed.entries) == 1
    assert len(feed.broken) == 1
    assert "<guid>g</guid>" in next(iter(feed.broken))


def test_an_endless_id_is_shortened_and_stays_the_same() -> None:
    one, two = (read(rss(f"<item><guid>{'x' * 9_000}{end}</guid><title>a</title></item>")) for end in "ab")
    assert len(one.entries[0].external_id) < 100
    assert one.entries[0].external_id != two.entries[0].external_id


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http://[half", ""]
)
def test_an_address_that_no_browser_should_open_is_dropped(address: str) -> None:
    assert read(rss(f"<item><title>a</title><link>{address}</link></item>")).entries[0].url == ""


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Sat, 21 Nov 2026 09:00:00 +0100", datetime(2026, 11, 21, 8, tzinfo=UTC)),
        ("21 Nov 26 08:00 GMT", datetime(2026, 11, 21, 8, tzinfo=UTC)),
        ("Sat, 21 Nov 2026 03:00:00 EST", datetime(2026, 11, 21, 8, tzinfo=UTC)),
        ("2026-11-21T08:00:00Z", datetime(2026, 11, 21, 8, tzinfo=UTC)),
        (" 2026-11-21\n08:00:00 ", datetime(2026, 11, 21, 8, tzinfo=UTC)),
        ("2026-11-21", datetime(2026, 11, 21, tzinfo=UTC)),
        ("gestern", None),
        ("", None),
        ("Sat, 99 Nov 2026 99:00:00 +0100", None),
        ("0000-01-01", None),
        ("9" * 5_000, None),
    ],
)
def test_dates_come_in_many_forms(written: str, meant: datetime | None) -> None:
    assert moment(written) == meant


def test_a_feed_written_in_another_charset_than_it_says_is_read() -> None:
    text = '<?xml version="1.0" encoding="utf-8"?>' + rss("<item><title>Grüße – schön</title></item>")
    assert read(text.encode("cp1252")).entries[0].text == "Grüße – schön"
    assert read(text.encode("utf-16"), "utf-16").entries[0].text == "Grüße – schön"
    assert read(text.replace("utf-8", "no-such-charset").encode()).entries[0].text == "Grüße – schön"


def test_names_that_only_html_knows_and_control_characters_do_no_harm() -> None:
    feed = read(rss("<item><title>a&nbsp;b &amp; c &euro;\x00\x08</title></item>"))
    assert feed.entries[0].text == "a b & c €"


@pytest.mark.parametrize(
    "bomb",
    [
        '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><rss><channel><item><title>&b;</title></item></channel></rss>',
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&x;</title></item></channel></rss>',
        '<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://a.example/x.dtd">%p;]><rss></rss>',
        "<rss>" * 100_000,
        "<rss><channel>" + "<item>" * 5_000 + "</item>" * 5_000 + "</channel></rss>",
    ],
)
def test_bombs_are_refused_at_once(bomb: str) -> None:
    started = time.process_time()
    with pytest.raises(NotAFeed):
        read(bomb)
    assert time.process_time() - started < 2


def test_an_outside_dtd_is_not_fetched() -> None:
    feed = read('<!DOCTYPE rss SYSTEM "http://a.example/rss.dtd">' + rss("<item><title>a</title></item>"))
    assert feed.entries[0].text == "a"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "cannot be read"),
        (b"\x00\xff\xfe", "cannot be read"),
        (b"{}", "cannot be read"),
        (b"<rss><channel><item><title>cut", "cannot be read"),
        (b"<opml/>", "neither RSS nor Atom"),
        (b"<!doctype html><html><body>Please wait<br></body></html>", "a web page"),
        (
            b"<html><head><link rel=alternate type=application/rss+xml href='/f.xml'><br></html>",
            "https://feeds.example/f.xml",
        ),
    ],
)
def test_what_is_no_feed_is_told_as_what_it_is(content: bytes, told: str) -> None:
    with pytest.raises(NotAFeed, match=told):
        read(content)


def test_a_feed_of_many_thousand_entries_is_read_in_time() -> None:
    items = [f"<item><title>{number}</title><link>/same</link></item>" for number in range(20_000)]
    started = time.process_time()
    assert len(read(rss(*items)).entries) == 20_000
    assert time.process_time() - started < 20
