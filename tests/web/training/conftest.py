"""A house with labelled messages, for the pages on which people teach."""

from collections.abc import Callable
from typing import Any

import pytest

from inbox.database import Database
from inbox.labels.models import Label, Tag
from tests.making import make_channel, make_conversation, make_identity, make_message


@pytest.fixture
def asked(house: Database) -> Callable[..., list[int]]:
    """`asked("Can it fly?", …)` are messages of which the classifier thinks that they may be questions; their ids."""

    def made(*texts: str, **channel: Any) -> list[int]:
        numbers = []
        with house.writing() as session:
            place = make_channel(session, **channel)
            for text in texts:
                author = make_identity(session, place)
                message = make_message(session, make_conversation(session, place), text, identity=author)
                shares = {"question": 0.6, "complaint": 0.3}
                label = {"primary": Tag.QUESTION, "tags": "question", "language": "en", "model_version": "m1"}
                session.add(Label(message_id=message.id, **label, **shares))
                numbers.append(message.id)
        return numbers

    return made
