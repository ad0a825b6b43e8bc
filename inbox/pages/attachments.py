"""Files that came with messages: always downloaded, never shown by us as a page."""

import re

from flask import Blueprint, abort, send_file
from flask.typing import ResponseReturnValue

from inbox.conversations.attach import path_of
from inbox.conversations.models import Attachment
from inbox.pages.access import requires
from inbox.pages.found import found
from inbox.teams.permissions import Permission
from inbox.text import one_line
from inbox.web import house, reading

page = Blueprint("attachments", __name__)

SHA256 = re.compile("[0-9a-f]{64}")


@page.get("/attachments/<int:attachment_id>")
@requires(Permission.CONVERSATIONS_READ)
def show(attachment_id: int) -> ResponseReturnValue:
    """The bytes, under the sender's name for them."""
    attachment = found(reading(), Attachment, attachment_id)
    if not SHA256.fullmatch(attachment.sha256):
        abort(404)
    path = path_of(house().settings.attachments.resolve(), attachment.sha256)
    if not path.is_file():
        abort(404)
    # The sender's word for what it is would let a page run here: it is only a name for bytes.
    name = re.sub(r"""[/\\"]""", "-", one_line(attachment.name, 200)) or "file"
    response = send_file(path, "application/octet-stream", as_attachment=True, download_name=name)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response
