"""Keeps what a teammate has begun to write, on the server, one draft per teammate and conversation."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.conversations.models import Conversation, Draft
from inbox.database import insert
from inbox.teams.models import Teammate
from inbox.text import storable

LONGEST = 100_000


def save_draft(session: Session, conversation: Conversation, text: str, *, by: Teammate) -> None:
    """Keep `text` (cut at 100,000 characters); nothing but spaces deletes the draft."""
    text = storable(text, LONGEST)
    if not text.strip():
        delete_draft(session, conversation, by=by)
        return
    row = {"conversation_id": conversation.id, "teammate_id": by.id, "text": text, "updated_at": now()}
    # Two tabs may save at once: the later one wins, none fails.
    session.execute(
        insert(session, Draft)
        .values(row)
        .on_conflict_do_update(
            index_elements=["conversation_id", "teammate_id"], set_={"text": text, "updated_at": row["updated_at"]}
        )
    )


def find_draft(session: Session, conversation_id: int, *, by: Teammate) -> Draft | None:
    """The teammate's draft in this conversation, or None."""
    return session.scalar(
        sa.select(Draft)
        .where(Draft.conversation_id == conversation_id, Draft.teammate_id == by.id)
        .execution_options(populate_existing=True)
    )


def delete_draft(session: Session, conversation: Conversation, *, by: Teammate) -> None:
    """Forget the draft, if there is one."""
    session.execute(sa.delete(Draft).where(Draft.conversation_id == conversation.id, Draft.teammate_id == by.id))
