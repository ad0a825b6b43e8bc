"""Turns what somebody wrote into evidence for an idea: a sentence of a message, or all of it."""

from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.channels.models import Channel
from inbox.clock import now
from inbox.connectors.contract import N_
from inbox.conversations.models import Message
from inbox.ideas.find import find_surviving
from inbox.ideas.models import Evidence, Idea
from inbox.ideas.refusal import IdeaRefused
from inbox.ideas.support import support
from inbox.live import publish
from inbox.members.models import Identity
from inbox.teams.models import Teammate
from inbox.text import one_line, storable

TITLE_LIMIT = 200
QUOTE_LIMIT = 4_000


class Span(NamedTuple):
    """A piece of a message: its words, and where they begin and end, in characters."""

    words: str
    start: int
    end: int


def promote(
    session: Session,
    message: Message,
    start: int,
    end: int,
    *,
    title: str = "",
    idea: Idea | None = None,
    by: Teammate | None,
) -> Evidence:
    """Attach characters `start` to `end` of the message (all of it when they are equal) to `idea`, or to a new one.

    Doing it twice changes nothing: the same words and title find the idea of the first time. Without a title the words
    name the idea. A merged idea passes the quote on to the one it went into. Raises IdeaRefused.
    """
    # Held until the commit, so that a double click waits here and then finds what the first one made.
    session.execute(select(Message.id).where(Message.id == message.id).with_for_update())
    span = quote(message, start, end)
    title = one_line(title, TITLE_LIMIT) or one_line(span.words, 120)
    if idea is None:
        idea = _made_before(session, message, span, title) or _new_idea(session, message, title, by)
    idea = find_surviving(session, idea, lock=True)
    evidence = session.scalar(
        select(Evidence).where(
            Evidence.idea_id == idea.id, Evidence.message_id == message.id, Evidence.start == span.start
        )
    )
    if evidence and evidence.end == span.end and evidence.quote == span.words:
        return evidence
    if evidence is None:
        evidence = Evidence(idea_id=idea.id, message_id=message.id, start=span.start, added_by_id=by.id if by else None)
        session.add(evidence)
    evidence.quote, evidence.end = span.words, span.end
    evidence.member_id = message.identity_id and session.scalar(
        select(Identity.member_id).where(Identity.id == message.identity_id)
    )
    idea.updated_at = now()
    session.flush()
    support(session, [idea.id])
    record(session, "idea.promoted", "idea", idea.id, by=by, message=message.id, evidence=evidence.id)
    publish(session, "ideas", idea.id)
    return evidence


def quote(message: Message, start: int, end: int) -> Span:
    """The words of a span, without white space around them, at most 4,000 characters. Raises IdeaRefused."""
    if message.deleted_at is not None:
        raise IdeaRefused(N_("This message was deleted at its source."))
    text = message.text
    if start == end:
        start, end = 0, len(text)
    if not 0 <= start < end <= len(text):
        raise IdeaRefused(N_("These words are not in the message any more; mark them again."))
    words = text[start:end]
    start += len(words) - len(words.lstrip())
    words = words.strip()[:QUOTE_LIMIT].rstrip()
    if not words:
        raise IdeaRefused(N_("There are no words to promote."))
    return Span(storable(words, QUOTE_LIMIT), start, start + len(words))


def _made_before(session: Session, message: Message, span: Span, title: str) -> Idea | None:
    return session.scalars(
        select(Idea)
        .join(Evidence, Evidence.idea_id == Idea.id)
        .where(Evidence.message_id == message.id, Evidence.start == span.start, func.lower(Idea.title) == title.lower())
        .limit(1)
    ).first()


def _new_idea(session: Session, message: Message, title: str, by: Teammate | None) -> Idea:
    idea = Idea(
        title=title,
        language=message.language,
        created_by_id=by.id if by else None,
        is_sample=bool(session.scalar(select(Channel.is_sample).where(Channel.id == message.channel_id))),
    )
    session.add(idea)
    session.flush()
    record(session, "idea.created", "idea", idea.id, by=by)
    return idea
