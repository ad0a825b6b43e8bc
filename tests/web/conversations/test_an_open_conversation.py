"""An open conversation and what is done to it as a whole."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from inbox.clock import now
from inbox.conversations.models import Attachment, Conversation, ConversationState, Message
from inbox.database import Database
from inbox.labels.models import Correction, Label, Tag
from inbox.teams.models import Teammate
from tests.making import make_channel, make_conversation, make_identity, make_message

Heard = Callable[..., Conversation]
IMPOSSIBLE = 10**25


def again(house: Database, conversation: Conversation) -> Conversation:
    with house.reading() as session:
        return session.get_one(Conversation, conversation.id)


def message_ids(house: Database, conversation: Conversation) -> list[int]:
    with house.reading() as session:
        found = sa.select(Message.id).where(Message.conversation_id == conversation.id).order_by(Message.id)
        return list(session.scalars(found))


def test_the_thread_shows_every_message(client: Any, heard: Heard) -> None:
    conversation = heard("First words", "Second words")
    page = client.get(f"/conversations/{conversation.id}").text
    assert page.index("First words") < page.rindex("Second words")


@pytest.mark.parametrize(
    ("locale", "shown"),
    [("en", "1,204 views · 1 like · 3 shares · 1 reply"), ("de", "1.204 Aufrufe · 1 Like · 3-mal geteilt · 1 Antwort")],
)
def test_how_far_a_message_went_stands_beside_it(
    sign_in_as: Callable[..., Any], heard: Heard, house: Database, locale: str, shown: str
) -> None:
    conversation = heard("Everybody talks about it", "Nobody noticed this one")
    first, second = message_ids(house, conversation)
    counts = {"replies": 1, "likes": 1, "shares": 3, "views": 1204, "reactions": 0, "of a later version": 7}
    with house.writing() as session:
        session.get_one(Message, first).metrics = counts
        session.get_one(Message, second).metrics = {"likes": 0}
    page = sign_in_as("admin", language=locale).get(f"/conversations/{conversation.id}").text
    assert page.count('class="hint metrics"') == 1
    assert shown in page


@pytest.mark.parametrize("number", [0, 999, IMPOSSIBLE])
def test_what_is_not_there_is_not_found(client: Any, number: int) -> None:
    for address in ("/conversations/{}", "/messages/{}/formatted", "/attachments/{}"):
        assert client.get(address.format(number)).status_code == 404
    for address in (
        "/messages/{}/tag",
        "/deliveries/{}/cancellation",
        "/corrections/{}/withdrawal",
        "/conversations/{}/notes",
    ):
        assert client.post(address.format(number), data={"text": "x", "tag": "idea"}).status_code == 404


def test_beside_the_thread_stands_who_it_is_on_every_channel(
    client: Any, house: Database, labelled: Callable[..., None]
) -> None:
    with house.writing() as session:
        there, here = make_channel(session, kind="bluesky"), make_channel(session)
        known = make_identity(session, here, "Mia", handle="@mia@garden.example")
        make_identity(session, there, "Mia", handle="mia.example", member=known.member)
        earlier = make_conversation(session, here, member_id=known.member_id, subject="An earlier thread")
        conversation = make_conversation(session, here, member_id=known.member_id)
        ids = [make_message(session, conversation, text, identity=known).id for text in ("Why?", "Hm")]
    labelled(ids[0], Tag.QUESTION, question=0.9)
    page = client.get(f"/conversations/{conversation.id}").text
    for shown in ("@mia@garden.example", "mia.example", "2 messages", "Question 1", f"/conversations/{earlier.id}"):
        assert shown in page


def test_a_script_gets_the_thread_alone(client: Any, heard: Heard) -> None:
    conversation = heard("Hello")
    part = client.get(f"/conversations/{conversation.id}", headers={"X-Fragment": "thread"}).text
    assert 'id="thread"' in part
    assert 'id="list"' not in part


def test_addresses_can_be_followed_and_tell_nothing(client: Any, heard: Heard) -> None:
    conversation = heard("See https://example.org/a?b=1&c=2. Or javascript:alert(1)")
    page = client.get(f"/conversations/{conversation.id}").text
    assert 'href="https://example.org/a?b=1&amp;c=2"' in page
    assert "noopener noreferrer nofollow" in page
    assert 'href="javascript' not in page


def test_a_deleted_message_shows_that_it_was_there(client: Any, heard: Heard, house: Database) -> None:
    conversation = heard("Hello")
    with house.writing() as session:
        make_message(session, conversation, "", deleted_at=now())
    assert "Deleted at its source." in client.get(f"/conversations/{conversation.id}").text


def test_closing_goes_on_to_the_next_and_can_be_undone(client: Any, heard: Heard, house: Database) -> None:
    conversation = heard("Hello")
    answer = client.post(f"/conversations/{conversation.id}/closure", data={"then": "/conversations/77?view=mine"})
    assert answer.headers["Location"] == "/conversations/77?view=mine"
    assert again(house, conversation).state == ConversationState.CLOSED
    page = client.get("/conversations").text
    assert f"/conversations/{conversation.id}/reopening" in page
    client.post(f"/conversations/{conversation.id}/reopening")
    reopened = again(house, conversation)
    assert reopened.state == ConversationState.OPEN
    assert reopened.waiting_since is not None


def test_closing_never_leads_out_of_the_house(client: Any, heard: Heard) -> None:
    conversation = heard("Hello")
    answer = client.post(f"/conversations/{conversation.id}/closure", data={"then": "https://evil.example/"})
    assert answer.headers["Location"] == "/conversations"


def test_somebody_can_be_made_responsible(client: Any, heard: Heard, house: Database) -> None:
    conversation = heard("Hello")
    with house.reading() as session:
        me = session.scalars(sa.select(Teammate)).one()
    client.post(f"/conversations/{conversation.id}/assignment", data={"assignee": me.id})
    assert again(house, conversation).assignee_id == me.id
    client.post(f"/conversations/{conversation.id}/assignment", data={"assignee": ""})
    assert again(house, conversation).assignee_id is None
    assert client.post(f"/conversations/{conversation.id}/assignment", data={"assignee": IMPOSSIBLE}).status_code == 404


@pytest.mark.parametrize(
    "choice", ["hours", "tomorrow", "monday", "month", "2099-13-01", "", "yesterday", "2001-01-01T10:00"]
)
def test_putting_aside_takes_a_moment_that_makes_sense(client: Any, heard: Heard, house: Database, choice: str) -> None:
    conversation = heard("Hello")
    client.post(f"/conversations/{conversation.id}/snooze", data={"until": choice})
    found = again(house, conversation)
    if choice in {"hours", "tomorrow", "monday", "month"}:
        assert found.state == ConversationState.SNOOZED
        assert found.snoozed_until
        assert found.snoozed_until > now() + timedelta(minutes=1)
    else:
        assert found.state == ConversationState.OPEN
        assert "toast-error" in client.get("/conversations").text


def test_a_note_stays_inside_and_forgets_the_draft(client: Any, heard: Heard) -> None:
    conversation = heard("Hello")
    client.post(f"/conversations/{conversation.id}/drafts", data={"text": "half a thou"})
    assert "half a thou" in client.get(f"/conversations/{conversation.id}").text
    client.post(f"/conversations/{conversation.id}/notes", data={"text": "Known since May."})
    page = client.get(f"/conversations/{conversation.id}").text
    assert "Known since May." in page
    assert "half a thou" not in page


def test_an_empty_note_says_so(client: Any, heard: Heard) -> None:
    conversation = heard("Hello")
    client.post(f"/conversations/{conversation.id}/notes", data={"text": "  "})
    assert "toast-error" in client.get(f"/conversations/{conversation.id}").text


def test_a_better_tag_is_kept_and_can_be_taken_back(
    client: Any, heard: Heard, house: Database, labelled: Callable[..., None]
) -> None:
    conversation = heard("It would be nice to export")
    [message] = message_ids(house, conversation)
    labelled(message, Tag.QUESTION, question=0.7, idea=0.2)
    client.post(f"/messages/{message}/tag", data={"tag": "idea"})
    assert again(house, conversation).tag == "idea"
    with house.reading() as session:
        correction = session.scalars(sa.select(Correction)).one()
        assert (correction.before_primary, correction.after_primary) == ("question", "idea")
    client.post(f"/corrections/{correction.id}/withdrawal")
    assert again(house, conversation).tag == "question"


def test_a_tag_that_is_none_changes_nothing(client: Any, heard: Heard, house: Database) -> None:
    conversation = heard("Hello")
    [message] = message_ids(house, conversation)
    client.post(f"/messages/{message}/tag", data={"tag": "<b>"})
    with house.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Label)) == 0


def test_a_layout_is_shown_cleaned_and_without_pictures(client: Any, heard: Heard, house: Database) -> None:
    conversation = heard("Hello")
    with house.writing() as session:
        markup = '<p onclick="x">Hi <script>alert(1)</script><img src="https://spy.example/p.gif"><a href="javascript:x">y</a></p>'
        message = make_message(session, conversation, "Hi", html=markup)
    calm = client.get(f"/messages/{message.id}/formatted")
    assert "Hi" in calm.text
    for bad in ("alert(1)", "onclick", "spy.example", "javascript:"):
        assert bad not in calm.text
    assert "img-src 'self'" in calm.headers["Content-Security-Policy"]
    asked = client.get(f"/messages/{message.id}/formatted?images=yes")
    assert "spy.example" in asked.text
    assert "script-src" not in asked.headers["Content-Security-Policy"]
    assert asked.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_an_attachment_is_only_ever_downloaded(client: Any, heard: Heard, house: Database, app: Any) -> None:
    conversation = heard("Hello")
    digest = "ab" * 32
    folder = app.extensions["trellis"].settings.attachments / digest[:2]
    folder.mkdir(parents=True)
    (folder / digest).write_bytes(b"<script>alert(1)</script>")
    with house.writing() as session:
        message = make_message(session, conversation, "Hi")
        kept = Attachment(
            message_id=message.id, name='page".html', media_type="text/html", sha256=digest, size_bytes=25
        )
        lying = Attachment(message_id=message.id, name="x", media_type="text/plain", sha256="../../../../etc/passwd")
        session.add_all([kept, lying])
        session.flush()
        ids = kept.id, lying.id
    answer = client.get(f"/attachments/{ids[0]}")
    assert answer.data == b"<script>alert(1)</script>"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.mimetype == "application/octet-stream"
    answer.close()
    assert client.get(f"/attachments/{ids[1]}").status_code == 404


def test_a_reader_sees_but_changes_nothing(sign_in_as: Callable[..., Any], heard: Heard) -> None:
    conversation = heard("Hello")
    reader = sign_in_as("reader")
    page = reader.get(f"/conversations/{conversation.id}").text
    assert "Hello" in page
    assert "<textarea" not in page
    for noun in ("replies", "notes", "closure", "assignment", "snooze", "drafts"):
        assert reader.post(f"/conversations/{conversation.id}/{noun}", data={"text": "x"}).status_code == 403


def test_others_who_look_are_named(sign_in_as: Callable[..., Any], heard: Heard, valkey_url: str) -> None:
    conversation = heard("Hello")
    first, second = sign_in_as("manager"), sign_in_as("admin")
    first.post(f"/conversations/{conversation.id}/viewers", data={"typing": "yes"})
    assert "Manager is writing here right now." in second.post(f"/conversations/{conversation.id}/viewers").text
    assert "Manager is writing" in second.get("/conversations").text
    first.post(f"/conversations/{conversation.id}/viewers", data={"gone": "yes"})
    assert "Manager" not in second.post(f"/conversations/{conversation.id}/viewers").text
