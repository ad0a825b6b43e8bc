"""Errors as people can use them: what happened and what to do next, with the text of a form never lost on the way."""

import logging
import uuid

from flask import Flask, Response, g, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from inbox.pages.access import find_teammate
from inbox.pages.rendering import render
from inbox.web import stop_reading

log = logging.getLogger(__name__)


def register_errors(app: Flask) -> None:
    """Show our own page for every HTTP error and for faults of ours."""
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _fault)


def _stale_form(error: CSRFError) -> Response:
    _know_reader()
    return _page(400, gettext("This form has become stale."), gettext("Go back, reload the page, and send it again."))


def _http_error(error: HTTPException) -> Response | HTTPException:
    if request.path.startswith("/api/"):
        return error
    _know_reader()
    code = error.code or 500
    words = {
        401: (gettext("Please sign in."), gettext("Your session has ended; after signing in you can go on.")),
        403: (gettext("This is not open to you."), gettext("Ask an admin for the right role.")),
        404: (gettext("There is nothing here."), gettext("It may have been removed, or the address is not complete.")),
        405: (gettext("This address does not do that."), gettext("Go back and use the buttons on the page.")),
        413: (
            gettext("That is too large."),
            gettext("Send something smaller, or ask the operator to raise the limit."),
        ),
        429: (gettext("That was a little fast."), gettext("Wait a minute and try again.")),
    }
    title, advice = words.get(code, (gettext("That did not work."), error.description or ""))
    response = _page(code, title, advice)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After", "Location"}:
            response.headers[name] = value
    return response


def _fault(error: Exception) -> Response:
    _know_reader()
    reference = uuid.uuid4().hex[:8]
    log.error(
        "fault",
        extra={"reference": reference, "route": request.url_rule.rule if request.url_rule else "none"},
        exc_info=error,
    )
    return _page(
        500,
        gettext("Something went wrong on our side."),
        gettext("Nothing was stored. The log has it under %(reference)s.", reference=reference),
    )


def _page(code: int, title: str, advice: str) -> Response:
    try:
        return _render(code, title, advice)
    except SQLAlchemyError:
        _know_nobody()
        return _render(code, title, advice)


def _render(code: int, title: str, advice: str) -> Response:
    return render(
        "errors/error.html", fragment="errors/_error.html", status=code, code=code, title=title, advice=advice
    )


def _know_reader() -> None:
    """Their language is asked for with every word; better once, here, where it may fail."""
    try:
        find_teammate()
    except SQLAlchemyError:
        _know_nobody()


def _know_nobody() -> None:
    # Without a database nobody is known; the page is shown as to a stranger.
    log.error("database away")
    stop_reading()
    g.teammate = None
