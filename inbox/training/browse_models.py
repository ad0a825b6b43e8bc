"""What the page of the models shows: which serves and which trains, the former and the refused, and who contradicts the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from inbox.conversations.models import Message
from inbox.database import among
from inbox.labels.models import Correction
from inbox.training.models import Contradiction, Model, ModelState
from inbox.training.teachable import readable, teachable, with_author

SHOWN = 20
EXCERPT = 200
TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Models:
    """`champion` is None while the shipped model serves as it came; `new` counts corrections to learn from that no training has seen."""

    champion: Model | None
    training: Model | None
    others: Sequence[Model]
    new: int

    @property
    def lacking(self) -> int:
        """How many corrections the last training asked for that are not there yet."""
        if self.last is None or self.last.reason != TOO_FEW:
            return 0
        return max(0, int(self.last.reason_fields["needed"]) - self.new)

    @property
    def last(self) -> Model | None:
        """What the last training made, while it does not serve."""
        newest = max((model for model in self.others if not model.is_base), key=lambda model: model.id, default=None)
        is_newer = newest and (self.champion is None or newest.id > self.champion.id)
        return newest if newest and is_newer and newest.state != ModelState.FORMER else None


@dataclass(frozen=True, slots=True)
class Example:
    """A message of which a teammate says something else than all others teach; the text is None where it is gone."""

    message_id: int
    conversation_id: int | None
    text: str | None
    theirs: str
    others: str


@dataclass(frozen=True, slots=True)
class Contradicting:
    """A teammate who contradicts the others, with some examples."""

    row: Contradiction
    examples: Sequence[Example]


def browse_models(session: Session) -> Models:
    """The newest SHOWN models and the one that serves, in two statements."""
    newest = sa.select(Model.id).order_by(Model.id.desc()).limit(SHOWN)
    serving = Model.state == ModelState.CHAMPION
    query = sa.select(Model).where(sa.or_(Model.id.in_(newest), serving)).options(joinedload(Model.made_by))
    models = session.scalars(query.order_by(Model.id.desc())).all()
    of = {model.state: model for model in models if model.state in (ModelState.CHAMPION, ModelState.TRAINING)}
    champion = of.get(ModelState.CHAMPION)
    # What an older shipped model learned is learned anew by the one that serves now.
    base = champion.base_version if champion else ""
    # Nor has one that found too few learned from those.
    here = (
        model for model in models if not model.is_base and model.base_version in (base, "") and model.reason != TOO_FEW
    )
    trained = max((model.requested_at for model in here), default=None)
    corrected = sa.select(sa.func.count()).select_from(Correction).join(Message, Message.id == Correction.message_id)
    new = with_author(corrected).where(Correction.undone_at.is_(None), teachable())
    return Models(
        champion=champion,
        training=of.get(ModelState.TRAINING),
        others=[model for model in models if model.state not in of],
        new=session.scalar(new if trained is None else new.where(Correction.at > trained)) or 0,
    )


def contradicting(session: Session) -> list[Contradicting]:
    """Who contradicts the others, those nobody has spoken about first, in two statements."""
    query = sa.select(Contradiction).options(joinedload(Contradiction.teammate))
    rows = session.scalars(query.order_by(Contradiction.decision.is_not(None), Contradiction.found_at.desc())).all()
    texts = _texts(session, [example["message_id"] for row in rows for example in row.examples])
    return [Contradicting(row, [_example(example, texts) for example in row.examples]) for row in rows]


def _example(example: dict[str, Any], texts: dict[int, tuple[int, str]]) -> Example:
    conversation_id, text = texts.get(example["message_id"], (None, None))
    return Example(example["message_id"], conversation_id, text, example["theirs"], example["others"])


def _texts(session: Session, message_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    if not message_ids:
        return {}
    query = sa.select(Message.id, Message.conversation_id, sa.func.substr(Message.text, 1, EXCERPT))
    rows = session.execute(with_author(query).where(among(session, Message.id, message_ids), readable()))
    return {message_id: (conversation_id, text) for message_id, conversation_id, text in rows}
