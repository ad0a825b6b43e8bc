"""Sees to it that the champion fits the model that came with the code: after an upgrade the shipped one serves alone."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.training.find_champion import find_champion
from inbox.training.models import Model, ModelState
from inbox.training.promote import promote


def serve_base(session: Session, base_version: str) -> bool:
    """Make the shipped model champion where there is none, or one for another base. Whether that was so."""
    champion = find_champion(session, locked=True)
    if champion is not None and champion.base_version == base_version:
        return False
    shipped = sa.select(Model).where(Model.version == base_version, Model.base_version == base_version)
    model = session.scalar(shipped)
    if model is None:
        model = Model(version=base_version, base_version=base_version, state=ModelState.FORMER, made_at=now())
        session.add(model)
        session.flush()
    promote(session, model)
    return True
