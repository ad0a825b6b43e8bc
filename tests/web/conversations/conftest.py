"""A house with a channel and conversations, for the pages of the inbox."""

from collections.abc import Callable
from typing import Any

import pytest

from inbox.conversations.models import Conversation
from inbox.database import Database
from inbox.labels.models import Label, Tag
from tests.making import make_channel, make_conversation


@pytest.fixture
def heard(house: Database) -> Callable[..., Conversation]:
    """`heard("Hello", …)` is a conversation on a Mastodon channel with these messages from outside."""

    def made(*texts: str, tag: str = "", kind: str = "mastodon", **fields: Any) -> Conversation:
        with house.writing() as session:
            channel = make_channel(session, kind=kind)
            names = {"author_name": "Mia", "tag": tag, "tags": tag}
            return make_conversation(session, channel, texts or ("Hello",), **{**names, **fields})

    return made


@pytest.fixture
def labelled(house: Database) -> Callable[..., None]:
    """`labelled(message_id, question=0.9)` is what a classifier said about a message."""

    def said(message_id: int, primary: Tag = Tag.QUESTION, **shares: float) -> None:
        with house.writing() as session:
            tags = "" if primary in (Tag.OTHER, Tag.UNSURE) else primary
            session.add(Label(message_id=message_id, primary=primary, tags=tags, model_version="test", **shares))

    return said
