"""Leaving the digest: a page for people and a one-click address for mail programs (RFC 8058). The secret is the permission."""

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue
from flask_babel import force_locale

from inbox.digests.subscribe import find_reader, unsubscribe
from inbox.pages.access import public
from inbox.pages.rendering import render
from inbox.web import limiter, reading, writing

page = Blueprint("subscriptions", __name__)
# A mail program sends the POST without a cookie; the secret in the address stands for it.
page.signed_elsewhere = True  # type: ignore[attr-defined]


@page.get("/subscriptions/<secret>")
@limiter.limit("60/minute")
@public
def show(secret: str) -> ResponseReturnValue:
    """The question, with one button. Looking changes nothing: mail scanners follow every link."""
    reader = find_reader(reading(), secret) or abort(404)
    with force_locale(reader.language):
        return render("subscriptions/show.html", reader=reader)


@page.post("/subscriptions/<secret>/unsubscription")
@limiter.limit("60/minute")
@public
def delete(secret: str) -> ResponseReturnValue:
    """No more mail; the same answer however often it is sent."""
    with writing() as writable:
        reader = find_reader(writable, secret) or abort(404)
        unsubscribe(writable, reader)
    with force_locale(reader.language):
        response: Response = render("subscriptions/show.html", reader=reader)
    return response
