"""The digest's pages: readers, sending, the archive, and leaving with one click."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

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


def sent_and_lost(app: Any, client: Any, **fields: Any) -> Any:
    """A reader's digest of this week, of whose delivery this is known."""
    with_message(app)
    client.post("/digests/readers", data=READER)
    client.post("/digests")
    with app.extensions["trellis"].database.writing() as session:
        session.execute(sa.update(Delivery).values(**fields))
    return one_delivery(app)


def one_delivery(app: Any) -> Any:
    (delivery,) = rows(app, Delivery)
    return delivery


def test_a_digest_that_came_back_is_shown_with_its_reader_and_sent_again(app: Any, client: Any) -> None:
    back = sent_and_lost(app, client, state="failed", external_id="<a@b>", last_error="No such mailbox.")
    shown = client.get("/digests").text
    assert "did not arrive: No such mailbox." in shown
    digest = rows(app, Digest)[0]
    assert client.post(f"/digests/{digest.id}/resolution", data={"answer": "again"}).status_code == 302
    again = one_delivery(app)
    assert again.state == "queued"
    assert again.key != back.key  # its server has had the first
    assert "No such mailbox." not in client.get("/digests").text


def test_a_person_says_that_an_unsure_digest_arrived(app: Any, client: Any) -> None:
    sent_and_lost(app, client, state="unsure", may_have_left=True, last_error="The line broke.")
    assert "may have arrived: The line broke." in client.get("/digests").text
    digest = rows(app, Digest)[0]
    client.post(f"/digests/{digest.id}/resolution", data={"answer": "arrived"})
    assert one_delivery(app).state == "sent"
    assert "The line broke." not in client.get("/digests").text
    assert client.post(f"/digests/{digest.id}/resolution", data={"answer": "perhaps"}).status_code == 422
    assert client.post("/digests/999/resolution", data={"answer": "again"}).status_code == 404


@pytest.mark.parametrize(
    ("url", "mail_from", "is_warned"),
    [
        ("", "", True),
        ("smtp://mail.example", "", True),
        ("smtp://mail.example", "trellis@example.org", False),
        ("smtp://desk%40example.org:pw@mail.example", "", False),
    ],
)
def test_before_anything_is_sent_it_is_told_that_nothing_can_be(
    app: Any, client: Any, monkeypatch: pytest.MonkeyPatch, url: str, mail_from: str, is_warned: bool
) -> None:
    opened = app.extensions["trellis"]
    chosen = opened.settings.model_copy(update={"smtp_url": SecretStr(url), "mail_from": mail_from})
    monkeypatch.setitem(app.extensions, "trellis", replace(opened, settings=chosen))
    assert ("No mail can leave yet" in client.get("/digests").text) is is_warned
    assert ("No mail can leave yet" in client.get("/settings").text) is is_warned
