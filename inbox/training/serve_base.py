"""Sees to it that the champion fits the model that came with the code: after an upgrade the shipped one serves alone.

While workers of two versions run beside each other, the newer version's model serves, and the older workers leave it so.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.training.find_champion import find_champion
from inbox.training.models import Model, ModelState
from inbox.training.promote import promote

# The newest version's workers say every few minutes that they are here; when none has for so long, an older one may serve.
SILENCE = timedelta(minutes=10)


def serve_base(session: Session, base_version: str, at: datetime) -> bool:
    """Make the shipped model champion where there is none, or one for another base, unless a newer version is at work.

    Whether the champion now is one for this base.
    """
    champion = find_champion(session, locked=True)
    base = _shipped(session, base_version)
    if base is None:
        base = Model(version=base_version, base_version=base_version, state=ModelState.FORMER, made_at=at)
        session.add(base)
    if base.claimed_until is None or base.claimed_until < at + SILENCE / 2:
        base.claimed_until = at + SILENCE
    session.flush()
    if champion is not None and champion.base_version == base_version:
        return True
    if is_outdated(session, base_version, at):
        return False
    promote(session, base)
    # A training upon the model before is begun again upon this one; who is at it has lost its claim.
    other = sa.update(Model).where(Model.state == ModelState.TRAINING, Model.base_version != base_version)
    session.execute(other.values(tries=Model.tries + 1, claimed_until=None))
    return True


def is_outdated(session: Session, base_version: str, at: datetime) -> bool:
    """Whether workers of a newer version are here: they label and train, and those of this base leave it to them."""
    champion, base = find_champion(session), _shipped(session, base_version)
    if champion is None or base is None or champion.base_version == base_version:
        return False
    newer = _shipped(session, champion.base_version)
    return newer is not None and newer.id > base.id and newer.claimed_until is not None and newer.claimed_until > at


def _shipped(session: Session, base_version: str) -> Model | None:
    return session.scalar(sa.select(Model).where(Model.version == base_version, Model.base_version == base_version))
