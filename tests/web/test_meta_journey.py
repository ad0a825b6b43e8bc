"""A WhatsApp number from its form to the first answer: Meta asks, delivers, and its window is told while one writes."""

import re
from typing import Any

import pytest
import sqlalchemy as sa

from inbox.channels.models import Channel
from inbox.clock import now
from inbox.conversations.models import Conversation, Message
from inbox.outbox.models import Delivery
from inbox.outbox.open_carriers import open_carriers
from tests.contract.stage_whatsapp import WhatsAppStage
from workers.rescue import rescue
from workers.send import outgoing


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> WhatsAppStage:
    return WhatsAppStage(monkeypatch)


def rows(app: Any, table: type) -> list[Any]:
    with app.extensions["trellis"].database.reading() as session:
        return list(session.scalars(sa.select(table)))


def connect(client: Any, stage: WhatsAppStage) -> str:
    """The address at which the new channel hears."""
    saved = client.post("/channels", data={"kind": "whatsapp", "name": "Garten", **stage.settings})
    assert saved.status_code == 302, saved.text
    page = client.get(saved.headers["Location"]).text
    address = re.search(r"http://[^/\s<]+(/receive/\d+)", page)
    assert address
    return address[1]


def test_a_number_is_connected_greeted_and_heard(app: Any, client: Any, visitor: Any, stage: WhatsAppStage) -> None:
    address = connect(client, stage)
    right, answer, wrong = stage.greeting()
    greeted = visitor.get(address, query_string=right)
    assert (greeted.status_code, greeted.text) == (200, answer)
    assert visitor.get(address, query_string=wrong).status_code == 400
    app.config["WTF_CSRF_ENABLED"] = True
    headers, body = stage.delivery(stage.items)
    first = visitor.post(address, data=body, headers=headers)
    # Meta takes 200 and nothing else for an answer, also to what it repeats.
    assert (first.status_code, visitor.post(address, data=body, headers=headers).status_code) == (200, 200)
    assert len(rows(app, Message)) == len(stage.items)
    assert len(rows(app, Conversation)) == len({item["from"] for item in stage.items})
    assert "Wo finde ich die Rechnung?" in client.get("/conversations").text


def test_a_forged_delivery_stores_nothing(app: Any, client: Any, visitor: Any, stage: WhatsAppStage) -> None:
    address = connect(client, stage)
    headers, body = stage.delivery(stage.items, forged=True)
    assert visitor.post(address, data=body, headers=headers).status_code == 400
    assert rows(app, Message) == []


def test_an_answer_that_whatsapp_cannot_deliver_comes_back_to_attention(
    app: Any, client: Any, visitor: Any, sign_in_as: Any, stage: WhatsAppStage
) -> None:
    address = connect(client, stage)
    headers, body = stage.delivery(stage.items[-1:])
    visitor.post(address, data=body, headers=headers)
    (asked,) = rows(app, Conversation)
    client.post(f"/conversations/{asked.id}/replies", data={"text": "Ja, hier.", "seen_version": asked.version})
    house = app.extensions["trellis"]
    with house.database.writing() as session:
        session.execute(sa.update(Delivery).values(not_before=now()))
    outgoing(house.database, open_carriers(house.settings, house.database, house.vault)).run(20.0)
    (answer,) = rows(app, Delivery)
    assert (answer.state, rows(app, Conversation)[0].waiting_since) == ("sent", None)

    headers, body = stage.report(answer.external_id, has_arrived=False)
    for _ in range(2):
        assert visitor.post(address, data=body, headers=headers).status_code == 200
        rescue()
    assert rows(app, Conversation)[0].waiting_since == asked.waiting_since
    page = sign_in_as("admin", language="de").get(f"/conversations/{asked.id}").text
    assert "nicht angekommen: Die Person hat zuletzt vor mehr als 24 Stunden geschrieben" in page
    assert "Noch einmal senden" in page


def test_no_secret_of_the_form_is_stored_in_the_open(app: Any, client: Any, stage: WhatsAppStage) -> None:
    connect(client, stage)
    (channel,) = rows(app, Channel)
    told = " ".join(str(value) for value in vars(channel).values())
    assert not any(stage.settings[name] in told for name in ("access_token", "app_secret", "verify_token"))
