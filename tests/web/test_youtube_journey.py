"""A YouTube channel from its form over Google's consent to the inbox, where each thread is a conversation about its video."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from inbox.channels.models import Channel, ChannelState, Stream
from inbox.clock import now
from inbox.conversations.models import Conversation, Message
from inbox.database import Database
from tests.contract.stage_youtube import OURS, SCOPE, YouTubeStage
from tests.pages import claim_due
from workers.read_stream import read_stream


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> YouTubeStage:
    return YouTubeStage(monkeypatch)


def consent_to(client: Any, stage: YouTubeStage) -> dict[str, list[str]]:
    """What Google's consent page is asked for, for a new channel."""
    saved = client.post("/channels", data={"kind": "youtube", **stage.settings, "since": "2026-01-01"})
    assert saved.status_code == 302, saved.text
    leaving = client.post(f"{saved.headers['Location']}/sign-in").text
    found = re.search(r'content="1; url=([^"]+)"', leaving)
    assert found
    address = urlsplit(unescape(found[1]))
    assert address.netloc == "accounts.google.com"
    return parse_qs(address.query)


def test_consent_leads_to_comments(app: Any, client: Any, stage: YouTubeStage, house: Database) -> None:
    asked = consent_to(client, stage)
    # Without these two, Google gives a token for an hour and no other.
    assert (asked["access_type"], asked["prompt"]) == (["offline"], ["consent"])
    assert asked["scope"] == [SCOPE]
    back = client.get(
        "/channels/sign-in/return", query_string={"code": "4/abc", "state": asked["state"][0]}, follow_redirects=True
    )
    assert "@garten-app is connected." in back.text
    trellis = app.extensions["trellis"]
    with house.reading() as session:
        channel = session.scalars(sa.select(Channel)).one()
        assert (channel.state, channel.account_id) == (ChannelState.ACTIVE, OURS)
        names = set(session.scalars(sa.select(Stream.name)))
    assert names == {"comments", "older", "held", "spam", "watch:garten app"}
    with house.writing() as session:
        session.execute(sa.update(Stream).values(due_at=now()))
        claimed = claim_due(session, limit=10)
    for stream in claimed:
        read_stream(stream, house, trellis.vault, trellis.settings)
    with house.reading() as session:
        stored = {message.external_id: message for message in session.scalars(sa.select(Message))}
        assert {item["id"] for item in stage.items} | {"UgxAA3.r1", "video:vidOther001"} <= set(stored)
        about = session.get(Conversation, stored["UgxAA1"].conversation_id)
        assert about is not None
        assert about.subject == "A tour of Garten in five minutes"
        # Our own answer from YouTube Studio lies in the conversation of its comment.
        assert stored["UgxAA3.r1"].conversation_id == stored["UgxAA3"].conversation_id
    assert "Wo finde ich die Vertretungsregel" in client.get("/conversations").text


def test_an_account_without_a_channel_is_told_so(
    client: Any, stage: YouTubeStage, house: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = consent_to(client, stage)
    real = stage.route

    def without_channel(request: Any) -> Any:
        response = real(request)
        return (
            type(response)(200, json={"kind": "youtube#channelListResponse"})
            if "/channels" in str(request.url)
            else response
        )

    monkeypatch.setattr(stage, "route", without_channel)
    back = client.get(
        "/channels/sign-in/return", query_string={"code": "4/abc", "state": asked["state"][0]}, follow_redirects=True
    )
    assert "has no YouTube channel" in back.text
    with house.reading() as session:
        assert session.scalars(sa.select(Channel)).one().state != ChannelState.ACTIVE
