"""Fills an empty inbox with an invented company's mail, through the same ingest as real mail, and labelled as a sample."""

import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.channels.models import Channel, ChannelState
from inbox.clock import now
from inbox.connectors.contract import Author, Batch, IncomingMessage, Metric, Visibility
from inbox.conversations.ingest import ingest
from inbox.conversations.models import Message
from inbox.ideas.models import IdeaState
from inbox.ideas.progress import progress
from inbox.ideas.promote import promote
from inbox.samples.remove import has_samples
from inbox.teams.models import Teammate
from inbox.text import slug

SOURCE = Path(__file__).with_name("threads.toml")
STREAM = "sample"


def load_samples(session: Session, *, by: Teammate) -> bool:
    """Add the sample channels, conversations and ideas; False when they are there already."""
    if has_samples(session):
        return False
    story = tomllib.loads(SOURCE.read_text(encoding="utf-8"))
    channels = {entry["name"]: _channel(session, entry, by.language) for entry in story["channel"]}
    for name, channel in channels.items():
        messages = [message for thread in _threads(story, name) for message in thread]
        ingest(session, channel, STREAM, Batch(messages=messages))
    for idea in story["idea"]:
        _promote(session, idea, list(channels.values()), by)
    record(session, "samples.loaded", "workspace", 1, by=by)
    return True


def _channel(session: Session, entry: dict[str, str], language: str) -> Channel:
    # No stream and no settings: there is nothing to poll, and the outbox sends nothing for a sample.
    channel = Channel(
        kind=entry["kind"],
        name=f"{entry['name']} ({'Beispiel' if language == 'de' else 'sample'})",
        is_sample=True,
        state=ChannelState.ACTIVE,
        account_name="Beetbox",
    )
    session.add(channel)
    session.flush()
    return channel


def _threads(story: dict[str, Any], channel: str) -> Iterator[list[IncomingMessage]]:
    for number, thread in enumerate(story["thread"]):
        if thread["channel"] == channel:
            yield [_message(number, place, thread, *entry) for place, entry in enumerate(thread["messages"])]


def _message(number: int, place: int, thread: dict[str, Any], author: str, ago: float, words: str) -> IncomingMessage:
    is_us = author == "us"
    name = "Beetbox" if is_us else author
    return IncomingMessage(
        external_id=f"sample-{number}-{place}",
        thread_id=f"sample-{number}",
        parent_id=f"sample-{number}-{place - 1}" if place else "",
        text=words,
        posted_at=now() - timedelta(hours=ago),
        author=Author(f"sample-{slug(name)}", handle="" if " " in name else name, name=name, is_us=is_us),
        subject=thread.get("subject", ""),
        visibility=Visibility.PRIVATE if "hallo@" in thread["channel"] else Visibility.PUBLIC,
        reply_handle={"sample": True},
        metrics={} if place else {Metric(name): count for name, count in thread.get("metrics", {}).items()},
    )


def _promote(session: Session, entry: dict[str, Any], channels: list[Channel], by: Teammate) -> None:
    idea = None
    for quote in entry["quotes"]:
        message = session.scalars(
            select(Message).where(
                Message.channel_id.in_([channel.id for channel in channels]),
                Message.text.contains(quote, autoescape=True),
            )
        ).first()
        if message:
            start = message.text.index(quote)
            idea = promote(session, message, start, start + len(quote), title=entry["title"], idea=idea, by=None).idea
    if idea:
        idea.summary = entry["summary"]
        progress(session, idea, IdeaState.REVIEWING, by=by)
        progress(session, idea, IdeaState(entry["state"]), by=by)
