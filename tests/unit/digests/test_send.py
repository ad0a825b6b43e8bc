"""At most one digest per reader and week, with its mail, whatever runs twice."""

from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox.channels.models import Channel
from inbox.config import Settings
from inbox.conversations.models import Conversation, Message
from inbox.digests.archive import archive, find_digest
from inbox.digests.chart import draw_bars
from inbox.digests.collect import collect, is_empty, read
from inbox.digests.models import Digest
from inbox.digests.send import send
from inbox.digests.subscribe import find_reader, subscribe, unsubscribe
from inbox.insights.week import week_of
from inbox.labels.models import Label, Tag
from inbox.letters.digest import write_digest
from inbox.outbox.models import Delivery

WEEK = week_of(date(2026, 11, 18), "Europe/Berlin")
MAIL: dict[str, Any] = {
    "to": "a@example.org",
    "subject": "Your week",
    "text": "…",
    "html": "",
    "headers": {},
    "images": [],
}


def count(session: Session, table: type) -> int:
    return session.scalars(select(func.count()).select_from(table)).one()


def test_the_second_digest_of_a_week_is_not_made(session: Session) -> None:
    reader = subscribe(session, email="A@Example.org ")
    assert send(session, reader, WEEK, {}, "one", MAIL)
    assert send(session, reader, WEEK, {}, "two", MAIL) is None
    assert (count(session, Digest), count(session, Delivery)) == (1, 1)
    assert send(session, reader, WEEK.before(1), {}, "three", MAIL)


def test_an_empty_week_leaves_a_row_but_no_mail(session: Session) -> None:
    reader = subscribe(session, email="a@example.org")
    digest = send(session, reader, WEEK, collect(session, WEEK), "one", None)
    assert digest is not None
    assert digest.is_empty
    assert digest.delivery_id is None
    assert count(session, Delivery) == 0
    assert find_digest(session, "one") is None
    assert archive(session) == []


def test_leaving_is_final_until_somebody_subscribes_again(session: Session) -> None:
    reader = subscribe(session, email="a@example.org")
    unsubscribe(session, reader)
    left_at = reader.unsubscribed_at
    unsubscribe(session, reader)
    assert reader.unsubscribed_at == left_at
    assert find_reader(session, reader.secret) is reader
    assert find_reader(session, "") is None
    assert subscribe(session, email="A@example.org").id == reader.id
    assert reader.unsubscribed_at is None


def ask(session: Session, words: str) -> Conversation:
    channel = Channel(kind="rss", name="Forum <b>")
    session.add(channel)
    session.flush()
    conversation = Conversation(
        channel_id=channel.id, external_id="1", tag=Tag.QUESTION, waiting_since=WEEK.begins, preview=words
    )
    session.add(conversation)
    session.flush()
    message = Message(
        conversation_id=conversation.id, channel_id=channel.id, external_id="1", text=words, posted_at=WEEK.begins
    )
    session.add(message)
    session.flush()
    session.add(Label(message_id=message.id, primary=Tag.COMPLAINT))
    session.flush()
    return conversation


def written(session: Session, settings: Settings, language: str) -> dict[str, Any]:
    issue = read(session, collect(session, WEEK))
    return write_digest(
        issue,
        settings,
        to="a@example.org",
        language=language,
        time_zone="Europe/Berlin",
        secret="arch",
        reader_secret="leave",
    )


def test_the_mail_can_be_left_with_one_click_and_escapes_what_strangers_wrote(
    session: Session, settings: Settings
) -> None:
    ask(session, "Where is <script>alert(1)</script> my order?")
    mail = written(session, settings, "en")
    assert mail["headers"]["List-Unsubscribe"] == f"<{settings.base_url}/subscriptions/leave/unsubscription>"
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "<script>" not in mail["html"]
    assert "&lt;script&gt;" in mail["html"]
    assert "Where is <script>" in mail["text"]
    assert [image[0] for image in mail["images"]] == ["complaints"]
    assert "cid:complaints" in mail["html"]


def test_the_words_of_a_deleted_message_are_in_no_later_reading(session: Session) -> None:
    conversation = ask(session, "My address is 12 Elm Street")
    snapshot = collect(session, WEEK)
    assert "Elm" not in str(snapshot)
    assert read(session, snapshot).questions[0].words == "My address is 12 Elm Street"
    conversation.preview = ""
    session.flush()
    assert read(session, snapshot).questions == []
    assert read(session, snapshot).open_questions == 1


def test_a_week_is_empty_only_when_nothing_happened(session: Session) -> None:
    assert is_empty(collect(session, WEEK))
    ask(session, "Hello?")
    assert not is_empty(collect(session, WEEK))


def test_a_chart_without_any_bar_is_still_a_picture() -> None:
    assert draw_bars([]).startswith(b"\x89PNG")
    assert draw_bars([("KW 1", 0), ("KW 2", 10**9)]).startswith(b"\x89PNG")
