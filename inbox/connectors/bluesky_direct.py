"""Direct messages on Bluesky: they live on a server of their own, which the account's server passes our questions on to."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from inbox.connectors.bluesky_api import BlueskyApi
from inbox.connectors.bluesky_read import author_of
from inbox.connectors.bluesky_text import facets
from inbox.connectors.catch_up import Page
from inbox.connectors.contract import (
    N_,
    Author,
    Batch,
    Deletion,
    IncomingMessage,
    NeedsPerson,
    OutcomeUnknown,
    OutgoingReply,
    Passing,
    Receipt,
    Refused,
    Visibility,
)
from inbox.connectors.handles import word_in
from inbox.connectors.json_api import listed, mapping
from inbox.connectors.lenient import dicts, is_before, moment, words
from inbox.connectors.our_answer import is_our_answer
from inbox.connectors.read_below import Parent, read_below
from inbox.connectors.read_each import Place, name_of, read_each

VERSION = 1
PAGE = 100
PAGES = 20
DIRECT_LIMIT, DIRECT_LIMIT_BYTES = 1_000, 10_000
SERVER = {"atproto-proxy": "did:web:api.bsky.chat#bsky_chat"}
DELETED = "chat.bsky.convo.defs#deletedMessageView"
SYSTEM = "chat.bsky.convo.defs#systemMessageView"
Row = Mapping[str, Any]


def poll_direct(api: BlueskyApi, cursor: Mapping[str, Any], since: datetime | None) -> Iterator[Batch]:
    """Each conversation in which something happened, newest first until known."""
    parents = [Parent(words(row.get("id")), words(row.get("rev")), row) for row in _conversations(api)]

    def children(parent: Parent[Row], older: str | None) -> Page[Any]:
        return _messages(api, parent.name, older)

    for parent, fresh, state in read_below(parents, children, cursor, since, looks_again=False):
        people = {words(person.get("did")): person for person in dicts(parent.row.get("members"))}

        def place(view: Any, convo: str = parent.name, people: Mapping[str, Row] = people) -> Place:
            did = words(mapping(mapping(view).get("sender")).get("did"))
            return {"convo": convo, "person": dict(mapping(people.get(did)))}

        def read(view: Any, place: Callable[[Any], Place] = place) -> Sequence[IncomingMessage]:
            messages = read_direct(view, place(view), our_did=api.did)
            return [message for message in messages if not is_before(message.posted_at, since)]

        gone = [view for view in fresh if mapping(view).get("$type") == DELETED]
        harvest = read_each([view for view in fresh if mapping(view).get("$type") != DELETED], read, place)
        deletions = [Deletion(f"{parent.name}/{name_of(view)}") for view in gone]
        yield Batch(harvest.messages, deletions, harvest.bad, harvest.filtered, {"v": VERSION, **state})


def read_direct(view: Any, place: Place, *, our_did: str) -> Sequence[IncomingMessage]:
    """What stands at a `place`, which is its conversation and who wrote it; nothing for what the system tells."""
    if mapping(view).get("$type") == SYSTEM:
        return ()
    return (message_of(view, convo=place["convo"], person=mapping(place.get("person")), our_did=our_did),)


def message_of(view: Any, *, convo: str, person: Row, our_did: str) -> IncomingMessage:
    """A direct message. Raises ValueError when it cannot be read."""
    found = mapping(view)
    name, text = words(found.get("id")), words(found.get("text"))
    if not name or not text:
        raise ValueError(N_("it has no id or says nothing"))
    did = words(mapping(found.get("sender")).get("did"))
    above = mapping(found.get("replyTo"))
    return IncomingMessage(
        external_id=f"{convo}/{name}",
        thread_id=convo,
        parent_id=f"{convo}/{above['id']}" if words(above.get("id")) else "",
        text=text,
        posted_at=moment(found.get("sentAt")),
        author=_author(did, person, our_did),
        visibility=Visibility.DIRECT,
        reply_handle={"convo_id": convo, "did": did},
        raw=found,
    )


def check_direct(api: BlueskyApi) -> None:
    """Raises NeedsPerson when the app password does not cover direct messages."""
    try:
        api.get("chat.bsky.convo.listConvos", {"limit": 1}, SERVER)
    except (Refused, NeedsPerson) as error:
        raise NeedsPerson(
            N_(
                "This app password may not access direct messages. Make one that may, or switch them off here. Bluesky says: %(error)s",
                error=error,
            )
        ) from None


def send_direct(api: BlueskyApi, reply: OutgoingReply) -> Receipt:
    """Into the conversation, without naming anybody."""
    convo = word_in(reply.parent_handle, "convo_id")
    message: dict[str, Any] = {"text": reply.text}
    if found := facets(reply.text, lambda _handle: None):
        message["facets"] = found
    sent = api.post("chat.bsky.convo.sendMessage", {"convoId": convo, "message": message}, SERVER)
    if not words(sent.get("id")):
        raise OutcomeUnknown(N_("Bluesky does not say what became of the message; it may have been accepted."))
    return Receipt(f"{convo}/{sent['id']}")


def find_direct(api: BlueskyApi, reply: OutgoingReply) -> Receipt | None:
    """Look in the conversation. Raises Passing when too much was said since."""
    convo, older = word_in(reply.parent_handle, "convo_id"), None
    for _ in range(PAGES):
        page = _messages(api, convo, older)
        views = [view for _name, _at, view in page.items]
        harvest = read_each(views, lambda view: [message_of(view, convo=convo, person={}, our_did=api.did)])
        for message in harvest.messages:
            if is_our_answer(message, reply):
                return Receipt(message.external_id)
        times = [at for _name, at, _view in page.items if at]
        older = page.older
        if older is None or (reply.created_at and times and min(times) < reply.created_at):
            return None
    raise Passing(N_("Too much was said since; it cannot be told whether the answer is among it."))


def _conversations(api: BlueskyApi) -> Iterator[Row]:
    """All of them, the latest first."""
    older: dict[str, str] = {}
    for _ in range(PAGES):
        answer = api.get("chat.bsky.convo.listConvos", {"limit": PAGE, **older}, SERVER)
        yield from (row for row in dicts(listed(answer.get("convos"))) if words(row.get("id")))
        if not words(answer.get("cursor")):
            return
        older = {"cursor": answer["cursor"]}


def _messages(api: BlueskyApi, convo: str, older: str | None) -> Page[Any]:
    query = {"convoId": convo, "limit": PAGE, **({"cursor": older} if older else {})}
    answer = api.get("chat.bsky.convo.getMessages", query, SERVER)
    views = listed(answer.get("messages"))
    # A deletion, too, is another revision.
    named = [(f"{name_of(v)} {words(mapping(v).get('rev'))}", moment(mapping(v).get("sentAt")), v) for v in views]
    return Page(named, words(answer.get("cursor")) or None)


def _author(did: str, person: Row, our_did: str) -> Author | None:
    if not did:
        return None
    known = author_of(person, our_did)
    return known or Author(did, did, profile_url=f"https://bsky.app/profile/{did}", is_us=did == our_did)
