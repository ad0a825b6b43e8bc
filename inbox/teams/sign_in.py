"""Signing in and out. A browser holds a random token; the database only its hash, so that a copy of it opens nothing."""

import hashlib
import secrets
from datetime import timedelta
from functools import lru_cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.profiles import RFC_9106_LOW_MEMORY
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from inbox.clock import now
from inbox.teams.models import SignIn, Teammate

LASTS = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=5)
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1_000
# Each hash takes 64 MiB while it is made; a hundred strangers at the door must not fill the memory.
_hashing = BoundedSemaphore(2)


@lru_cache(maxsize=1)
def hasher() -> PasswordHasher:
    """Argon2id with 64 MiB, as RFC 9106 recommends where memory is limited."""
    return PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


def hash_password(password: str) -> str:
    """The stored form of a password. Raises ValueError when it is shorter than 10 or longer than 1,000 characters."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise ValueError(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    with _hashing:
        return hasher().hash(password)


def check_password(session: Session, email: str, password: str) -> Teammate | None:
    """The active teammate with this address and password, or None. Takes equally long whether the address is known."""
    teammate = session.scalar(select(Teammate).where(Teammate.email == email.strip().lower(), Teammate.is_active))
    known = teammate.password_hash if teammate and teammate.password_hash else _nobody()
    try:
        with _hashing:
            hasher().verify(known, password[:LONGEST_PASSWORD])
    except (Argon2Error, InvalidHashError):
        return None
    return teammate


def sign_in(session: Session, teammate: Teammate, browser: str) -> str:
    """Remember a browser; returns the token for its cookie."""
    token = secrets.token_urlsafe(32)
    session.add(SignIn(teammate_id=teammate.id, token_hash=hashed(token), browser=browser[:300]))
    session.flush()
    return token


def sign_out(session: Session, token: str) -> None:
    """Forget a browser."""
    session.execute(delete(SignIn).where(SignIn.token_hash == hashed(token)))


def find_signed_in(session: Session, token: str) -> SignIn | None:
    """The living sign-in of this token with its active teammate, or None."""
    found = session.scalar(
        select(SignIn).options(joinedload(SignIn.teammate)).where(SignIn.token_hash == hashed(token))
    )
    if found is None or not found.teammate.is_active or now() - found.last_seen_at > LASTS:
        return None
    return found


def hashed(token: str) -> str:
    """SHA-256 of a token, in hexadecimal. Tokens are random and long, so they need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


@lru_cache(maxsize=1)
def _nobody() -> str:
    return hasher().hash(secrets.token_urlsafe(16))
