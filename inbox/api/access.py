"""Which program is asking, and may it? Every route says `@requires(Permission.X)` or `@public`, as pages do."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import sqlalchemy as sa
from flask import abort, g, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from inbox.clock import now
from inbox.database import insert_new
from inbox.teams.models import ApiToken, Teammate
from inbox.teams.permissions import Permission, may
from inbox.teams.tokens import PROGRAMS, find_token, is_stale
from inbox.web import reading, writing

P = ParamSpec("P")
Answer = TypeVar("Answer")
HOW_TO_SIGN_IN = "Send a valid token as `Authorization: Bearer trl_…`; `trellis token create` makes one."


def public(view: Callable[P, Answer]) -> Callable[P, Answer]:
    """A route for everybody."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def requires(permission: Permission) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """A route for programs whose token's role includes `permission`. Place it under the route."""

    def guard(view: Callable[P, Any]) -> Callable[P, Any]:
        @wraps(view)
        def guarded(*arguments: P.args, **options: P.kwargs) -> Any:
            token = _find()
            if token is None:
                raise Unauthorized(HOW_TO_SIGN_IN, www_authenticate=WWWAuthenticate("bearer", {"realm": "Trellis"}))
            if not may(token.role, permission):
                abort(403, f"The token's role, {token.role}, does not include {permission}.")
            g.token = token
            return view(*arguments, **options)

        guarded.access = permission  # type: ignore[attr-defined]
        return guarded

    return guard


def acting(session: Session) -> Teammate:
    """The teammate in whose name this token acts: one of its own, who cannot sign in, made at its first act."""
    token: ApiToken = g.token
    email = f"token-{token.id}@{PROGRAMS}"
    row = {"email": email, "name": token.name, "role": token.role, "is_active": False}
    insert_new(session, Teammate, [row], ["email"])
    return session.scalars(sa.select(Teammate).where(Teammate.email == email)).one()


def _find() -> ApiToken | None:
    given = request.headers.get("Authorization", "")
    kind, _, plain = given.partition(" ")
    token = find_token(reading(), plain.strip()) if kind.lower() == "bearer" else None
    if token is not None and is_stale(token):
        with writing() as writable:
            writable.execute(sa.update(ApiToken).where(ApiToken.id == token.id).values(last_used_at=now()))
    return token
