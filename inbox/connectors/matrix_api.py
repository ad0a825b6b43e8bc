"""One account on one Matrix server: its calls, and what is remembered of rooms and people. Used by `matrix` alone."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from inbox.connectors.contract import N_, Gone, Passing, Refused, Surroundings
from inbox.connectors.http import Forbidden
from inbox.connectors.json_api import JsonApi, mapping, segment
from inbox.connectors.lenient import dicts, words
from inbox.connectors.matrix_read import ENCRYPTED, MESSAGE, REDACTION, Room

API = "/_matrix/client"
SHOWN = 50  # events of a room in one sync; more are walked back for
NAMES_KEPT = 3_000
STATE = ["m.room.name", "m.room.canonical_alias", "m.room.join_rules", "m.room.encryption"]
FILTER = json.dumps(
    {
        "room": {
            "timeline": {"limit": SHOWN, "types": [MESSAGE, REDACTION, ENCRYPTED, *STATE], "lazy_load_members": True},
            "state": {"types": [*STATE, "m.room.member"], "lazy_load_members": True},
            "ephemeral": {"types": []},
            "account_data": {"types": []},
        },
        "presence": {"types": []},
        "account_data": {"types": ["m.direct"]},
    }
)
BACK = json.dumps({"types": [MESSAGE, REDACTION, ENCRYPTED], "lazy_load_members": True})
REACTION_PAGES = 5


class MatrixApi(JsonApi):
    """Use it as a context manager."""

    def __init__(self, server: str, token: str, surroundings: Surroundings) -> None:
        super().__init__(surroundings, f"{server}{API}", {"Authorization": f"Bearer {token}"})
        self.memory = surroundings.memory
        kept = self.memory.load()
        self.our_id = words(kept.get("our_id"))
        self.names: dict[str, str] = {who: words(name) for who, name in mapping(kept.get("names")).items()}
        self.direct: list[str] = [room for room in kept.get("direct") or () if isinstance(room, str)]
        rooms = mapping(kept.get("rooms")).items()
        self.rooms: dict[str, Room] = {name: Room.model_validate(about) for name, about in rooms}

    def sign_in(self) -> str:
        """Our own id on this server; kept in memory."""
        self.our_id = words(mapping(self.get("/v3/account/whoami")).get("user_id"))
        if not self.our_id:
            raise Passing(N_("The server does not say whose account this is."))
        self.remember()
        return self.our_id

    def sync(self, since: str | None) -> Mapping[str, Any]:
        """What happened since that token; without one, the latest of each room. What it says of rooms is learned."""
        query = {"filter": FILTER, "timeout": 0, "set_presence": "offline", "since": since}
        found = mapping(self.get("/v3/sync", query))
        if not words(found.get("next_batch")):
            raise Passing(N_("The server answered something else than a sync."))
        for event in _events(found.get("account_data")):
            if event.get("type") == "m.direct":
                rooms = mapping(event.get("content")).values()
                self.direct = [
                    room for part in rooms if isinstance(part, list) for room in part if isinstance(room, str)
                ]
        for name, room in joined(found).items():
            for event in [*_events(room.get("state")), *_events(room.get("timeline"))]:
                self.learn(name, event)
        for left in mapping(mapping(found.get("rooms")).get("leave")):
            self.rooms.pop(left, None)
        return found

    def back(self, room: str, position: str, until: str | None) -> tuple[list[Any], str | None]:
        """A page of what was said before `position`, newest first, and where the one before it ends; None: no more."""
        query = {"dir": "b", "from": position, "to": until, "limit": 100, "filter": BACK}
        found = mapping(self.get(f"/v3/rooms/{segment(room)}/messages", query))
        for event in dicts(found.get("state")):
            self.learn(room, event)
        page = found.get("chunk")
        if not isinstance(page, list):
            raise Passing(N_("The server answered something else than messages."))
        return page, words(found.get("end")) or None

    def event(self, room: str, name: str) -> Any:
        """One event. Raises Gone also where it was never ours to see."""
        try:
            return self.get(f"/v3/rooms/{segment(room)}/event/{segment(name)}")
        except Forbidden as error:
            raise Gone(error.sentence, status=error.status, answer=error.answer) from None

    def reactions(self, room: str, name: str) -> int:
        """How many people have put how many signs to an event, each once; of more than five hundred, five hundred."""
        path, found, after = f"/v1/rooms/{segment(room)}/relations/{segment(name)}/m.annotation/m.reaction", set(), None
        for _ in range(REACTION_PAGES):
            page = mapping(self.get(path, {"limit": 100, "from": after}))
            for event in dicts(page.get("chunk")):
                sign = mapping(mapping(event.get("content")).get("m.relates_to")).get("key")
                found.add((event.get("sender"), words(sign)))
            after = words(page.get("next_batch"))
            if not after:
                break
        return len(found)

    def do(self, method: str, path: str, body: Any) -> Mapping[str, Any]:
        """A change; a missing right concerns this very room, not the connection."""
        try:
            return mapping(self.change(method, path, body))
        except Forbidden as error:
            words = N_("%(error)s Give the account the right in that room (a higher power level).", error=error)
            raise Refused(words, status=error.status, answer=error.answer) from None

    def learn(self, room: str, event: Mapping[str, Any]) -> None:
        """What an event says about the room or about a person."""
        if event.get("type") == "m.room.member":
            name = words(mapping(event.get("content")).get("displayname"))
            if who := words(event.get("state_key")):
                self.names[who] = name or local_part(who)
        else:
            self.rooms.setdefault(room, Room()).learn(event)

    def name_of(self, who: str) -> str:
        """What somebody is called."""
        return self.names.get(who) or local_part(who)

    def is_chosen(self, room: str, chosen: Sequence[str]) -> bool:
        """Whether the settings name this room by id or by address, or name none."""
        return not chosen or room in chosen or self.room(room).alias in chosen

    def room(self, name: str) -> Room:
        """What is known of a room."""
        return self.rooms.get(name) or Room()

    def encrypted(self, chosen: Sequence[str]) -> list[str]:
        """The rooms that cannot be read."""
        return [name for name, room in self.rooms.items() if room.is_encrypted and self.is_chosen(name, chosen)]

    def remember(self) -> None:
        """Keep rooms and names for the next run: the server tells of them only once."""
        kept = {
            "our_id": self.our_id,
            "names": dict(list(self.names.items())[-NAMES_KEPT:]),
            "direct": self.direct,
            "rooms": {name: room.model_dump(exclude_defaults=True) for name, room in self.rooms.items()},
        }
        self.memory.save({**self.memory.load(), **kept})


def joined(sync: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The rooms that the account is in, by id."""
    return {name: mapping(room) for name, room in mapping(mapping(sync.get("rooms")).get("join")).items()}


def transaction(key: str, purpose: str) -> str:
    """A name under which the server takes the same change only once."""
    return hashlib.sha256(f"{purpose} {key}".encode("utf-8", "replace")).hexdigest()[:40]


def local_part(who: str) -> str:
    """The part of an id that people know."""
    return who.removeprefix("@").partition(":")[0]


def _events(part: Any) -> list[Mapping[str, Any]]:
    return dicts(mapping(part).get("events"))
