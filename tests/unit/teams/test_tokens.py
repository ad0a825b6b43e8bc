"""Tokens for programs."""

import pytest
from sqlalchemy.orm import Session

from inbox.teams.models import Role
from inbox.teams.tokens import create_token, find_token, revoke_token


def test_a_token_opens_until_it_is_revoked(session: Session) -> None:
    token, plain = create_token(session, " bot\n", Role.READER)
    assert (token.name, token.role, plain[:4]) == ("bot", Role.READER, "trl_")
    assert find_token(session, plain) is token
    revoke_token(session, token)
    assert find_token(session, plain) is None


def test_the_plain_text_is_not_kept(session: Session) -> None:
    token, plain = create_token(session, "bot", Role.ADMIN)
    assert plain not in str(vars(token))
    assert create_token(session, "bot", Role.ADMIN)[1] != plain


@pytest.mark.parametrize("plain", ["", "trl_", "trl_x", "x" * 10_000_000, "trl_\ud800", "trl_ü", "Bearer trl_x"])
def test_anything_else_opens_nothing(session: Session, plain: str) -> None:
    create_token(session, "bot", Role.READER)
    assert find_token(session, plain) is None
