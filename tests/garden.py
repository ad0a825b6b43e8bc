"""Rows that tests plant: a channel, people who write, teammates, product teams, trackers."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox.channels.models import Channel
from inbox.conversations.models import Conversation, Direction, Message
from inbox.members.models import Identity, Member
from inbox.teams.models import ProductTeam, Role, Teammate
from inbox.trackers.models import Tracker

MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def a_channel(session: Session, name: str = "Forum", *, kind: str = "file", is_sample: bool = False) -> Channel:
    """The channel of this name; made when it is not there."""
    found = session.scalar(select(Channel).where(Channel.name == name))
    if found is None:
        found = Channel(kind=kind, name=name, is_sample=is_sample)
        session.add(found)
        session.flush()
    return found


def a_member(session: Session, name: str = "Ada", *, channel: Channel | None = None, is_us: bool = False) -> Identity:
    """The identity of a new member on the channel."""
    channel = channel or a_channel(session)
    member = Member(name=name)
    session.add(member)
    session.flush()
    identity = Identity(
        member_id=member.id,
        channel_id=channel.id,
        external_id=f"{name}-{member.id}",
        handle=name.lower(),
        name=name,
        is_us=is_us,
    )
    session.add(identity)
    session.flush()
    return identity


def a_message(session: Session, text: str, author: Identity | None = None, **more: Any) -> Message:
    """A message in a conversation of its own, from `author` (a new member when nobody is given)."""
    author = author or a_member(session)
    number = (session.scalar(select(func.count()).select_from(Message)) or 0) + 1
    conversation = Conversation(
        channel_id=author.channel_id,
        external_id=f"thread-{number}",
        member_id=author.member_id,
        subject=f"Thread {number}",
    )
    session.add(conversation)
    session.flush()
    message = Message(
        **{
            "conversation_id": conversation.id,
            "channel_id": author.channel_id,
            "external_id": f"message-{number}",
            "direction": Direction.IN,
            "identity_id": author.id,
            "text": text,
            "url": f"https://forum.example/{number}",
            "language": "en",
            "posted_at": MONDAY + timedelta(minutes=number),
            **more,
        }
    )
    session.add(message)
    session.flush()
    return message


def a_teammate(session: Session, name: str = "Mo", role: Role = Role.MANAGER) -> Teammate:
    """A new teammate."""
    teammate = Teammate(email=f"{name.lower()}@example.org", name=name, role=role)
    session.add(teammate)
    session.flush()
    return teammate


def a_team(session: Session, name: str = "Search") -> ProductTeam:
    """A new product team."""
    team = ProductTeam(name=name)
    session.add(team)
    session.flush()
    return team


def a_tracker(session: Session, team: ProductTeam, kind: str = "github", **settings: Any) -> Tracker:
    """A new tracker of the team, without credentials."""
    tracker = Tracker(product_team_id=team.id, kind=kind, name=f"{team.name} {kind}", settings=settings)
    session.add(tracker)
    session.flush()
    return tracker
