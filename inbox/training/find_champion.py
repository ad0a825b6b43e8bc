"""Which model serves."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.training.models import Model, ModelState


def find_champion(session: Session, *, locked: bool = False) -> Model | None:
    """The champion; `locked` until the transaction ends. None before the first training: the shipped model serves."""
    query = sa.select(Model).where(Model.state == ModelState.CHAMPION)
    if locked:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()
