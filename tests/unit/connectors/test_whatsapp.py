"""WhatsApp beyond the contract: what can be sent besides words, what is only counted, and the window of 24 hours."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from inbox.connectors import meta_setup
from inbox.connectors.contract import Act, ActName, Batch, OutcomeUnknown, OutgoingReply, Refused, Visibility
from inbox.connectors.meta_api import WINDOW_WORDS
from inbox.connectors.whatsapp import NO_REASON
from tests.contract.official_schema import faults
from tests.contract.stage import recording
from tests.contract.stage_whatsapp import NUMBER, WhatsAppStage

FIRST = {"from": "4915550001", "id": "wamid.X", "timestamp": "1795176000"}


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> WhatsAppStage:
    return WhatsAppStage(monkeypatch)


def deliver(stage: WhatsAppStage, **said: Any) -> Batch:
    return stage.connector().receive(*stage.delivery([{**FIRST, **said}]))


@pytest.mark.parametrize(
    ("said", "text", "files"),
    [
        (
            {"type": "image", "image": {"id": "1", "mime_type": "image/jpeg", "caption": "So sieht es aus"}},
            "So sieht es aus",
            1,
        ),
        ({"type": "audio", "audio": {"id": "1", "mime_type": "audio/ogg; codecs=opus"}}, "audio", 1),
        ({"type": "document", "document": {"id": "1", "filename": "plan.pdf"}}, "plan.pdf", 1),
        ({"type": "button", "button": {"text": "Ja", "payload": "yes"}}, "Ja", 0),
        (
            {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": "a", "title": "Team"}}},
            "Team",
            0,
        ),
        (
            {"type": "location", "location": {"latitude": 52.5, "longitude": 13.4, "name": "Büro"}},
            "Büro, 52.5, 13.4",
            0,
        ),
        ({"type": "contacts", "contacts": [{"name": {"formatted_name": "Tom Hale"}}]}, "Tom Hale", 0),
    ],
)
def test_what_is_no_text_says_what_it_is(stage: WhatsAppStage, said: Any, text: str, files: int) -> None:
    (message,) = deliver(stage, **said).messages
    assert (message.text, len(message.attachments)) == (text, files)
    assert message.visibility is Visibility.DIRECT
    assert not any(file.url for file in message.attachments)


@pytest.mark.parametrize("kind", ["reaction", "system", "unsupported"])
def test_what_is_no_message_is_counted_and_left_out(stage: WhatsAppStage, kind: str) -> None:
    batch = deliver(stage, type=kind)
    assert (batch.filtered, batch.fetched) == (1, 1)


def test_read_marks_and_other_numbers_are_counted_and_left_out(stage: WhatsAppStage) -> None:
    mine, other = {"phone_number_id": NUMBER}, {"phone_number_id": "999"}
    values = [
        {"metadata": mine, "statuses": [{"id": "wamid.OURS2", "status": "read"}]},
        {"metadata": other, "messages": [{**FIRST, "type": "text", "text": {"body": "hi"}}]},
    ]
    changes = [{"field": "messages", "value": value} for value in values]
    batch = stage.connector().receive(*stage.signed([{"id": "1", "changes": changes}], forged=False))
    assert (batch.filtered, batch.fetched) == (2, 2)


def told(stage: WhatsAppStage, *states: Any) -> Batch:
    value = {"metadata": {"phone_number_id": NUMBER}, "statuses": list(states)}
    changes = [{"field": "messages", "value": value}]
    return stage.connector().receive(*stage.signed([{"id": "1", "changes": changes}], forged=False))


def test_the_recorded_statuses_are_as_meta_describes_them(shared: Path) -> None:
    contract = (shared / "contracts/meta/business-messaging-api_v23.0.yaml").as_uri()
    for status in recording("whatsapp/statuses.json").values():
        assert not list(faults({"$ref": f"{contract}#/components/schemas/Statuses"}, status))


def test_that_whatsapp_took_an_answer_says_nothing_of_its_arrival(stage: WhatsAppStage) -> None:
    states = recording("whatsapp/statuses.json")
    batch = told(stage, states["sent"], states["delivered"], states["read"])
    assert [(report.external_id, report.has_arrived) for report in batch.reports] == [("wamid.OURS2", True)] * 2
    assert (batch.filtered, batch.fetched) == (3, 3)


@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        ([{"code": 131047, "title": "Re-engagement message"}], str(WINDOW_WORDS)),
        ([{"code": 131026, "title": "Message undeliverable"}], "WhatsApp cannot deliver to this number."),
        (
            [{"code": 131053, "title": "T", "error_data": {"details": "No such file."}}],
            "Meta refused it: No such file.",
        ),
        ([{"title": "T"}], str(NO_REASON)),
        ([], str(NO_REASON)),
        (None, str(NO_REASON)),
        ("131047", str(NO_REASON)),
        ([7, {"code": 131026}], str(NO_REASON)),
    ],
)
def test_why_an_answer_did_not_arrive_is_told(stage: WhatsAppStage, errors: Any, reason: str) -> None:
    (report,) = told(stage, {"id": "wamid.OURS2", "status": "failed", "errors": errors}).reports
    assert (report.has_arrived, str(report.reason)) == (False, reason)


@pytest.mark.parametrize(
    "state", [None, 7, "failed", [], {}, {"id": "x"}, {"status": "failed"}, {"id": "x", "status": "deleted"}]
)
def test_a_status_that_says_nothing_is_counted_and_left_out(stage: WhatsAppStage, state: Any) -> None:
    batch = told(stage, state)
    assert (batch.reports, batch.filtered, batch.fetched) == ([], 1, 1)


def test_people_are_known_by_their_number_and_called_by_their_name(stage: WhatsAppStage) -> None:
    authors = {m.author.external_id: m.author.name for b in stage.brought() for m in b.messages if m.author}
    assert authors["4915550001"] == "Mira Sand"
    assert authors["4915550002"] == "+4915550002"


def test_an_answer_quotes_the_message(stage: WhatsAppStage) -> None:
    message = stage.brought()[0].messages[-1]
    assert stage.connector().send(stage.reply_to(message)).external_id == "wamid.OURS2"
    body = json.loads(stage.requests[-1].content)
    assert (body["to"], body["context"]) == ("4915550005", {"message_id": "wamid.HBgN901"})


def test_an_answer_is_as_meta_describes_both_halves_of_it(stage: WhatsAppStage, shared: Path) -> None:
    stage.connector().send(stage.reply_to(stage.brought()[0].messages[-1]))
    body = json.loads(stage.requests[-1].content)
    schemas = f"{(shared / 'contracts/meta/business-messaging-api_v23.0.yaml').as_uri()}#/components/schemas"
    own = {"type": body["type"], "text": body.pop("text")}
    assert not list(faults({"$ref": f"{schemas}/BaseMessageProperties"}, body))
    assert not list(faults({"$ref": f"{schemas}/TextMessage/allOf/1"}, own))
    assert body.keys() == {"messaging_product", "recipient_type", "to", "type", "context"}


def test_after_a_day_an_answer_is_refused_before_it_leaves(
    stage: WhatsAppStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = stage.brought()[0].messages[-1]
    monkeypatch.setattr(meta_setup, "now", lambda: datetime(2026, 11, 21, 9, 0, tzinfo=UTC))
    with pytest.raises(Refused, match="24 hours"):
        stage.connector().validate(stage.reply_to(message))
    assert not stage.requests


def test_the_window_that_meta_closed_first_is_told_in_the_same_words(stage: WhatsAppStage) -> None:
    message = stage.brought()[0].messages[-1]
    stage.upset, stage.upset_where = (lambda _r: stage.said(400, 131047)), stage.is_send
    with pytest.raises(Refused, match="24 hours"):
        stage.connector().send(stage.reply_to(message))


def test_nobody_can_tell_what_was_sent(stage: WhatsAppStage) -> None:
    with pytest.raises(OutcomeUnknown):
        stage.connector().find_sent(OutgoingReply("k", "t", "t", "p", {}))


def test_a_block_is_lifted_again(stage: WhatsAppStage) -> None:
    act = Act("k", ActName.BLOCK, "wamid.X", "4915550001", {"person_id": "4915550001"}, undo=True)
    stage.connector().act(act)
    assert stage.requests[-1].method == "DELETE"
    assert json.loads(stage.requests[-1].content)["block_users"] == [{"user": "4915550001"}]
