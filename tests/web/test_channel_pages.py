"""Connecting a channel in the browser, looking after it, and receiving signed deliveries."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook

from inbox.channels.models import Channel, ChannelState
from inbox.clock import now
from inbox.conversations.models import Message

ITEMS = "".join(
    f"<item><guid>g{number}</guid><title>Entry {number}</title><description>Words {number}</description>"
    f"<pubDate>Sat, 21 Nov 2026 0{number}:00:00 +0000</pubDate></item>"
    for number in range(1, 6)
)
FEED = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Garden news</title>{ITEMS}</channel></rss>'


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a feed on this machine."""

    class Serve(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/feed" else 500)
            self.end_headers()
            self.wfile.write(FEED.encode() if self.path == "/feed" else b"")

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Serve)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/feed"
    server.shutdown()
    server.server_close()


@pytest.fixture
def private(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the app fetch from this machine."""
    monkeypatch.setenv("TRELLIS_ALLOW_PRIVATE_ADDRESSES", "true")


def rows(app: Any, table: type) -> list[Any]:
    with app.extensions["trellis"].database.reading() as session:
        return list(session.scalars(sa.select(table)))


def connect_webhook(client: Any, name: str = "Shop") -> tuple[str, str]:
    """The address and secret of a new webhook channel, as the pages tell them."""
    form = client.get("/channels/new?kind=webhook").text
    secret = re.search(r'name="secret" value="(whsec_[^"]+)"', form)
    assert secret
    saved = client.post("/channels", data={"kind": "webhook", "name": name, "secret": secret[1], "callback_url": ""})
    page = client.get(saved.headers["Location"]).text
    address = re.search(r'<pre class="secret raw"[^>]*>http://[^/]+(/receive/\d+)</pre>', page)
    assert address
    return address[1], secret[1]


def deliver(client: Any, address: str, secret: str, content: Any, name: str = "d-1", **changes: str) -> Any:
    body = json.dumps(content)
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(int(now().timestamp())),
        "webhook-signature": Webhook(secret).sign(name, now(), body),
        **changes,
    }
    return client.post(address, data=body, headers=headers)


def test_a_signed_message_arrives_and_a_repeat_changes_nothing(app: Any, client: Any, visitor: Any) -> None:
    address, secret = connect_webhook(client)
    app.config["WTF_CSRF_ENABLED"] = True
    message = {"id": "c-1", "text": "Wo ist mein Paket?", "author": {"id": "u-1", "name": "Ana"}}
    first = deliver(visitor, address, secret, message)
    assert (first.status_code, first.json["stored"]) == (202, 1)
    second = deliver(visitor, address, secret, message, "d-2")
    assert (second.status_code, second.json["stored"], second.json["duplicate"]) == (202, 0, 1)
    assert [stored.text for stored in rows(app, Message)] == ["Wo ist mein Paket?"]
    assert "Wo ist mein Paket?" in client.get("/conversations").text


def test_a_delivery_that_is_played_again_does_not_undo_a_newer_one(
    app: Any, client: Any, visitor: Any, valkey_url: str
) -> None:
    address, secret = connect_webhook(client)
    first = {"id": "c-1", "text": "I like it", "author": {"id": "u-1", "name": "Ana"}}
    deliver(visitor, address, secret, first)
    deliver(visitor, address, secret, {**first, "text": "I hate it"}, "d-2")
    again = deliver(visitor, address, secret, first)
    assert (again.status_code, again.json) == (202, {"stored": 0, "duplicate": 1, "quarantined": 0})
    assert [stored.text for stored in rows(app, Message)] == ["I hate it"]


@pytest.mark.parametrize(
    "changes", [{"webhook-signature": "v1,AAAA"}, {"webhook-timestamp": "1000000000"}, {"webhook-id": "other"}]
)
def test_a_delivery_that_is_not_signed_right_is_refused(
    app: Any, client: Any, visitor: Any, changes: dict[str, str]
) -> None:
    address, secret = connect_webhook(client)
    answer = deliver(visitor, address, secret, {"id": "c-1", "text": "Hello"}, **changes)
    assert answer.status_code == 400
    assert answer.json["error"]
    assert secret not in answer.text
    assert rows(app, Message) == []


def test_strangers_learn_nothing_about_other_channels(client: Any, visitor: Any) -> None:
    address, _ = connect_webhook(client)
    client.post("/samples")
    assert visitor.post("/receive/999", data="{}").status_code == 404
    assert visitor.post("/receive/2", data="{}").status_code == 404
    client.post(address.replace("/receive/", "/channels/") + "/pause")
    assert visitor.post(address, data="{}").status_code == 404


def test_a_connection_is_shown_before_anything_is_saved(private: None, app: Any, client: Any, feed: str) -> None:
    page = client.post("/channels/checks", data={"kind": "rss", "url": feed, "name": "News"})
    assert page.status_code == 200
    assert page.text.count("<li><b>") == 3
    assert "Entry 5" in page.text
    assert f'value="{feed}"' in page.text
    assert 'value="News"' in page.text
    assert rows(app, Channel) == []
    saved = client.post("/channels", data={"kind": "rss", "url": feed, "name": "News", "since": "2026-01-01"})
    assert saved.status_code == 302
    assert [(channel.name, channel.kind) for channel in rows(app, Channel)] == [("News", "rss")]


def test_a_place_that_does_not_answer_is_named_and_the_form_kept(
    private: None, app: Any, client: Any, feed: str
) -> None:
    page = client.post("/channels", data={"kind": "rss", "url": f"{feed}-gone", "name": "News"})
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert f'value="{feed}-gone"' in page.text
    assert rows(app, Channel) == []


def test_private_addresses_are_refused_unless_they_are_allowed(client: Any, feed: str) -> None:
    page = client.post("/channels/checks", data={"kind": "rss", "url": feed})
    assert page.status_code == 422
    assert "TRELLIS_ALLOW_PRIVATE_ADDRESSES" in page.text


def test_a_typed_secret_never_comes_back(client: Any) -> None:
    data = {
        "kind": "email",
        "address": "a@example.org",
        "imap_host": "127.0.0.1",
        "imap_port": "1",
        "password": "geheim-geheim",
        "smtp_host": "127.0.0.1",
    }
    page = client.post("/channels/checks", data=data)
    assert page.status_code == 422
    assert "geheim-geheim" not in page.text
    # The sealed form stands for it, and only with the same teammate.
    sealed = re.search(r'name="sealed" value="([^"]+)"', page.text)
    assert sealed
    del data["password"]
    again = client.post("/channels/checks", data={**data, "sealed": sealed[1]})
    assert "field-password-error" not in again.text


def test_a_sealed_form_does_not_open_for_somebody_else(client: Any, sign_in_as: Callable[..., Any]) -> None:
    data = {
        "kind": "email",
        "address": "a@example.org",
        "imap_host": "127.0.0.1",
        "imap_port": "1",
        "smtp_host": "127.0.0.1",
    }
    page = client.post("/channels/checks", data={**data, "password": "geheim-geheim"})
    sealed = re.search(r'name="sealed" value="([^"]+)"', page.text)
    assert sealed
    other = sign_in_as("admin").post("/channels/checks", data={**data, "sealed": sealed[1]})
    assert "field-password-error" in other.text


@pytest.mark.parametrize("data", [{"kind": "rss"}, {"kind": "email", "imap_port": "x"}, {"kind": "mastodon"}])
def test_empty_fields_are_named(client: Any, data: dict[str, str]) -> None:
    page = client.post("/channels", data=data)
    assert page.status_code == 422
    assert "Please fill this in." in page.text


def test_an_unknown_kind_is_not_there(client: Any) -> None:
    assert client.post("/channels", data={"kind": "pigeon"}).status_code == 404
    assert client.get("/channels/new?kind=pigeon").status_code == 200


def test_pausing_renaming_and_removing(app: Any, client: Any) -> None:
    address, _ = connect_webhook(client)
    page = address.replace("/receive/", "/channels/")
    client.post(f"{page}/pause")
    assert rows(app, Channel)[0].state == ChannelState.PAUSED
    client.post(f"{page}/resumption")
    client.post(f"{page}/name", data={"name": "Laden"})
    assert (rows(app, Channel)[0].state, rows(app, Channel)[0].name) == (ChannelState.ACTIVE, "Laden")
    client.post(f"{page}/removal", data={"name": "Shop"})
    assert len(rows(app, Channel)) == 1
    client.post(f"{page}/removal", data={"name": "Laden"})
    assert rows(app, Channel) == []
    assert client.get(page).status_code == 404


def test_the_name_of_another_channel_is_refused(client: Any) -> None:
    connect_webhook(client)
    page = client.post("/channels", data={"kind": "webhook", "name": "Shop"})
    assert page.status_code == 422
    assert "Another channel has this name." in page.text


def test_what_cannot_be_read_is_in_quarantine_with_what_came(app: Any, client: Any, visitor: Any) -> None:
    address, secret = connect_webhook(client)
    answer = deliver(visitor, address, secret, {"messages": [{"id": "bad<b>"}, {"id": "good", "text": "Hello"}]})
    assert (answer.json["stored"], answer.json["quarantined"]) == (1, 1)
    page = client.get(address.replace("/receive/", "/channels/") + "/quarantine").text
    assert "bad&lt;b&gt;" in page
    item = re.search(r"/quarantine/(\d+)/dismissal", page)
    assert item
    client.post(item[0])
    assert "bad&lt;b&gt;" not in client.get(address.replace("/receive/", "/channels/") + "/quarantine").text


def test_a_password_given_for_one_server_is_not_carried_to_another(client: Any) -> None:
    data = {
        "kind": "email",
        "address": "a@example.org",
        "imap_host": "127.0.0.1",
        "imap_port": "1",
        "smtp_host": "127.0.0.1",
    }
    page = client.post("/channels/checks", data={**data, "password": "geheim-geheim"})
    sealed = re.search(r'name="sealed" value="([^"]+)"', page.text)
    assert sealed
    elsewhere = client.post("/channels/checks", data={**data, "imap_host": "evil.example", "sealed": sealed[1]})
    assert "field-password-error" in elsewhere.text


def test_a_platform_that_asks_is_greeted_and_strangers_learn_nothing(
    app: Any, client: Any, visitor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inbox.connectors.contract import Refused
    from inbox.connectors.webhook import Webhook as Connector

    address, _ = connect_webhook(client)

    def greet(self: Any, query: Any) -> str:
        if query["token"] != "right":
            raise Refused("Somebody else's question.")
        return str(query["challenge"])

    assert visitor.get(f"{address}?challenge=7").status_code == 400
    monkeypatch.setattr(Connector, "greet", greet)
    right = visitor.get(f"{address}?token=right&challenge=%3Cb%3E7")
    assert (right.status_code, right.text, right.mimetype) == (200, "<b>7", "text/plain")
    assert visitor.get(f"{address}?token=wrong&challenge=7").status_code == 400
    assert visitor.get(address).status_code == 400, "a connector's mistake is not told"
    assert visitor.get("/receive/999").status_code == 404


def test_a_sender_that_waits_for_certain_words_gets_them(
    app: Any, client: Any, visitor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inbox.connectors.contract import Batch
    from inbox.connectors.webhook import Webhook as Connector

    address, secret = connect_webhook(client)
    monkeypatch.setattr(Connector, "receive", lambda *_: Batch(answer="EVENT_RECEIVED"))
    assert deliver(visitor, address, secret, {}).text == "EVENT_RECEIVED"
