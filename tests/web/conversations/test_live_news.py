"""News for open browsers: the stream, and asking for those behind a proxy that holds it back."""

from typing import Any

from inbox.channels.models import ChannelState
from inbox.database import Database
from inbox.live import publish
from inbox.pages import live
from tests.making import make_channel


def test_what_came_after_a_moment_is_told(client: Any, house: Database, valkey_url: str) -> None:
    with house.writing() as session:
        publish(session, "conversations", 7)
    told = client.get("/live/news?after=0-0").json
    assert told["known"] is True
    assert told["news"][0]["ids"] == [7]
    assert client.get(f"/live/news?after={told['last']}").json["news"] == []


def test_without_valkey_the_browser_is_sent_to_look_itself(client: Any) -> None:
    assert client.get("/live/news?after=0-0").json["known"] is False


def test_the_stream_catches_up_from_the_last_event(client: Any, house: Database, valkey_url: str) -> None:
    for number in (1, 2):
        with house.writing() as session:
            publish(session, "conversations", number)
    first = client.get("/live/news?after=0-0").json["news"][0]["event_id"]
    answer = client.get("/live", headers={"Last-Event-ID": first}, buffered=False)
    parts = iter(answer.response)
    assert "hello" in str(next(parts))
    news = next(parts)
    answer.close()
    assert b'"ids": [2]' in (news if isinstance(news, bytes) else news.encode())
    assert answer.mimetype == "text/event-stream"
    assert answer.headers["X-Accel-Buffering"] == "no"


def test_when_there_is_no_room_the_browser_is_told_to_ask(client: Any, valkey_url: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(live._streams, "acquire", lambda blocking: False)
    assert client.get("/live").status_code == 503


def test_strange_ids_begin_with_the_present(client: Any, valkey_url: str) -> None:
    for strange in ("x", "1", "1-2-3", "-", "9" * 60, "1-²"):
        assert client.get(f"/live/news?after={strange}").status_code == 200


def test_a_busy_stream_ends_too_so_that_a_closed_account_hears_no_more(
    client: Any, house: Database, valkey_url: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr(live, "LIFE_SECONDS", 0.0)
    for number in (1, 2, 3):
        with house.writing() as session:
            publish(session, "conversations", number)
    answer = client.get("/live?after=0-0", buffered=False)
    assert len(list(answer.response)) == 2  # hello, and one piece of news
    answer.close()


def test_the_banner_can_be_looked_at_again(client: Any, house: Database) -> None:
    with house.writing() as session:
        make_channel(session, state=ChannelState.BROKEN, name="Forum")
    part = client.get("/live/troubles")
    assert "Forum needs you" in part.text
    assert "<html" not in part.text
