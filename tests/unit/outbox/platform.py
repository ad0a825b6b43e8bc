"""A platform that remembers what reached it, and behaves as badly as a test asks for."""

from collections.abc import Callable, Mapping
from typing import Any

from inbox.channels.models import Channel
from inbox.connectors.contract import Act, OutgoingReply, Receipt
from inbox.connectors.tracker_contract import IdeaCard
from inbox.outbox.carriers import Carriers


class Platform:
    """Connector, tracker and mailbox in one. `mood` is called with the key before (`lose` after) anything is accepted."""

    def __init__(self) -> None:
        self.arrived: list[str] = []
        self.mood: Callable[[str], None] = lambda _key: None
        self.lose: Callable[[str], None] = lambda _key: None
        self.look: Callable[[str], None] = lambda _key: None

    def carriers(self) -> Carriers:
        return Carriers(channel=lambda _channel: self, tracker=lambda _tracker: self, mail=self.mail)

    def accept(self, key: str) -> Receipt:
        self.mood(key)
        self.arrived.append(key)
        self.lose(key)
        return Receipt(f"external-{key}", f"https://platform.example/{key}", {"undo": key})

    def send(self, reply: OutgoingReply) -> Receipt:
        return self.accept(reply.key)

    def act(self, act: Act) -> Receipt:
        return self.accept(act.key)

    def create(self, card: IdeaCard) -> Receipt:
        return self.accept(card.key)

    def mail(self, key: str, _payload: Mapping[str, Any], _mailbox: Channel | None) -> Receipt:
        return self.accept(key)

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        return self.find(reply.key)

    def find_created(self, card: IdeaCard) -> Receipt | None:
        return self.find(card.key)

    def find(self, key: str) -> Receipt | None:
        self.look(key)
        return Receipt(f"external-{key}", f"https://platform.example/{key}") if key in self.arrived else None
