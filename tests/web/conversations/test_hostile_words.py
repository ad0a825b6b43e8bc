"""What strangers write is shown as words: in pages, in the formatted view, in file names."""

from collections.abc import Callable
from typing import Any

import pytest

from inbox.channels.models import Channel
from inbox.conversations.models import Attachment, Conversation, Message
from inbox.database import Database
from tests.making import make_identity

HOSTILE = "\"><svg/onload=alert(1)>'`{{7*7}}</title><script>alert(2)</script>"
LAYOUT = """<p onclick=alert(1)>Hello<script>alert(2)</script><a href="jAvascript:alert(3)">a</a><iframe src=x></iframe>
<style>@import 'x'</style><form action=/x><input></form><meta http-equiv=refresh content=0><base href=//evil.test>
<img src=https://evil.test/1.png onerror=alert(4)></p>"""
SHA256 = "a" * 64


@pytest.fixture
def message(house: Database, heard: Callable[..., Conversation]) -> Message:
    thread = heard(HOSTILE, subject=HOSTILE, author_name=HOSTILE, preview=HOSTILE)
    with house.writing() as session:
        row = session.query(Message).filter_by(conversation_id=thread.id).one()
        row.identity = make_identity(session, session.get_one(Channel, thread.channel_id), HOSTILE, handle=HOSTILE)
        row.html, row.quote, row.url, row.language = LAYOUT, HOSTILE, "javascript:alert(5)", '"><b>'
        file = {"media_type": "text/html", "size_bytes": 5, "sha256": SHA256, "url": "javascript:alert(6)"}
        session.add(Attachment(message_id=row.id, name=f"../..\\x\r\nSet-Cookie: a=b\u202egpj.svg{HOSTILE}", **file))
    return row


def test_no_page_runs_what_a_stranger_wrote(client: Any, message: Message, valkey_url: str) -> None:
    made = client.post("/ideas", data={"message": message.id, "title": HOSTILE, "start": 0, "end": 0})
    assert made.status_code == 303
    pages = ["/conversations?view=all", f"/conversations/{message.conversation_id}", "/ideas", "/ideas/1", "/digests"]
    for page in (*pages, f"/ideas/new?message={message.id}", "/ideas?q=%3Cscript%3Ealert", "/<script>alert(2)"):
        shown = client.get(page).text
        for trap in ("<script>alert", "<svg/onload", 'href="javascript', 'lang=""', "49</title>"):
            assert trap not in shown, page


@pytest.mark.parametrize("images", ["", "?images=yes"])
def test_the_layout_of_a_stranger_does_nothing(client: Any, message: Message, images: str) -> None:
    answer = client.get(f"/messages/{message.id}/formatted{images}")
    shown = answer.text
    for trap in (
        "<script>alert",
        "onclick",
        "onerror",
        "javascript:",
        "<iframe",
        "<form",
        'http-equiv="refresh',
        "<base",
    ):
        assert trap.lower() not in shown.lower(), trap
    assert ("https://evil.test/1.png" in shown) == bool(images)
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src" not in policy
    assert ("img-src 'self';" in policy) == (not images)
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_file_comes_down_as_bytes_whatever_it_is_called(app: Any, client: Any, message: Message) -> None:
    folder = app.extensions["trellis"].settings.attachments / SHA256[:2]
    assert client.get("/attachments/1").status_code == 404
    folder.mkdir(parents=True)
    (folder / SHA256).write_bytes(b"<svg>")
    with client.get("/attachments/1") as answer:
        assert (answer.status_code, answer.data) == (200, b"<svg>")
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert not {"/", "\\"} & set(answer.headers["Content-Disposition"].partition("filename=")[2].partition(";")[0])
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie: a=b" not in answer.headers
    assert app.test_client().get("/attachments/1").status_code in {302, 401}
