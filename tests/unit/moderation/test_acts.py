"""A moderation act leaves once, shows on message and member when it is done, and can be taken back."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.connectors.contract import ActName, Capabilities, Receipt
from inbox.conversations.models import Direction, Message
from inbox.members.models import Member
from inbox.moderation.act import act
from inbox.moderation.acts import acts
from inbox.moderation.lapse import lapse
from inbox.moderation.options import options
from inbox.moderation.refusal import ActRefused
from inbox.moderation.settle_act import settle_act
from inbox.moderation.undo import undo
from inbox.outbox.models import Delivery, DeliveryState
from inbox.outbox.outcome import Outcome, Result
from inbox.outbox.parcels import act_of
from inbox.outbox.settle import mark_failed, mark_sent
from inbox.teams.models import Teammate
from tests.making import make_channel, make_conversation, make_identity, make_message, make_teammate

ABLE = Capabilities(
    acts=frozenset({ActName.HIDE, ActName.BLOCK, ActName.MUTE, ActName.DELETE}),
    undoable=frozenset({ActName.HIDE, ActName.BLOCK}),
    because={"report": "Only the web site can."},
)


@pytest.fixture
def ada(session: Session) -> Teammate:
    return make_teammate(session)


@pytest.fixture
def message(session: Session) -> Message:
    make_conversation(session, make_channel(session), ("You are all fools.",))
    return session.scalars(sa.select(Message)).one()


def do(session: Session, message: Message, name: ActName, by: Teammate) -> Delivery:
    return act(session, message, name, reason="rude", by=by, capabilities=ABLE)


def done(session: Session, delivery: Delivery) -> Message | None:
    mark_sent(delivery, Outcome(Result.SENT, Receipt("x", "", {"list": 7})))
    session.flush()
    return settle_act(session, delivery)


def test_an_act_carries_what_the_connector_needs(session: Session, message: Message, ada: Teammate) -> None:
    delivery = do(session, message, ActName.HIDE, ada)
    parcel = act_of(delivery.payload)
    assert (parcel.name, parcel.message_id, parcel.reason) == (ActName.HIDE, message.external_id, "rude")
    assert message.identity is not None
    assert parcel.author_id == message.identity.external_id
    assert message.hidden_at is None, "nothing is shown as done before it is"


def test_the_same_act_is_queued_once(session: Session, message: Message, ada: Teammate) -> None:
    assert do(session, message, ActName.HIDE, ada).id == do(session, message, ActName.HIDE, ada).id


def test_a_done_act_shows_and_its_undoing_too(session: Session, message: Message, ada: Teammate) -> None:
    delivery = do(session, message, ActName.HIDE, ada)
    done(session, delivery)
    assert message.hidden_at is not None
    undoing = undo(session, delivery, by=ada, capabilities=ABLE)
    assert undo(session, delivery, by=ada, capabilities=ABLE).id == undoing.id
    assert act_of(undoing.payload).undo_state == {"list": 7}
    done(session, undoing)
    assert message.hidden_at is None
    again = do(session, message, ActName.HIDE, ada)
    assert again.id not in {delivery.id, undoing.id}


def test_a_failed_act_can_be_tried_again(session: Session, message: Message, ada: Teammate) -> None:
    first = do(session, message, ActName.HIDE, ada)
    mark_failed(session, first, "No.")
    assert settle_act(session, first) is None
    assert do(session, message, ActName.HIDE, ada).id != first.id


def test_an_act_that_waits_is_simply_cancelled(session: Session, message: Message, ada: Teammate) -> None:
    delivery = do(session, message, ActName.DELETE, ada)
    assert undo(session, delivery, by=ada, capabilities=ABLE).id == delivery.id
    assert delivery.state == DeliveryState.CANCELLED


def test_what_the_platform_cannot_take_back_says_so(session: Session, message: Message, ada: Teammate) -> None:
    delivery = do(session, message, ActName.DELETE, ada)
    done(session, delivery)
    with pytest.raises(ActRefused, match="does not let"):
        undo(session, delivery, by=ada, capabilities=ABLE)


def test_a_member_is_blocked_until_undone_on_every_channel(session: Session, message: Message, ada: Teammate) -> None:
    assert message.identity is not None
    elsewhere = make_channel(session)
    twin = make_identity(session, elsewhere, member=message.identity.member)
    other = make_message(session, make_conversation(session, elsewhere), "Fools.", identity_id=twin.id)
    here, there = do(session, message, ActName.BLOCK, ada), do(session, other, ActName.BLOCK, ada)
    member = session.get_one(Member, message.identity.member_id)
    done(session, here)
    done(session, there)
    assert member.blocked_at is not None
    done(session, undo(session, here, by=ada, capabilities=ABLE))
    assert member.blocked_at is not None
    done(session, undo(session, there, by=ada, capabilities=ABLE))
    assert member.blocked_at is None


def test_options_say_why_not(session: Session, message: Message) -> None:
    found = {option.name: option for option in options(message, ABLE)}
    assert found[ActName.HIDE].is_possible
    assert found[ActName.HIDE].is_undoable
    assert not found[ActName.DELETE].is_undoable
    assert found[ActName.REPORT].because == "Only the web site can."
    assert found[ActName.MARK_SPAM].because == "The platform does not offer this."


def test_our_own_words_and_authorless_ones_are_not_moderated(session: Session, message: Message, ada: Teammate) -> None:
    ours = make_message(session, message.conversation, "Hi", direction=Direction.OUT)
    nobody = make_message(session, message.conversation, "Boo")
    with pytest.raises(ActRefused):
        do(session, ours, ActName.HIDE, ada)
    with pytest.raises(ActRefused):
        do(session, nobody, ActName.BLOCK, ada)
    assert do(session, nobody, ActName.HIDE, ada)


def test_acts_are_listed_by_message(session: Session, message: Message, ada: Teammate) -> None:
    delivery = do(session, message, ActName.HIDE, ada)
    assert acts(session, [message.id, 99]) == {message.id: [delivery]}
    assert acts(session, []) == {}


EVERYTHING = Capabilities(acts=frozenset(ActName), undoable=frozenset(ActName), ends=frozenset({ActName.BAN}))


def ban(session: Session, message: Message, by: Teammate, until: datetime | None) -> Delivery:
    return act(session, message, ActName.BAN, reason="rude", by=by, capabilities=EVERYTHING, until=until)


def test_a_ban_carries_its_end_and_other_acts_do_not(session: Session, message: Message, ada: Teammate) -> None:
    until = now() + timedelta(days=7)
    assert act_of(ban(session, message, ada, until).payload).until == until
    hide = act(session, message, ActName.HIDE, reason="", by=ada, capabilities=EVERYTHING, until=until)
    assert act_of(hide.payload).until is None


def test_a_ban_that_is_over_is_no_ban(
    session: Session, message: Message, ada: Teammate, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert message.identity is not None
    first = ban(session, message, ada, now() + timedelta(days=1))
    done(session, first)
    member = session.get_one(Member, message.identity.member_id)
    assert member.blocked_at is not None
    assert lapse(session) == 0
    monkeypatch.setattr("inbox.moderation.acts.now", lambda: now() + timedelta(days=1))
    assert lapse(session) == 1
    session.refresh(member)
    assert member.blocked_at is None
    assert ban(session, message, ada, None).id != first.id, "it can be said again"


def test_a_block_outlives_a_ban(session: Session, message: Message, ada: Teammate) -> None:
    done(session, ban(session, message, ada, now() - timedelta(days=1)))
    done(session, do(session, message, ActName.BLOCK, ada))
    assert lapse(session) == 0


def test_what_is_approved_is_seen_until_it_is_held_again(session: Session, message: Message, ada: Teammate) -> None:
    def does(name: ActName) -> None:
        done(session, act(session, message, name, reason="", by=ada, capabilities=EVERYTHING))

    does(ActName.HOLD)
    assert message.hidden_at is not None
    does(ActName.APPROVE)
    assert message.hidden_at is None
    does(ActName.HIDE)
    assert message.hidden_at is not None


def test_a_connection_says_why_for_all_acts_at_once(session: Session, message: Message) -> None:
    found = options(message, Capabilities(because={"acts": "The token only reads."}))
    assert {option.because for option in found} == {"The token only reads."}
    assert {option.name for option in found} == set(ActName)
