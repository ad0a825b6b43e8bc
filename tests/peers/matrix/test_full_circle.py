"""A real Matrix server, through the whole house: written there, read here, answered, moderated, and seen there each time."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from inbox.connectors.contract import ActName
from inbox.conversations.models import Direction
from inbox.outbox.models import DeliveryState
from tests.peers.house import House
from tests.peers.matrix.synapse import Synapse

pytestmark = [pytest.mark.peers, pytest.mark.timeout(500)]
SignIn = Callable[[str], httpx.Client]


@pytest.fixture
def room(signed_in: SignIn) -> Iterator[str]:
    """A public room of brand's, which fan has joined; left at the end, so that the next house does not read it."""
    brand = signed_in("brand")
    made = brand.post("createRoom", json={"preset": "public_chat", "name": "Brand community"}).raise_for_status()
    name = str(made.json()["room_id"])
    signed_in("fan").post(f"join/{name}", json={}).raise_for_status()
    yield name
    brand.post(f"rooms/{name}/leave", json={}).raise_for_status()


@pytest.fixture
def community(house: House, synapse: Synapse, room: str) -> House:
    """A house that listens to that room as brand."""
    house.connect("matrix", server=synapse.url, token=synapse.tokens["brand"], rooms=room)
    return house


def write(client: httpx.Client, room: str, text: str, **more: Any) -> str:
    """Somebody says something; gives the event's id."""
    body = {"msgtype": "m.text", "body": text, **more}
    sent = client.put(f"rooms/{room}/send/m.room.message/{uuid.uuid4().hex}", json=body)
    return str(sent.raise_for_status().json()["event_id"])


def seen(client: httpx.Client, room: str, event: str) -> dict[str, Any]:
    """What an event says to somebody in the room; nothing when it was taken back."""
    content: dict[str, Any] = client.get(f"rooms/{room}/event/{event}").raise_for_status().json()["content"]
    return content


def test_a_question_is_answered_and_the_talk_goes_on(community: House, room: str, signed_in: SignIn) -> None:
    fan = signed_in("fan")
    question = write(fan, room, "Where is my order? 🌱")
    message = community.received(question)
    answer = community.done(community.reply(question, "On its <b>way</b> & soon there").id)
    content = seen(fan, room, str(answer.external_id))
    assert content["body"] == "On its <b>way</b> & soon there"
    assert content["m.relates_to"]["m.in_reply_to"]["event_id"] == question
    community.poll()
    assert [each.external_id for each in community.messages(Direction.OUT)] == [answer.external_id]
    thanks = write(fan, room, "Thank you!", **{"m.relates_to": {"m.in_reply_to": {"event_id": answer.external_id}}})
    assert community.received(thanks).conversation_id == message.conversation_id
    assert community.is_balanced()


def test_what_is_deleted_here_nobody_reads_there(community: House, room: str, signed_in: SignIn) -> None:
    insult = write(signed_in("fan"), room, "Cheap watches!")
    community.received(insult)
    community.act(insult, ActName.DELETE)
    assert seen(signed_in("fan"), room, insult) == {}
    # Here nothing brings it back, so its words go as soon as the server tells of it.
    community.poll()
    assert (community.stored(insult).text, bool(community.stored(insult).deleted_at)) == ("", True)


def test_a_like_is_seen_and_taken_back(community: House, room: str, signed_in: SignIn) -> None:
    praise = write(signed_in("fan"), room, "You saved my day")
    community.received(praise)
    done = community.act(praise, ActName.LIKE)
    reaction = str(done.receipt["event"])
    assert seen(signed_in("fan"), room, reaction)["m.relates_to"]["event_id"] == praise
    community.undo(done)
    assert seen(signed_in("fan"), room, reaction) == {}


def test_who_is_banned_stays_out_until_let_in(community: House, room: str, signed_in: SignIn) -> None:
    fan = signed_in("fan")
    insult = write(fan, room, "Cheap watches!")
    community.received(insult)
    done = community.act(insult, ActName.BAN)
    assert fan.post(f"join/{room}", json={}).status_code == 403
    assert community.is_shut_out(insult)
    community.undo(done)
    fan.post(f"join/{room}", json={}).raise_for_status()
    assert not community.is_shut_out(insult)
    assert community.received(write(fan, room, "Sorry")).text


def test_what_its_author_deletes_or_rewrites_is_so_here(community: House, room: str, signed_in: SignIn) -> None:
    fan = signed_in("fan")
    gone, changed = write(fan, room, "forget this"), write(fan, room, "first words")
    for each in (gone, changed):
        community.received(each)
    new = {"msgtype": "m.text", "body": "second words"}
    write(
        fan,
        room,
        "* second words",
        **{"m.new_content": new, "m.relates_to": {"rel_type": "m.replace", "event_id": changed}},
    )
    fan.put(f"rooms/{room}/redact/{gone}/{uuid.uuid4().hex}", json={}).raise_for_status()
    community.poll()
    assert (community.stored(gone).text, bool(community.stored(gone).deleted_at)) == ("", True)
    assert community.stored(changed).text == "second words"


def test_an_answer_whose_receipt_got_lost_is_there_once(
    community: House, room: str, signed_in: SignIn, lost_answers: Callable[[str, str], Any]
) -> None:
    question = write(signed_in("fan"), room, "Is anybody there?")
    community.received(question)
    with lost_answers("PUT", "/send/m.room.message"):
        unsure = community.reply(question, "Yes")
        assert unsure.state == DeliveryState.UNSURE
    found = community.looked_up(unsure)
    assert found.state == DeliveryState.SENT
    said = signed_in("fan").get(f"rooms/{room}/messages", params={"dir": "b", "limit": 20}).json()["chunk"]
    assert [each["event_id"] for each in said if each.get("content", {}).get("body") == "Yes"] == [found.external_id]


def test_a_room_that_we_may_not_moderate_says_so_and_stays_connected(
    house: House, synapse: Synapse, signed_in: SignIn
) -> None:
    made = signed_in("fan").post("createRoom", json={"preset": "public_chat"}).raise_for_status().json()
    room = str(made["room_id"])
    signed_in("brand").post(f"join/{room}", json={}).raise_for_status()
    house.connect("matrix", server=synapse.url, token=synapse.tokens["brand"], rooms=room)
    insult = write(signed_in("fan"), room, "mine")
    house.received(insult)
    refused = house.try_act(insult, ActName.BAN)
    assert refused.state == DeliveryState.FAILED
    assert "power level" in refused.last_error
    house.poll()
    assert not house.is_shut_out(insult)
