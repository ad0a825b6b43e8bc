"""A person says better: keeps the correction with what the model had said, and changes the label."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.connectors.contract import N_
from inbox.labels.models import LABELS, Correction, Label, Tag
from inbox.teams.models import Teammate


class CannotCorrect(ValueError):
    """The tags are none that a person can choose. The text is an English message id."""


def correct(session: Session, message_id: int, tags: Sequence[Tag | str], *, by: Teammate) -> Correction | None:
    """Give the message the tags a person chose, the first being its primary one; none of the four is `other`.

    What was proposed counts as said before, so accepting a proposal confirms it. The classifier no longer changes the
    tags, and proposes nothing. None when they were so already and a person had said so. Raises CannotCorrect.
    """
    chosen = _chosen(tags)
    label = session.get(Label, message_id, with_for_update=True, populate_existing=True)
    if label is None:
        label = Label(message_id=message_id, primary=Tag.UNSURE, tags="", suggested="")
        session.add(label)
    primary = chosen[0] if chosen else Tag.OTHER
    after = " ".join(chosen)
    if label.corrected_by_id is not None and (label.primary, label.tags) == (primary, after):
        return None
    correction = Correction(
        message_id=message_id,
        teammate_id=by.id,
        before=" ".join([*label.tags.split(), *label.suggested.split()]),
        after=after,
        before_primary=label.primary,
        after_primary=primary,
        model_version=label.model_version or "",
        probabilities={tag.value: getattr(label, tag.value) or 0.0 for tag in LABELS},
    )
    label.primary = primary
    label.tags = after
    label.suggested = ""
    label.corrected_by_id = by.id
    session.add(correction)
    session.flush()
    record(session, "label.corrected", "message", message_id, by=by, correction=correction.id, primary=primary)
    return correction


def _chosen(tags: Sequence[Tag | str]) -> list[Tag]:
    chosen: list[Tag] = []
    for name in tags:
        if name == Tag.OTHER:
            continue
        if name not in LABELS:
            raise CannotCorrect(N_("Choose question, complaint, idea, troll or other."))
        if Tag(name) not in chosen:
            chosen.append(Tag(name))
    return chosen
