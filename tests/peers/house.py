"""Our side of a full circle: what is written on a real server is polled, stored, labelled, answered and moderated as workers and pages do it."""

import time
from datetime import datetime, timedelta

import sqlalchemy as sa

from inbox.channels.abilities import abilities
from inbox.channels.check import check
from inbox.channels.connect import connect
from inbox.channels.ledger import totals
from inbox.channels.measure import measure
from inbox.channels.models import Channel, Stream
from inbox.channels.setup import read_setup
from inbox.channels.validate import validate
from inbox.clock import now
from inbox.config import load_settings
from inbox.connectors.contract import ActName
from inbox.conversations.models import Conversation, Direction, Message
from inbox.conversations.reply import reply
from inbox.database import Database
from inbox.jobs import doorbell
from inbox.members.models import Identity, Member
from inbox.moderation.act import act
from inbox.moderation.undo import undo
from inbox.outbox.models import Delivery, DeliveryState
from inbox.outbox.resolve import Resolution, resolve
from inbox.settlements.spread import spread
from inbox.teams.models import Teammate
from inbox.vault import open_vault
from tests.making import make_teammate
from workers.classify import classify
from workers.poll import poll
from workers.refetch import refetch
from workers.rescue import rescue
from workers.send import send

PATIENCE_SECONDS = 30.0


class House:
    """One inbox with one channel. Nothing here speaks to the platform itself: that is what verbs and recipes do."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.settings = load_settings()
        self.vault = open_vault(self.settings)
        with database.writing() as session:
            self.teammate_id = make_teammate(session).id

    def connect(self, kind: str, *, since: datetime | None = None, **values: str) -> int:
        """Check the connection and keep it, as its page does; what the form holds is all text."""
        setup = read_setup(kind, values)
        checked = check(kind, setup, self.settings)
        with self.database.writing() as session:
            return connect(session, self.vault, self.settings, kind, "", setup, checked, since=since).id

    def poll(self) -> None:
        """Read every stream and label what came. No stream may fail."""
        self.poll_once()
        with self.database.reading() as session:
            failed = session.execute(sa.select(Stream.name, Stream.last_error).where(Stream.failures > 0)).all()
        assert not failed, failed

    def poll_once(self) -> None:
        """Read every stream, whatever comes of it, and label what came."""
        with self.database.writing() as session:
            session.execute(sa.update(Stream).values(due_at=now()))
        poll(patience=PATIENCE_SECONDS)
        classify()

    def an_hour_later(self) -> None:
        """Ask again for everything that was read, as happens by and by, and read what is new."""
        with self.database.writing() as session:
            for stream in session.scalars(sa.select(Stream)):
                if "looked_at" in (stream.cursor or {}):
                    stream.cursor = {**(stream.cursor or {}), "looked_at": (now() - timedelta(hours=2)).isoformat()}
            session.execute(sa.update(Message).where(Message.ask_again_at.is_not(None)).values(ask_again_at=now()))
        self.poll()
        refetch(patience=PATIENCE_SECONDS)

    def received(self, external_id: str) -> Message:
        """The message with this id once it has come, labelled: polls until then."""
        until = time.monotonic() + PATIENCE_SECONDS
        while (message := self.find(external_id)) is None:
            assert time.monotonic() < until, f"{external_id} has not come within {PATIENCE_SECONDS} s"
            self.poll()
            time.sleep(0.2)
        assert message.labelled_at or message.direction == Direction.OUT
        return message

    def find(self, external_id: str) -> Message | None:
        """The message with this id as it is stored now."""
        with self.database.reading() as session:
            return session.scalar(sa.select(Message).where(Message.external_id == external_id))

    def stored(self, external_id: str) -> Message:
        """The message with this id, which must be stored."""
        message = self.find(external_id)
        assert message is not None, f"{external_id} is not stored"
        return message

    def conversation_of(self, external_id: str) -> Conversation:
        """The conversation in which a message stands."""
        with self.database.reading() as session:
            return session.get_one(Conversation, self.stored(external_id).conversation_id)

    def is_shut_out(self, external_id: str) -> bool:
        """Whether the page says of the author of a message that they are shut out."""
        query = sa.select(Member.blocked_at).join(Identity, Identity.member_id == Member.id)
        with self.database.reading() as session:
            return session.scalar(query.where(Identity.id == self.stored(external_id).identity_id)) is not None

    def reply(self, external_id: str, text: str) -> Delivery:
        """Answer the conversation of a message, as its page does, and let it leave; gives what became of it."""
        with self.database.writing() as session:
            message = session.get_one(Message, self.stored(external_id).id)
            conversation, channel = message.conversation, message.conversation.channel
            opened = (self.database, self.vault, self.settings)
            answer = reply(
                session,
                conversation,
                text=text,
                by=session.get_one(Teammate, self.teammate_id),
                seen_version=conversation.version,
                undo_seconds=0,
                length=measure(channel, text, *opened),
                limit_for=abilities(channel).limit_for,
                parent=message,
                validate=lambda parcel: validate(channel, parcel, *opened),
            )
            delivery_id = answer.delivery_id or 0
        return self.leave(delivery_id)

    def act(self, external_id: str, name: ActName, *, until: datetime | None = None) -> Delivery:
        """Do something about a message or its author, as its page does, and let it leave; it must be done."""
        return self.done(self.try_act(external_id, name, until=until).id)

    def try_act(self, external_id: str, name: ActName, *, until: datetime | None = None) -> Delivery:
        """The same, where the platform may refuse it; gives what became of it."""
        with self.database.writing() as session:
            message = session.get_one(Message, self.stored(external_id).id)
            delivery_id = act(
                session,
                message,
                name,
                reason="spam",
                by=session.get_one(Teammate, self.teammate_id),
                capabilities=abilities(message.conversation.channel),
                until=until,
            ).id
        return self.leave(delivery_id)

    def undo(self, done: Delivery) -> Delivery:
        """Take an act back at its source; it must be taken back."""
        with self.database.writing() as session:
            delivery = session.get_one(Delivery, done.id)
            message = session.get_one(Message, delivery.subject_id)
            by = session.get_one(Teammate, self.teammate_id)
            undoing = undo(session, delivery, by=by, capabilities=abilities(message.conversation.channel)).id
        return self.done(undoing)

    def done(self, delivery_id: int) -> Delivery:
        """Let a delivery leave; it must have arrived."""
        delivery = self.leave(delivery_id)
        assert delivery.state == DeliveryState.SENT, f"{delivery.state}: {delivery.last_error}"
        return delivery

    def leave(self, delivery_id: int) -> Delivery:
        """Let everything leave that is due; gives what became of this delivery."""
        send(PATIENCE_SECONDS)
        with self.database.reading() as session:
            return session.get_one(Delivery, delivery_id)

    def looked_up(self, unsure: Delivery) -> Delivery:
        """Look whether a delivery arrived after all, as happens within a minute; gives what became of it."""
        with self.database.writing() as session:
            session.execute(sa.update(Delivery).values(look_at=now()).where(Delivery.look_at.is_not(None)))
        rescue(PATIENCE_SECONDS)
        return self.leave(unsure.id)

    def confirmed(self, sent: Delivery) -> Delivery | None:
        """What became of an answer by what its platform said later; None as long as it has said nothing."""
        rescue(PATIENCE_SECONDS)
        with self.database.reading() as session:
            delivery = session.get_one(Delivery, sent.id)
        return delivery if delivery.state != sent.state else None

    def again(self, failed: Delivery) -> Delivery:
        """Send it again, as somebody says on its page; gives what became of it."""
        with self.database.writing() as session:
            by = session.get_one(Teammate, self.teammate_id)
            spread(session, resolve(session, failed, Resolution.AGAIN, by=by))
        return self.leave(failed.id)

    def messages(self, direction: Direction = Direction.IN) -> list[Message]:
        """All messages from outside, or all that we wrote ourselves, here or there, oldest first."""
        query = sa.select(Message).where(Message.direction == direction).order_by(Message.posted_at, Message.id)
        with self.database.reading() as session:
            return list(session.scalars(query))

    def talk(self, external_id: str) -> list[str | None]:
        """The ids of all messages of the conversation in which a message stands, oldest first."""
        home = self.stored(external_id).conversation_id
        query = sa.select(Message.external_id).where(Message.conversation_id == home)
        with self.database.reading() as session:
            return list(session.scalars(query.order_by(Message.posted_at, Message.id)))

    def channel(self) -> Channel:
        """The channel, where there is one."""
        with self.database.reading() as session:
            return session.scalars(sa.select(Channel)).one()

    def stream(self, name: str) -> Stream:
        """A stream of the channel, as it stands after its last poll."""
        with self.database.reading() as session:
            return session.scalars(sa.select(Stream).where(Stream.name == name)).one()

    def forget_budgets(self) -> None:
        """As if the time had passed that a platform asked for."""
        doorbell().flushall()
        with self.database.writing() as session:
            session.execute(sa.update(Delivery).values(not_before=now()).where(Delivery.state == DeliveryState.QUEUED))

    def is_balanced(self) -> bool:
        """Whether the ledger accounts for all that was fetched, and nothing was unreadable."""
        with self.database.reading() as session:
            counts = totals(session, self.channel().id)
        return counts.balances and counts.quarantined == 0
