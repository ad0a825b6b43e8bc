"""Tokens for programs: made once, shown once, kept only as a hash."""

import secrets
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.activity.record import record
from inbox.clock import now
from inbox.teams.models import ApiToken, Role, Teammate
from inbox.teams.sign_in import hashed
from inbox.text import one_line

PREFIX = "trl_"
LONGEST = 200
SEEN_EVERY = timedelta(minutes=5)
# What programs do is done by a teammate of their own at this place, which no mail can reach.
PROGRAMS = "programs.invalid"


def create_token(session: Session, name: str, role: Role, *, by: Teammate | None = None) -> tuple[ApiToken, str]:
    """The stored token and its plain text "trl_…", which nobody can read again later."""
    plain = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(name=one_line(name, 200) or "token", token_hash=hashed(plain), role=role)
    session.add(token)
    session.flush()
    record(session, "token.created", "api_token", token.id, by=by, role=role)
    return token, plain


def find_token(session: Session, plain: str) -> ApiToken | None:
    """The token with this plain text while it is not revoked; None for anything else, however long."""
    if not plain.startswith(PREFIX) or len(plain) > LONGEST or not plain.isascii():
        return None
    return session.scalar(select(ApiToken).where(ApiToken.token_hash == hashed(plain), ApiToken.revoked_at.is_(None)))


def is_stale(token: ApiToken) -> bool:
    """Whether its last use was noted long enough ago to be worth a write."""
    return token.last_used_at is None or now() - token.last_used_at > SEEN_EVERY


def revoke_token(session: Session, token: ApiToken, *, by: Teammate | None = None) -> None:
    """From now on it opens nothing; doing it twice changes nothing."""
    if token.revoked_at is None:
        token.revoked_at = now()
        session.flush()
        record(session, "token.revoked", "api_token", token.id, by=by)
