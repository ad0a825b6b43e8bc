"""The digests that were sent, as pages to look at again."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox.digests.models import Digest


def archive(session: Session, limit: int = 100) -> list[Digest]:
    """The newest digest of each week and language that was written to somebody, newest week first."""
    newest = select(func.max(Digest.id)).where(Digest.is_empty.is_(False)).group_by(Digest.iso_week, Digest.language)
    return list(
        session.scalars(
            select(Digest).where(Digest.id.in_(newest)).order_by(Digest.iso_week.desc(), Digest.language).limit(limit)
        )
    )


def find_digest(session: Session, secret: str) -> Digest | None:
    """The digest whose archive address carries this secret."""
    return session.scalar(select(Digest).where(Digest.secret == secret, Digest.is_empty.is_(False)))
