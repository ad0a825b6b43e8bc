"""The page of a channel: every number leads to its rows, the past can be fetched, and what came can be looked at."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa

from inbox.channels.models import Channel, Pause, QuarantinedItem, Stream
from inbox.clock import now
from inbox.config import Settings
from inbox.connectors.contract import N_, BadItem, Batch, Deletion
from inbox.conversations.ingest import ingest
from inbox.conversations.models import Conversation, Message
from inbox.database import Database
from inbox.outbox.models import Delivery
from tests.incoming import batch_of, written
from tests.making import make_channel


@pytest.fixture
def number(house: Database) -> int:
    """A channel on which today two were stored, one of them edited, one gone, one gone unseen, and one is bad."""
    with house.writing() as session:
        channel = make_channel(session, name="Garden")
        session.add(Stream(channel_id=channel.id, name="mentions", last_success_at=now(), due_at=now()))
        raw = {"id": 1, "access_token": "geheim"}
        batch = batch_of(written("1", "First words", raw=raw), written("2", "Second"), bad=[BadItem("odd", "{}", "9")])
        ingest(session, channel, "mentions", batch)
        edited = batch_of(written("1", "Better words", raw=raw, edited_at=now()))
        ingest(session, channel, "mentions", edited)
        long_ago = now() - timedelta(days=9)
        ingest(session, channel, "mentions", Batch(deletions=[Deletion("2", long_ago), Deletion("never", long_ago)]))
        return channel.id


def test_every_number_of_the_ledger_leads_to_its_rows(client: Any, number: int) -> None:
    page = client.get(f"/channels/{number}").text
    links = dict(re.findall(r'<a class="link" href="([^"]+)">(\d+)</a>', page))
    day = now().date().isoformat()
    assert links == {
        f"/channels/{number}/ledger/{day}/stored": "2",
        f"/channels/{number}/ledger/{day}/tombstoned": "2",
        f"/channels/{number}/ledger/{day}/edited": "1",
        f"/channels/{number}/quarantine?day={day}": "1",
    }
    pages = {address.rpartition("/")[2].partition("?")[0]: client.get(address).text for address in links}
    assert "Better words" in pages["stored"]
    assert "Deleted at its source." in pages["stored"]
    assert "Deleted at its source." in pages["tombstoned"]
    assert "never was deleted before" in pages["tombstoned"]
    assert "Better words" in pages["edited"]
    assert "odd" in pages["quarantine"]


def test_what_was_set_aside_is_still_counted_and_shown(client: Any, number: int, house: Database) -> None:
    with house.reading() as session:
        item = session.scalars(sa.select(QuarantinedItem.id)).one()
    client.post(f"/quarantine/{item}/dismissal")
    shown = client.get(f"/channels/{number}/quarantine?day={now().date().isoformat()}").text
    assert "set aside" in shown
    assert f"/quarantine/{item}/dismissal" not in shown
    assert f"/quarantine/{item}/return" in shown
    client.post(f"/quarantine/{item}/return")
    assert f"/quarantine/{item}/dismissal" in client.get(f"/channels/{number}/quarantine").text


@pytest.mark.parametrize("address", ["yesterday/stored", "2026-02-30/stored", "2026-11-21/burnt", "9999999/stored"])
def test_days_and_places_that_are_none_are_not_there(client: Any, number: int, address: str) -> None:
    assert client.get(f"/channels/{number}/ledger/{address}").status_code == 404
    assert client.get("/channels/999/ledger/2026-11-21/stored").status_code == 404


def test_what_came_is_shown_without_credentials_and_only_to_those_who_manage(
    client: Any, sign_in_as: Any, number: int
) -> None:
    page = client.get(f"/channels/{number}").text
    assert "What came last" in page
    assert "access_token" in page
    assert "geheim" not in page
    assert "What came last" not in sign_in_as("reader").get(f"/channels/{number}").text


def test_the_next_look_says_why(client: Any, number: int, house: Database) -> None:
    for pause, words in (
        (Pause.QUIET, "it is quiet"),
        (Pause.RATE, "budget is used up"),
        (Pause.FAULT, "after a fault"),
    ):
        with house.writing() as session:
            session.execute(sa.update(Stream).values(pause=pause, due_at=now() + timedelta(minutes=7)))
        page = client.get(f"/channels/{number}").text
        assert "next look in 7 minutes" in page
        assert words in page


def test_the_past_is_fetched_shown_and_stopped(client: Any, number: int, house: Database) -> None:
    client.post(f"/channels/{number}/backfill", data={"since": "2026-01-05"})
    with house.writing() as session:
        walk = session.scalars(sa.select(Stream).where(Stream.past_of == "mentions")).one()
        assert walk.since == now().replace(2026, 1, 5, 0, 0, 0, 0)
        walk.fetched, walk.oldest_at, walk.newest_at = 1234, walk.since, now()
    page = client.get(f"/channels/{number}").text
    assert "1234 items fetched, from Jan 5, 2026" in page
    client.post(f"/channels/{number}/backfill/end")
    with house.reading() as session:
        assert [stream.name for stream in session.scalars(sa.select(Stream))] == ["mentions"]


@pytest.mark.parametrize("since", ["", "soon", "2999-01-01", "2026-02-30"])
def test_a_day_that_is_none_fetches_nothing(client: Any, number: int, house: Database, since: str) -> None:
    client.post(f"/channels/{number}/backfill", data={"since": since})
    with house.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Stream)) == 1


def test_a_channel_has_its_own_time_to_take_answers_back(
    client: Any, number: int, house: Database, settings: Settings
) -> None:
    usual = timedelta(seconds=settings.undo_seconds)
    with house.writing() as session:
        message = session.scalars(sa.select(Message).where(Message.external_id == "1")).one()
        message.reply_handle = {"acct": "mia@far.example", "status_id": "1"}
        home = message.conversation_id

    def waits(text: str) -> timedelta:
        with house.reading() as session:
            version = session.get_one(Conversation, home).version
        client.post(f"/conversations/{home}/replies", data={"text": text, "seen_version": version})
        with house.reading() as session:
            sent = session.scalars(sa.select(Message).where(Message.text == text)).one()
            return session.get_one(Delivery, sent.delivery_id).not_before - sent.posted_at

    assert waits("As usual.") == usual
    client.post(f"/channels/{number}/undo-time", data={"seconds": "90"})
    assert waits("With care.") == timedelta(seconds=90)
    client.post(f"/channels/{number}/undo-time", data={"seconds": "0"})
    assert waits("At once.") == timedelta(0)
    client.post(f"/channels/{number}/undo-time", data={"seconds": ""})
    assert waits("As usual again.") == usual


@pytest.mark.parametrize("seconds", ["-1", "601", "soon", "1.5", "9" * 5_000])
def test_a_time_that_cannot_be_changes_nothing(client: Any, number: int, house: Database, seconds: str) -> None:
    client.post(f"/channels/{number}/undo-time", data={"seconds": "90"})
    page = client.post(f"/channels/{number}/undo-time", data={"seconds": seconds}, follow_redirects=True)
    assert "Please give whole seconds, from 0 to 600." in page.text
    with house.reading() as session:
        assert session.get_one(Channel, number).undo_seconds == 90


def test_readers_start_and_stop_nothing(sign_in_as: Any, number: int) -> None:
    reader = sign_in_as("reader")
    for act in ("backfill", "backfill/end", "sign-in", "undo-time"):
        assert reader.post(f"/channels/{number}/{act}").status_code == 403


def test_erased_words_say_why_they_are_missing(client: Any, number: int, house: Database) -> None:
    with house.writing() as session:
        message = session.scalars(sa.select(Message).where(Message.external_id == "1")).one()
        message.expired_at, message.text = now(), ""
        home = message.conversation_id
    assert "Erased: the terms of Garden" in client.get(f"/conversations/{home}?view=all").text
    with house.writing() as session:
        message = session.scalars(sa.select(Message).where(Message.external_id == "1")).one()
        message.expired_at, message.keep_until = None, now() + timedelta(hours=30)
    assert "for 30 hours more" in client.get(f"/conversations/{home}?view=all").text


def test_kinds_are_found_by_their_name_and_by_what_they_are(client: Any) -> None:
    assert "Mastodon" in client.get("/channels/new").text
    found = client.get("/channels/new?q=IMAP+mail").text
    assert "kind=email" in found
    assert "kind=mastodon" not in found
    assert "No platform of that name" in client.get("/channels/new?q=pigeon").text


def test_an_answer_that_the_platform_would_refuse_is_told_at_once_and_kept(
    app: Any, client: Any, number: int, house: Database
) -> None:
    from inbox.channels.setup import keep_setup, read_setup

    with house.writing() as session:
        channel = session.get_one(Channel, number)
        setup = read_setup("mastodon", {"server": "example.social", "access_token": "t" * 20})
        keep_setup(app.extensions["trellis"].vault, channel, setup)
        message = session.scalars(sa.select(Message).where(Message.external_id == "1")).one()
        message.reply_handle = {"acct": "mia@far.example", "status_id": "1"}
        home, version = message.conversation_id, message.conversation.version
    text = "so " * 166
    page = client.post(f"/conversations/{home}/replies", data={"text": text, "seen_version": version})
    assert page.status_code == 409
    assert "With the author&#39;s name the answer has" in page.text
    assert text.strip() in page.text


def test_a_queue_that_is_read_once_has_no_past_to_fetch(client: Any, house: Database) -> None:
    with house.writing() as session:
        channel = make_channel(session, kind="telegram", name="Bot")
        session.add(Stream(channel_id=channel.id, name="updates", due_at=now()))
        number = channel.id
    page = client.get(f"/channels/{number}").text
    assert "gives bots each message once" in page
    assert f"/channels/{number}/backfill" not in page
    refused = client.post(f"/channels/{number}/backfill", data={"since": "2026-01-01"}, follow_redirects=True)
    assert "gives bots each message once" in refused.text
    with house.reading() as session:
        assert session.scalars(sa.select(Stream.name)).all() == ["updates"]


def test_what_came_into_quarantine_is_shown_without_credentials(client: Any, house: Database) -> None:
    with house.writing() as session:
        channel = make_channel(session, name="Garden")
        raw = '{"id": 9, "words": "Wo ist die Harke?", "access_token": "geheim"}'
        ingest(session, channel, "mentions", batch_of(bad=[BadItem(N_("it has no id"), raw, "9")]))
        number = channel.id
    page = client.get(f"/channels/{number}/quarantine").text
    assert "Wo ist die Harke?" in page
    assert "geheim" not in page


def test_the_description_of_an_app_is_shown_to_be_copied(client: Any, house: Database) -> None:
    page = client.get("/channels/new?kind=slack").text
    shown = re.search(r'<pre class="secret raw"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert shown
    manifest = json.loads(unescape(shown[1]))
    assert "channels:history" in manifest["oauth_config"]["scopes"]["bot"]
    assert "app&#39;s description" not in client.get("/channels/new?kind=telegram").text


def test_budgets_say_what_they_count(sign_in_as: Any, house: Database, valkey_url: str) -> None:
    with house.writing() as session:
        number = make_channel(session, kind="youtube", name="Garden").id
    page = sign_in_as("admin", language="de").get(f"/channels/{number}").text
    assert re.findall(r"<b>(.*?)</b> <span[^>]*>(.*?)</span>", page) == [
        ("Alle Aufrufe", "0 von 10.000"),
        ("Suchen", "0 von 100"),
    ]


@pytest.mark.parametrize(("kind", "can"), [("mastodon", True), ("unheard_of", False)])
def test_the_quarantine_says_what_cannot_be_read_again(client: Any, house: Database, kind: str, can: bool) -> None:
    settings = {"server": "https://social.example"} if kind == "mastodon" else {}
    with house.writing() as session:
        channel = make_channel(session, kind=kind, name="Garden", settings=settings)
        ingest(session, channel, "mentions", batch_of(bad=[BadItem(N_("it has no id"), "{}", "9")]))
        number = channel.id
    page = client.get(f"/channels/{number}/quarantine").text
    assert ("cannot be read again by itself" in page) is not can


def test_an_item_that_was_kept_with_its_place_comes_into_the_inbox(client: Any, house: Database) -> None:
    review = {"id": {"label": "7"}, "title": {"label": "Nice"}, "content": {"label": "But slow"}}
    kept = [{"item": review, "place": {"country": "de", "access_token": "geheim"}}, {"id": {"label": "8"}}]
    with house.writing() as session:
        settings = {"app": "123456789", "countries": "de"}
        channel = make_channel(session, kind="app_store_feed", name="Garden", settings=settings)
        ingest(session, channel, "reviews:de", Batch(bad=[BadItem("not yet", json.dumps(raw)) for raw in kept]))
        number = channel.id
    page = client.get(f"/channels/{number}/quarantine").text
    assert "But slow" in page
    assert "geheim" not in page
    for address in re.findall(r"/quarantine/\d+/retry", page) * 2:
        client.post(address)
    with house.reading() as session:
        (message,) = session.scalars(sa.select(Message).where(Message.channel_id == number))
        assert (message.external_id, message.text, "/de/" in message.url) == ("7", "But slow", True)
    page = client.get(f"/channels/{number}/quarantine").text
    assert "it was kept without where it stood" in page
    assert "But slow" not in page
