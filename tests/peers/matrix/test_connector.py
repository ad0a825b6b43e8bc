"""Matrix's connector on a real server: what the full circle does not meet; and nothing lost in a busy hour."""

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from inbox.connectors.contract import Batch, IncomingMessage, Known, NeedsPerson, Visibility
from inbox.connectors.matrix import Matrix
from tests.peers.speaking import reply_to

pytestmark = [pytest.mark.peers, pytest.mark.timeout(500)]
Connect = Callable[..., Matrix]
SignIn = Callable[[str], httpx.Client]
FAN = "@fan:garten.test"


def room_of(signed_in: SignIn, **more: Any) -> str:
    """A new public room of brand's, which fan has joined."""
    made = signed_in("brand").post("createRoom", json={"preset": "public_chat", "name": "Brand community", **more})
    room = str(made.raise_for_status().json()["room_id"])
    signed_in("fan").post(f"join/{room}", json={}).raise_for_status()
    return room


def write(client: httpx.Client, room: str, text: str, **more: Any) -> str:
    """Somebody says something; gives the event's id."""
    body = {"msgtype": "m.text", "body": text, **more}
    sent = client.put(f"rooms/{room}/send/m.room.message/{uuid.uuid4().hex}", json=body)
    return str(sent.raise_for_status().json()["event_id"])


def polled(connector: Matrix, cursor: Mapping[str, Any] | None = None) -> list[Batch]:
    return list(connector.poll("rooms", json.loads(json.dumps(dict(cursor))) if cursor else None, None))


def by_id(batches: list[Batch]) -> dict[str, IncomingMessage]:
    return {message.external_id: message for batch in batches for message in batch.messages}


def test_a_question_is_read_answered_once_and_the_answer_is_seen(matrix: Connect, signed_in: SignIn) -> None:
    room = room_of(signed_in)
    connector = matrix(room)
    question = write(signed_in("fan"), room, "brand: where is my order?")
    batches = polled(connector)
    message = by_id(batches)[question]
    assert (message.text, message.subject, message.visibility) == (
        "brand: where is my order?",
        "Brand community",
        Visibility.PUBLIC,
    )
    assert sum(batch.fetched for batch in polled(connector, batches[-1].cursor)) == 0

    reply = reply_to(message, "On its way: https://example.com/orders/4711 <b>&</b>")
    assert connector.find_sent(reply) is None
    receipt = connector.send(reply)
    assert connector.send(reply) == receipt == connector.find_sent(reply)
    seen = signed_in("fan").get(f"rooms/{room}/messages", params={"dir": "b", "limit": 1}).json()["chunk"][0]
    assert seen["content"]["body"] == reply.text
    assert seen["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == question
    answer = by_id(polled(connector, batches[-1].cursor))[receipt.external_id]
    assert (answer.thread_id, answer.author and answer.author.is_us) == (message.thread_id, True)


def test_a_busy_hour_is_read_whole_also_when_it_is_cut_off(matrix: Connect, signed_in: SignIn) -> None:
    room = room_of(signed_in)
    connector = matrix(room)
    cursor = polled(connector)[-1].cursor
    fan = signed_in("fan")
    written = [write(fan, room, f"Nummer {number}") for number in range(180)]
    walk = connector.poll("rooms", json.loads(json.dumps(dict(cursor))), None)
    kept = [next(walk)]
    walk.close()  # type: ignore[attr-defined]
    written.append(write(fan, room, "inzwischen"))
    kept += polled(connector, kept[-1].cursor)
    names = [message.external_id for batch in kept for message in batch.messages]
    assert sorted(names) == sorted(written)
    assert sum(batch.fetched for batch in polled(connector, kept[-1].cursor)) == 0


def test_a_conversation_hangs_together_by_what_is_answered(matrix: Connect, signed_in: SignIn) -> None:
    room, fan = room_of(signed_in), signed_in("fan")
    root = write(fan, room, "Frage")
    above = {"m.in_reply_to": {"event_id": root}}
    middle = write(fan, room, "> <@fan:garten.test> Frage\n\nNachfrage", **{"m.relates_to": above})
    below = {"rel_type": "m.thread", "event_id": root, "is_falling_back": True, "m.in_reply_to": {"event_id": middle}}
    last = write(fan, room, "Im Faden", **{"m.relates_to": below})
    found = by_id(polled(matrix(room)))
    assert {found[name].thread_id for name in (root, middle, last)} == {root}
    assert (found[middle].text, found[last].parent_id) == ("Nachfrage", root)


def test_reactions_are_counted_once_for_each_person_and_sign(matrix: Connect, signed_in: SignIn) -> None:
    room, fan = room_of(signed_in), signed_in("fan")
    praise, silence = write(fan, room, "Love the week view"), write(fan, room, "Hm")
    connector = matrix(room)
    messages = by_id(polled(connector))
    for client, key in ((fan, "👍"), (signed_in("brand"), "👍"), (fan, "🌱")):
        relation = {"rel_type": "m.annotation", "event_id": praise, "key": key}
        path = f"rooms/{room}/send/m.reaction/{uuid.uuid4().hex}"
        client.put(path, json={"m.relates_to": relation}).raise_for_status()
    known = [Known(name, messages[name].thread_id, messages[name].reply_handle) for name in (praise, silence)]
    assert connector.metrics(known) == {praise: {"reactions": 3}, silence: {"reactions": 0}}


def test_a_direct_room_is_one_conversation(matrix: Connect, signed_in: SignIn) -> None:
    brand, fan = signed_in("brand"), signed_in("fan")
    body = {"is_direct": True, "invite": ["@brand:garten.test"], "preset": "trusted_private_chat"}
    room = str(fan.post("createRoom", json=body).raise_for_status().json()["room_id"])
    brand.post(f"join/{room}", json={}).raise_for_status()
    brand.put("user/@brand:garten.test/account_data/m.direct", json={FAN: [room]}).raise_for_status()
    write(fan, room, "psst")
    write(fan, room, "noch etwas")
    found = [message for message in by_id(polled(matrix(room))).values() if message.text]
    assert {(message.thread_id, message.visibility) for message in found} == {(room, Visibility.DIRECT)}


def test_a_token_of_a_sync_that_the_server_does_not_know_starts_anew(matrix: Connect, signed_in: SignIn) -> None:
    room = room_of(signed_in)
    message_id = write(signed_in("fan"), room, "noch da?")
    assert message_id in by_id(polled(matrix(room), {"v": 1, "since": "bogus"}))


def test_encrypted_rooms_are_refused_with_a_clear_notice(matrix: Connect, signed_in: SignIn) -> None:
    locked = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
    room = room_of(signed_in, initial_state=[locked])
    with pytest.raises(NeedsPerson, match="encrypted"):
        matrix(room).check()
    other = room_of(signed_in)
    connector = matrix(f"{room}, {other}")
    assert connector.check().name == "@brand:garten.test"
    assert "encrypted" in connector.describe().because["polls"]


def test_a_token_that_is_none_needs_a_person(matrix: Connect) -> None:
    with pytest.raises(NeedsPerson):
        matrix(token="nope").check()
