"""The digest's pages: readers, sending, the archive, and leaving with one click."""

from typing import Any

import sqlalchemy as sa

from inbox.digests.models import Digest, Subscription
from inbox.outbox.models import Delivery

READER = {
    "email": "boss@example.org",
    "name": "Boss",
    "language": "de",
    "weekday": "1",
    "hour": "8",
    "time_zone": "Europe/Berlin",
}


def rows(app: Any, table: type) -> list[Any]:
    with app.extensions["trellis"].database.reading() as session:
        return list(session.scalars(sa.select(table)))


def with_message(app: Any) -> None:
    from inbox.channels.models import Channel
    from inbox.clock import now
    from inbox.connectors.contract import Author, Batch, IncomingMessage
    from inbox.conversations.ingest import ingest

    with app.extensions["trellis"].database.writing() as session:
        channel = Channel(kind="rss", name="Feed")
        session.add(channel)
        session.flush()
        ingest(
            session,
            channel,
            "s",
            Batch(messages=[IncomingMessage("1", "1", "Where is it?", now(), Author("a", name="Ana"))]),
        )


def test_an_empty_week_is_not_sent(app: Any, client: Any) -> None:
    client.post("/digests/readers", data=READER)
    client.post("/digests")
    assert rows(app, Delivery) == []


def test_sending_now_reaches_each_reader_once(app: Any, client: Any) -> None:
    with_message(app)
    client.post("/digests/readers", data=READER)
    client.post("/digests/readers", data={**READER, "email": "second@example.org", "language": "en"})
    client.post("/digests")
    client.post("/digests")
    mails = rows(app, Delivery)
    assert sorted(mail.payload["to"] for mail in mails) == ["boss@example.org", "second@example.org"]
    assert {mail.payload["subject"].split()[0] for mail in mails} == {"Woche", "Week"}


def test_samples_are_shown_but_not_sent(app: Any, client: Any) -> None:
    client.post("/samples")
    client.post("/digests/readers", data=READER)
    assert "Frostwarnung" in client.get("/digests").text
    client.post("/digests")
    assert rows(app, Delivery) == []


def test_everybody_with_the_address_reads_the_archive_and_nobody_else(app: Any, client: Any, visitor: Any) -> None:
    with_message(app)
    client.post("/digests/readers", data=READER)
    client.post("/digests")
    secret = rows(app, Digest)[0].secret
    page = visitor.get(f"/digests/read/{secret}")
    assert page.status_code == 200
    assert '<html lang="de"' in page.text
    assert visitor.get(f"/digests/read/{secret}/complaints.png").mimetype == "image/png"
    assert visitor.get(f"/digests/read/{secret}x").status_code == 404
    assert secret in client.get("/digests").text


def test_one_click_ends_the_subscription_and_looking_does_not(app: Any, client: Any, visitor: Any) -> None:
    client.post("/digests/readers", data=READER)
    secret = rows(app, Subscription)[0].secret
    app.config["WTF_CSRF_ENABLED"] = True
    assert visitor.get(f"/subscriptions/{secret}").status_code == 200
    assert rows(app, Subscription)[0].unsubscribed_at is None
    answer = visitor.post(f"/subscriptions/{secret}/unsubscription", data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert rows(app, Subscription)[0].unsubscribed_at is not None
    assert visitor.post("/subscriptions/wrong/unsubscription").status_code == 404


def test_a_wrong_reader_is_named_and_kept(client: Any) -> None:
    page = client.post("/digests/readers", data={**READER, "email": "boss@", "hour": "25"})
    assert page.status_code == 422
    assert 'value="Boss"' in page.text
    assert "field-email-error" in page.text
    assert "field-hour-error" in page.text


def test_a_copy_for_oneself_does_not_count(app: Any, client: Any) -> None:
    with_message(app)
    client.post("/digests/trials")
    client.post("/digests/trials")
    assert len(rows(app, Delivery)) == 2
    assert rows(app, Digest) == []
