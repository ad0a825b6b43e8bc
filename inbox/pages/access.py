"""Who is asking, and may they? Every route says `@requires(Permission.X)` or `@public`; a house test looks."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
from urllib.parse import urlsplit

from flask import abort, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from inbox.clock import now
from inbox.teams.models import SignIn, Teammate
from inbox.teams.permissions import Permission, may
from inbox.teams.set_up import find_workspace
from inbox.teams.sign_in import SEEN_EVERY, find_signed_in
from inbox.web import reading, writing

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]
COOKIE_KEY = "sign_in"


def public(view: View[P]) -> View[P]:
    """A route for everybody."""
    view.access = "public"  # type: ignore[attr-defined]
    return view


def requires(permission: Permission) -> Callable[[View[P]], View[P]]:
    """A route for signed-in teammates whose role includes `permission`. Place it under the route."""

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(*arguments: P.args, **options: P.kwargs) -> ResponseReturnValue:
            teammate = find_teammate()
            if teammate is None:
                return _ask_to_sign_in()
            if not may(teammate.role, permission):
                abort(403)
            return view(*arguments, **options)

        guarded.access = permission  # type: ignore[attr-defined]
        return guarded

    return guard


def find_teammate() -> Teammate | None:
    """The signed-in teammate of this request, or None."""
    if "teammate" not in g:
        token = session.get(COOKIE_KEY)
        found = find_signed_in(reading(), token) if isinstance(token, str) else None
        if found and now() - found.last_seen_at > SEEN_EVERY:
            _touch(found.id)
        g.teammate = found.teammate if found else None
    teammate: Teammate | None = g.teammate
    return teammate


def me() -> Teammate:
    """The signed-in teammate; only for routes with @requires."""
    return find_teammate() or abort(401)


def can(permission: str) -> bool:
    """For templates: whether the signed-in teammate may."""
    teammate = find_teammate()
    return teammate is not None and may(teammate.role, Permission(permission))


def safe_next(target: str | None) -> str:
    """`target` when it is a path of ours, else the inbox: nobody is sent elsewhere by a crafted link."""
    try:
        parts = urlsplit(target or "")
    except ValueError:
        return url_for("conversations.index")
    if not target or parts.scheme or parts.netloc or not target.startswith("/") or target.startswith(("//", "/\\")):
        return url_for("conversations.index")
    return target


def _touch(sign_in_id: int) -> None:
    with writing() as writable:
        sign_in = writable.get(SignIn, sign_in_id)
        if sign_in:
            sign_in.last_seen_at = now()
            sign_in.teammate.last_seen_at = now()


def _ask_to_sign_in() -> ResponseReturnValue:
    if find_workspace(reading()) is None:
        return redirect(url_for("set_up.show"))
    if (
        request.method != "GET"
        or request.headers.get("X-Fragment")
        or request.accept_mimetypes.best == "text/event-stream"
    ):
        abort(401)
    return redirect(url_for("sign_in.show", next=request.full_path.rstrip("?")))
