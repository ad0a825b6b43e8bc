"""Takes a correction back: the label says again what it said before, and the correction no longer teaches."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.clock import now
from inbox.connectors.contract import N_
from inbox.labels.models import Correction, Label, Tag
from inbox.labels.sort_again import sort_again
from inbox.teams.models import Teammate


class CannotUndo(ValueError):
    """It was undone before, or a later correction stands on it. The text is an English message id."""


def undo_correction(session: Session, correction: Correction, *, by: Teammate) -> Label:
    """Undo the newest correction of its message; the label as it is then. Raises CannotUndo."""
    label = session.get(Label, correction.message_id, with_for_update=True, populate_existing=True)
    standing = session.scalars(
        sa.select(Correction)
        .where(Correction.message_id == correction.message_id, Correction.undone_at.is_(None))
        .order_by(Correction.id.desc())
        .limit(2)
    ).all()
    if label is None or not standing or standing[0].id != correction.id:
        raise CannotUndo(N_("This was undone or corrected again in the meantime; correct the tag once more instead."))
    correction.undone_at = now()
    label.primary = Tag(correction.before_primary) if correction.before_primary else Tag.UNSURE
    label.tags = correction.before
    label.corrected_by_id = standing[1].teammate_id if len(standing) > 1 else None
    session.flush()
    # What the classifier had said may have been a proposal, and a threshold may have moved since.
    sort_again(session, Label.message_id == correction.message_id)
    session.refresh(label)
    record(session, "label.correction_undone", "message", correction.message_id, by=by, correction=correction.id)
    return label
