"""The outbox step by step: claims what a worker would claim next."""

from sqlalchemy.orm import Session

from inbox.outbox.claim import Claimed, claim
from inbox.outbox.due import find_due, find_looks
from inbox.outbox.rescue import claim_looks


def claim_next(session: Session) -> Claimed | None:
    """The delivery that has been due longest, claimed; None when none may leave."""
    due = [number for number, _host in find_due(session)]
    return next(iter(claim(session, due[:1])), None)


def claim_next_look(session: Session) -> Claimed | None:
    """The unsure delivery that has been due for a look longest, claimed; None when there is none."""
    due = [number for number, _host in find_looks(session)]
    return next(iter(claim_looks(session, due[:1])), None)
