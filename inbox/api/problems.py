"""Errors of the API as problem details (RFC 9457): what happened, to what, and what can be done."""

import logging
import uuid
from http import HTTPStatus
from typing import Any

import marshmallow as ma
from flask import Response, json, request
from werkzeug.exceptions import HTTPException

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
KEPT_HEADERS = {"Allow", "Retry-After", "WWW-Authenticate"}


class ProblemSchema(ma.Schema):
    """What every error looks like."""

    type = ma.fields.String(required=True, metadata={"description": "Always about:blank; `title` names the kind."})
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String(required=True, metadata={"description": "One sentence for people."})
    errors = ma.fields.Dict(metadata={"description": "What is wrong with which part of the request."})
    version = ma.fields.Integer(metadata={"description": "With 409: the conversation's version by now."})
    newer = ma.fields.List(ma.fields.Integer(), metadata={"description": "With 409: ids of the messages that came."})


class Problem(Exception):
    """Ends a request with a problem; `more` becomes further members of it."""

    def __init__(self, status: int, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.more = more


def answer_problem(error: Exception) -> Response:
    """The response to an error of whatever kind; what nobody expected is logged under a reference."""
    if isinstance(error, Problem):
        return problem(error.status, error.detail, **error.more)
    if isinstance(error, HTTPException):
        return _of_http(error)
    reference = uuid.uuid4().hex[:8]
    log.error(
        "fault",
        exc_info=error,
        extra={"reference": reference, "route": request.url_rule.rule if request.url_rule else "none"},
    )
    return problem(500, f"Something went wrong on our side; the log has it under {reference}.")


def problem(status: int, detail: str, **more: Any) -> Response:
    """A problem as a response."""
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return Response(json.dumps(body), status=status, mimetype=MEDIA_TYPE)


def _of_http(error: HTTPException) -> Response:
    status = error.code or 500
    messages = getattr(error, "data", {}).get("messages")
    if messages:
        # Webargs puts what it refused below the place where it stood: query, json …
        response = problem(status, "The request is not as it should be; see errors.", errors=messages)
    else:
        response = problem(status, error.description or HTTPStatus(status).phrase)
    for name, value in error.get_headers():
        if name in KEPT_HEADERS:
            response.headers[name] = value
    return response
