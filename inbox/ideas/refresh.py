"""Brings ideas up to what has happened to the messages and members behind them. A tidy recipe calls it now and then."""

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from inbox.conversations.models import Message
from inbox.ideas.models import Evidence, Idea
from inbox.ideas.support import support


def refresh(session: Session) -> int:
    """Empty the quotes of deleted and expired messages and recount the people of every idea.

    Returns how many quotes were emptied.
    """
    is_gone = or_(Message.deleted_at.is_not(None), Message.expired_at.is_not(None))
    deleted = select(Message.id).where(Message.id == Evidence.message_id, is_gone).exists()
    emptied = session.execute(
        update(Evidence).where(Evidence.quote != "", deleted).values(quote="").returning(Evidence.id),
        execution_options={"synchronize_session": False},
    ).all()
    support(session, session.scalars(select(Idea.id).where(Idea.merged_into_id.is_(None))).all())
    return len(emptied)
