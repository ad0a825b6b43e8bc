"""Names the errors of a route in the API's description."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from inbox.api.problems import MEDIA_TYPE, ProblemSchema
from inbox.api.routes import Routes

View = TypeVar("View", bound=Callable[..., Any])
GUARDED = (401, 403)


def documented(page: Routes, *statuses: int) -> Callable[[View], View]:
    """Say that the route may also answer 401, 403 and `statuses`, each with a problem."""

    def described(view: View) -> View:
        for status in (*GUARDED, *statuses):
            words = HTTPStatus(status).phrase
            view = page.alt_response(status, schema=ProblemSchema, content_type=MEDIA_TYPE, description=words)(view)
        return view

    return described
