"""Static files under a version in the path, which browsers may keep for ever."""

from flask import Blueprint, Response, send_from_directory

from inbox.pages.access import public
from inbox.pages.rendering import STATIC

page = Blueprint("static_files", __name__)


@page.get("/static/<version>/<path:name>")
@public
def show(version: str, name: str) -> Response:
    """One file; an old version in the path gets today's file, so that a page loaded before an upgrade still works."""
    response = send_from_directory(STATIC, name, max_age=31_536_000)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
